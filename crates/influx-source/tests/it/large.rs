//! Long histories, and limits of the server: how many queries they take.

use influx_fake::{FileListing, Options};

use crate::support::{Bench, HOUR, NOW};

const DAY: i64 = 24 * HOUR;
const MINUTE: i64 = HOUR / 60;

/// A point for every step between two times.
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
        let options = Options::default().file_listing(listing);
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

#[tokio::test]
async fn a_hundred_thousand_files_are_read_within_the_limit() {
    let files = 100_000;
    let lines = points(NOW - (files + 6) * 10 * MINUTE, NOW - HOUR, 10 * MINUTE as usize);
    for listing in [FileListing::Absent, FileListing::Listed] {
        let options = Options::default().file_listing(listing);
        let mut bench = Bench::with_options(&lines, options).await;
        bench.fake.snapshot("db").unwrap();
        let rows = bench.sync().await.rows().count();
        let queries = bench.windows().len();
        println!(
            "100,000 files, a limit of 432, files {listing:?}: {rows} rows in {queries} queries"
        );
        assert_eq!(rows, 100_000);
        assert!(queries < 1_000, "{queries}");
    }
}
