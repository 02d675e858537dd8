//! Syncs tables whose columns change, in mid-sync and between two syncs.

use sync_core::{Fault, Rules, Selection, Unlisted};

use crate::support::{Bench, Event, HOUR, NOW, Said};

fn point(value: &str, before: i64) -> String {
    format!("m,host=a v={value} {}", NOW - before)
}

#[tokio::test]
async fn a_column_that_is_selected_later_earns_a_warning() {
    let mut bench = Bench::new(&format!("m,host=a v=1i,w=2i {}", NOW - 48 * HOUR)).await;
    let without_w = Rules { listed: [("w".to_owned(), None)].into(), unlisted: Unlisted::Included };
    bench.selection = Selection::Tables(Rules {
        listed: [("m".to_owned(), Some(without_w))].into(),
        unlisted: Unlisted::Included,
    });
    assert_eq!(bench.sync().await.warnings(), [""; 0]);
    bench.selection = Selection::Everything;
    insta::assert_snapshot!(bench.sync().await.warnings().join("\n"), @r#"Measurement "m": {"w"} is selected now. Rows that were synced before have NULL there; re-sync the table to fill them."#);
    assert_eq!(bench.sync().await.warnings(), [""; 0]);
}

#[tokio::test]
async fn a_table_made_anew_with_another_type_needs_a_resync() {
    let mut bench = Bench::new(&point("1i", 48 * HOUR)).await;
    bench.sync().await;
    bench.fake.drop_table("db", "m");
    bench.write(&point("1.5", HOUR / 2));
    let (said, error) = bench.failing_sync().await;
    assert_eq!((said.rows().count(), error.fault()), (0, Fault::Setup));
    insta::assert_snapshot!(error, @r#"Column "v" of measurement "m" was LONG and is DOUBLE: the measurement was dropped and made anew. Re-sync the table."#);
    bench.state = None;
    assert_eq!(bench.sync().await.column("m", "v"), ["1.5"]);
}

/// Syncs a measurement with `v` and `w`, drops it, and makes it anew with `v` alone.
async fn made_anew_without_w() -> Bench {
    let mut bench = Bench::new(&format!("m,host=a v=1i,w=2i {}", NOW - 48 * HOUR)).await;
    bench.sync().await;
    bench.fake.drop_table("db", "m");
    bench.write(&point("3i", HOUR / 2));
    bench
}

#[tokio::test]
async fn a_column_that_comes_back_with_another_type_needs_a_resync() {
    let mut bench = made_anew_without_w().await;
    bench.sync().await;
    bench.write(&format!("m,host=a w=1.5 {}", NOW - HOUR / 3));
    let (_, error) = bench.failing_sync().await;
    insta::assert_snapshot!(error, @r#"Column "w" of measurement "m" was LONG and is DOUBLE: the measurement was dropped and made anew. Re-sync the table."#);
}

#[tokio::test]
async fn a_column_that_is_gone_earns_a_warning() {
    let mut bench = made_anew_without_w().await;
    let said = bench.sync().await;
    assert_eq!(said.column("m", "v"), ["3"]);
    insta::assert_snapshot!(said.warnings().join("\n"), @r#"Measurement "m" has no {"w"} any more: it was dropped and made anew. Rows of before stay as they are until a re-sync."#);
    assert_eq!(bench.sync().await.warnings(), [""; 0]);
}

/// Series ids, as `fixtures/series-id.json` has them.
const HOST_A: &str = "738412b728d60d0ba961bcc984f580ca";
const HOST_A_REGION_EU: &str = "c3dcee2db9a4a46b56397c37f2dbeb60";

/// Runs a sync, and writes `lines` in the middle of it: right after the first event for which
/// `moment` is true.
async fn sync_with_a_write(
    bench: &mut Bench,
    lines: &str,
    moment: impl Fn(&Event) -> bool + Send + Sync,
) -> Said {
    let (fake, mut is_written) = (bench.fake.clone(), false);
    let meanwhile = |event: &Event| {
        if !is_written && moment(event) {
            fake.write("db", lines).unwrap();
            is_written = true;
        }
    };
    let (said, result) = bench.try_sync_while(meanwhile).await;
    result.unwrap();
    assert!(is_written);
    said
}

/// A point as [`point`] makes it, with one more tag.
fn point_with_region(value: &str, before: i64) -> String {
    format!("m,host=a,region=eu v={value} {}", NOW - before)
}

/// The value and the series of each row, sorted.
fn series(said: &Said) -> Vec<(&str, &str)> {
    let cells = said.rows().map(|(_, row)| (row["v"].as_str(), row["_series_id"].as_str()));
    let mut cells: Vec<_> = cells.collect();
    cells.sort_unstable();
    cells
}

/// Asserts that the table is announced with this number of columns, and that no row with a region
/// comes before that.
fn assert_announced_before_its_rows(said: &Said, columns: usize) {
    let announced = Event::Announced("m".to_owned(), columns);
    let announced = said.0.iter().position(|event| *event == announced).unwrap();
    let has_region =
        |event: &Event| matches!(event, Event::Row(_, row) if row.contains_key("region"));
    let first = said.0.iter().position(has_region).unwrap();
    assert!(announced < first, "{announced} {first}");
}

#[tokio::test]
async fn a_tag_that_is_new_when_the_first_window_is_read() {
    let lines = [point("1i", 48 * HOUR), point("2i", 2 * HOUR)].join("\n");
    let new = [
        point("3i", HOUR),
        point_with_region("4i", HOUR),
        // It has the time of a point that differs in nothing but the tag.
        point_with_region("5i", 48 * HOUR),
    ];
    let expected = [
        ("1", HOST_A),
        ("2", HOST_A),
        ("3", HOST_A),
        ("4", HOST_A_REGION_EU),
        ("5", HOST_A_REGION_EU),
    ];
    let mut bench = Bench::new(&lines).await;
    // The table is announced after its columns are listed, and before any row is read.
    let is_listed = |event: &Event| matches!(event, Event::Announced(..));
    let said = sync_with_a_write(&mut bench, &new.join("\n"), is_listed).await;
    assert_eq!(series(&said), expected);
    // Five columns are two for the key, the time, the value and the host. The sixth is the region.
    // No row is sent without it.
    let announced = said.0.iter().filter(|event| is_listed(event)).cloned().collect::<Vec<_>>();
    assert_eq!(announced, [5, 6].map(|columns| Event::Announced("m".to_owned(), columns)));
    assert_announced_before_its_rows(&said, 6);
    assert!(said.rows().all(|(_, row)| row.contains_key("region")));
    assert_eq!(said.warnings(), [""; 0]);
}

#[tokio::test]
async fn a_tag_that_is_new_when_a_later_window_is_read() {
    let lines = [point("1i", 48 * HOUR), point("2i", 2 * HOUR)].join("\n");
    let new = [point("3i", HOUR), point_with_region("4i", HOUR)].join("\n");
    let mut bench = Bench::new(&lines).await.set("start_time", "2025-06-08T00:00:00Z");
    // The first window ends hours before the new points.
    let is_row = |event: &Event| matches!(event, Event::Row(..));
    let said = sync_with_a_write(&mut bench, &new, is_row).await;
    let expected = [("1", HOST_A), ("2", HOST_A), ("3", HOST_A), ("4", HOST_A_REGION_EU)];
    assert_eq!(series(&said), expected);
    assert_announced_before_its_rows(&said, 6);
    let without_region = said.rows().filter(|(_, row)| !row.contains_key("region"));
    assert_eq!(without_region.map(|(_, row)| row["v"].as_str()).collect::<Vec<_>>(), ["1"]);
}

#[tokio::test]
async fn a_tag_that_is_new_in_mid_sync_counts_where_columns_are_hidden_too() {
    let lines = format!("m,host=a v=1i,w=2i {}", NOW - 48 * HOUR);
    let without_w = Rules { listed: [("w".to_owned(), None)].into(), unlisted: Unlisted::Included };
    let mut bench = Bench::new(&lines).await;
    bench.selection = Selection::Tables(Rules {
        listed: [("m".to_owned(), Some(without_w))].into(),
        unlisted: Unlisted::Included,
    });
    let is_listed = |event: &Event| matches!(event, Event::Announced(..));
    let new = point_with_region("3i", 48 * HOUR);
    let said = sync_with_a_write(&mut bench, &new, is_listed).await;
    assert_eq!(series(&said), [("1", HOST_A), ("3", HOST_A_REGION_EU)]);
    assert_announced_before_its_rows(&said, 6);
    assert!(said.rows().all(|(_, row)| !row.contains_key("w")));
}
