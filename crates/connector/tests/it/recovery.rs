//! Interrupts a sync, and resumes it with the next one.

use fivetran_tester::{End, Stop, SyncOptions, Trailing};

use crate::stack::Stack;

/// Points of three tables that are read in parallel. Each has two series, with a point each day.
fn points(count: i64) -> String {
    let day = 86_400_000_000_000;
    let line = |index: i64| {
        let (table, time) = (index % 3, 1_600_000_000_000_000_000 + index / 6 * day);
        format!("m{table},host={} v={index}i {time}", index / 3 % 2)
    };
    (0..count).map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_cut_anywhere_loses_and_repeats_no_row() {
    let points = points(600);
    let mut whole = Stack::start("db", &points).await;
    whole.good_sync().await;
    let rows = |stack: &Stack| [stack.rows("m0"), stack.rows("m1"), stack.rows("m2")].concat();
    let expected = rows(&whole);
    assert_eq!(expected.len(), 600);

    for trailing in [Trailing::Keep, Trailing::RollBack] {
        for stop in [
            Stop::AfterRows(1),
            Stop::AfterRows(99),
            Stop::AfterRows(100),
            Stop::AfterRows(350),
            Stop::AfterRows(599),
            Stop::AfterCheckpoints(1),
        ] {
            let mut stack = Stack::start("db", &points).await;
            let report = stack.sync(SyncOptions { stop, trailing, ..SyncOptions::default() }).await;
            assert_eq!(
                (&report.end, report.breaches.as_slice()),
                (&End::Stopped, [].as_slice()),
                "{stop:?}"
            );
            stack.good_sync().await;
            assert_eq!(rows(&stack), expected, "{stop:?} {trailing:?}");
        }
    }
}
