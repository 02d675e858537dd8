//! What a server tells about itself, and what is left when there is no answer.

use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use influx_fake::{Fake, Options, Tls};
use influx_flight::{Client, ServerInfo, Timeouts};
use tokio::net::TcpListener;

use crate::scripted::{Authority, Body, client, is_grpc, listen, plain, serve, serve_tls, target};

const CLUSTER: &str = "2a5ad4f1-2e4b-4b9e-8f5e-3c4d8a6d1f27";
const RELEASE: [(&str, &str); 3] = [
    ("cluster-uuid", CLUSTER),
    ("x-influxdb-version", "3.10.0-nightly"),
    ("x-influxdb-build", "Core"),
];

/// All of it for those with the token, the cluster for everybody; nothing but at `/ping`.
fn influxdb(request: Request<Incoming>) -> Response<Body> {
    assert!(!is_grpc(&request));
    if request.uri().path() != "/ping" {
        return plain(404, &[], "not found");
    }
    match request.headers().get("authorization") {
        Some(token) if token == "Bearer right" => plain(200, &RELEASE, "{}"),
        _ => plain(401, &RELEASE[..1], r#"{"error": "the request was not authenticated"}"#),
    }
}

fn check(info: &ServerInfo, cluster: Option<&str>, version: Option<&str>, build: Option<&str>) {
    assert_eq!(info.cluster_uuid.as_deref(), cluster);
    assert_eq!(info.version.as_ref().map(ToString::to_string).as_deref(), version);
    assert_eq!(info.build.as_deref(), build);
}

#[tokio::test]
async fn a_server_that_says_all() {
    let server = serve(influxdb).await;
    let target = target(server.http()).with_token("right".into());
    let info = Client::connect(target).await.unwrap().server_info().await;
    check(&info, Some(CLUSTER), Some("3.10.0-nightly"), Some("Core"));
}

#[tokio::test]
async fn a_refusal_tells_who_refuses() {
    let server = serve(influxdb).await;
    check(&client(server.http()).await.server_info().await, Some(CLUSTER), None, None);
    let target = target(server.http()).with_token("wrong".into());
    let info = Client::connect(target).await.unwrap().server_info().await;
    check(&info, Some(CLUSTER), None, None);
}

#[tokio::test]
async fn the_fake_over_tls() {
    let authority = Authority::new();
    let (certificate, key) = authority.certificate(&["127.0.0.1"], |_| {});
    let tls = Tls { certificate: certificate.pem().into(), key: key.serialize_pem().into() };
    let options = Options::default().token("right").tls(tls);
    let fake = Fake::new(options.release("3.11.4".parse().unwrap()));
    let running = fake.spawn().await.unwrap();
    let cluster = fake.cluster_uuid().map(|cluster| cluster.to_string());
    for (token, version, build) in [("right", Some("3.11.4"), Some("Core")), ("wrong", None, None)]
    {
        let target = target(running.url().parse().unwrap())
            .with_ca_certificates(authority.pem.as_bytes())
            .unwrap()
            .with_token(token.into());
        let client = Client::connect(target).await.unwrap();
        check(&client.server_info().await, cluster.as_deref(), version, build);
    }
}

#[tokio::test]
async fn behind_a_path() {
    let server = serve(|request| match request.uri().path() {
        "/influx/ping" => plain(200, &RELEASE, "{}"),
        _ => plain(404, &[], ""),
    })
    .await;
    let endpoint = format!("{}/influx/", server.http()).parse().unwrap();
    let info = client(endpoint).await.server_info().await;
    check(&info, Some(CLUSTER), Some("3.10.0-nightly"), Some("Core"));
    check(&client(server.http()).await.server_info().await, None, None, None);
}

#[tokio::test]
async fn over_tls() {
    let authority = Authority::new();
    let server =
        serve_tls(authority.acceptor(&["localhost"], |_| {}, &["h2", "http/1.1"]), influxdb).await;
    let trusting = target(server.https())
        .with_ca_certificates(authority.pem.as_bytes())
        .unwrap()
        .with_token("right".into());
    let info = Client::connect(trusting).await.unwrap().server_info().await;
    check(&info, Some(CLUSTER), Some("3.10.0-nightly"), Some("Core"));
    // Who is not trusted is not asked.
    check(&client(server.https()).await.server_info().await, None, None, None);
}

#[tokio::test]
async fn a_server_that_does_not_say() {
    let server = serve(|_| plain(200, &[("x-influxdb-version", "nightly")], "{}")).await;
    check(&client(server.http()).await.server_info().await, None, None, None);
}

#[tokio::test]
async fn a_closed_port() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    check(&client(endpoint).await.server_info().await, None, None, None);
}

#[tokio::test]
async fn a_server_that_is_silent_is_not_waited_for() {
    let server = listen(|tcp| async move {
        std::future::pending::<()>().await;
        drop(tcp);
    })
    .await;
    let short = Timeouts { connect: Duration::from_millis(50), ..Timeouts::default() };
    let client = Client::connect(target(server.http()).with_timeouts(short)).await.unwrap();
    check(&client.server_info().await, None, None, None);
}
