//! Checks what makes a row unique under each kind of key.

use std::collections::BTreeSet;

use sync_core::{Rules, Selection, Unlisted};

use crate::support::{Bench, NOW};

const LINES: &str = "m,host=a,region=eu v=1i 1748846218000000000
m,host=a v=2i 1748846218000000000
m v=3i 1748846218000000000
m,host=a v=4i 1748846218000000001";

#[tokio::test]
async fn series_and_nanoseconds_tell_all_points_apart() {
    let mut bench = Bench::new(LINES).await;
    let said = bench.sync().await;
    let rows: Vec<_> = said.rows().map(|(_, row)| row.clone()).collect();
    let key = |row: &std::collections::BTreeMap<String, String>| {
        (row["_series_id"].clone(), row["_time_ns"].clone())
    };
    let keys: BTreeSet<_> = rows.iter().map(key).collect();
    assert_eq!((rows.len(), keys.len()), (4, 4));
    let of = |value: &str| key(rows.iter().find(|row| row["v"] == value).unwrap());
    // The ids are those of `fixtures/series-id.json`.
    assert_eq!(
        of("1"),
        ("c3dcee2db9a4a46b56397c37f2dbeb60".to_owned(), "1748846218000000000".to_owned())
    );
    assert_eq!(of("2").0, "738412b728d60d0ba961bcc984f580ca");
    assert_eq!(of("3").0, "af1349b9f5f9a1a6a0404dea36dcc949");
    assert_eq!(of("4"), (of("2").0, "1748846218000000001".to_owned()));
    // A tag that is added later does not change the ids of series that do not have it.
    bench.write(&format!("m,host=a,rack=7 v=5i {}", NOW - 1));
    bench.state = None;
    let again = bench.sync().await;
    let again: BTreeSet<_> = again.rows().map(|(_, row)| key(row)).collect();
    assert!(again.is_superset(&keys));
}

#[tokio::test]
async fn tags_and_time_make_a_key_without_nulls() {
    let mut bench = Bench::new(LINES).await.set("primary_key", "tags_and_time");
    let tables = bench.schema().await.unwrap();
    let keys: Vec<_> = tables[0].key().map(|column| column.name.as_str()).collect();
    assert_eq!(keys, ["_time_ns", "host", "region"]);
    let said = bench.sync().await;
    assert_eq!(said.column("m", "host"), ["", "a", "a", "a"]);
    assert_eq!(said.column("m", "region"), ["", "", "", "eu"]);
}

#[tokio::test]
async fn a_new_tag_in_a_key_of_tags_needs_a_resync() {
    let mut bench = Bench::new(LINES).await.set("primary_key", "tags_and_time");
    bench.write("other v=1i 1748846218000000000");
    bench.sync().await;
    bench.write("m,host=a,rack=7 v=5i 1748846218000000000");
    bench.write(&format!("other v=2i {}", NOW - 60_000_000_000));
    let (said, error) = bench.failing_sync().await;
    insta::assert_snapshot!(error, @r#"Measurement "m" has other tags than before, and its key is made of them. Re-sync the table; or set `primary_key` to `series`, which new tags do not disturb."#);
    assert_eq!(error.fault(), sync_core::Fault::Setup);
    // The other tables are synced all the same.
    assert_eq!(said.column("other", "v"), ["2"]);
    assert_eq!(said.column("m", "v"), [""; 0]);
    // A re-sync of the whole connection has no state.
    bench.state = None;
    assert_eq!(bench.sync().await.column("m", "rack"), ["", "", "", "", "7"]);
}

#[tokio::test]
async fn without_a_key_rows_are_the_measurements_own_columns() {
    let mut bench = Bench::new(LINES).await.set("primary_key", "none");
    let tables = bench.schema().await.unwrap();
    let names: Vec<_> = tables[0].columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!((names, tables[0].key().count()), (vec!["host", "region", "time", "v"], 0));
    assert_eq!(bench.sync().await.column("m", "v"), ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn a_column_with_the_name_of_a_key_column_is_refused() {
    for name in ["_series_id", "_time_ns"] {
        let bench = Bench::new(&format!("m {name}=1i 1748846218000000000")).await;
        let (_, text) = bench.schema().await.unwrap_err();
        assert_eq!(
            text,
            format!(
                "Measurement \"m\" has a column \"{name}\", the name of a key column that this \
                 connector adds. Leave the measurement out, or set `primary_key` to `none`."
            )
        );
        // While the measurement is not selected, the name does no harm.
        let mut bench = bench;
        bench.write("other v=1i 1748846218000000000");
        bench.selection = Selection::Tables(Rules {
            listed: [("m".to_owned(), None)].into(),
            unlisted: Unlisted::Included,
        });
        assert_eq!(bench.sync().await.rows().count(), 1);

        let mut bench = bench.set("primary_key", "none");
        bench.selection = Selection::Everything;
        assert_eq!(bench.sync().await.column("m", name), ["1"]);
    }
}
