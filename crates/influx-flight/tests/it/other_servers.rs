//! Other servers at the address where the customer expects an InfluxDB 3.

use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use influx_flight::{Client, ConnectProblem, Endpoint, Error, ErrorKind, OtherServer, Timeouts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::scripted::{
    Body, Step, client, grpc, is_grpc, listen, plain, serve, serve_http1, target, timeouts,
};

/// What both the check and a first query say, with the address blanked out.
async fn verdict(endpoint: &Endpoint) -> (ErrorKind, String) {
    let blank = |error: Error| {
        (error.kind().clone(), error.to_string().replace(&endpoint.to_string(), "HOST"))
    };
    let checked = blank(client(endpoint.clone()).await.check().await.unwrap_err());
    let asked = blank(client(endpoint.clone()).await.query("SELECT 1").await.unwrap_err());
    assert_eq!(checked, asked);
    checked
}

fn old(version: &str) -> ErrorKind {
    ErrorKind::NotInfluxDb3(OtherServer::OldInfluxDb { version: version.to_owned() })
}

fn ping(version: &'static str) -> impl Fn(Request<Incoming>) -> Response<Body> + Clone {
    move |request| match request.uri().path() {
        "/ping" => plain(204, &[("x-influxdb-build", "OSS"), ("x-influxdb-version", version)], ""),
        _ => plain(404, &[], "404 page not found"),
    }
}

#[tokio::test]
async fn influxdb_1() {
    let server = serve_http1(ping("1.8.10")).await;
    let (kind, text) = verdict(&server.http()).await;
    assert_eq!(kind, old("1.8.10"));
    insta::assert_snapshot!(text, @"the server at HOST is InfluxDB 1.8.10, and only InfluxDB 3 can be read: give the address of an InfluxDB 3");
}

#[tokio::test]
async fn influxdb_2() {
    let server = serve_http1(ping("v2.7.1")).await;
    assert_eq!(verdict(&server.http()).await.0, old("2.7.1"));
}

#[tokio::test]
async fn influxdb_2_behind_http_2() {
    let server = serve(ping("v2.7.1")).await;
    assert_eq!(verdict(&server.http()).await.0, old("2.7.1"));
}

#[tokio::test]
async fn influxdb_2_that_hangs_up_on_http_2() {
    let server = listen(|mut tcp| async move {
        let mut start = [0; 3];
        _ = tcp.read_exact(&mut start).await;
        if &start == b"GET" {
            let answer = "HTTP/1.1 204 No Content\r\nx-influxdb-version: v2.7.1\r\n\r\n";
            _ = tcp.write_all(answer.as_bytes()).await;
        }
    })
    .await;
    assert_eq!(verdict(&server.http()).await.0, old("2.7.1"));
}

fn page(_: Request<Incoming>) -> Response<Body> {
    plain(200, &[("content-type", "text/html; charset=utf-8")], "<html>Welcome</html>")
}

#[tokio::test]
async fn a_web_page() {
    let server = serve_http1(page).await;
    let (kind, text) = verdict(&server.http()).await;
    assert_eq!(kind, ErrorKind::NotInfluxDb3(OtherServer::WebPage));
    insta::assert_snapshot!(text, @"HOST answers with a web page, not as InfluxDB 3: check the host, the port and the path");
}

#[tokio::test]
async fn a_web_page_in_http_2() {
    let server = serve(page).await;
    assert_eq!(verdict(&server.http()).await.0, ErrorKind::NotInfluxDb3(OtherServer::WebPage));
}

#[tokio::test]
async fn some_other_http_server() {
    for server in [
        serve(|_| plain(404, &[("content-type", "application/json")], "{}")).await,
        serve_http1(|_| plain(404, &[("content-type", "application/json")], "{}")).await,
    ] {
        let (kind, _) = verdict(&server.http()).await;
        assert_eq!(kind, ErrorKind::NotInfluxDb3(OtherServer::Http));
    }
}

#[tokio::test]
async fn some_other_grpc_server() {
    let server = serve(|_| grpc(vec![Step::Status(12, String::new())])).await;
    assert_eq!(verdict(&server.http()).await.0, ErrorKind::NotInfluxDb3(OtherServer::Grpc));
}

#[tokio::test]
async fn influxdb_3_without_http_2_may_be_starting() {
    let server = serve_http1(|_| plain(200, &[("x-influxdb-version", "3.10.1")], "{}")).await;
    let (kind, text) = verdict(&server.http()).await;
    assert_eq!(kind, ErrorKind::Unavailable);
    insta::assert_snapshot!(text, @"InfluxDB at HOST is not available (it answers as InfluxDB 3.10.1 over HTTP/1.1, but not over HTTP/2, which a proxy in between may not pass on): check that it runs and can be reached, then try again");
}

#[tokio::test]
async fn a_gateway_that_has_lost_its_server_is_waited_for() {
    for server in [
        serve(|_| plain(503, &[("content-type", "text/html")], "<html>later</html>")).await,
        serve(|_| plain(504, &[], "")).await,
        serve_http1(|_| plain(502, &[], "")).await,
    ] {
        assert_eq!(verdict(&server.http()).await.0, ErrorKind::Unavailable);
    }
}

#[tokio::test]
async fn a_rate_limit_in_plain_http() {
    let server = serve(|_| plain(429, &[("retry-after", "7")], "")).await;
    let (kind, _) = verdict(&server.http()).await;
    assert_eq!(kind, ErrorKind::RateLimited { retry_after: Some(Duration::from_secs(7)) });
}

#[tokio::test]
async fn a_closed_port() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let (kind, text) = verdict(&endpoint).await;
    assert_eq!(kind, ErrorKind::Connect(ConnectProblem::Refused));
    insta::assert_snapshot!(text, @"cannot connect to HOST: nothing listens there, so check the port and that InfluxDB runs");
}

#[tokio::test]
async fn an_unknown_host() {
    // Reserved by RFC 2606, and too long a label for any resolver to ask the network about.
    let endpoint = format!("http://{}.invalid:8181", "x".repeat(64)).parse().unwrap();
    let (kind, _) = verdict(&endpoint).await;
    assert_eq!(kind, ErrorKind::Connect(ConnectProblem::UnknownHost));
}

#[tokio::test]
async fn a_server_that_says_nothing() {
    let server = listen(|mut tcp| async move {
        let mut heard = Vec::new();
        _ = tcp.read_to_end(&mut heard).await;
    })
    .await;
    let short = Duration::from_millis(50);
    let with_short_timeouts = |endpoint| {
        target(endpoint).with_timeouts(Timeouts { connect: short, idle: short, ..timeouts() })
    };
    let client = Client::connect(with_short_timeouts(server.http())).await.unwrap();
    assert_eq!(client.check().await.unwrap_err().kind(), &ErrorKind::Stalled);
    let client = Client::connect(with_short_timeouts(server.https())).await.unwrap();
    let kind = client.check().await.unwrap_err().kind().clone();
    assert_eq!(kind, ErrorKind::Connect(ConnectProblem::TimedOut));
}

#[tokio::test]
async fn a_fault_after_the_first_answer_is_not_looked_into() {
    let (sender, mut pinged) = tokio::sync::mpsc::unbounded_channel();
    let answered = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let server = serve(move |request| {
        if !is_grpc(&request) {
            _ = sender.send(());
            return ping("1.8.10")(request);
        }
        if answered.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return plain(404, &[], "");
        }
        let schema = arrow::datatypes::Schema::empty();
        grpc(vec![Step::Send(crate::scripted::messages(&schema, &[])), Step::ok()])
    })
    .await;
    let client = client(server.http()).await;
    client.query("SELECT 1").await.unwrap();
    let error = client.query("SELECT 1").await.unwrap_err();
    // A proxy that stands in for a server which is away is an outage, and worth another try.
    assert_eq!(error.kind(), &ErrorKind::Unavailable);
    assert!(pinged.try_recv().is_err());
}
