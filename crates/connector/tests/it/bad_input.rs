//! Mistakes of customers: each gets a sentence that names it and says what to do, as a failed test,
//! and a `Task` or a status that tells what kind of failure it is. Never a panic, never `UNKNOWN`.

use std::io::Write;
use std::net::TcpListener;
use std::thread;

use fivetran_tester::{Configuration, End, Error, SyncOptions, Verdict};
use fivetran_wire::update_response::Operation;
use influx_fake::{Fake, Options};

use crate::stack::{Connector, Stack, TOKEN};

const POINT: &str = "census,location=Klamath ants=30i 1748846218190260000";

/// The text of the first setup test that fails.
async fn failed_test(connector: &Connector, configuration: &Configuration) -> String {
    let checked = connector.tester.check(configuration).await.unwrap();
    assert_eq!(checked.breaches, []);
    let failure = checked.answer.into_iter().find_map(|test| match test.verdict {
        Verdict::Failed(text) => Some(text),
        _ => None,
    });
    failure.expect("a test fails")
}

/// Checks that setup tests, schema and sync fail with a text that has all of `expected`, and no
/// token.
async fn check(change: &[(&str, &str)], expected: &[&str]) {
    let mut stack = Stack::start("db", POINT).await;
    for (name, value) in change {
        stack.set(name, value);
    }
    let mut texts = vec![failed_test(&stack.connector, &stack.configuration).await];
    match stack.connector.tester.schema(&stack.configuration).await {
        Err(Error::Call { status, .. }) => {
            assert_ne!(status.code(), tonic::Code::Unknown, "{status:?}");
            texts.push(status.message().to_owned());
        }
        other => panic!("the schema should fail: {other:?}"),
    }
    for text in texts {
        for part in expected {
            assert!(text.contains(part), "{change:?}\n  gives {text}\n  without {part}");
        }
        assert!(!text.contains(TOKEN) && !text.contains("wr0ng"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_are_missing_or_malformed() {
    check(
        &[("token", ""), ("database", "")],
        &["2 problems", "`token` is required", "`database` is required"],
    )
    .await;
    check(&[("hostname", "ftp://host")], &["`hostname`", "ftp", "https://host[:port][/path]"])
        .await;
    check(&[("lookback", "soon")], &["`lookback` is \"soon\"", "`1h`"]).await;
    check(&[("settle", "2d")], &["`settle` is \"2d\"", "from `0s` to `1d`"]).await;
    check(&[("start_time", "31.12.2024")], &["`start_time` is \"31.12.2024\"", "`2024-01-31`"])
        .await;
    check(&[("column_types", "{")], &["`column_types`", "JSON"]).await;
    check(&[("window_rows", "many")], &["`window_rows` is \"many\"", "whole number"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_tokens_that_are_wrong() {
    check(&[("token", "wr0ng")], &["token"]).await;
    check(&[("database", "nope")], &["nope"]).await;
    check(&[("measurement", "cenus")], &["\"cenus\"", "did you mean \"census\"?"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_no_influxdb_3() {
    // Nothing listens there.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let check_test = async |hostname: &str, expected: &[&str]| {
        let mut stack = Stack::start("db", POINT).await;
        stack.set("hostname", hostname);
        let text = failed_test(&stack.connector, &stack.configuration).await;
        for part in expected {
            assert!(text.contains(part), "{hostname}\n  gives {text}\n  without {part}");
        }
    };
    check_test(&closed, &[&closed]).await;
    check_test("no-such-host.invalid:8181", &["no-such-host.invalid"]).await;
    // A web page, an InfluxDB 2, and a server with HTTP/1 only.
    let page = answers(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>",
    );
    check_test(&page, &["a web page, not as InfluxDB 3"]).await;
    let old = answers(
        "HTTP/1.1 204 No Content\r\nx-influxdb-version: v2.7.1\r\nx-influxdb-build: OSS\r\n\r\n",
    );
    check_test(&old, &["2.7.1"]).await;
    // The server does not have TLS. The reverse needs a certificate, and is a test of
    // `influx-flight`.
    let plain = Fake::new(Options::default()).spawn().await.unwrap();
    check_test(&plain.url().replace("http://", "https://"), &["does not speak TLS"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_tells_the_customer_by_a_task() {
    for (name, value, expected) in [
        ("token", "wr0ng", "token"),
        ("database", "nope", "nope"),
        ("measurement", "nope", "\"nope\""),
        ("lookback", "soon", "`lookback`"),
    ] {
        let mut stack = Stack::start("db", POINT).await;
        stack.good_sync().await;
        // The tester would ask for the schema first, which fails too. So call `Update` alone.
        stack.set(name, value);
        let responses = stack
            .connector
            .update(&stack.configuration, stack.project.state().unwrap())
            .await
            .unwrap();
        match responses.last() {
            Some(Operation::Task(task)) => assert!(task.message.contains(expected), "{task:?}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_another_version_is_told_by_a_task() {
    let mut stack = Stack::start("db", POINT).await;
    std::fs::write(stack.project.state_path(), r#"{"version":99}"#).unwrap();
    let report = stack.sync(SyncOptions::default()).await;
    assert_eq!(report.end, End::Task);
    insta::assert_snapshot!(report.tasks.join("\n"), @"The saved state of this connection cannot be used: it has version 99, and this connector knows none above 2. Run a full re-sync of the connection, which starts without a state; or go back to the version that wrote it.");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_influxdb_that_goes_away_is_unavailable() {
    let mut stack = Stack::start("db", POINT).await;
    stack.good_sync().await;
    let report = stack.connector.tester.check(&stack.configuration).await.unwrap();
    assert!(report.answer.iter().all(|test| test.verdict == Verdict::Passed));
    stack.influx.stop().await;
    let text = failed_test(&stack.connector, &stack.configuration).await;
    assert!(text.contains("127.0.0.1"), "{text}");
}

/// A server that answers every request with a text.
fn answers(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut request);
            let _ = stream.write_all(text.as_bytes());
        }
    });
    format!("http://{address}")
}
