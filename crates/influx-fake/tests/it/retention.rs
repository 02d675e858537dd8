//! Points that are too old to be seen.

use crate::client::{every_ten_minutes, serve_points};

#[tokio::test]
async fn older_points_stop_coming_and_can_come_back() {
    let mut served = serve_points("m v=1i 10\nm v=2i 20\nm v=3i 30").await;
    let seen = "SELECT CAST(count(*) AS TEXT) || ' from ' || CAST(min(v) AS TEXT) AS seen FROM m";
    for (oldest, expect) in [(20, "2 from 2"), (21, "1 from 3"), (i64::MIN, "3 from 1")] {
        served.fake.set_retention("db", oldest);
        let table = served.rows(seen).await.table();
        assert!(table.contains(expect), "{oldest}: {table}");
    }
    served.fake.set_retention("db", 21);
    let range = "time >= to_timestamp_nanos(10) AND time < to_timestamp_nanos(21)";
    assert_eq!(served.rows(&format!("SELECT * FROM m WHERE {range}")).await.rows(), 0);
    served.fake.write("db", "m v=4i 5").unwrap();
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 1);
    served.fake.write("other", "m v=1i 5").unwrap();
    assert_eq!(served.ask_in("other", "SELECT * FROM m").await.unwrap().rows(), 1);
}

#[tokio::test]
async fn files_of_older_points_are_not_scanned() {
    // A file more than a query may scan.
    let mut served = serve_points(&every_ten_minutes(0, 433)).await;
    served.fake.snapshot("db").unwrap();
    assert!(served.ask("SELECT * FROM m").await.is_err());
    served.fake.set_retention("db", 1);
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 432);
    served.fake.set_retention("db", 0);
    assert!(served.ask("SELECT * FROM m").await.is_err());
}
