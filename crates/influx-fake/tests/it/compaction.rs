//! Files that are replaced by fewer ones.

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;

use crate::client::{Served, every_ten_minutes, serve_points};

const MINUTE: i64 = 60_000_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// The end of each path, and the rows in it.
async fn files(served: &mut Served) -> Vec<(String, u64)> {
    let sql = "SELECT path, row_count FROM system.parquet_files WHERE table_name = 'm' \
               ORDER BY min_time, path";
    let answer = served.rows(sql).await;
    let files = answer.batches.iter().flat_map(|batch| {
        let (paths, rows) =
            (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<UInt64Type>());
        paths.iter().flatten().map(str::to_owned).zip(rows.values().to_vec())
    });
    files.collect()
}

#[tokio::test]
async fn the_files_of_a_day_become_one_and_points_stay() {
    let mut served = serve_points(&every_ten_minutes(DAY - 20 * MINUTE, 5)).await;
    served.fake.snapshot("db").unwrap();
    // Late and again, and one that is still in the buffer.
    served.fake.write("db", &every_ten_minutes(DAY - 20 * MINUTE, 1)).unwrap();
    served.fake.snapshot("db").unwrap();
    served.fake.write("db", "m,host=a v=9i 5").unwrap();
    let points = served.rows("SELECT * FROM m").await.sorted();
    assert_eq!(files(&mut served).await.len(), 6);

    assert_eq!(served.fake.compact("db", "compactor"), Some(1));
    let expect = [
        // Of three rows two are the same point.
        ("compactor/dbs/1/0/1970-01-01/23-40/0000000001.parquet".to_owned(), 2),
        ("compactor/dbs/1/0/1970-01-02/00-00/0000000001.parquet".to_owned(), 3),
    ];
    assert_eq!(files(&mut served).await, expect);
    assert_eq!(served.rows("SELECT * FROM m").await.sorted(), points);
    assert_eq!(served.fake.compact("db", "compactor"), None, "each day has one file");
    assert_eq!(served.fake.compact("nosuch", "compactor"), None);

    // Later files stand beside the compacted ones, and the node that writes has its own numbers.
    assert_eq!(served.fake.snapshot("db"), Some(3));
    let sequences = files(&mut served).await.into_iter().map(|(path, _)| path[..2].to_owned());
    assert_eq!(sequences.collect::<Vec<_>>(), ["n1", "co", "co"]);
    assert_eq!(served.fake.compact("db", "n1"), Some(4));
    assert_eq!(files(&mut served).await.len(), 2);
}

#[tokio::test]
async fn fewer_files_are_within_the_limit() {
    let mut served = serve_points(&every_ten_minutes(0, 433)).await;
    served.fake.snapshot("db").unwrap();
    assert!(served.ask("SELECT * FROM m").await.is_err());
    served.fake.compact("db", "n1").unwrap();
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 433);
}

#[tokio::test]
async fn what_is_not_listed_yet_is_not_compacted() {
    let mut served = serve_points(&every_ten_minutes(0, 4)).await;
    served.fake.begin_snapshot("db").unwrap();
    assert!(served.fake.list_next_files("db"));
    served.fake.compact("db", "n1").unwrap();
    assert_eq!(files(&mut served).await.len(), 1);
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 2);
    while served.fake.list_next_files("db") {}
    assert_eq!(files(&mut served).await.len(), 3);
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 4);
}
