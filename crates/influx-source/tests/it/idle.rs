//! Counts what a sync costs for which nothing is new.

use std::time::Instant;

use crate::support::{Bench, HOUR, NOW, SECOND};

const TEN_MINUTES: i64 = HOUR / 6;

/// Tables with so many files each, of ten minutes and one point, in snapshots of a hundred files.
async fn settled(tables: i64, files: i64) -> Bench {
    let mut bench = Bench::new("other v=1i 0").await.set("measurement", "*");
    let first = NOW - HOUR - files * TEN_MINUTES;
    for snapshot in 0..(files + 99) / 100 {
        let numbers = snapshot * 100..files.min((snapshot + 1) * 100);
        let lines = numbers.flat_map(|number| {
            (0..tables).map(move |table| format!("m{table} v=1i {}", first + number * TEN_MINUTES))
        });
        bench.write(&lines.collect::<Vec<_>>().join("\n"));
        bench.fake.snapshot("db").unwrap();
    }
    bench.sync().await;
    // What the newest files name is read once more.
    bench.now += 10 * SECOND;
    bench.sync().await;
    bench
}

#[tokio::test]
async fn an_idle_sync_asks_two_questions_for_each_table_and_lists_new_files_only() {
    for (tables, files) in [(1, 10), (1, 4_000), (10, 10), (100, 10)] {
        let mut bench = settled(tables, files).await;
        let (before, started) = (bench.fake.queries().len(), Instant::now());
        assert_eq!(bench.sync().await.rows().count(), 0);
        let took = started.elapsed();
        let asked = bench.fake.queries().split_off(before);
        println!("{tables} tables of {files} files: {} questions, {took:?}", asked.len());
        // The clock and the columns; then the files and the lookback of each table, and of the one
        // that is there besides.
        assert_eq!(asked.len() as i64, 2 + 2 * (tables + 1));
        let lists = asked.iter().filter(|sql| sql.contains("system.parquet_files"));
        assert!(lists.clone().all(|sql| sql.contains("right(path, 19) >=")), "{asked:?}");
    }
}
