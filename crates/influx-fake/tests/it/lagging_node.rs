//! A second query node that sees the world as it was.

use std::time::Duration;

use influx_fake::LaggingNode;
use tonic::Code;

use crate::client::{Served, connect, serve_points};

/// Longer than any test.
const FOR_GOOD: Duration = Duration::from_secs(3600);
const POINTS: &str = "SELECT * FROM m";
const FILES: &str = "SELECT * FROM system.parquet_files WHERE table_name = 'm'";

async fn rows(served: &mut Served, sql: &str) -> usize {
    served.rows(sql).await.rows()
}

#[tokio::test]
async fn every_other_question_reaches_it() {
    let mut served = serve_points("m v=1i 1").await;
    served.fake.set_lagging_node(Some(LaggingNode::behind(FOR_GOOD)));
    served.fake.write("db", "m v=2i 2\nm v=3i 3").unwrap();
    served.fake.snapshot("db").unwrap();
    for (sql, up_to_date, behind) in
        [(POINTS, 3, 1), (FILES, 2 - 1, 0), ("SELECT 1", 1, 1), (POINTS, 3, 1)]
    {
        assert_eq!(
            (rows(&mut served, sql).await, rows(&mut served, sql).await),
            (up_to_date, behind)
        );
    }
    served.fake.set_lagging_node(None);
    assert_eq!([rows(&mut served, POINTS).await, rows(&mut served, POINTS).await], [3, 3]);
}

#[tokio::test]
async fn it_knows_no_newer_column_or_table_and_still_knows_a_dropped_one() {
    let mut served = serve_points("m v=1i 1").await;
    served.fake.set_lagging_node(Some(LaggingNode::behind(FOR_GOOD).alone()));
    served.fake.write("db", "m w=1i 2\nother v=1i 1").unwrap();
    served.fake.create_database("new");
    assert_eq!(served.rows(POINTS).await.schema.fields().len(), 2);
    let status = served.ask("SELECT * FROM other").await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(served.ask_in("new", "SELECT 1").await.is_err());
    served.fake.drop_table("db", "m").unwrap();
    assert_eq!(rows(&mut served, POINTS).await, 1);
    // What is written to is up to date.
    let sql = "/api/v3/query_sql?db=db&q=SELECT%20*%20FROM%20other";
    assert_eq!(served.http("GET", sql, "").await.0, 200);
}

#[tokio::test]
async fn every_other_connection_reaches_it() {
    let mut served = serve_points("m v=1i 1").await;
    served.fake.set_lagging_node(Some(LaggingNode::behind(FOR_GOOD).by_connection()));
    served.fake.write("db", "m v=2i 2").unwrap();
    assert_eq!([rows(&mut served, POINTS).await, rows(&mut served, POINTS).await], [2, 2]);
    served.flight = connect(&served.running.url()).await;
    assert_eq!([rows(&mut served, POINTS).await, rows(&mut served, POINTS).await], [1, 1]);
    served.flight = connect(&served.running.url()).await;
    assert_eq!(rows(&mut served, POINTS).await, 2);
}

#[tokio::test]
async fn it_catches_up() {
    let mut served = serve_points("m v=1i 1").await;
    let lag = Duration::from_millis(200);
    served.fake.set_lagging_node(Some(LaggingNode::behind(lag).alone()));
    let written = tokio::time::Instant::now();
    served.fake.write("db", "m v=2i 2").unwrap();
    while rows(&mut served, POINTS).await < 2 {
        assert!(written.elapsed() < 50 * lag, "it has stopped");
        tokio::task::yield_now().await;
    }
    assert!(written.elapsed() >= lag, "{:?}", written.elapsed());
}
