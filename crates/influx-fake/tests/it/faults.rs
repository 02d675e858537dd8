//! A bad day, on demand.

use std::time::Duration;

use influx_fake::{Code, Fault, Options};

use crate::client::{Served, serve};

/// Ten rows, and keep-alives that come at once rather than after five seconds.
async fn served() -> Served {
    let served = serve(Options::default().keep_alive(Duration::from_millis(10))).await;
    let lines: Vec<String> = (0..10).map(|row| format!("m v={row}i {row}")).collect();
    served.fake.write("db", &lines.join("\n")).unwrap();
    served
}

const ALL: &str = "SELECT * FROM m";

#[tokio::test]
async fn failures_take_turns() {
    let mut served = served().await;
    served.fake.faults().add(Fault::fail(Code::Unavailable, "away").times(2));
    served.fake.faults().add(Fault::fail(Code::ResourceExhausted, "no memory"));
    for code in [Code::Unavailable, Code::Unavailable, Code::ResourceExhausted] {
        assert_eq!(served.ask(ALL).await.unwrap_err().code(), code);
    }
    assert_eq!(served.rows(ALL).await.rows(), 10);
}

#[tokio::test]
async fn a_failure_can_wait_for_its_query() {
    let mut served = served().await;
    served.fake.faults().add(Fault::fail(Code::Internal, "panicked").containing("FROM M"));
    served.rows("SELECT 1").await;
    assert_eq!(served.ask(ALL).await.unwrap_err().message(), "panicked");
    served.rows(ALL).await;

    served.fake.faults().add(Fault::fail(Code::Internal, "for good").always());
    assert!(served.ask(ALL).await.is_err() && served.ask(ALL).await.is_err());
    served.fake.faults().clear();
    served.rows(ALL).await;
}

#[tokio::test]
async fn a_failure_can_let_queries_pass() {
    let mut served = served().await;
    let revoked = Fault::fail(Code::Unauthenticated, "revoked");
    served.fake.faults().add(revoked.containing("from m").after_queries(2).always());
    served.rows(ALL).await;
    served.rows("SELECT 1").await;
    served.rows(ALL).await;
    for _ in 0..2 {
        assert_eq!(served.ask(ALL).await.unwrap_err().code(), Code::Unauthenticated);
    }
    served.rows("SELECT 1").await;
    assert_eq!(served.fake.faults().waiting(), 1);
    served.fake.faults().clear();
    assert_eq!(served.fake.faults().waiting(), 0);
    served.rows(ALL).await;
}

#[tokio::test]
async fn a_failure_in_the_middle_leaves_rows_behind() {
    let mut served = served().await;
    served.fake.faults().add(Fault::rows_per_batch(3).times(2));
    served.fake.faults().add(Fault::fail(Code::ResourceExhausted, "no memory").after_batches(2));
    served.fake.faults().add(Fault::fail(Code::Unavailable, "away").after_batches(0));
    let answer = served.ask(ALL).await.unwrap();
    assert_eq!(
        (answer.batch_rows(), answer.error.unwrap().code()),
        (vec![3, 3], Code::ResourceExhausted)
    );
    let answer = served.ask(ALL).await.unwrap();
    assert_eq!((answer.rows(), answer.error.unwrap().code()), (0, Code::Unavailable));
}

#[tokio::test]
async fn batches_of_odd_sizes() {
    let mut served = served().await;
    served.fake.faults().add(Fault::rows_per_batch(1));
    assert_eq!(served.rows(ALL).await.batch_rows(), [1; 10]);
    served.fake.faults().add(Fault::rows_per_batch(4));
    assert_eq!(served.rows(ALL).await.batch_rows(), [4, 4, 2]);
    served.fake.faults().add(Fault::empty_last_batch());
    assert_eq!(served.rows(ALL).await.batch_rows(), [10, 0]);
    assert_eq!(served.rows(ALL).await.batch_rows(), [10]);
}

#[tokio::test]
async fn silence_is_filled_with_empty_batches() {
    let mut served = served().await;
    served.fake.faults().add(Fault::stall(Duration::from_millis(200)));
    let rows = served.rows(ALL).await.batch_rows();
    assert!(rows.len() > 2, "{rows:?}");
    assert!(
        rows.iter().rev().skip(1).all(|rows| *rows == 0) && rows.last() == Some(&10),
        "{rows:?}"
    );
}

#[tokio::test]
async fn a_stall_can_be_silent() {
    let mut served = served().await;
    served.fake.faults().add(Fault::rows_per_batch(5));
    served.fake.faults().add(Fault::silence(Duration::from_millis(100)).after_batches(1));
    assert_eq!(served.rows(ALL).await.batch_rows(), [5, 5]);
}

#[tokio::test]
async fn a_connection_can_be_cut() {
    let mut served = served().await;
    served.fake.faults().add(Fault::cut_connection());
    served.ask(ALL).await.unwrap_err();
    // The channel connects again by itself.
    served.fake.faults().add(Fault::rows_per_batch(2));
    served.fake.faults().add(Fault::cut_connection().after_batches(2));
    // Batches that had left may be lost with the connection, and the schema too.
    if let Ok(answer) = served.ask(ALL).await {
        assert!(answer.error.is_some() && answer.rows() <= 4, "{answer:?}");
    }
    assert_eq!(served.rows(ALL).await.rows(), 10);
}

#[tokio::test]
async fn the_server_keeps_to_the_clients_time() {
    let mut served = served().await;
    served.fake.faults().add(Fault::stall(Duration::from_secs(3600)));
    let ticket = arrow_flight::Ticket { ticket: crate::client::ticket("db", ALL).into() };
    let mut request = tonic::Request::new(ticket);
    request.metadata_mut().insert("grpc-timeout", "100m".parse().unwrap());
    let mut frames = served.flight.do_get(request).await.unwrap().into_inner();
    let status = loop {
        match frames.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stall has ended"),
            Err(status) => break status,
        }
    };
    assert_eq!(
        (status.code(), status.message()),
        (Code::ResourceExhausted, "grpc-timeout elapsed")
    );
}

#[tokio::test]
async fn a_stopped_server_is_gone() {
    let mut served = served().await;
    served.rows(ALL).await;
    let Served { running, flight, fake } = served;
    running.stop().await;
    let mut served = Served { running: fake.spawn().await.unwrap(), flight, fake };
    assert_eq!(served.ask(ALL).await.unwrap_err().code(), Code::Unavailable);
    served.flight = crate::client::connect(&served.running.url()).await;
    assert_eq!(served.rows(ALL).await.rows(), 10);
}
