//! What goes wrong in the world and is no fault of a single answer: what a customer sees of it.
//!
//! Some of it is waited for. Where it is, the source's clock runs faster than the server's.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use influx_fake::{Code, Fault as Breakage, FileListing, LaggingNode, Options};
use sync_core::{Fault, SyncError};
use tokio::sync::oneshot;

use crate::fast_clock::FastClock;
use crate::support::{Bench, HOUR, NOW, SECOND, Said, options};

const MINUTE: i64 = 60 * SECOND;
/// What the query of a window has, and no other query.
const WINDOW: &str = "SELECT * FROM";
/// How fast a clock runs on which minutes take seconds.
const SPEED: u32 = 40;
/// Longer than any test.
const FOR_GOOD: Duration = Duration::from_secs(24 * 60 * 60);

/// A point of the measurement `m`, at a time.
fn point(value: i64, time: i64) -> String {
    format!("m,host=a v={value}i {time}")
}

/// Points of `m` from a time on, as long after one another as is said, with the values of a range.
fn points(values: std::ops::Range<i64>, start: i64, step: i64) -> String {
    let line = |value| point(value, start + (value - values.start) * step);
    values.clone().map(line).collect::<Vec<_>>().join("\n")
}

/// The values of the warehouse's rows, by table and time.
#[derive(Default)]
struct Warehouse(BTreeMap<(String, String), i64>);

impl Warehouse {
    fn take(&mut self, said: &Said) {
        for (table, row) in said.rows() {
            self.0.insert((table.to_owned(), row["_time_ns"].clone()), row["v"].parse().unwrap());
        }
    }

    #[track_caller]
    fn holds(&self, values: impl IntoIterator<Item = i64>) {
        let held: BTreeSet<_> = self.0.values().copied().collect();
        let missing: Vec<_> = values.into_iter().filter(|value| !held.contains(value)).collect();
        assert!(missing.is_empty(), "{missing:?} are missing, of {} rows", self.0.len());
    }
}

/// Runs a sync on whose clock minutes take seconds.
async fn sync_fast(mut bench: Bench) -> (Bench, Said, Result<(), SyncError>) {
    let (done, is_done) = oneshot::channel();
    let _clock = FastClock::start(SPEED, async move {
        let (said, result) = bench.try_sync().await;
        // Nobody waits for it any more if the test has failed.
        let _ = done.send((bench, said, result));
    });
    is_done.await.unwrap()
}

/// Runs such a sync, which has to succeed.
async fn good_sync_fast(bench: Bench, warehouse: &mut Warehouse) -> Bench {
    let (bench, said, result) = sync_fast(bench).await;
    result.unwrap();
    warehouse.take(&said);
    bench
}

fn of_release(release: &str, listing: FileListing) -> Options {
    options().release(release.parse().unwrap()).file_listing(listing)
}

#[tokio::test]
async fn points_that_a_snapshot_hides_come_with_a_later_sync() {
    for listing in [FileListing::Listed, FileListing::Absent] {
        let options = of_release("3.11.1", listing);
        let bench = Bench::with_options(&point(0, NOW - 48 * HOUR), options).await;
        let (mut bench, mut warehouse) = (bench.set("lookback", "5m"), Warehouse::default());
        warehouse.take(&bench.sync().await);
        // Four files, of which the first is listed.
        bench.write(&points(1..40, NOW + MINUTE, MINUTE));
        bench.fake.begin_snapshot("db").unwrap();
        bench.now += HOUR;
        warehouse.take(&bench.sync().await);
        assert!(warehouse.0.len() < 20, "{} rows: nothing was hidden", warehouse.0.len());
        // Then another one, and what is in the buffer.
        assert!(bench.fake.list_next_files("db"));
        bench.write(&points(40..50, bench.now, MINUTE));
        bench.now += HOUR;
        warehouse.take(&bench.sync().await);
        while bench.fake.list_next_files("db") {}
        for _ in 0..2 {
            bench.now += 5 * HOUR;
            warehouse.take(&bench.sync().await);
        }
        warehouse.holds(0..50);
    }
}

#[tokio::test]
async fn a_proxy_that_cuts_slow_answers_does_not_end_a_sync() {
    // It answers in the server's place, or cuts what has begun.
    for (patience, listing) in [
        (Duration::ZERO, FileListing::Listed),
        (Duration::ZERO, FileListing::Absent),
        (Duration::from_millis(50), FileListing::Absent),
    ] {
        let lines = points(0..48, NOW - 48 * HOUR, HOUR);
        let mut bench = Bench::with_options(&lines, options().file_listing(listing)).await;
        for slow in ["min(", "count("] {
            let faults = bench.fake.faults();
            faults.add(Breakage::impatient_proxy(patience).containing(slow).always());
            faults.add(Breakage::silence(FOR_GOOD).containing(slow).always());
        }
        let mut warehouse = Warehouse::default();
        for sync in 1..=3 {
            bench = good_sync_fast(bench, &mut warehouse).await;
            warehouse.holds(0..47 + sync);
            bench.write(&point(47 + sync, bench.now + MINUTE));
            bench.now += 5 * HOUR;
        }
    }
}

/// Minutes of points in files, of a server that is down for so long when it is asked for many of
/// them.
async fn brittle(away: Duration) -> (Bench, Warehouse) {
    const ROWS: i64 = 2_000;
    let bench = Bench::new(&points(0..ROWS, NOW - 48 * HOUR, MINUTE)).await;
    bench.fake.snapshot("db").unwrap();
    let crash = Breakage::crash(away).containing(WINDOW).reading_rows_over(ROWS as usize / 3);
    bench.fake.faults().add(crash.always());
    (bench, Warehouse::default())
}

#[tokio::test]
async fn a_window_that_brings_the_server_down_is_shorter_in_the_next_sync() {
    // It is away for longer than the source waits.
    let (mut bench, mut warehouse) = brittle(FOR_GOOD).await;
    let mut asked = String::new();
    for sync in 1.. {
        let before = bench.windows().len();
        let (said, result);
        (bench, said, result) = sync_fast(bench).await;
        warehouse.take(&said);
        let mut windows = bench.windows().into_iter().skip(before);
        let first = windows.find(|sql| sql.starts_with(WINDOW)).unwrap();
        assert_ne!(first, asked, "sync {sync} has asked the same again");
        asked = first;
        match result {
            Ok(()) => break,
            Err(error) => assert_eq!(error.fault(), Fault::Transient, "{error}"),
        }
        assert!(sync < 8, "no window has become short enough");
        bench.fake.restart();
    }
    warehouse.holds(0..2_000);
}

#[tokio::test]
async fn a_window_that_brings_the_server_down_for_a_moment_is_made_shorter() {
    // It is back while the source waits.
    let (bench, mut warehouse) = brittle(Duration::from_secs(10) / SPEED).await;
    good_sync_fast(bench, &mut warehouse).await;
    warehouse.holds(0..2_000);
}

#[tokio::test]
async fn a_late_value_that_no_column_holds_stops_nothing_fresh() {
    const SETTLE: i64 = 10 * SECOND;
    let bench = Bench::new(&points(1..48, NOW - 48 * HOUR, HOUR)).await;
    let mut bench = bench.set("column_types", r#"{"v":"INT"}"#).set("lookback", "0s");
    bench.fake.snapshot("db").unwrap();
    bench.sync().await;
    // The files have been listed for long enough when they are read again.
    bench.now += MINUTE;
    bench.sync().await;
    bench.write(&point(3_000_000_000, NOW - 30 * HOUR + 7 * SECOND));
    bench.fake.snapshot("db").unwrap();
    for sync in 1..=3 {
        // More than a day, so that windows are read side by side; and the old value would be first.
        let fresh = 100 * sync..100 * sync + 30;
        let from = bench.now - SETTLE;
        let window = format!("{WINDOW} \"m\" WHERE \"time\" >= arrow_cast({from}");
        bench.fake.faults().add(Breakage::stall(Duration::from_millis(200)).containing(window));
        bench.write(&points(fresh.clone(), bench.now + MINUTE, HOUR));
        bench.now += 30 * HOUR;

        let (said, error) = bench.failing_sync().await;
        assert_eq!(bench.fake.faults().waiting(), 0, "the fresh points were not slow");
        // What an earlier sync has sent is not sent again: its checkpoint has stayed.
        assert_eq!(said.column("m", "v"), fresh.map(|v| v.to_string()).collect::<Vec<_>>());
        let text = error.to_string();
        assert_eq!(error.fault(), Fault::Setup, "{text}");
        assert_eq!(text.matches("cannot hold").count(), 1, "{text}");
        assert!(text.contains("column \"v\" of table \"m\" cannot hold 3000000000"), "{text}");
    }
}

/// So many measurements with three points each.
fn measurements(count: i64) -> String {
    let line = |number| {
        let (of, value) = (number / 3, number);
        format!("m{of},host=a v={value}i {}", NOW - (number % 3 + 1) * HOUR)
    };
    (0..3 * count).map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_store_that_is_down_is_one_failure_that_passes() {
    const TABLES: i64 = 20;
    /// How often a table may be asked for, with what is asked again.
    const QUESTIONS: i64 = 20;
    for code in [Code::Internal, Code::Unavailable] {
        let mut bench = Bench::new(&measurements(TABLES)).await;
        let mut warehouse = Warehouse::default();
        // At first there is no state, and then there is one.
        for values in [0..3 * TABLES, 3 * TABLES..4 * TABLES] {
            bench.fake.faults().add(Breakage::store_down(code).always());
            let before = bench.fake.queries().len();
            let (said, result);
            (bench, said, result) = sync_fast(bench).await;
            let error = result.unwrap_err();
            assert_eq!((said.rows().count(), error.fault()), (0, Fault::Transient), "{error}");
            let asked = bench.fake.queries().len() - before;
            assert!(asked < (QUESTIONS * TABLES) as usize, "{asked} questions");

            bench.fake.faults().clear();
            bench = good_sync_fast(bench, &mut warehouse).await;
            warehouse.holds(values);
            for table in 0..TABLES {
                let (value, time) = (3 * TABLES + table, bench.now + MINUTE);
                bench.write(&format!("m{table},host=a v={value}i {time}"));
            }
            bench.now += HOUR;
        }
    }
}

#[tokio::test]
async fn points_that_a_lagging_node_leaves_out_come_with_their_file() {
    let bench = Bench::new(&point(0, NOW - 48 * HOUR)).await;
    let (mut bench, mut warehouse) = (bench.set("lookback", "5m"), Warehouse::default());
    warehouse.take(&bench.sync().await);
    // Of two syncs, one or the other asks the node that lags for the rows.
    bench.fake.set_lagging_node(Some(LaggingNode::behind(FOR_GOOD)));
    for hour in 0..6 {
        bench.write(&points(10 * hour + 1..10 * hour + 11, bench.now, MINUTE));
        bench.now += HOUR;
        warehouse.take(&bench.sync().await);
    }
    bench.fake.set_lagging_node(None);
    bench.fake.snapshot("db").unwrap();
    for _ in 0..2 {
        bench.now += HOUR;
        warehouse.take(&bench.sync().await);
    }
    warehouse.holds(0..61);
}

#[tokio::test]
async fn compaction_hides_nothing_that_came_late() {
    for node in ["n1", "compactor"] {
        let mut bench = Bench::new(&points(0..48, NOW - 48 * HOUR, HOUR)).await;
        let mut warehouse = Warehouse::default();
        bench.fake.snapshot("db").unwrap();
        warehouse.take(&bench.sync().await);
        bench.write(&point(100, NOW - 30 * HOUR + 7 * SECOND));
        bench.fake.snapshot("db").unwrap();
        bench.fake.compact("db", node).unwrap();
        for _ in 0..2 {
            bench.now += HOUR;
            warehouse.take(&bench.sync().await);
        }
        warehouse.holds((0..48).chain([100]));
        // And then nothing is read again for it.
        bench.now += HOUR;
        assert_eq!(bench.sync().await.rows().count(), 0);
    }
}
