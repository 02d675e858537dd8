//! Who is let in, by gRPC and by HTTP.

use influx_fake::{Code, Options};

use crate::client::{Served, do_get, http, request, serve, ticket};

async fn served() -> Served {
    let served = serve(Options::default().token("secret").expired_token("old")).await;
    served.fake.create_database("db");
    served
}

/// A header's fate over gRPC and over HTTP.
async fn check(authorization: Option<&str>, grpc: Code, status: u16) {
    let mut served = served().await;
    let answer = do_get(&mut served.flight, &ticket("db", "SELECT 1"), authorization).await;
    assert_eq!(answer.map_or_else(|status| status.code(), |_| Code::Ok), grpc, "{authorization:?}");
    for path in ["/ping", "/health", "/nothing/here"] {
        let mut request = request("GET", path, "");
        if let Some(authorization) = authorization {
            request.headers_mut().insert("authorization", authorization.parse().unwrap());
        }
        let (got, body) = http(&served.running.url(), request).await;
        let expected = if (status, path) == (200, "/nothing/here") { 404 } else { status };
        assert_eq!(got, expected, "{authorization:?} {path}: {body}");
    }
}

#[tokio::test]
async fn three_schemes() {
    check(Some("Bearer secret"), Code::Ok, 200).await;
    check(Some("Token secret"), Code::Ok, 200).await;
    // anyone:secret
    check(Some("Basic YW55b25lOnNlY3JldA=="), Code::Ok, 200).await;
}

#[tokio::test]
async fn no_token_or_a_wrong_one() {
    check(None, Code::Unauthenticated, 401).await;
    check(Some("Bearer wrong"), Code::Unauthenticated, 401).await;
    check(Some("bearer secret"), Code::Unauthenticated, 401).await;
    check(Some("Bearer old"), Code::PermissionDenied, 403).await;
}

#[tokio::test]
async fn a_wrong_token_wins_over_a_missing_database() {
    let mut served = served().await;
    let status = do_get(&mut served.flight, &ticket("nope", "SELECT 1"), None).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unauthenticated, "Unauthenticated"));
    assert_eq!(served.fake.queries(), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_without_a_token_ignores_the_header() {
    let mut served = serve(Options::default()).await;
    served.fake.create_database("db");
    assert!(
        do_get(&mut served.flight, &ticket("db", "SELECT 1"), Some("Bearer whatever"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_body_of_a_refusal() {
    let answer = served().await.http("GET", "/ping", "").await;
    assert_eq!(answer, (401, r#"{"error":"the request was not authenticated"}"#.to_owned()));
}
