//! Syncs that are stopped, slow clients, and the end of the server.

use std::sync::atomic::Ordering;
use std::time::Duration;

use fivetran_adapter::Limits;
use fivetran_wire::update_response::Operation;
use tonic::{Code, Status};

use crate::scripted::{Scripted, Step};
use crate::server::{Client, Server, configuration, request, soon};

/// The least bytes of an encoded row of [`Step::RowsWithoutEnd`].
const ROW_BYTES: u64 = 60;

/// The most bytes between source and client: the channel's 2 MiB, one batch, and the buffers of
/// HTTP/2 and of the sockets.
const IN_FLIGHT_BYTES: u64 = 8 * 1024 * 1024;

#[tokio::test]
async fn a_client_that_goes_away_stops_its_sync() {
    for step in [Step::Hang, Step::RowsWithoutEnd] {
        let server = Server::start([Step::Rows(1), step]);
        let mut stream = server.client().await.update(request()).await.unwrap();
        soon("a row", stream.message()).await.unwrap().unwrap();
        drop(stream);
        soon("the sync's end", server.probe.gone.notified()).await;
    }
}

#[tokio::test]
async fn a_source_waits_for_a_slow_client() {
    let server = Server::start([Step::RowsWithoutEnd]);
    let mut stream = server.client().await.update(request()).await.unwrap();
    soon("the source to wait", server.probe.waits.notified()).await;
    let mut received = 0;
    // More bytes than can be in flight pass through.
    while received * ROW_BYTES < 2 * IN_FLIGHT_BYTES {
        let message = soon("a message", stream.message()).await.unwrap().unwrap();
        let Some(Operation::Records(records)) = message.operation else { panic!("no records") };
        received += records.records.len() as u64;
        let in_flight = server.probe.lent.load(Ordering::Relaxed) - received;
        assert!(in_flight * ROW_BYTES < IN_FLIGHT_BYTES, "{in_flight} rows are in flight");
    }
}

#[tokio::test]
async fn a_shutdown_ends_a_sync_after_its_last_checkpoint() {
    let steps = [Step::Rows(1), Step::Checkpoint("{\"a\":1}"), Step::Rows(1), Step::Hang];
    let server = Server::start(steps);
    let (probe, port) = (server.probe.clone(), server.port);
    let mut stream = server.client().await.update(request()).await.unwrap();
    for _ in 0..3 {
        soon("a message", stream.message()).await.unwrap().unwrap();
    }

    let serving = server.shut_down();
    let status = soon("the status", stream.message()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("shutting down"), "{status}");
    soon("the sync's end", probe.gone.notified()).await;
    soon("the server's end", serving).await.unwrap().unwrap();
    let refused = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
    assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
}

/// Makes a call that hangs, and shuts the server down.
async fn check_stopped<T>(call: impl AsyncFnOnce(Client) -> Result<T, Status>) {
    let server = Server::start([Step::Hang]);
    let probe = server.probe.clone();
    let answer = call(server.client().await);
    let shutdown = async {
        soon("the call to hang", probe.hangs.notified()).await;
        soon("the server's end", server.shut_down()).await
    };
    let (answer, served) = tokio::join!(soon("the status", answer), shutdown);
    served.unwrap().unwrap();
    let Err(status) = answer else { panic!("the call is answered") };
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("shutting down"), "{status}");
    soon("the work's end", probe.gone.notified()).await;
}

#[tokio::test]
async fn a_shutdown_ends_setup_tests_and_the_schema() {
    check_stopped(async |mut client| client.test("passes", configuration(&[])).await).await;
    check_stopped(async |mut client| client.schema(configuration(&[])).await).await;
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_client_that_hangs() {
    let limits = Limits { shutdown_grace: Duration::from_millis(100), ..Limits::default() };
    let server = Server::serve(Scripted::new([Step::RowsWithoutEnd]), limits);
    let probe = server.probe.clone();
    let _never_read = server.client().await.update(request()).await.unwrap();
    soon("the source to wait", probe.waits.notified()).await;

    let serving = server.shut_down();
    soon("the sync's end", probe.gone.notified()).await;
    soon("the server's end", serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_panic_leaves_the_connection_alone() {
    let server = Server::start([Step::Panic]);
    let mut client = server.client().await;
    let mut stream = client.update(request()).await.unwrap();
    assert_eq!(soon("the status", stream.message()).await.unwrap_err().code(), Code::Internal);
    assert_eq!(client.form().await.unwrap().tests.len(), 3);
}

#[tokio::test]
async fn syncs_run_side_by_side() {
    let server = Server::start([Step::Rows(1), Step::Hang]);
    let mut client = server.client().await;
    let mut first = client.update(request()).await.unwrap();
    let mut second = client.update(request()).await.unwrap();
    soon("a row of the second", second.message()).await.unwrap().unwrap();
    soon("a row of the first", first.message()).await.unwrap().unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn the_signal_of_containers_ends_the_server() {
    let shutdown = fivetran_adapter::shutdown_signal().await.unwrap();
    let status = std::process::Command::new("sh")
        .args(["-c", &format!("kill -TERM {}", std::process::id())])
        .status();
    assert!(status.unwrap().success());
    soon("the signal", shutdown).await;
}
