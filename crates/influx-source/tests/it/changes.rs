//! Tables that change their columns, in mid-sync and between two syncs.

use sync_core::{Fault, Rules, Selection};

use crate::support::{Bench, HOUR, NOW};

fn point(value: &str, before: i64) -> String {
    format!("m,host=a v={value} {}", NOW - before)
}

#[tokio::test]
async fn a_column_that_is_selected_later_earns_a_warning() {
    let mut bench = Bench::new(&format!("m,host=a v=1i,w=2i {}", NOW - 48 * HOUR)).await;
    let without_w = Rules { listed: [("w".to_owned(), None)].into(), include_new: true };
    bench.selection = Selection::Tables(Rules {
        listed: [("m".to_owned(), Some(without_w))].into(),
        include_new: true,
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
    bench.demo.drop_table("db", "m");
    bench.write(&point("1.5", HOUR / 2));
    let (said, error) = bench.failing_sync().await;
    assert_eq!((said.rows().count(), error.fault), (0, Fault::Setup));
    insta::assert_snapshot!(error, @r#"Column "v" of measurement "m" was LONG and is DOUBLE: the measurement was dropped and made anew. Re-sync the table."#);
    bench.state = None;
    assert_eq!(bench.sync().await.column("m", "v"), ["1.5"]);
}

#[tokio::test]
async fn a_column_that_is_gone_earns_a_warning() {
    let mut bench = Bench::new(&format!("m,host=a v=1i,w=2i {}", NOW - 48 * HOUR)).await;
    bench.sync().await;
    bench.demo.drop_table("db", "m");
    bench.write(&point("3i", HOUR / 2));
    let said = bench.sync().await;
    assert_eq!(said.column("m", "v"), ["3"]);
    insta::assert_snapshot!(said.warnings().join("\n"), @r#"Measurement "m" has no {"w"} any more: it was dropped and made anew. Rows of before stay as they are until a re-sync."#);
    assert_eq!(bench.sync().await.warnings(), [""; 0]);
}
