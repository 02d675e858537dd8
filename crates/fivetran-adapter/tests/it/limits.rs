//! What a stranger may take: each limit, over real sockets.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use fivetran_adapter::Limits;
use fivetran_wire::{UpdateRequest, UpdateResponse, method};
use futures::future::{Either, select};
use futures::{StreamExt, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};

use crate::scripted::{Scripted, Step};
use crate::server::{Client, Server, configuration, request, soon};

/// So short that a test need not wait for it, and long enough for a call that needs no time.
const SHORT: Duration = Duration::from_millis(200);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A frame of SETTINGS without a setting.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A connection that says this, and nothing after it.
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
    let mut stream = server.client().await.update(request()).await.unwrap();
    soon("a row", stream.message()).await.unwrap().unwrap();
    let begun = [PREFACE, SETTINGS].concat();
    for _ in 0..3 {
        soon("the end", closed(connection(&server, &begun).await)).await;
    }
    assert!(futures::poll!(Box::pin(stream.message())).is_pending(), "the sync goes on");
    // And the connection, when its call has ended.
    drop(stream);
    soon("the sync's end", server.probe.gone.notified()).await;
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

/// A call whose request consists of these bytes, and of more that never come.
async fn half_a_request(server: &Server, bytes: &'static [u8]) -> Option<String> {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", server.port)).unwrap();
    let mut channel: Channel = endpoint.connect().await.unwrap();
    let first = Ok::<_, Infallible>(Frame::data(Bytes::from_static(bytes)));
    let body = StreamBody::new(stream::iter([first]).chain(stream::pending()));
    let request = http::Request::post(format!("http://127.0.0.1{}", method::UPDATE))
        .header("content-type", "application/grpc")
        .body(Body::new(body))
        .unwrap();
    std::future::poll_fn(|context| channel.poll_ready(context)).await.unwrap();
    let response = soon("an answer", channel.call(request)).await.unwrap();
    let status = response.headers().get("grpc-status")?;
    Some(status.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_request_that_does_not_arrive_is_refused() {
    let limits = Limits { request_timeout: SHORT, ..Limits::default() };
    let server = Server::serve(Scripted::new([]), limits);
    let deadline_exceeded = (Code::DeadlineExceeded as i32).to_string();
    for bytes in [&b""[..], b"\0", b"\0\0\0\0\x05abc"] {
        assert_eq!(half_a_request(&server, bytes).await.as_ref(), Some(&deadline_exceeded));
    }
    assert!(server.client().await.form().await.is_ok());
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
