//! The data directory: acknowledged points and the admin token survive the process, and nothing
//! else does.

use std::fs;
use std::path::Path;

use influx_fake::{Fake, Options};
use serde_json::Value;

use crate::client::{Served, connect, http, request, serve};

const WRITE: &str = "/api/v3/write_lp?db=db&precision=nanosecond";
const ADMIN: &str = "/api/v3/configure/token/admin";

async fn serve_from(directory: &Path) -> Served {
    let fake = Fake::new(Options::default());
    fake.keep_in(directory).unwrap();
    let running = fake.spawn().await.unwrap();
    let flight = connect(&running.url()).await;
    Served { fake, running, flight }
}

#[tokio::test]
async fn points_survive_in_the_order_in_which_they_were_written() {
    let directory = tempfile::tempdir().unwrap();
    let first = serve_from(directory.path()).await;
    for lines in ["m,host=a v=1i 1\nm,host=b v=2i 1", "m,host=a v=3i 1", "# nothing"] {
        assert_eq!(first.http("POST", WRITE, lines).await.0, 204);
    }
    // In seconds, and of two lines one that is refused.
    let path = "/api/v3/write_lp?db=db&precision=second";
    assert_eq!(first.http("POST", path, "m,host=c v=4i 2\nm,host=c v=true 3").await.0, 400);
    let sql = "SELECT host, v, CAST(time AS BIGINT) AS t FROM m ORDER BY host";
    drop(first);

    let mut second = serve_from(directory.path()).await;
    insta::assert_snapshot!(second.rows(sql).await.table(), @"
    +------+---+------------+
    | host | v | t          |
    +------+---+------------+
    | a    | 3 | 1          |
    | b    | 2 | 1          |
    | c    | 4 | 2000000000 |
    +------+---+------------+
    ");
    assert_eq!(second.http("POST", WRITE, "m,host=d v=5i 3").await.0, 204);
    drop(second);
    assert_eq!(serve_from(directory.path()).await.rows(sql).await.rows(), 4);
}

#[tokio::test]
async fn a_line_that_was_cut_off_is_dropped_and_another_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let first = serve_from(directory.path()).await;
    first.http("POST", WRITE, "m v=1i 1").await;
    first.http("POST", WRITE, "m v=2i 2").await;
    drop(first);
    let journal = directory.path().join("journal.jsonl");
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, &whole[..whole.len() - 5]).unwrap();
    let mut second = serve_from(directory.path()).await;
    assert_eq!(second.rows("SELECT * FROM m").await.rows(), 1);
    second.http("POST", WRITE, "m v=3i 3").await;
    drop(second);
    assert_eq!(serve_from(directory.path()).await.rows("SELECT * FROM m").await.rows(), 2);

    fs::write(&journal, [b"{}\n", whole.as_slice()].concat()).unwrap();
    let error = Fake::new(Options::default()).keep_in(directory.path()).unwrap_err().to_string();
    assert!(error.contains("journal.jsonl, line 1"), "{error}");
}

/// Asks for a token, with one.
async fn ask(served: &Served, path: &str, token: Option<&str>) -> (u16, Value) {
    let mut asked = request("POST", path, "");
    if let Some(token) = token {
        asked.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let (status, body) = http(&served.running.url(), asked).await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn the_admin_token_is_made_once_and_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve_from(directory.path()).await;
    let (status, made) = ask(&served, ADMIN, None).await;
    assert_eq!(status, 201);
    let first = made["token"].as_str().unwrap();
    assert_eq!(served.http("GET", "/ping", "").await.0, 401);
    assert_eq!(ask(&served, ADMIN, None).await.0, 409);
    let regenerate = format!("{ADMIN}/regenerate");
    assert_eq!(ask(&served, &regenerate, None).await.0, 401);
    let (status, made) = ask(&served, &regenerate, Some(first)).await;
    assert_eq!(status, 201);
    let second = made["token"].as_str().unwrap();
    drop(served);

    // The next process knows the second by its hash, and the first no more.
    let served = serve_from(directory.path()).await;
    assert_eq!(ask(&served, &regenerate, Some(first)).await.0, 401);
    let kept = fs::read_to_string(directory.path().join("journal.jsonl")).unwrap();
    assert!(!kept.contains(first) && !kept.contains(second));
    assert_eq!(ask(&served, &regenerate, Some(second)).await.0, 201);
}

#[tokio::test]
async fn without_a_token_there_is_none_to_replace() {
    let served = serve(Options::default()).await;
    assert_eq!(ask(&served, &format!("{ADMIN}/regenerate"), None).await.0, 404);
}
