//! What is between client and server, and what is behind the server, in trouble.

use std::time::Duration;

use arrow_flight::Ticket;
use influx_fake::{Code, Fault, Options};
use tonic::Status;

use crate::client::{Served, connect, do_get, every_ten_minutes, serve, ticket};

const ALL: &str = "SELECT * FROM m";
const FIRST: &str = "SELECT min(time) FROM m";
const MINUTE: i64 = 60_000_000_000;

/// Ten rows, each in a file of its own.
async fn served() -> Served {
    let served = serve(Options::default()).await;
    served.fake.write("db", &every_ten_minutes(0, 10)).unwrap();
    served.fake.snapshot("db").unwrap();
    served
}

/// How a whole answer or its beginning failed.
async fn failure(served: &mut Served, sql: &str) -> Status {
    match served.ask(sql).await {
        Err(status) => status,
        Ok(answer) => answer.error.expect("the answer is whole"),
    }
}

fn within(start: i64, end: i64) -> String {
    format!(
        "SELECT * FROM m WHERE time >= to_timestamp_nanos({}) AND time < to_timestamp_nanos({})",
        start * MINUTE,
        end * MINUTE,
    )
}

#[tokio::test]
async fn a_proxy_without_patience_answers_in_the_servers_place() {
    let mut served = served().await;
    let proxy = Fault::impatient_proxy(Duration::ZERO);
    served.fake.faults().add(proxy.containing("min(").always());
    for _ in 0..3 {
        let ticket = Ticket { ticket: ticket("db", FIRST).into() };
        let mut page = served.flight.do_get(ticket).await.unwrap().into_inner();
        // The client takes the page for a message, and names the status that came with it.
        let text = page.message().await.unwrap_err().to_string();
        assert!(text.contains("504 Gateway Timeout"), "{text}");
        assert_eq!(served.rows(ALL).await.rows(), 10);
    }
}

#[tokio::test]
async fn a_proxy_resets_what_takes_too_long() {
    let mut served = served().await;
    served.fake.faults().add(Fault::impatient_proxy(Duration::from_millis(50)).always());
    served.fake.faults().add(Fault::rows_per_batch(4));
    served.fake.faults().add(Fault::silence(Duration::from_secs(3600)).after_batches(1));
    let answer = served.ask(ALL).await.unwrap();
    let status = answer.error.unwrap();
    assert_eq!(answer.batches.iter().map(|batch| batch.num_rows()).collect::<Vec<_>>(), [4]);
    assert!(status.message().contains("h2 protocol error"), "{status:?}");
    // The connection is as good as before, and so is what is fast.
    assert_eq!(served.rows(ALL).await.rows(), 10);
}

#[tokio::test]
async fn the_store_behind_the_server_can_be_away() {
    let mut served = served().await;
    for code in [Code::Internal, Code::Unavailable] {
        served.fake.faults().add(Fault::store_down(code).always());
        for sql in [ALL, FIRST, "SELECT time FROM m LIMIT 1", "SELECT count(*) FROM m"] {
            // The plan is made, so the schema comes first.
            let answer = served.ask(sql).await.unwrap();
            let status = answer.error.unwrap();
            assert_eq!((answer.batches.len(), status.code()), (0, code), "{sql}");
            assert!(status.message().contains("Object Store error"), "{status:?}");
        }
        for sql in [
            "SELECT now()",
            "SELECT * FROM m LIMIT 0",
            "SELECT * FROM information_schema.columns",
            "SELECT * FROM system.parquet_files WHERE table_name = 'm'",
        ] {
            served.rows(sql).await;
        }
        served.fake.faults().clear();
        assert_eq!(served.rows(ALL).await.rows(), 10);
    }
}

#[tokio::test]
async fn a_fault_can_wait_for_a_query_that_reads_much() {
    let mut served = served().await;
    let refused = || Fault::fail(Code::ResourceExhausted, "too much").always();
    for fault in [refused().reading_rows_over(4), refused().reading_files_over(4)] {
        served.fake.faults().add(fault);
        assert_eq!(served.rows(&within(0, 40)).await.rows(), 4);
        assert_eq!(failure(&mut served, &within(0, 41)).await.code(), Code::ResourceExhausted);
        assert_eq!(failure(&mut served, FIRST).await.code(), Code::ResourceExhausted);
        served.fake.faults().clear();
    }
    served.fake.faults().add(refused().reading_whole(20 * MINUTE..30 * MINUTE));
    for (start, end, expect) in [(0, 29, true), (0, 30, false), (20, 30, false), (21, 60, true)] {
        assert_eq!(served.ask(&within(start, end)).await.is_ok(), expect, "{start} to {end}");
    }
    // A query that cannot be planned reads nothing.
    let status = served.ask("SELECT nosuch FROM m").await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_query_can_bring_the_server_down() {
    let mut served = served().await;
    let away = Duration::from_millis(300);
    served.fake.faults().add(Fault::crash(away).reading_whole(20 * MINUTE..21 * MINUTE));
    let mut bystander = connect(&served.running.url()).await;
    assert_eq!(served.rows(&within(0, 10)).await.rows(), 1);
    // Another answer, which is on its way on another connection.
    served.fake.faults().add(Fault::silence(Duration::from_secs(3600)).after_batches(0));
    let ticket = ticket("db", &within(0, 10));
    let other = do_get(&mut bystander, &ticket, None);
    let crash = async {
        while served.fake.faults().waiting() > 1 {
            tokio::task::yield_now().await;
        }
        let down = std::time::Instant::now();
        (failure(&mut served, ALL).await, down)
    };
    let (other, (status, down)) = tokio::join!(other, crash);
    assert!(other.is_err() || other.unwrap().error.is_some(), "the other answer is whole");
    assert_ne!(status.code(), Code::Ok);

    // Nobody is let in until it is back, with all its points.
    let mut refused = 0;
    let back = loop {
        match served.ask(ALL).await {
            Ok(answer) => break answer,
            Err(_) => refused += 1,
        }
        assert!(down.elapsed() < 20 * away, "it does not come back");
        tokio::task::yield_now().await;
    };
    assert!(down.elapsed() >= away && refused > 0, "{:?}, {refused}", down.elapsed());
    assert_eq!(back.rows(), 10);
    assert_eq!(served.http("GET", "/ping", "").await.0, 200);

    served.fake.faults().add(Fault::crash(Duration::from_secs(3600)));
    failure(&mut served, ALL).await;
    assert!(served.ask(ALL).await.is_err());
    served.fake.restart();
    assert_eq!(served.rows(ALL).await.rows(), 10);
}
