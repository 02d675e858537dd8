//! When a query is retried.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::datatypes::Schema;
use influx_flight::{Client, Error, ErrorKind, RetryPolicy};
use tokio::time::Instant;

use crate::scripted::{Server, Step, grpc, messages, plain, serve, target};

/// Fails as the steps say as often as told, and then answers.
async fn server(failures: usize, status: (i32, &'static str)) -> (Server, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = serve(move |_| {
        if count.fetch_add(1, Ordering::Relaxed) < failures {
            grpc(vec![Step::Status(status.0, status.1.to_owned())])
        } else {
            grpc(vec![Step::Send(messages(&Schema::empty(), &[])), Step::ok()])
        }
    })
    .await;
    (server, asked)
}

/// Waits too short to notice, and at most nine of them.
fn policy() -> RetryPolicy {
    RetryPolicy {
        first: Duration::from_nanos(100),
        longest: Duration::from_nanos(100),
        total: Duration::from_micros(1),
        longest_obeyed: Duration::ZERO,
    }
}

async fn client(server: &Server) -> Client {
    Client::connect(target(server.http()).with_retry(policy())).await.unwrap()
}

#[tokio::test]
async fn an_outage_is_waited_for() {
    let (server, asked) = server(3, (14, "restarting")).await;
    client(&server).await.query("SELECT 1").await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn an_outage_that_lasts_is_given_up() {
    let (server, asked) = server(usize::MAX, (14, "restarting")).await;
    let error = client(&server).await.query("SELECT 1").await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unavailable);
    let asked = asked.load(Ordering::Relaxed);
    assert!((2..=11).contains(&asked), "{asked}");
}

#[tokio::test]
async fn what_waiting_does_not_mend_is_asked_once() {
    for (code, text) in [(16, "Unauthenticated"), (13, "file limit"), (8, "Resources exhausted")] {
        let (server, asked) = server(1, (code, text)).await;
        client(&server).await.query("SELECT 1").await.unwrap_err();
        assert_eq!(asked.load(Ordering::Relaxed), 1, "{text}");
    }
}

#[tokio::test]
async fn a_check_is_made_once() {
    let (server, asked) = server(1, (14, "restarting")).await;
    let error = client(&server).await.check().await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Unavailable);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn the_waits_grow_and_end() {
    let policy = RetryPolicy::default();
    let waits: Vec<_> = policy.waits().collect();
    assert!(waits.len() >= 5, "{waits:?}");
    assert!(waits.iter().sum::<Duration>() <= policy.total, "{waits:?}");
    // Jitter adds up to as much again.
    assert!(waits[0] >= policy.first && waits[0] <= policy.first * 2, "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= policy.longest * 2), "{waits:?}");
    assert_eq!(RetryPolicy::never().waits().count(), 0);
}

/// The error of a server that asks for a pause of so many seconds.
async fn asked_to_wait(seconds: &'static str) -> Error {
    limited(vec![("retry-after", seconds)]).await
}

/// The error of a server that limits its rate, with these headers.
async fn limited(headers: Vec<(&'static str, &'static str)>) -> Error {
    let server = serve(move |_| plain(429, &headers, "")).await;
    Client::connect(target(server.http())).await.unwrap().query("SELECT 1").await.unwrap_err()
}

#[tokio::test]
async fn the_server_may_say_how_long_to_wait() {
    let (short, long) = (asked_to_wait("90").await, asked_to_wait("301").await);
    tokio::time::pause();
    let start = Instant::now();
    let policy = RetryPolicy::default();
    let mut outcomes = vec![Ok(()), Err(short)];
    policy.run(|| std::future::ready(outcomes.pop().unwrap())).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 90);
    let mut outcomes = vec![Ok(()), Err(long)];
    policy.run(|| std::future::ready(outcomes.pop().unwrap())).await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 90, "more than the policy accepts");
}

#[tokio::test]
async fn a_limit_without_a_time_is_given_a_minute() {
    let errors = [limited(vec![]).await, limited(vec![]).await];
    tokio::time::pause();
    let start = Instant::now();
    let mut outcomes: Vec<_> = [Ok(())].into_iter().chain(errors.map(Err)).collect();
    RetryPolicy::default().run(|| std::future::ready(outcomes.pop().unwrap())).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 120);
}
