//! The token shows itself nowhere.

use std::error::Error as _;

use influx_flight::{Client, ConnectProblem, Endpoint, Error, ErrorKind, Target, TlsProblem};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::scripted::{
    Authority, Step, grpc, is_grpc, listen, messages, plain, serve, serve_tls, target,
};

const TOKEN: &str = "apiv3_do-not-show";

/// Everything that a log could print of an error.
fn everything(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" {error} {error:?}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn of_a_target_or_a_client() {
    let target = Target::new("localhost".parse().unwrap(), "home").with_token(TOKEN.into());
    assert!(!format!("{target:?} {target:#?}").contains(TOKEN));
    let client = Client::connect(target).await.unwrap();
    assert!(!format!("{client:?} {client:#?}").contains(TOKEN));
}

#[tokio::test]
async fn of_a_stream() {
    let schema = arrow::datatypes::Schema::empty();
    let server = serve(move |request| {
        assert_eq!(request.headers()["authorization"], format!("Bearer {TOKEN}"));
        grpc(vec![Step::Send(messages(&schema, &[])), Step::ok()])
    })
    .await;
    let client = Client::connect(target(server.http()).with_token(TOKEN.into())).await.unwrap();
    let stream = client.query("SELECT 1").await.unwrap();
    assert!(!format!("{stream:?}").contains(TOKEN));
}

#[tokio::test]
async fn of_an_error_even_when_the_server_repeats_it() {
    let echoing = serve(|request| {
        let header = request.headers()["authorization"].to_str().unwrap().to_owned();
        match request.uri().path() {
            "/arrow.flight.protocol.FlightService/DoGet" if is_grpc(&request) => {
                grpc(vec![Step::Status(16, format!("Unauthenticated: {header}"))])
            }
            _ => plain(401, &[("x-echo", &header)], ""),
        }
    })
    .await;
    let in_headers = serve(|request| {
        let header = request.headers()["authorization"].to_str().unwrap().to_owned();
        let mut response = grpc(vec![Step::Status(3, "no".to_owned())]);
        response.headers_mut().insert("x-echo", header.parse().unwrap());
        response.headers_mut().insert("grpc-status", 3.into());
        response.headers_mut().insert("grpc-message", header.parse().unwrap());
        response
    })
    .await;
    for server in [echoing, in_headers] {
        let target = target(server.http()).with_token(TOKEN.into());
        let client = Client::connect(target).await.unwrap();
        let error = client.check().await.unwrap_err();
        let text = everything(&error);
        assert!(!text.contains(TOKEN), "{text}");
        assert!(text.contains("Bearer ***"), "{text}");
    }
}

#[tokio::test]
async fn of_an_error_whose_name_it_stands_in() {
    for text in ["table 'public.iox.NAME' not found", "No field named NAME."] {
        let server = serve(move |_| grpc(vec![Step::Status(3, text.replace("NAME", TOKEN))])).await;
        let target = target(server.http()).with_token(TOKEN.into());
        let error = Client::connect(target).await.unwrap().check().await.unwrap_err();
        let text = everything(&error);
        assert!(!text.contains(TOKEN), "{text}");
        assert!(text.contains("***"), "{text}");
    }
}

#[tokio::test]
async fn a_token_that_is_part_of_the_words_changes_no_verdict() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&["localhost"], |_| {}, &["h2", "http/1.1"]);
    let tls = serve_tls(acceptor, |_| plain(404, &[], "")).await;
    let no_database =
        serve(|_| grpc(vec![Step::Status(5, "database not found: home".to_owned())])).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refusing: Endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    for token in ["", "a", "error"] {
        for (endpoint, expected) in [
            (refusing.clone(), ErrorKind::Connect(ConnectProblem::Refused)),
            (tls.http(), ErrorKind::Tls(TlsProblem::ServerIsTls)),
            (tls.https(), ErrorKind::Tls(TlsProblem::UnknownAuthority)),
            (no_database.http(), ErrorKind::DatabaseMissing),
        ] {
            let target = target(endpoint).with_token(token.to_owned().into());
            let error = Client::connect(target).await.unwrap().check().await.unwrap_err();
            assert_eq!(error.kind(), &expected, "{token:?}");
        }
    }
}

#[tokio::test]
async fn never_sent_unencrypted_unasked() {
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    // Plain text where https was given, which hangs up on TLS: the probe asks in plain text, to
    // tell so.
    let server = listen(move |tcp| {
        let sender = sender.clone();
        async move {
            let mut tcp = BufReader::new(tcp);
            // The first byte of a TLS handshake.
            if tcp.fill_buf().await.is_ok_and(|start| start.first() == Some(&22)) {
                return;
            }
            let mut request = String::new();
            while !request.ends_with("\r\n\r\n") {
                if !matches!(tcp.read_line(&mut request).await, Ok(1..)) {
                    break;
                }
            }
            _ = sender.send(request);
            _ = tcp.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
        }
    })
    .await;
    let target = target(server.https()).with_token(TOKEN.into());
    let error = Client::connect(target).await.unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Tls(TlsProblem::ServerIsPlain));
    let request = seen.try_recv().unwrap().to_lowercase();
    assert!(request.starts_with("get /ping "), "{request}");
    assert!(request.ends_with("\r\n\r\n"), "{request}");
    assert!(!request.contains("authorization"), "{request}");
    assert!(seen.try_recv().is_err(), "one request was enough");
}
