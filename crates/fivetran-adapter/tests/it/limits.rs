//! Tests each limit for clients, over real sockets.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use fivetran_adapter::Limits;
use fivetran_wire::update_response::Operation;
use fivetran_wire::{UpdateRequest, UpdateResponse, limit, method};
use futures::future::{Either, select};
use futures::{StreamExt, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};

use crate::scripted::{Scripted, Step};
use crate::server::{Client, Server, configuration, request, soon};

/// A timeout that is short for a test, and long enough for a call that takes no time.
const SHORT: Duration = Duration::from_millis(200);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A frame of SETTINGS without a setting.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// A frame of PING.
const PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// A connection that sends these bytes and no more.
async fn connection(server: &Server, says: &[u8]) -> TcpStream {
    let mut connection = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    connection.write_all(says).await.unwrap();
    connection
}

/// Reads until the server closes the connection.
async fn closed(mut connection: TcpStream) {
    let mut bytes = [0; 1024];
    // A reset is an end as well.
    while connection.read(&mut bytes).await.unwrap_or(0) > 0 {}
}

/// A connection that starts HTTP/2, and makes no call.
async fn begun(server: &Server) -> TcpStream {
    connection(server, &[PREFACE, SETTINGS].concat()).await
}

/// A client, and a future that completes when the server closes its connection.
async fn watched(server: &Server) -> (Client, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let between = listener.local_addr().unwrap();
    let port = server.port;
    let watched = tokio::spawn(async move {
        let (mut from_client, mut to_client) = listener.accept().await.unwrap().0.into_split();
        let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::select! {
            _ = copy(&mut from_server, &mut to_client) => {}
            _ = copy(&mut from_client, &mut to_server) => panic!("the client has closed it"),
        }
    });
    (Client::connect(between).await.unwrap(), watched)
}

#[tokio::test]
async fn a_connection_that_does_not_begin_http2_is_closed() {
    let limits = Limits { preface_timeout: SHORT, ..Limits::default() };
    let server = Server::serve(Scripted::new([]), limits);
    for says in [&b""[..], b"P", &PREFACE[..23]] {
        soon("the end", closed(connection(&server, says).await)).await;
    }
    // One that does may take its time.
    let mut client = server.client().await;
    soon("another's end", closed(connection(&server, b"").await)).await;
    assert!(client.form().await.is_ok());
}

#[tokio::test]
async fn a_connection_that_speaks_another_protocol_is_closed_at_once() {
    let server = Server::start([]);
    for says in [
        &b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and more",
    ] {
        soon("the end", closed(connection(&server, says).await)).await;
    }
}

#[tokio::test]
async fn a_connection_without_a_call_is_closed_and_one_with_a_call_is_not() {
    let limits = Limits { idle_timeout: SHORT, ..Limits::default() };
    let server = Server::serve(Scripted::new([Step::Rows(1), Step::Hang]), limits);
    let (mut client, watched) = watched(&server).await;
    let mut stream = client.update(request()).await.unwrap();
    soon("a row", stream.message()).await.unwrap().unwrap();
    for _ in 0..3 {
        soon("the end", closed(begun(&server).await)).await;
    }
    assert!(futures::poll!(Box::pin(stream.message())).is_pending(), "the sync goes on");
    assert!(!watched.is_finished(), "its connection is kept");
    // When its call has ended, the connection is one without a call.
    drop(stream);
    soon("the sync's end", server.probe.gone.notified()).await;
    soon("the connection's end", watched).await.unwrap();
}

/// The client announces a window of one byte and reads nothing, so that the server keeps all
/// answers.
#[tokio::test]
async fn a_call_lasts_until_its_answer_is_sent() {
    let limits = Limits { calls: 1, idle_timeout: SHORT, ..Limits::default() };
    let server = Server::serve(Scripted::new([Step::Checkpoint("{}")]), limits);
    let mut slow = server.client_with(|endpoint| endpoint.initial_stream_window_size(1)).await;
    let mut stream = slow.update(request()).await.unwrap();
    soon("the sync's end", server.probe.gone.notified()).await;
    for _ in 0..3 {
        soon("another's end", closed(begun(&server).await)).await;
    }
    let status = server.client().await.form().await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);

    // The connection is there yet, and so is what it waits for.
    let message = soon("the checkpoint", stream.message()).await.unwrap().unwrap();
    assert!(matches!(message.operation, Some(Operation::Checkpoint(_))), "{message:?}");
    assert_eq!(soon("the end", stream.message()).await.unwrap(), None);
    assert!(server.client().await.form().await.is_ok());
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_closed() {
    let limits = Limits { connections: 1, write_timeout: SHORT, ..Limits::default() };
    let server = Server::serve(Scripted::new([]), limits);
    let socket = TcpSocket::new_v4().unwrap();
    // With a small buffer in the system, the server has to wait sooner.
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let address = ([127, 0, 0, 1], server.port).into();
    let mut connection = socket.connect(address).await.unwrap();
    connection.write_all(&[PREFACE, SETTINGS].concat()).await.unwrap();
    // Each PING asks for an answer. When answers no longer fit the socket, the server stops
    // reading.
    let pings = PING.repeat(1_000);
    soon("the end", async { while connection.write_all(&pings).await.is_ok() {} }).await;
    assert!(server.client().await.form().await.is_ok(), "its place is free");
}

#[tokio::test]
async fn a_client_that_takes_no_rows_for_long_is_not_closed() {
    let limits = Limits { write_timeout: SHORT, idle_timeout: SHORT, ..Limits::default() };
    let server = Server::serve(Scripted::new([Step::RowsWithoutEnd]), limits);
    let mut stream = server.client().await.update(request()).await.unwrap();
    soon("the source to wait", server.probe.waits.notified()).await;
    for _ in 0..3 {
        soon("another's end", closed(begun(&server).await)).await;
    }
    // More than can be in flight.
    for _ in 0..800 {
        soon("a message", stream.message()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_closed() {
    let limits =
        Limits { keep_alive_interval: SHORT, keep_alive_timeout: SHORT, ..Limits::default() };
    let server = Server::serve(Scripted::new([]), limits);
    soon("the end", closed(begun(&server).await)).await;
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_for_room() {
    let limits = Limits { connections: 1, preface_timeout: SHORT, ..Limits::default() };
    let server = Server::serve(Scripted::new([]), limits);
    let first = Box::pin(closed(connection(&server, b"").await));
    let second = Box::pin(async { server.client().await.form().await });
    match soon("the first's end", select(first, second)).await {
        Either::Left(((), second)) => assert!(soon("the form", second).await.is_ok()),
        Either::Right(_) => panic!("there was room for two"),
    }
}

#[tokio::test]
async fn a_call_beyond_the_limit_is_refused() {
    let limits = Limits { calls: 1, ..Limits::default() };
    let server = Server::serve(Scripted::new([Step::Rows(1), Step::Hang]), limits);
    let mut stream = server.client().await.update(request()).await.unwrap();
    soon("a row", stream.message()).await.unwrap().unwrap();
    // Another connection has no more calls than the first.
    let mut client = server.client().await;
    let status = client.form().await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.message(), "Too many calls are open; try again later.");
    drop(stream);
    soon("the sync's end", server.probe.gone.notified()).await;
    assert!(client.form().await.is_ok());
}

/// How a call ends whose request has these bytes and never ends.
async fn half_a_request(
    server: &Server,
    headers: &[(&'static str, &'static str)],
    bytes: &[u8],
) -> Option<Code> {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", server.port)).unwrap();
    let mut channel: Channel = endpoint.connect().await.unwrap();
    let first = Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(bytes)));
    let body = StreamBody::new(stream::iter([first]).chain(stream::pending()));
    let request = http::Request::post(format!("http://127.0.0.1{}", method::UPDATE))
        .header("content-type", "application/grpc");
    let request =
        headers.iter().fold(request, |request, &(name, value)| request.header(name, value));
    let request = request.body(Body::new(body)).unwrap();
    std::future::poll_fn(|context| channel.poll_ready(context)).await.unwrap();
    let response = soon("an answer", channel.call(request)).await.unwrap();
    response.headers().get("grpc-status").map(|status| Code::from_bytes(status.as_bytes()))
}

#[tokio::test]
async fn a_request_that_does_not_arrive_is_refused() {
    let limits = Limits { request_timeout: SHORT, ..Limits::default() };
    let server = Server::serve(Scripted::new([]), limits);
    for bytes in [&b""[..], b"\0", b"\0\0\0\0\x05abc"] {
        assert_eq!(half_a_request(&server, &[], bytes).await, Some(Code::DeadlineExceeded));
    }
    assert!(server.client().await.form().await.is_ok());
}

/// The length before a message is checked before its bytes are read.
#[tokio::test]
async fn a_request_beyond_the_limit_of_fivetran_is_refused() {
    let limits = Limits { request_timeout: SHORT, ..Limits::default() };
    let server = Server::serve(Scripted::new([]), limits);
    for (bytes, expect) in [
        (limit::MESSAGE_BYTES, Code::DeadlineExceeded),
        (limit::MESSAGE_BYTES + 1, Code::OutOfRange),
    ] {
        let prefix = [&[0][..], &(bytes as u32).to_be_bytes()].concat();
        assert_eq!(half_a_request(&server, &[], &prefix).await, Some(expect), "{bytes}");
    }
}

#[tokio::test]
async fn a_compressed_request_is_refused() {
    let server = Server::start([]);
    // It is refused since it is compressed, before the bytes are found not to be gzip.
    let compressed = b"\x01\0\0\0\x03abc";
    let gzip = ("grpc-encoding", "gzip");
    assert_eq!(half_a_request(&server, &[gzip], compressed).await, Some(Code::Unimplemented));
    assert_eq!(half_a_request(&server, &[], compressed).await, Some(Code::Internal));
}

async fn with_state(
    client: &mut Client,
    bytes: usize,
) -> Result<Streaming<UpdateResponse>, Status> {
    let state_json = Some("x".repeat(bytes));
    soon("an answer", client.update(UpdateRequest { state_json, ..request() })).await
}

#[tokio::test]
async fn requests_together_have_a_limit_and_small_ones_have_room() {
    const STATE: usize = 150 * 1024;
    let limits = Limits { request_bytes: 100 * 1024, ..Limits::default() };
    let server = Server::serve(Scripted::new([Step::Rows(1), Step::Hang]), limits);
    let mut client = server.client().await;
    let mut stream = with_state(&mut client, STATE).await.unwrap();
    soon("a row", stream.message()).await.unwrap().unwrap();

    // Another connection shares the limit, as long as the first call lasts.
    let mut other = server.client().await;
    let status = with_state(&mut other, STATE).await.err().unwrap();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(with_state(&mut other, 1024).await.is_ok());
    drop(stream);
    soon("the sync's end", server.probe.gone.notified()).await;
    assert!(with_state(&mut other, STATE).await.is_ok());
}

#[tokio::test]
async fn a_configuration_alone_has_a_smaller_limit() {
    let server = Server::start([]);
    let mut client = server.client().await;
    let large = "x".repeat(9 * 1024 * 1024);
    let status = client.test("passes", configuration(&[("large", &large)])).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
    assert_eq!(status.message(), "A request of this kind may have 8388608 bytes at most.");
    assert!(client.test("passes", configuration(&[("large", &large[..8_000_000])])).await.is_ok());
    assert!(with_state(&mut client, 9 * 1024 * 1024).await.is_ok(), "a state may be larger");
}

#[tokio::test]
async fn headers_beyond_the_limit_are_refused() {
    let server = Server::start([]);
    let mut client = server.client().await;
    assert!(client.form_with_header(15 * 1024).await.is_ok());
    assert!(client.form_with_header(17 * 1024).await.is_err());
    assert!(client.form().await.is_ok());
}
