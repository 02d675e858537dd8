//! Syncs while queries fail, and checks whether the sync goes on, and what the customer is told.

use influx_fake::{Code, Fault, MissingDatabase};

use crate::support::{Bench, HOUR, NOW, TOKEN, options};

const FILE_LIMIT: &str =
    "External error: Query would scan 432 Parquet files, exceeding the file limit.";

/// Occurs in the queries of windows, and in no other query.
const WINDOW: &str = "SELECT * FROM";

fn hours(count: i64) -> String {
    let line = |hour| format!("m,host=a v={hour}i {}", NOW - (hour + 1) * HOUR);
    (0..count).map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn setup_tests_tell_host_token_database_and_measurements_apart() {
    let all = async |bench: &Bench| {
        let mut answers = Vec::new();
        for name in ["connection", "token", "database", "measurements"] {
            answers.push(bench.test(name).await == "passed");
        }
        answers
    };
    let bench = Bench::new("m v=1i 0").await;
    assert_eq!(all(&bench).await, [true, true, true, true]);
    let bench = bench.set("measurement", "other");
    assert_eq!(all(&bench).await, [true, true, true, false]);
    let bench = bench.set("database", "nope");
    assert_eq!(all(&bench).await, [true, true, false, false]);
    let bench = bench.set("token", "wrong");
    assert_eq!(all(&bench).await, [true, false, false, false]);
    let bench = bench.set("hostname", "127.0.0.1:1");
    assert_eq!(all(&bench).await, [false, false, false, false]);
}

#[tokio::test]
async fn a_wrong_token_and_a_missing_database_are_for_the_customer_to_mend() {
    let mut bench = Bench::new("m v=1i 0").await.set("token", "wr0ng");
    let (said, error) = bench.failing_sync().await;
    assert_eq!((error.fault(), said.0.len()), (sync_core::Fault::Setup, 0));
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(!shown.contains("wr0ng") && !shown.contains(TOKEN), "{shown}");
    }
    for answer in
        [MissingDatabase::Internal, MissingDatabase::NotFound, MissingDatabase::InvalidArgument]
    {
        let options = options().missing_database(answer);
        let mut bench = Bench::with_options("m v=1i 0", options).await.set("database", "nope");
        let (_, error) = bench.failing_sync().await;
        assert_eq!(error.fault(), sync_core::Fault::Setup, "{answer:?}: {error}");
        assert!(error.to_string().contains("nope"), "{error}");
    }
}

#[tokio::test]
async fn too_many_files_make_windows_shorter() {
    let mut whole = Bench::new(&hours(30)).await;
    whole.sync().await;
    let mut bench = Bench::new(&hours(30)).await;
    let refused = Fault::fail(Code::Internal, FILE_LIMIT);
    bench.fake.faults().add(refused.containing(WINDOW).times(4));
    let said = bench.sync().await;
    assert_eq!(said.rows().count(), 30);
    assert_eq!(said.warnings(), [""; 0]);
    assert_eq!(bench.fake.faults().waiting(), 0, "not all refusals have struck");
    assert!(bench.windows().len() > whole.windows().len() + 4, "no window has become shorter");
}

#[tokio::test]
async fn the_first_point_is_found_without_asking_for_it() {
    let mut bench = Bench::new(&format!("{}\nm,host=a v=99i -9223372036854775806", hours(3))).await;
    bench.fake.faults().add(Fault::fail(Code::Internal, FILE_LIMIT).containing("min(").always());
    let said = bench.sync().await;
    assert_eq!(said.column("m", "v"), ["0", "1", "2", "99"]);
}

#[tokio::test]
async fn a_table_that_no_window_is_small_enough_for_is_parked() {
    let mut bench = Bench::new(&format!("{}\nother v=1i 1748846218000000000", hours(3))).await;
    bench.fake.faults().add(
        Fault::fail(Code::Internal, FILE_LIMIT).containing("\"m\" where \"time\" >=").always(),
    );
    let (said, error) = bench.failing_sync().await;
    assert_eq!((said.column("m", "v").len(), said.column("other", "v").len()), (0, 1));
    assert!(
        error.to_string().starts_with("Measurement \"m\" cannot be read in windows of any size"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_read_again_from_its_window() {
    for fault in [
        Fault::cut_connection().after_batches(1),
        Fault::fail(Code::Unavailable, "the server is gone").after_batches(1),
    ] {
        let mut bench = Bench::new(&hours(3)).await.set("start_time", "2025-06-09T20:00:00Z");
        bench.fake.faults().add(Fault::rows_per_batch(1).always());
        bench.fake.faults().add(fault.containing(WINDOW));
        let said = bench.sync().await;
        // The fault that makes batches small stays for good.
        assert_eq!(bench.fake.faults().waiting(), 1, "nothing has broken off");
        let windows = bench.windows();
        let times = |window| windows.iter().filter(|other| *other == window).count();
        assert_eq!(windows.iter().map(times).max(), Some(2), "no window was read again");
        let mut values = said.column("m", "v");
        values.dedup();
        assert_eq!(values, ["0", "1", "2"]);
    }
}

#[tokio::test]
async fn batches_of_no_rows_mean_nothing() {
    let mut bench = Bench::new(&hours(3)).await.set("lookback", "0s");
    bench.fake.faults().add(Fault::rows_per_batch(1).always());
    bench.fake.faults().add(Fault::empty_last_batch().always());
    assert_eq!(bench.sync().await.column("m", "v"), ["0", "1", "2"]);
    bench.now += HOUR;
    assert_eq!(bench.sync().await.rows().count(), 0);
}

#[tokio::test]
async fn a_table_dropped_in_mid_sync_is_a_warning() {
    let mut bench = Bench::new(&format!("{}\nother v=1i 1748846218000000000", hours(3))).await;
    let gone = "Error while logically planning query: Error during planning: \
                table 'public.iox.m' not found";
    let is_dropped = || Fault::fail(Code::InvalidArgument, gone).containing("from \"m\"");
    bench.fake.faults().add(is_dropped());
    let said = bench.sync().await;
    assert_eq!(said.warnings(), [r#"Measurement "m" was dropped while it was being synced."#]);
    assert_eq!(said.column("other", "v"), ["1"]);
    // With its only table dropped, the sync has nothing left to do, and fails.
    let mut bench = Bench::new(&hours(3)).await;
    bench.fake.faults().add(is_dropped());
    let (_, error) = bench.failing_sync().await;
    assert_eq!(error.fault(), sync_core::Fault::Setup);
    assert!(
        error.to_string().starts_with("Every measurement was dropped during the sync: m."),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_short_of_memory_is_given_time_and_smaller_windows() {
    let mut bench = Bench::new(&hours(3)).await;
    let squeeze = Fault::fail(Code::ResourceExhausted, "Resources exhausted: Failed to allocate");
    bench.fake.faults().add(squeeze.containing(WINDOW).times(2));
    assert_eq!(bench.sync().await.column("m", "v"), ["0", "1", "2"]);
    assert_eq!(bench.fake.faults().waiting(), 0, "the server was never short of memory");
}
