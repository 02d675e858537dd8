//! Checks that what is not selected is neither sent nor asked for.

use std::collections::BTreeMap;

use sync_core::{ColumnRules, Rules, Selection, Unlisted};

use crate::support::{Bench, Event, HOUR, NOW};

const POINTS: &str = "cpu,host=a,region=eu idle=1i,user=2i 1748846218000000000
mem,host=a used=3i 1748846218000000000";

fn only(table: &str, columns: ColumnRules) -> Selection {
    Selection::Tables(Rules {
        listed: BTreeMap::from([(table.to_owned(), Some(columns))]),
        unlisted: Unlisted::Excluded,
    })
}

fn columns(names: &[&str]) -> ColumnRules {
    Rules {
        listed: names.iter().map(|&name| (name.to_owned(), Some(()))).collect(),
        unlisted: Unlisted::Excluded,
    }
}

#[tokio::test]
async fn a_table_that_is_not_selected_is_not_asked_for() {
    let mut bench = Bench::new(POINTS).await;
    bench.selection = only("mem", Rules { listed: BTreeMap::new(), unlisted: Unlisted::Included });
    let said = bench.sync().await;
    assert_eq!(said.column("mem", "used"), ["3"]);
    assert_eq!(said.truncated(), ["mem"]);
    assert!(bench.fake.queries().iter().all(|sql| !sql.contains("\"cpu\"")));
}

#[tokio::test]
async fn the_key_survives_the_selection() {
    let mut bench = Bench::new(POINTS).await;
    let whole = bench.sync().await;
    bench.state = None;
    bench.selection = only("cpu", columns(&["idle"]));
    let said = bench.sync().await;
    let (_, row) = said.rows().next().unwrap();
    assert_eq!(row.keys().collect::<Vec<_>>(), ["_series_id", "_time_ns", "idle"]);
    // A tag that is not selected is still part of the series.
    assert_eq!(said.column("cpu", "_series_id"), whole.column("cpu", "_series_id"));
    let asked = bench.windows();
    assert!(asked.iter().rev().take(1).all(|sql| !sql.contains("user")), "{asked:?}");
}

#[tokio::test]
async fn a_table_without_a_selected_column_is_left_out_and_the_customer_hears_of_it() {
    let mut bench = Bench::new(POINTS).await.set("primary_key", "none");
    bench.selection = Selection::Tables(Rules {
        listed: BTreeMap::from([("cpu".to_owned(), Some(columns(&[])))]),
        unlisted: Unlisted::Included,
    });
    let said = bench.sync().await;
    assert_eq!(said.column("mem", "used"), ["3"]);
    assert_eq!((said.rows().count(), said.truncated()), (1, vec!["mem"]));
    assert_eq!(said.announced(), ["mem"]);
    let of_cpu = bench.windows().into_iter().filter(|sql| sql.contains("\"cpu\""));
    assert_eq!(of_cpu.collect::<Vec<_>>(), [""; 0]);
    insta::assert_snapshot!(said.warnings().join("\n"), @r#"Nothing is synced of measurement "cpu", because none of its columns is selected. Select a column, or deselect the table."#);
    // When a column is selected later, the table gets its history.
    bench.selection = only("cpu", columns(&["idle"]));
    let said = bench.sync().await;
    assert_eq!((said.column("cpu", "idle"), said.announced()), (vec!["1"], vec!["cpu"]));
    assert_eq!(said.warnings(), [""; 0]);
}

/// What a platform may know that declares tables before a sync: these columns, and no more.
fn known(columns: &[&str]) -> Selection {
    let listed = columns.iter().map(|&name| (name.to_owned(), Some(())));
    let columns = Rules { listed: listed.collect(), unlisted: Unlisted::Unknown };
    Selection::Tables(Rules {
        listed: BTreeMap::from([("mem".to_owned(), Some(columns))]),
        unlisted: Unlisted::Unknown,
    })
}

#[tokio::test]
async fn what_the_platform_has_not_heard_of_waits_for_the_next_sync() {
    let mut bench = Bench::new(POINTS).await;
    let columns = ["_series_id", "_time_ns", "host", "time", "used"];
    bench.selection = known(&columns);
    // There is another table, of which it has not heard.
    let said = bench.sync().await;
    assert_eq!((said.announced(), said.rows().count()), (vec!["mem"], 1));
    // A column comes: the table waits, and nothing is wrong.
    bench.write(&format!("mem,host=a used=4i,free=5i {}", NOW - HOUR / 2));
    let said = bench.sync().await;
    assert_eq!((said.announced().len(), said.rows().count()), (0, 0));
    assert_eq!(said.warnings(), [""; 0]);
    // Nothing has declared it since, which is not as it should be.
    insta::assert_snapshot!(bench.sync().await.warnings().join("\n"), @r#"Measurement "mem" was left out of two syncs in a row: each time columns had come after the schema of the sync was asked for. It is synced as soon as none comes in between."#);
    // When it is known, all of it is sent.
    let heard_of = [&columns[..], &["free"]].concat();
    bench.selection = known(&heard_of);
    let said = bench.sync().await;
    assert!(said.column("mem", "free").contains(&"5"));
    assert_eq!(said.warnings(), [""; 0]);
    // That the table waited once before is forgotten.
    bench.write(&format!("mem,host=a used=4i,more=5i {}", NOW - HOUR / 2));
    assert_eq!(bench.sync().await.warnings(), [""; 0]);
}

#[tokio::test]
async fn a_table_that_is_in_no_catalog_for_a_reason_is_told_of_all_the_same() {
    let mut bench = Bench::new(POINTS).await.set("column_types", r#"{"used":"NAIVE_DATE"}"#);
    bench.selection = known(&[]);
    let error = bench.try_sync().await.1.unwrap_err();
    insta::assert_snapshot!(error, @r#"`column_types` asks for NAIVE_DATE for column "used" of measurement "mem", which InfluxDB keeps as Int64. Choose one of LONG, SHORT, INT, DECIMAL(20,0), DOUBLE, STRING."#);
}

#[tokio::test]
async fn a_column_that_comes_in_mid_sync_and_is_unknown_is_not_sent() {
    let mut bench = Bench::new(POINTS).await;
    bench.selection = known(&["_series_id", "_time_ns", "host", "time", "used"]);
    let fake = bench.fake.clone();
    let add = move |event: &Event| {
        // After the columns were listed, and before anything is read.
        if let Event::Announced(..) = event {
            fake.write("db", "mem,host=a used=4i,free=5i 1748846219000000000").unwrap();
        }
    };
    let (said, result) = bench.try_sync_while(add).await;
    result.unwrap();
    assert_eq!((said.rows().count(), said.warnings()), (0, vec![]));
}
