//! The program: what it prints, loads and refuses, and how it ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::client::{connect, do_get, ticket};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_influx-fake"));
    command.env_remove("INFLUX_FAKE_TOKEN").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name);
    path.to_str().unwrap().to_owned()
}

/// Ended with the test, however it goes.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where it says that it listens.
fn url(child: &mut Guard) -> String {
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("influx-fake listens on ");
    url.unwrap_or_else(|| panic!("{line:?}")).to_owned()
}

#[tokio::test]
async fn it_serves_what_it_loads_until_it_is_told_to_end() {
    let loads = [format!("census={}", fixture("census.lp")), fixture("home.lp")];
    let mut command = program();
    command.args(["--bind", "127.0.0.1:0", "--token", "secret", "--database", "house"]);
    command.args(loads.iter().flat_map(|load| ["--load", load]));
    let mut child = Guard(command.spawn().unwrap());

    let mut flight = connect(&url(&mut child)).await;
    for (database, table, rows) in [("census", "census", 8), ("house", "home", 14)] {
        let ticket = ticket(database, &format!("SELECT * FROM {table}"));
        assert_eq!(do_get(&mut flight, &ticket, Some("Bearer secret")).await.unwrap().rows(), rows);
    }
    assert!(do_get(&mut flight, &ticket("house", "SELECT 1"), None).await.is_err());

    let id = child.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    // Not on this thread: the client's half of the goodbye runs on it.
    let ended = tokio::task::spawn_blocking(move || child.0.wait().unwrap()).await.unwrap();
    assert!(ended.success());
}

#[tokio::test]
async fn it_takes_snapshots_if_it_is_told_to() {
    let mut command = program();
    command.args(["--bind", "127.0.0.1:0", "--load", &fixture("home.lp"), "--snapshot-every", "1"]);
    let mut child = Guard(command.spawn().unwrap());
    let mut flight = connect(&url(&mut child)).await;
    let listing = ticket("demo", "SELECT * FROM system.parquet_files WHERE table_name = 'home'");
    // The first is taken before anybody is answered: seven hours, each in a file of its own.
    assert_eq!(do_get(&mut flight, &listing, None).await.unwrap().rows(), 7);
}

#[tokio::test]
async fn it_answers_either_value_if_it_is_told_to() {
    let points = tempfile::NamedTempFile::new().unwrap();
    let lines = |value: i64| (0..100).map(move |time| format!("m v={value}i {time}\n"));
    let text: String = lines(1).chain(lines(2)).collect();
    std::fs::write(points.path(), text).unwrap();
    let mut command = program();
    command.args(["--bind", "127.0.0.1:0", "--either-value", "7"]);
    command.arg("--load").arg(points.path());
    let mut child = Guard(command.spawn().unwrap());
    let mut flight = connect(&url(&mut child)).await;
    let older = ticket("demo", "SELECT v FROM m WHERE v = 1");
    assert!((1..100).contains(&do_get(&mut flight, &older, None).await.unwrap().rows()));
}

#[tokio::test]
async fn it_says_the_release_that_it_is_told_to() {
    let mut command = program();
    command.args(["--bind", "127.0.0.1:0", "--release", "3.11.4", "--either-value", "7"]);
    let points = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(points.path(), "m v=1i 1\nm v=2i 1").unwrap();
    command.arg("--load").arg(points.path());
    let mut child = Guard(command.spawn().unwrap());
    let mut flight = connect(&url(&mut child)).await;
    // A release that answers with the last value alone, whatever else it is told.
    let last = ticket("demo", "SELECT v FROM m WHERE v = 2");
    assert_eq!(do_get(&mut flight, &last, None).await.unwrap().rows(), 1);
}

fn fails(arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = program().args(arguments).output().unwrap();
    assert!(!status.success());
    String::from_utf8(stderr).unwrap()
}

#[test]
fn it_says_what_it_cannot_do() {
    let missing = fails(&["--bind", "127.0.0.1:0", "--load", "no-such-file.lp"]);
    assert!(missing.contains("cannot read no-such-file.lp"), "{missing}");
    let wrong = fails(&[
        "--bind",
        "127.0.0.1:0",
        "--load",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]);
    assert!(wrong.contains("cannot load") && wrong.contains("line 1"), "{wrong}");
    let half = fails(&["--tls-cert", "cert.pem"]);
    assert!(half.contains("--tls-key"), "{half}");
}
