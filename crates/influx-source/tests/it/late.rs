//! Syncs points that come or change after the lookback has passed them, and checks what is read
//! again.

use chrono::{DateTime, SecondsFormat};
use influx_fake::{Code, Fault, FileListing};

use crate::support::{Bench, HOUR, NOW, SECOND, options};

const DAY: i64 = 24 * HOUR;

/// A point of the measurement `m` with this value, this many nanoseconds before [`NOW`].
fn point(value: i64, before: i64) -> String {
    format!("m,host=a v={value}i {}", NOW - before)
}

/// The ranges of time that were asked for rows, without the first `since` queries.
fn ranges(bench: &Bench, since: usize) -> Vec<String> {
    let windows = bench.windows().into_iter().skip(since);
    let time = |bound: &str| {
        let nanoseconds = bound.split(',').next().unwrap().parse().unwrap();
        DateTime::from_timestamp_nanos(nanoseconds).to_rfc3339_opts(SecondsFormat::Nanos, true)
    };
    let range = |sql: String| {
        let bounds: Vec<_> = sql.split("arrow_cast(").skip(1).map(time).collect();
        bounds.join(" to ")
    };
    windows.filter(|sql| sql.starts_with("SELECT * ")).map(range).collect()
}

/// Lets time pass until every query shows what files have named, and syncs.
async fn settle(bench: &mut Bench) {
    bench.now += 10 * SECOND;
    bench.sync().await;
}

/// Makes a database with two days of points, a minute apart, all of them in files.
async fn snapshotted() -> Bench {
    let lines: Vec<_> =
        (1..2 * 24 * 60).map(|minute| point(minute, minute * 60 * SECOND)).collect();
    let bench = Bench::new(&lines.join("\n")).await;
    bench.fake.snapshot("db").unwrap();
    bench
}

#[tokio::test]
async fn files_name_what_came_late_and_exactly_that_is_read_again() {
    let mut bench = snapshotted().await;
    assert_eq!(bench.sync().await.rows().count(), 2 * 24 * 60 - 1);
    settle(&mut bench).await;
    // One point comes 30 hours late, and one changes after 40 hours.
    bench.write(&point(-1, 30 * HOUR + 7 * SECOND));
    bench.write(&point(-2, 40 * HOUR));
    // They are in no file yet, so the sync cannot see them.
    let said = bench.sync().await;
    assert!(said.column("m", "v").iter().all(|value| !value.starts_with('-')));
    bench.fake.snapshot("db").unwrap();
    let before = bench.windows().len();
    let said = bench.sync().await;
    let late: Vec<_> =
        said.column("m", "v").into_iter().filter(|value| value.starts_with('-')).collect();
    assert_eq!(late, ["-1", "-2"]);
    insta::assert_snapshot!(ranges(&bench, before).join("\n"), @"
    2025-06-09T23:00:00.000000000Z to 2025-06-10T00:00:00.000000000Z
    2025-06-08T08:00:00.000000000Z to 2025-06-08T08:00:00.000000001Z
    2025-06-08T17:59:53.000000000Z to 2025-06-08T17:59:53.000000001Z
    ");
    // Once more, since another node may have answered; and then not again.
    settle(&mut bench).await;
    let before = bench.windows().len();
    bench.sync().await;
    insta::assert_snapshot!(ranges(&bench, before).join("\n"), @"2025-06-09T23:00:10.000000000Z to 2025-06-10T00:00:10.000000000Z");
}

#[tokio::test]
async fn what_files_name_is_owed_until_it_is_read() {
    let mut bench = snapshotted().await;
    bench.sync().await;
    settle(&mut bench).await;
    bench.write(&point(-1, 30 * HOUR));
    bench.fake.snapshot("db").unwrap();
    // The range that is owed cannot be read, whatever its size. The mark moves on all the same.
    let limit = "Query would scan 432 Parquet files, exceeding the file limit";
    let fault = Fault::fail(Code::Internal, limit);
    let late = format!("\"time\" >= arrow_cast({}", NOW - 30 * HOUR);
    bench.fake.faults().add(fault.containing(&late).always());
    bench.failing_sync().await;
    assert!(bench.state.as_ref().unwrap().contains("\"owed\""));
    bench.fake.faults().clear();
    let said = bench.sync().await;
    assert!(said.column("m", "v").contains(&"-1"));
    settle(&mut bench).await;
    assert!(!bench.state.as_ref().unwrap().contains("\"owed\""));
}

#[tokio::test]
async fn a_rebuilt_server_is_read_again() {
    let mut bench = snapshotted().await;
    bench.write(&point(-1, HOUR / 2));
    bench.fake.snapshot("db").unwrap();
    bench.sync().await;
    bench.fake.rebuild("n1");
    assert_eq!(bench.sync().await.column("m", "v").len(), 2 * 24 * 60 - 1);
}

#[tokio::test]
async fn counts_tell_what_came_late_where_no_files_are_shown() {
    for listing in [FileListing::Absent, FileListing::Empty] {
        let lines: Vec<_> = (1..4 * 4).map(|quarter| point(quarter, quarter * 6 * HOUR)).collect();
        let options = options().file_listing(listing);
        let mut bench = Bench::with_options(&lines.join("\n"), options).await;
        bench.sync().await;
        bench.write(&point(-1, 2 * DAY + 1));
        // Not every sync counts.
        assert!(!bench.sync().await.column("m", "v").contains(&"-1"));
        bench.now += 5 * HOUR;
        let before = bench.windows().len();
        let said = bench.sync().await;
        assert!(said.column("m", "v").contains(&"-1"), "{listing:?}");
        // The day whose count rose is read, after the rest.
        insta::allow_duplicates! {
            insta::assert_snapshot!(ranges(&bench, before).join("\n"), @"
            2025-06-09T22:59:50.000000000Z to 2025-06-10T00:50:00.000000000Z
            2025-06-10T00:50:00.000000000Z to 2025-06-10T04:59:50.000000000Z
            2025-06-07T00:00:00.000000000Z to 2025-06-08T00:00:00.000000000Z
            ");
        }
        bench.now += 5 * HOUR;
        assert!(!bench.sync().await.column("m", "v").contains(&"-1"));
    }
}

/// There are fewer points than before, and a day of its own has more.
#[tokio::test]
async fn retention_does_not_hide_what_came_late_from_the_counts() {
    let lines: Vec<_> = (1..4 * 4).map(|quarter| point(quarter, quarter * 6 * HOUR)).collect();
    let options = options().file_listing(FileListing::Absent);
    let mut bench = Bench::with_options(&lines.join("\n"), options).await;
    bench.sync().await;
    bench.fake.set_retention("db", NOW - 2 * DAY + 7 * HOUR);
    bench.write(&point(-1, DAY - HOUR));
    bench.now += 5 * HOUR;
    assert!(bench.sync().await.column("m", "v").contains(&"-1"));
}

/// The questions that count, since so many were asked.
fn counting(bench: &Bench, since: usize) -> Vec<String> {
    let asked = bench.fake.queries().split_off(since);
    asked.into_iter().filter(|sql| sql.contains("date_bin")).collect()
}

#[tokio::test]
async fn a_value_that_joins_an_old_point_is_found_by_counts() {
    for listing in [FileListing::Absent, FileListing::Listed] {
        let lines: Vec<_> = (1..40).map(|hour| point(hour, hour * HOUR)).collect();
        let mut bench =
            Bench::with_options(&lines.join("\n"), options().file_listing(listing)).await;
        bench.sync().await;
        // Nothing is counted before the first row, and nothing of what has just been read.
        assert_eq!(counting(&bench, 0), [""; 0]);
        bench.write(&format!("m,host=a w=7i {}", NOW - 30 * HOUR));
        assert_eq!(bench.sync().await.column("m", "w").iter().filter(|w| **w == "7").count(), 0);
        bench.now += 4 * HOUR;
        let before = bench.fake.queries().len();
        let said = bench.sync().await;
        assert!(said.column("m", "w").contains(&"7"), "{listing:?}");
        // Days and hours, and of both points and values.
        let asked = counting(&bench, before);
        assert_eq!(asked.len(), 2);
        assert!(asked.iter().all(|sql| sql.contains(r#"count("v") AS v0, count("w") AS v1"#)));
        bench.now += 4 * HOUR;
        let said = bench.sync().await;
        assert!(!said.column("m", "w").contains(&"7"), "{listing:?}");
    }
}

#[tokio::test]
async fn nothing_is_counted_if_nobody_wants_it() {
    let mut bench = Bench::new(&point(1, DAY)).await.set("audit_days", "0");
    bench.sync().await;
    assert!(!bench.fake.queries().iter().any(|sql| sql.contains("date_bin")));
}

/// Counts what the lookback costs, for `docs/how-a-sync-works.md`.
#[tokio::test]
async fn a_schedule_of_five_minutes_sends_a_point_thirteen_times() {
    const MINUTE: i64 = HOUR / 60;
    let mut bench = Bench::new(&point(0, 3 * HOUR)).await;
    let mut sent = 0;
    for sync in 0..36 {
        // The point is written before the fourth sync.
        if sync == 3 {
            bench.write(&format!("m,host=a v=7i {}", bench.now - MINUTE));
        }
        let said = bench.sync().await;
        sent += said.column("m", "v").iter().filter(|value| **value == "7").count();
        bench.now += 5 * MINUTE;
    }
    println!("a schedule of five minutes with a lookback of one hour sends a point {sent} times");
    // It is sent once when it is new, and twelve times again.
    assert_eq!(sent, 13);
}
