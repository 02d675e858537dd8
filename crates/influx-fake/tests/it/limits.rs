//! How much one query may read, and what a client must write for a query to be within it.

use influx_fake::{FileLimitText, Options};
use serde_json::json;
use tonic::Code;

use crate::client::{Served, every_ten_minutes, serve};

/// In nanoseconds.
const DAY: i64 = 24 * 3_600_000_000_000;
/// Three days, so as many files as a query may scan.
const BOUNDS: &str = "time >= '1969-12-31T00:00:00Z' AND time < '1970-01-03T00:00:00Z'";

/// Five days with a point every ten minutes in 720 files, two of the days before 1970; and one
/// later point that is still in the buffer.
async fn served(options: Options) -> Served {
    let served = serve(options).await;
    served.fake.write("db", &every_ten_minutes(-2 * DAY, 5 * 144)).unwrap();
    served.fake.snapshot("db").unwrap();
    served.fake.write("db", &every_ten_minutes(3 * DAY, 1)).unwrap();
    served
}

async fn limited() -> Served {
    served(Options::default()).await
}

async fn check_refused(served: &mut Served, sql: &str) {
    let status = served.ask(sql).await.expect_err(sql);
    assert_eq!(status.code(), Code::Internal, "{sql}: {}", status.message());
    let text = "Query would scan 432 Parquet files, exceeding the file limit";
    assert!(status.message().contains(text), "{sql}: {}", status.message());
}

#[tokio::test]
async fn both_bounds_prune() {
    let mut served = limited().await;
    for filter in [
        BOUNDS,
        "time BETWEEN '1969-12-31T00:00:00Z' AND '1970-01-02T23:59:59Z'",
        "time = '1970-01-01T01:00:00Z'",
        "time >= to_timestamp_nanos(-86400000000000) \
         AND time < to_timestamp_nanos(172800000000000)",
        "time >= arrow_cast(-86400000000000, 'Timestamp(Nanosecond, None)') \
         AND time < arrow_cast(172800000000000, 'Timestamp(Nanosecond, None)')",
        "time >= arrow_cast(-9223372036854775808, 'Timestamp(Nanosecond, None)') \
         AND time < arrow_cast(86400000000000, 'Timestamp(Nanosecond, None)')",
        "time >= to_timestamp_nanos(0) AND time < to_timestamp_nanos(9223372036854775807)",
        "time >= arrow_cast(-86400000000000, 'Timestamp(ns)') \
         AND time < to_timestamp(172800000000000)",
        "time > '1969-12-31T23:50:00Z'",
        "time < '1970-01-02T00:00:00Z'",
        "time > now() - INTERVAL '1 hour'",
        "host = 'a' AND v >= 0 AND time >= '1969-12-31T00:00:00Z' \
         AND time < '1970-01-03T00:00:00Z'",
    ] {
        served.rows(&format!("SELECT * FROM m WHERE {filter}")).await;
    }
    assert_eq!(served.rows(&format!("SELECT * FROM m WHERE {BOUNDS}")).await.rows(), 432);
    let ticket = json!({
        "database": "db",
        "sql_query": "SELECT * FROM m WHERE time >= $from AND time < $to",
        "params": {"from": "1969-12-31T00:00:00Z", "to": "1970-01-03T00:00:00Z"},
    });
    let answer =
        crate::client::do_get(&mut served.flight, &ticket.to_string(), None).await.unwrap();
    assert_eq!(answer.rows(), 432);
}

#[tokio::test]
async fn what_does_not_prune_is_refused() {
    let mut served = limited().await;
    for sql in [
        "SELECT * FROM m",
        "SELECT min(time), max(time) FROM m",
        "SELECT count(*) FROM m",
        "SELECT DISTINCT host FROM m",
        "SELECT * FROM m LIMIT 1",
        "SELECT * FROM m ORDER BY time DESC LIMIT 1",
        "SELECT * FROM m WHERE host = 'a'",
    ] {
        check_refused(&mut served, sql).await;
    }
    for filter in [
        "time > '1960-01-01'",
        "time > '1969-12-31T23:40:00Z'",
        "time < '1970-01-02T00:00:00.000000001Z'",
        "(time >= '1969-12-31' AND time < '1970-01-01') \
         OR (time >= '1970-01-02' AND time < '1970-01-03')",
        "date_trunc('hour', time) >= '1970-01-02T00:00:00Z'",
        "time >= '1969-12-31T00:00:00Z' AND time < '1970-01-03T00:00:00.000000001Z'",
        "time >= arrow_cast(-86400000000000, 'Timestamp(Nanosecond, None)') \
         AND time < arrow_cast(172800000000001, 'Timestamp(Nanosecond, None)')",
        "time >= to_timestamp_nanos(-87000000000000) \
         AND time < to_timestamp_nanos(172800000000000)",
        "time >= arrow_cast(-9223372036854775808, 'Timestamp(Nanosecond, None)') \
         AND time < arrow_cast(9223372036854775807, 'Timestamp(Nanosecond, None)')",
    ] {
        check_refused(&mut served, &format!("SELECT * FROM m WHERE {filter}")).await;
    }
}

#[tokio::test]
async fn what_reads_nothing_is_never_refused() {
    let mut served = limited().await;
    for sql in [
        "SELECT * FROM m LIMIT 0",
        "SELECT * FROM m WHERE false",
        "DESCRIBE m",
        "SELECT * FROM information_schema.columns WHERE table_name = 'm'",
        "SELECT * FROM system.influxdb_schema",
        "SELECT 1",
    ] {
        served.rows(sql).await;
    }
}

#[tokio::test]
async fn counts_by_day_prune_as_well() {
    let mut served = limited().await;
    let count = |filter: &str| {
        format!(
            "SELECT date_bin(INTERVAL '1 day', time) AS day, count(*) AS points FROM m {filter} \
             GROUP BY 1"
        )
    };
    insta::assert_snapshot!(served.rows(&count(&format!("WHERE {BOUNDS}"))).await.sorted(), @"
    +---------------------+--------+
    | day                 | points |
    +---------------------+--------+
    | 1969-12-31T00:00:00 | 144    |
    | 1970-01-01T00:00:00 | 144    |
    | 1970-01-02T00:00:00 | 144    |
    +---------------------+--------+
    ");
    check_refused(&mut served, &count("")).await;
    check_refused(&mut served, &count("WHERE time >= '1969-12-30'")).await;
}

#[tokio::test]
async fn each_table_has_the_limit_for_itself() {
    let mut served = limited().await;
    let sql = format!(
        "SELECT v FROM m WHERE {BOUNDS} \
         UNION ALL SELECT v FROM m WHERE time >= '1970-01-03T00:00:00Z'"
    );
    assert_eq!(served.rows(&sql).await.rows(), 432 + 144 + 1);
}

#[tokio::test]
async fn each_release_words_it_in_its_way() {
    for (text, code, expect) in [
        (
            FileLimitText::WouldScan,
            Code::Internal,
            "Query would scan 432 Parquet files, exceeding the file limit",
        ),
        (
            FileLimitText::WouldExceed,
            Code::Internal,
            "Query would exceed file limit of 432 parquet files",
        ),
        (
            FileLimitText::WouldProcess,
            Code::ResourceExhausted,
            "Query would process more than 432 parquet files",
        ),
    ] {
        let mut served = served(Options::default().file_limit_text(text)).await;
        let status = served.ask("SELECT * FROM m").await.unwrap_err();
        assert_eq!(status.code(), code);
        assert!(status.message().contains(expect), "{}", status.message());
        let (status, body) =
            served.http("GET", "/api/v3/query_sql?db=db&q=SELECT%20*%20FROM%20m", "").await;
        assert_eq!(status, 500);
        assert!(body.contains(expect), "{body}");
    }
}

#[tokio::test]
async fn the_limit_can_be_lifted() {
    let mut served = served(Options::default().file_limit(None)).await;
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 721);
}

#[tokio::test]
async fn an_explanation_is_an_answer() {
    let mut served = limited().await;
    let plan = served.rows("EXPLAIN SELECT * FROM m").await.table();
    assert!(plan.contains("physical_plan_error") && plan.contains("file limit"), "{plan}");
}

#[tokio::test]
async fn partitions_are_days_with_points() {
    let mut served = serve(Options::default().partition_limit(Some(2))).await;
    let days = [0, 1, 5, 6]
        .map(|day: i64| format!("m,host=a v=1i {}\nm,host=b v=1i {}", day * DAY, day * DAY + 1));
    served.fake.write("db", &days.join("\n")).unwrap();
    let status = served.ask("SELECT * FROM m").await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let text = "Query would process more than 2 partitions";
    assert!(status.message().contains(text), "{}", status.message());
    for (from, to, fails) in
        [("01-01", "01-06", false), ("01-01", "01-07", true), ("01-02", "01-07", false)]
    {
        let sql = format!("SELECT * FROM m WHERE time >= '1970-{from}' AND time < '1970-{to}'");
        assert_eq!(served.ask(&sql).await.is_err(), fails, "{sql}");
    }
}

#[tokio::test]
async fn a_hundred_thousand_files() {
    const FILES: i64 = 100_000;
    let mut served = serve(Options::default()).await;
    served.fake.write("db", &every_ten_minutes(0, FILES)).unwrap();
    served.fake.snapshot("db").unwrap();

    let sql = "SELECT path FROM system.parquet_files WHERE table_name = 'm'";
    let answer = served.rows(sql).await;
    assert_eq!(answer.rows(), FILES as usize);
    assert!(answer.batch_rows().iter().all(|rows| *rows <= 8192), "{:?}", answer.batch_rows());
    assert!(served.ask("SELECT * FROM m").await.is_err());
    // Three days are 432 files, as many as a query may scan; a point more is a file more.
    for (to, expect) in [("1970-02-04", Some(432)), ("1970-02-04T00:00:00.000000001", None)] {
        let sql = format!("SELECT * FROM m WHERE time >= '1970-02-01' AND time < '{to}'");
        assert_eq!(served.ask(&sql).await.ok().map(|answer| answer.rows()), expect, "{sql}");
    }
}
