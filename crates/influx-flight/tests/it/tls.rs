//! Certificates that are trusted or not, and sides that do not agree on TLS.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use http::{Request, Response};
use hyper::body::Incoming;
use influx_flight::{Client, Endpoint, ErrorKind, OtherServer, TlsProblem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::scripted::{
    Authority, Body, Step, client, grpc, is_grpc, listen, messages, plain, serve, serve_http1,
    serve_tls, target,
};

const BOTH: [&str; 2] = ["h2", "http/1.1"];

fn influxdb(request: Request<Incoming>) -> Response<Body> {
    if !is_grpc(&request) {
        return plain(200, &[("x-influxdb-version", "3.10.1")], "{}");
    }
    let one: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let batch = RecordBatch::try_from_iter([("1", one)]).unwrap();
    grpc(vec![Step::Send(messages(&batch.schema(), std::slice::from_ref(&batch))), Step::ok()])
}

async fn trusting(endpoint: Endpoint, authority: &Authority) -> Client {
    let target = target(endpoint).with_ca_certificates(authority.pem.as_bytes()).unwrap();
    Client::connect(target).await.unwrap()
}

async fn problem(client: Client) -> (ErrorKind, String) {
    let error = client.check().await.unwrap_err();
    (error.kind().clone(), error.to_string())
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_given() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&["localhost", "127.0.0.1"], |_| {}, &BOTH);
    let server = serve_tls(acceptor, influxdb).await;
    let info = trusting(server.https(), &authority).await.check().await.unwrap();
    assert_eq!(info.version.unwrap().to_string(), "3.10.1");
    // By address, which the certificate names too.
    let by_address = format!("https://{}", server.address).parse().unwrap();
    trusting(by_address, &authority).await.check().await.unwrap();

    let (kind, text) = problem(client(server.https()).await).await;
    assert_eq!(kind, ErrorKind::Tls(TlsProblem::UnknownAuthority));
    let text = text.replace(&server.https().to_string(), "HOST");
    insta::assert_snapshot!(text, @"the TLS certificate of HOST is signed by an unknown authority: give that authority's certificate as the CA certificate");

    let (kind, _) = problem(trusting(server.https(), &Authority::new()).await).await;
    assert_eq!(kind, ErrorKind::Tls(TlsProblem::UnknownAuthority));
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let authority = Authority::new();
    let server = serve_tls(authority.acceptor(&["db.example.com"], |_| {}, &BOTH), influxdb).await;
    let (kind, _) = problem(trusting(server.https(), &authority).await).await;
    assert_eq!(kind, ErrorKind::Tls(TlsProblem::WrongName));
}

#[tokio::test]
async fn a_certificate_out_of_its_time() {
    let authority = Authority::new();
    let expired = |params: &mut rcgen::CertificateParams| {
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    };
    let early = |params: &mut rcgen::CertificateParams| {
        params.not_before = rcgen::date_time_ymd(2999, 1, 1);
    };
    for acceptor in [
        authority.acceptor(&["localhost"], expired, &BOTH),
        authority.acceptor(&["localhost"], early, &BOTH),
    ] {
        let server = serve_tls(acceptor, influxdb).await;
        let (kind, _) = problem(trusting(server.https(), &authority).await).await;
        assert_eq!(kind, ErrorKind::Tls(TlsProblem::Expired));
    }
}

#[tokio::test]
async fn tls_where_http_was_given() {
    let authority = Authority::new();
    let server = serve_tls(authority.acceptor(&["localhost"], |_| {}, &BOTH), influxdb).await;
    let (kind, text) = problem(client(server.http()).await).await;
    assert_eq!(kind, ErrorKind::Tls(TlsProblem::ServerIsTls));
    let text = text.replace(&server.http().to_string(), "HOST");
    insta::assert_snapshot!(text, @"the server at HOST speaks TLS: write https:// before the host");
}

#[tokio::test]
async fn tls_that_answers_plain_text_with_a_hint() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&["localhost"], |_| {}, &BOTH);
    let server = listen(move |mut tcp| {
        let acceptor = acceptor.clone();
        async move {
            let mut first = [0];
            _ = tcp.peek(&mut first).await;
            // The first byte of a TLS handshake.
            if first == [22] {
                _ = acceptor.accept(tcp).await;
                return;
            }
            let mut request = [0; 1024];
            _ = tcp.read(&mut request).await;
            let hint =
                "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
            _ = tcp.write_all(hint.as_bytes()).await;
        }
    })
    .await;
    let (kind, _) = problem(client(server.http()).await).await;
    assert_eq!(kind, ErrorKind::Tls(TlsProblem::ServerIsTls));
}

#[tokio::test]
async fn plain_text_where_https_was_given() {
    for server in [serve(influxdb).await, serve_http1(influxdb).await] {
        let (kind, text) = problem(client(server.https()).await).await;
        assert_eq!(kind, ErrorKind::Tls(TlsProblem::ServerIsPlain));
        let text = text.replace(&server.https().to_string(), "HOST");
        insta::allow_duplicates! {
            insta::assert_snapshot!(text, @"the server at HOST does not speak TLS: write http:// before the host, or check the port");
        }
    }
}

#[tokio::test]
async fn plain_text_that_hangs_up_on_tls() {
    let server = listen(|mut tcp| async move {
        let mut start = [0; 3];
        _ = tcp.read_exact(&mut start).await;
        if &start == b"GET" {
            _ = tcp.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    })
    .await;
    let (kind, _) = problem(client(server.https()).await).await;
    assert_eq!(kind, ErrorKind::Tls(TlsProblem::ServerIsPlain));
}

#[tokio::test]
async fn tls_without_http_2() {
    let authority = Authority::new();
    for protocols in [&["http/1.1"][..], &[]] {
        let acceptor = authority.acceptor(&["localhost"], |_| {}, protocols);
        let server = serve_tls(acceptor, |_| plain(404, &[], "")).await;
        let (kind, _) = problem(trusting(server.https(), &authority).await).await;
        assert_eq!(kind, ErrorKind::NotInfluxDb3(OtherServer::Http));
    }
}

const PAGE: (&str, &str) = ("content-type", "text/html");

#[tokio::test]
async fn a_web_page_over_tls() {
    let authority = Authority::new();
    for (protocols, found) in
        [(&BOTH[..], OtherServer::WebPage), (&["http/1.1"], OtherServer::Http)]
    {
        let acceptor = authority.acceptor(&["localhost"], |_| {}, protocols);
        let server = serve_tls(acceptor, |_| plain(200, &[PAGE], "<html>Welcome</html>")).await;
        let (kind, _) = problem(trusting(server.https(), &authority).await).await;
        assert_eq!(kind, ErrorKind::NotInfluxDb3(found));
    }
}

#[tokio::test]
async fn a_page_in_answer_to_the_probe_does_not_make_a_lost_connection_final() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&["localhost"], |_| {}, &BOTH);
    let (sender, mut probed) = tokio::sync::mpsc::unbounded_channel();
    let server = listen(move |tcp| {
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        async move {
            let Ok(mut stream) = acceptor.accept(tcp).await else { return };
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                return;
            }
            let mut request = [0; 1024];
            _ = stream.read(&mut request).await;
            _ = sender.send(());
            let page =
                "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n";
            _ = stream.write_all(page.as_bytes()).await;
        }
    })
    .await;
    let (kind, _) = problem(trusting(server.https(), &authority).await).await;
    assert_eq!(kind, ErrorKind::Unavailable);
    assert!(probed.try_recv().is_ok());
}
