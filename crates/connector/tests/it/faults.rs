//! Faults of InfluxDB, over real sockets: a sync survives transient ones, and loses nothing if one
//! ends it.

use std::collections::BTreeSet;
use std::time::Duration;

use fivetran_tester::{Counts, End, SyncOptions};
use influx_fake::{Code, Fault, Options};
use influx_source::InfluxSource;
use tonic::Code as StatusCode;

use crate::ledger::{DATABASE, Field, Ledger, Point};
use crate::proxy::{Break, Proxy};
use crate::stack::{Connector, Hand, Stack, TOKEN};

const TABLES: [&str; 3] = ["first", "second", "third"];
const POINTS_OF_A_TABLE: i64 = 1_500;
/// 2024-06-10T00:00:00Z.
const BEGIN: i64 = 1_717_977_600 * SECOND;
const SECOND: i64 = 1_000_000_000;
/// A text that is in all queries for rows, and in no other.
const WINDOW: &str = "where \"time\" >=";
/// The speed of the clock in tests of timeouts of minutes.
const SPEED: u32 = 40;
/// Longer than any timeout.
const FOR_GOOD: Duration = Duration::from_secs(24 * 60 * 60);

/// A source whose clock shows two hours after the first point. After a fault windows stay short,
/// and a longer time would have too many of them.
fn source() -> InfluxSource {
    InfluxSource::with_clock(Hand::at(BEGIN + 7_200 * SECOND))
}

/// A stack with points, and the rows that the warehouse has to hold in the end.
struct Trial {
    stack: Stack,
    ledger: Ledger,
}

impl Trial {
    async fn new() -> Self {
        Self::of(Connector::start(source()).await).await
    }

    /// A trial in which the connector's timeouts of minutes take seconds.
    async fn with_fast_clock() -> Self {
        Self::of(Connector::start_with_fast_clock(source(), SPEED).await).await
    }

    async fn of(connector: Connector) -> Self {
        // The fake asks for no token, so that a test can replace the one that is used.
        let options = Options::default().keep_alive(Duration::from_millis(20));
        let mut stack = Stack::with(connector, options, DATABASE).await;
        stack.set("window_rows", "1000");
        let mut ledger = Ledger::default();
        for table in TABLES {
            let point = |number| point(table, BEGIN + number * 3 * SECOND, "short");
            ledger.write(&stack.fake, (0..POINTS_OF_A_TABLE).map(point).collect());
        }
        // An answer has several batches, so that there is a middle.
        stack.fake.faults().add(Fault::rows_per_batch(100).always());
        Self { stack, ledger }
    }

    fn add(&self, fault: Fault) {
        self.stack.fake.faults().add(fault.containing(WINDOW));
    }

    /// Runs one sync, which has to succeed, and compares the warehouse with what was written.
    async fn rides_out(&mut self) {
        let report = self.stack.good_sync().await;
        assert_eq!(report.warnings, [""; 0], "{report}");
        // The one that makes small batches is always there.
        assert_eq!(self.stack.fake.faults().waiting(), 1, "a fault has not struck");
        self.check();
    }

    fn check(&self) {
        let difference = self.ledger.compare(&self.stack.project, i64::MAX);
        assert!(difference.rows >= TABLES.len() * POINTS_OF_A_TABLE as usize);
        assert!(difference.is_none(), "{difference}");
    }

    /// The queries for rows.
    fn windows(&self) -> Vec<String> {
        let queries = self.stack.fake.queries().into_iter();
        queries.filter(|sql| sql.to_lowercase().contains(WINDOW)).collect()
    }
}

fn point(table: &'static str, time: i64, text: &str) -> Point {
    let fields = [("v", Field::Integer(time / SECOND)), ("note", Field::Text(text.to_owned()))];
    Point { table, tags: [("host", "a".to_owned())].into(), fields: fields.into(), time }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_cut_at_their_begin_and_in_their_midst() {
    let mut trial = Trial::new().await;
    trial.add(Fault::cut_connection());
    trial.add(Fault::cut_connection().after_batches(1).after_queries(2));
    trial.add(Fault::cut_connection().after_batches(4).after_queries(4));
    trial.rides_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_is_cut_at_any_byte() {
    let mut trial = Trial::new().await;
    // The first connection is the schema's; its first questions are asked again too.
    let breaks = [700, 9_000, 20_003, 41_027, 83_101].map(|after_bytes| Break::Cut { after_bytes });
    let proxy = Proxy::start(trial.stack.influx.address(), breaks).await;
    trial.stack.set("hostname", &proxy.url());
    trial.rides_out().await;
    assert_eq!(proxy.waiting(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stall_with_keep_alives_is_waited_for() {
    let mut trial = Trial::new().await;
    trial.add(Fault::stall(Duration::from_millis(1_500)));
    trial.add(Fault::stall(Duration::from_millis(1_500)).after_batches(3).after_queries(2));
    trial.rides_out().await;
    let windows = trial.windows();
    assert_eq!(windows.iter().collect::<BTreeSet<_>>().len(), windows.len(), "{windows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_silence_is_waited_for() {
    let mut trial = Trial::new().await;
    trial.add(Fault::silence(Duration::from_millis(1_500)).after_batches(2));
    trial.rides_out().await;
    let windows = trial.windows();
    assert_eq!(windows.iter().collect::<BTreeSet<_>>().len(), windows.len(), "{windows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_falls_silent_for_good_is_asked_again() {
    let mut trial = Trial::with_fast_clock().await;
    trial.add(Fault::silence(FOR_GOOD));
    trial.add(Fault::silence(FOR_GOOD).after_batches(2).after_queries(2));
    trial.rides_out().await;
    assert!(trial.windows().len() > trial.windows().iter().collect::<BTreeSet<_>>().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_freezes_is_left_for_another() {
    let mut trial = Trial::with_fast_clock().await;
    let whole = Break::Freeze { after_bytes: usize::MAX };
    let breaks = [whole, Break::Freeze { after_bytes: 30_000 }, Break::Freeze { after_bytes: 100 }];
    let proxy = Proxy::start(trial.stack.influx.address(), breaks).await;
    trial.stack.set("hostname", &proxy.url());
    trial.rides_out().await;
    assert_eq!(proxy.waiting(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_unavailable_before_and_in_its_answers() {
    let mut trial = Trial::new().await;
    let away = || Fault::fail(Code::Unavailable, "the server is restarting");
    trial.add(away().times(2));
    trial.add(away().after_batches(0).after_queries(3));
    trial.add(away().after_batches(3).after_queries(5));
    trial.rides_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_short_of_memory_before_and_in_its_answers() {
    let mut trial = Trial::new().await;
    let squeeze = || {
        Fault::fail(
            Code::ResourceExhausted,
            "Resources exhausted: Failed to allocate additional 128.0 MB for ExternalSorter[0]",
        )
    };
    trial.add(squeeze());
    trial.add(squeeze().after_batches(2).after_queries(2));
    trial.rides_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_the_rate_is_waited_out() {
    let mut trial = Trial::with_fast_clock().await;
    let limited = "limited_query plan limit: too many queries";
    trial.add(Fault::fail(Code::ResourceExhausted, limited));
    trial.rides_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_files_make_windows_shorter() {
    let mut trial = Trial::new().await;
    let refused = || {
        let text = "External error: Query would scan 432 Parquet files, exceeding the file limit.";
        Fault::fail(Code::Internal, text)
    };
    trial.add(refused().times(3));
    trial.add(refused().after_queries(4));
    trial.rides_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_many_megabytes_pass() {
    let mut trial = Trial::new().await;
    // Above the 4 MiB that gRPC allows by default, alone and together.
    let text = "x".repeat(1_000_000);
    let fields = ["a", "b", "c", "d", "e"].map(|name| (name, Field::Text(text.clone())));
    for time in [BEGIN + 1, BEGIN + 2] {
        let point = Point { fields: fields.clone().into(), ..point("first", time, "") };
        trial.ledger.write(&trial.stack.fake, vec![point]);
    }
    trial.rides_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_beyond_the_clients_limit_makes_windows_shorter() {
    let mut trial = Trial::new().await;
    // The client's words for a message that is too large. A test of `influx-flight` checks the
    // words.
    let large = "Error, decoded message length too large: \
                 found 200000000 bytes, the limit is: 134217728 bytes";
    trial.add(Fault::fail(Code::OutOfRange, large).after_batches(0));
    trial.add(Fault::fail(Code::OutOfRange, large).after_batches(2).after_queries(2));
    trial.rides_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_revoked_in_mid_sync_is_one_task_and_loses_nothing() {
    let mut trial = Trial::new().await;
    // There are three tables. From their first point on, a window has all of one.
    trial.stack.set("start_time", "2024-06-10");
    let revoked = Fault::fail(Code::Unauthenticated, "Unauthenticated");
    trial.add(revoked.containing("select * from").after_queries(2).always());
    let report = trial.stack.sync(SyncOptions::default()).await;
    assert_eq!((&report.end, report.breaches.as_slice()), (&End::Task, [].as_slice()), "{report}");
    let [task] = report.tasks.as_slice() else { panic!("{report}") };
    assert!(task.contains("token") && !task.contains(TOKEN), "{task}");
    assert!(report.checkpoints > 0, "{report}");

    // With the old token no new rows are sent, and no earlier rows are lost.
    let report = trial.stack.sync(SyncOptions::default()).await;
    assert_eq!(report.end, End::Task, "{report}");
    assert!(report.tables.values().all(|counts| counts.upserts == 0), "{report}");
    let state = trial.stack.project.state().unwrap().unwrap();

    trial.stack.fake.faults().clear();
    trial.stack.set("token", "apiv3_another-t0ken");
    let report = trial.stack.good_sync().await;
    for (table, Counts { truncates, .. }) in report.tables {
        assert!(truncates == 0 || !state.contains(&format!("\"{table}\"")), "{table}: {state}");
    }
    trial.check();
}

/// A proxy that ends every answer after a while.
#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_off_whenever_it_is_long_is_read_in_shorter_windows() {
    let mut trial = Trial::with_fast_clock().await;
    trial.add(Fault::fail(Code::Unavailable, "gone").after_batches(2).always());
    let report = trial.stack.good_sync().await;
    assert_eq!(report.warnings, [""; 0], "{report}");
    trial.check();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stays_away_ends_the_sync_and_the_next_one_goes_on() {
    let mut trial = Trial::with_fast_clock().await;
    trial.add(Fault::fail(Code::Unavailable, "gone").after_queries(4).always());
    let report = trial.stack.sync(SyncOptions::default()).await;
    let End::Status { code: StatusCode::Unavailable, .. } = report.end else { panic!("{report}") };
    assert!(report.breaches.is_empty() && report.checkpoints > 0, "{report}");
    trial.stack.fake.faults().clear();
    trial.stack.good_sync().await;
    trial.check();
}
