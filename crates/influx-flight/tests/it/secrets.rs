//! The token shows itself nowhere.

use std::error::Error as _;

use influx_flight::{Client, Error, Target};

use crate::fake::{Step, grpc, is_grpc, messages, plain, serve, target};

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
async fn never_sent_over_a_wire_that_nobody_asked_for() {
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    // Plain text where https was given: the probe asks in plain text, to tell so.
    let server = serve(move |request| {
        _ = sender.send(request.headers().contains_key("authorization"));
        plain(404, &[], "")
    })
    .await;
    let target = target(server.https()).with_token(TOKEN.into());
    Client::connect(target).await.unwrap().check().await.unwrap_err();
    while let Ok(authorized) = seen.try_recv() {
        assert!(!authorized);
    }
}
