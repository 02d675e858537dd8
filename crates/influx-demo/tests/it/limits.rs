//! How much one query may read, and what a client must write for a query to be within it.

use std::fmt::Write;

use influx_demo::{FileLimitText, Options};
use tonic::Code;

use crate::client::{Served, serve};

const HOUR: i64 = 3_600_000_000_000;
/// Five hours, so five files.
const BOUNDS: &str = "time >= '1970-01-01T01:00:00Z' AND time < '1970-01-01T06:00:00Z'";

/// Ten files of one point each, an hour apart, and an eleventh that is still in the buffer; a query may scan five.
async fn served(options: Options) -> Served {
    let served = serve(options).await;
    let line = |hour: i64| format!("m,host=a v={hour}i {}", hour * HOUR);
    served.demo.write("db", &(0..10).map(line).collect::<Vec<_>>().join("\n")).unwrap();
    served.demo.snapshot("db").unwrap();
    served.demo.write("db", &line(10)).unwrap();
    served
}

async fn limited() -> Served {
    served(Options::default().file_limit(Some(5))).await
}

async fn check_refused(served: &mut Served, sql: &str) {
    let status = served.ask(sql).await.expect_err(sql);
    assert_eq!(status.code(), Code::Internal, "{sql}: {}", status.message());
    let text = "Query would scan 5 Parquet files, exceeding the file limit";
    assert!(status.message().contains(text), "{sql}: {}", status.message());
}

#[tokio::test]
async fn both_bounds_prune() {
    let mut served = limited().await;
    for filter in [
        BOUNDS,
        "time BETWEEN '1970-01-01T01:00:00Z' AND '1970-01-01T05:59:59Z'",
        "time = '1970-01-01T01:00:00Z'",
        "time >= to_timestamp_nanos(3600000000000) AND time < to_timestamp_nanos(21600000000000)",
        "time >= arrow_cast(3600000000000, 'Timestamp(Nanosecond, None)') AND time < to_timestamp(21600000000000)",
        "time > '1970-01-01T04:30:00Z'",
        "time < '1970-01-01T05:00:00Z'",
        "time > now() - INTERVAL '1 hour'",
        "host = 'a' AND v > 0 AND time >= '1970-01-01T01:00:00Z' AND time < '1970-01-01T06:00:00Z'",
    ] {
        served.rows(&format!("SELECT * FROM m WHERE {filter}")).await;
    }
    assert_eq!(served.rows(&format!("SELECT * FROM m WHERE {BOUNDS}")).await.rows(), 5);
    let params = r#"{"database":"db","sql_query":"SELECT * FROM m WHERE time >= $from AND time < $to","params":{"from":"1970-01-01T01:00:00Z","to":"1970-01-01T06:00:00Z"}}"#;
    let answer = crate::client::do_get(&mut served.flight, params, None).await.unwrap();
    assert_eq!(answer.rows(), 5);
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
        "time > '1970-01-01T03:30:00Z'",
        "time < '1970-01-01T05:00:01Z'",
        "(time >= '1970-01-01T01:00:00Z' AND time < '1970-01-01T02:00:00Z') OR (time >= '1970-01-01T03:00:00Z' AND time < '1970-01-01T04:00:00Z')",
        "date_trunc('hour', time) >= '1970-01-01T06:00:00Z'",
        "time >= '1970-01-01T01:00:00Z' AND time < '1970-01-01T06:00:00.000000001Z'",
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
            "SELECT date_bin(INTERVAL '1 day', time) AS day, count(*) AS points FROM m {filter} GROUP BY 1"
        )
    };
    insta::assert_snapshot!(served.rows(&count(&format!("WHERE {BOUNDS}"))).await.table(), @"
    +---------------------+--------+
    | day                 | points |
    +---------------------+--------+
    | 1970-01-01T00:00:00 | 5      |
    +---------------------+--------+
    ");
    check_refused(&mut served, &count("")).await;
    check_refused(&mut served, &count("WHERE time >= '1970-01-01'")).await;
}

#[tokio::test]
async fn each_table_has_the_limit_for_itself() {
    let mut served = limited().await;
    let sql = format!(
        "SELECT v FROM m WHERE {BOUNDS} UNION ALL SELECT v FROM m WHERE time >= '1970-01-01T06:00:00Z'"
    );
    assert_eq!(served.rows(&sql).await.rows(), 10);
}

#[tokio::test]
async fn each_release_words_it_in_its_way() {
    for (text, code, expect) in [
        (
            FileLimitText::WouldScan,
            Code::Internal,
            "Query would scan 5 Parquet files, exceeding the file limit",
        ),
        (
            FileLimitText::WouldExceed,
            Code::Internal,
            "Query would exceed file limit of 5 parquet files",
        ),
        (
            FileLimitText::WouldProcess,
            Code::ResourceExhausted,
            "Query would process more than 5 parquet files",
        ),
    ] {
        let mut served = served(Options::default().file_limit(Some(5)).file_limit_text(text)).await;
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
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 11);
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
    let days = [0, 1, 5, 6].map(|day: i64| {
        format!("m,host=a v=1i {}\nm,host=b v=1i {}", day * 24 * HOUR, day * 24 * HOUR + 1)
    });
    served.demo.write("db", &days.join("\n")).unwrap();
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
    let mut lines = String::new();
    for file in 0..FILES {
        writeln!(lines, "m,host=a v={file}i {}", file * HOUR / 6).unwrap();
    }
    served.demo.write("db", &lines).unwrap();
    served.demo.snapshot("db").unwrap();

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
