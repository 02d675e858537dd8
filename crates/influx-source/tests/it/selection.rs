//! Checks that what is not selected is neither sent nor asked for.

use std::collections::BTreeMap;

use sync_core::{ColumnRules, Rules, Selection, Unlisted};

use crate::support::Bench;

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
    // Counting comes before the columns are listed, so it cannot know that none is selected.
    assert_eq!(of_cpu.filter(|sql| !sql.contains("count(*)")).collect::<Vec<_>>(), [""; 0]);
    insta::assert_snapshot!(said.warnings().join("\n"), @r#"Nothing is synced of measurement "cpu", because none of its columns is selected. Select a column, or deselect the table."#);
    // When a column is selected later, the table gets its history.
    bench.selection = only("cpu", columns(&["idle"]));
    let said = bench.sync().await;
    assert_eq!((said.column("cpu", "idle"), said.announced()), (vec!["1"], vec!["cpu"]));
    assert_eq!(said.warnings(), [""; 0]);
}
