//! Counts the queries that a long history takes, under the limits of the server.

use std::time::{Duration, Instant};

use influx_fake::FileListing;

use crate::support::{Bench, Event, HOUR, NOW, options};

const DAY: i64 = 24 * HOUR;
const MINUTE: i64 = HOUR / 60;

/// One point per step between two times.
fn points(from: i64, to: i64, step: usize) -> String {
    let mut lines = String::new();
    for time in (from..to).step_by(step) {
        lines.push_str(&format!("m,host=a v=1i {time}\n"));
    }
    lines
}

#[tokio::test]
async fn five_years_with_a_gap_of_three_take_few_queries() {
    let first_year = points(NOW - 5 * 365 * DAY, NOW - 4 * 365 * DAY, HOUR as usize);
    let last_year = points(NOW - 365 * DAY, NOW - HOUR, HOUR as usize);
    for (listing, most) in [(FileListing::Absent, 600), (FileListing::Listed, 100)] {
        let options = options().file_listing(listing);
        let mut bench = Bench::with_options(&first_year, options).await;
        bench.write(&last_year);
        bench.fake.snapshot("db").unwrap();
        let rows = bench.sync().await.rows().count();
        let queries = bench.windows().len();
        println!("five years, a gap of three, files {listing:?}: {rows} rows in {queries} queries");
        assert_eq!(rows, 2 * 365 * 24 - 1);
        assert!(queries < most, "{queries}");
    }
}

/// What a first sync of five years of files took.
struct FirstSync {
    rows: usize,
    windows: usize,
    questions_before_rows: usize,
    until_first_row: Duration,
}

/// Syncs five years of points in 260,000 files of ten minutes each, from a server with the default
/// limit of files per query.
async fn sync_five_years(listing: FileListing, start_time: &str) -> FirstSync {
    const FILES: i64 = 260_000;
    let lines = points(NOW - (FILES + 6) * 10 * MINUTE, NOW - HOUR, 10 * MINUTE as usize);
    let options = options().file_listing(listing);
    let mut bench = Bench::with_options(&lines, options).await.set("start_time", start_time);
    bench.fake.snapshot("db").unwrap();
    let fake = bench.fake.clone();
    let (started, mut first_row) = (Instant::now(), None);
    let meanwhile = |event: &Event| {
        if matches!(event, Event::Row(..)) {
            first_row.get_or_insert_with(|| (started.elapsed(), fake.queries().len()));
        }
    };
    let (said, ended) = bench.try_sync_while(meanwhile).await;
    ended.unwrap();
    let (rows, windows) = (said.rows().count(), bench.windows().len());
    assert_eq!(rows, 260_000);
    let (until_first_row, questions_before_rows) = first_row.unwrap();
    FirstSync { rows, windows, questions_before_rows, until_first_row }
}

#[tokio::test]
async fn five_years_of_files_are_read_within_the_limit_as_delivered() {
    for (listing, start_time, most_before_rows) in [
        (FileListing::Absent, "", 80),
        (FileListing::Listed, "", 30),
        (FileListing::Listed, "2019-01-01", 20),
    ] {
        let sync = sync_five_years(listing, start_time).await;
        println!(
            "260,000 files, a limit of 432, files {listing:?}, start_time {start_time:?}: {} rows, \
             {} windows; {} questions and {:?} until the first row",
            sync.rows, sync.windows, sync.questions_before_rows, sync.until_first_row,
        );
        assert!(sync.windows < 2_000, "{}", sync.windows);
        assert!(sync.questions_before_rows <= most_before_rows, "{}", sync.questions_before_rows);
    }
}
