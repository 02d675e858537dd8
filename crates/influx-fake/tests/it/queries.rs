//! SQL as InfluxDB 3 understands it, and the shape of answers.

use std::fmt::Write;

use tonic::Code;

use crate::client::{do_get, serve, serve_points, ticket};
use influx_fake::{MissingDatabase, Options};
use serde_json::json;

/// Compares the rows of a query over one small table.
async fn check(sql: &str, expect: &[&str]) {
    let mut served = serve_points(
        "census,location=a ants=1i 1000000000\ncensus,location=b ants=2i 2000000000\nUPPER v=1i 1",
    )
    .await;
    let answer = served.rows(sql).await;
    let table = answer.table();
    let got: Vec<String> = table
        .lines()
        .skip(3)
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join(","))
        .collect();
    assert_eq!(got, expect, "{sql}");
}

/// The code of a query that fails, and a part of its message.
async fn check_fails(sql: &str, code: Code, message: &str) {
    let mut served = serve_points("census,location=a ants=1i 1000000000").await;
    let status = match served.ask(sql).await {
        Ok(answer) => answer.error.unwrap_or_else(|| panic!("{sql} does not fail")),
        Err(status) => status,
    };
    assert_eq!(status.code(), code, "{sql}: {}", status.message());
    assert!(status.message().contains(message), "{sql}: {}", status.message());
}

#[tokio::test]
async fn identifiers_fold_to_lower_case() {
    check("SELECT ants FROM CENSUS WHERE LOCATION = 'a'", &["1"]).await;
    check("SELECT v FROM \"UPPER\"", &["1"]).await;
    check_fails("SELECT v FROM UPPER", Code::InvalidArgument, "table 'public.iox.upper' not found")
        .await;
}

#[tokio::test]
async fn a_table_has_several_names() {
    for name in ["census", "iox.census", "public.iox.census", "'census'", "\"census\""] {
        check(&format!("SELECT count(*) FROM {name}"), &["2"]).await;
    }
}

#[tokio::test]
async fn time_has_many_spellings() {
    for time in [
        "'1970-01-01T00:00:02Z'",
        "'1970-01-01T00:00:02'",
        "'1970-01-01 00:00:02'",
        "'1970-01-01T02:00:02+02:00'",
        "TIMESTAMP '1970-01-01T00:00:02Z'",
        "to_timestamp_nanos(2000000000)",
        "to_timestamp(2000000000)",
        "arrow_cast(2000000000, 'Timestamp(Nanosecond, None)')",
        "arrow_cast(2000000000, 'Timestamp(ns)')",
    ] {
        check(&format!("SELECT ants FROM census WHERE time >= {time} AND time < now()"), &["2"])
            .await;
        check(&format!("SELECT ants FROM census WHERE time < {time}"), &["1"]).await;
        check(&format!("SELECT ants FROM census WHERE time = {time}"), &["2"]).await;
        check(&format!("SELECT ants FROM census WHERE time BETWEEN {time} AND {time}"), &["2"])
            .await;
    }
    check("SELECT ants FROM census WHERE time >= '1970-01-01T00:00:02.000000001Z'", &[]).await;
    check("SELECT ants FROM census WHERE time < '1970-01-01T00:00:01.000000001Z'", &["1"]).await;
    check_fails(
        "SELECT * FROM census WHERE time > 5",
        Code::InvalidArgument,
        "Cannot infer common argument type",
    )
    .await;
}

#[tokio::test]
async fn statements_of_many_kinds() {
    check("SELECT location, max(ants) FROM census GROUP BY location ORDER BY 1", &["a,1", "b,2"])
        .await;
    check("SELECT DISTINCT location FROM census ORDER BY location DESC LIMIT 1", &["b"]).await;
    check("SELECT ants FROM census ORDER BY time OFFSET 1", &["2"]).await;
    check(
        "WITH c AS (SELECT ants FROM census) SELECT sum(ants) FROM c UNION ALL SELECT 7",
        &["3", "7"],
    )
    .await;
    check("SELECT l.ants FROM census l JOIN census r ON l.ants = r.ants + 1", &["2"]).await;
    check("SELECT row_number() OVER (ORDER BY time) AS n FROM census", &["1", "2"]).await;
    check(
        "SELECT CAST(date_bin(INTERVAL '1 minute', time) AS BIGINT), count(*) FROM census \
         GROUP BY 1",
        &["0,2"],
    )
    .await;
    check("SELECT 1;", &["1"]).await;
    check("SELECT count(*) FROM census WHERE false", &["0"]).await;
}

#[tokio::test]
async fn what_a_query_may_not_do() {
    for sql in [
        "DROP TABLE census",
        "CREATE TABLE t AS SELECT 1",
        "INSERT INTO census SELECT * FROM census",
        "SET a = 1",
    ] {
        check_fails(sql, Code::InvalidArgument, "not supported").await;
    }
    check_fails("SELECT 1; SELECT 2", Code::InvalidArgument, "single SQL statement").await;
    check_fails(
        "SELECT nosuch FROM census",
        Code::InvalidArgument,
        "No field named nosuch. Valid fields are",
    )
    .await;
    check_fails(
        "SELECT ants / 0 FROM census",
        Code::InvalidArgument,
        "Error while execution Flight SQL stream",
    )
    .await;
    check_fails("SELECT * FROM census WHERE time >= 'yesterday'", Code::InvalidArgument, "").await;
    let window = "time >= '2025-01-01T00:00:00Z' AND time < '2025-01-01T00:00:00Z'";
    let empty = format!("SELECT * FROM census WHERE {window}");
    check_fails(&empty, Code::Internal, "did not produce a valid set of boundaries").await;
}

#[tokio::test]
async fn params_are_typed_as_the_server_types_them() {
    let mut served = serve_points("m,k=a i=1i,u=2u,f=1.5,b=true 1000000000").await;
    for (sql, params, rows) in [
        ("SELECT * FROM m WHERE k = $k", json!({ "k": "a" }), 1),
        ("SELECT * FROM m WHERE k = $1", json!({ "1": "b" }), 0),
        ("SELECT * FROM m WHERE i = $n AND u > $n", json!({ "n": 1 }), 1),
        ("SELECT * FROM m WHERE i > $n", json!({ "n": -5 }), 1),
        (
            "SELECT * FROM m WHERE f = $f AND b = $b",
            json!({ "f": 1.5, "b": true, "extra": null }),
            1,
        ),
        ("SELECT * FROM m WHERE time = $t", json!({ "t": "1970-01-01T00:00:01Z" }), 1),
        (
            "SELECT * FROM m WHERE time = arrow_cast($t, 'Timestamp(Nanosecond, None)')",
            json!({ "t": 1000000000 }),
            1,
        ),
    ] {
        let ticket = json!({ "database": "db", "sql_query": sql, "params": params }).to_string();
        let answer = do_get(&mut served.flight, &ticket, None)
            .await
            .unwrap_or_else(|status| panic!("{sql}: {status}"));
        assert_eq!(answer.rows(), rows, "{sql}");
    }
}

#[tokio::test]
async fn an_unknown_database_fails_as_the_edition_does() {
    for (answer, code, message) in [
        (MissingDatabase::Internal, Code::Internal, "database not found: nope"),
        (MissingDatabase::NotFound, Code::NotFound, "Database 'nope' not found"),
        (MissingDatabase::InvalidArgument, Code::InvalidArgument, "bucket \"nope\" not found"),
    ] {
        let mut served = serve(Options::default().missing_database(answer)).await;
        let status = served.ask_in("nope", "SELECT 1").await.unwrap_err();
        assert_eq!(
            (status.code(), status.message().contains(message)),
            (code, true),
            "{}",
            status.message()
        );
    }
}

#[tokio::test]
async fn an_empty_ticket_names_an_unknown_database() {
    let mut served = serve(Options::default()).await;
    let status = do_get(&mut served.flight, "", None).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal, "{}", status.message());
}

#[tokio::test]
async fn batches_are_small_and_whole() {
    let mut lines = String::new();
    for (host, row) in (0..3).flat_map(|host| (0..10_000).map(move |row| (host, row))) {
        writeln!(lines, "m,host={host} v={row}i {row}").unwrap();
    }
    let mut served = serve_points(&lines).await;
    for sql in [
        "SELECT * FROM m",
        "SELECT * FROM m ORDER BY time",
        "SELECT v FROM m WHERE time < '1970-01-01T00:00:00.000005Z'",
    ] {
        let answer = served.rows(sql).await;
        let rows = if sql.contains("WHERE") { 15_000 } else { 30_000 };
        assert_eq!(answer.rows(), rows, "{sql}");
        assert!(
            answer.batch_rows().iter().all(|rows| (1..=8192).contains(rows)),
            "{sql}: {:?}",
            answer.batch_rows()
        );
    }
    assert_eq!(
        served
            .rows("SELECT * FROM m WHERE time < '1970-01-01T00:00:00.000000002Z'")
            .await
            .batch_rows(),
        [6]
    );
    assert!(served.rows("SELECT * FROM m LIMIT 0").await.batches.is_empty());
}

#[tokio::test]
async fn one_message_can_be_large() {
    let text = "x".repeat(1_000_000);
    let line = format!(r#"m a="{text}",b="{text}",c="{text}",d="{text}",e="{text}" 1"#);
    let mut served = serve_points(&format!("{line}\nm a=\"\" 2\nm a=\"\" 3")).await;
    let answer = served.rows("SELECT * FROM m").await;
    assert_eq!(answer.rows(), 3);
    assert!(answer.batches[0].get_array_memory_size() > 4 * 1024 * 1024);
}

#[tokio::test]
async fn influxql_is_one_statement() {
    let mut served = serve_points("m,b=1,a=2 v=1i 1").await;
    let ask = |text: &str| {
        json!({ "database": "db", "sql_query": text, "query_type": "influxql" }).to_string()
    };
    let answer = do_get(&mut served.flight, &ask("show tag keys from \"m\";"), None).await.unwrap();
    insta::assert_snapshot!(answer.table(), @"
    +------------------+--------+
    | iox::measurement | tagKey |
    +------------------+--------+
    | m                | a      |
    | m                | b      |
    +------------------+--------+
    ");
    let status = do_get(&mut served.flight, &ask("SELECT * FROM m"), None).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn queries_are_recorded_in_order() {
    let mut served = serve_points("m v=1i 1").await;
    served.rows("SELECT 1").await;
    served.ask("SELECT nosuch FROM m").await.unwrap_err();
    assert_eq!(served.fake.queries(), ["SELECT 1", "SELECT nosuch FROM m"]);
    let wrong = do_get(&mut served.flight, &ticket("nope", "SELECT 3"), None).await;
    assert!(wrong.is_err());
    assert_eq!(served.fake.queries().len(), 2, "a database that is not there is asked nothing");
}
