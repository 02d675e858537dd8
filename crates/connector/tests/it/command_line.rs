//! The program, as people and as Fivetran start it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use snapbox::cmd::{Command as Run, cargo_bin};
use snapbox::str;

use crate::stack::{Stack, TOKEN};

const CENSUS: &str = include_str!("../../../../fixtures/census.lp");
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/configuration.json");

fn connector() -> Run {
    Run::new(cargo_bin!("connector"))
}

#[test]
fn help_reads_well() {
    connector().arg("--help").assert().success().stdout_eq(str![[r#"
Syncs InfluxDB 3 into any warehouse, through Fivetran

Usage: connector [OPTIONS]
       connector <COMMAND>

Commands:
  check     Run the setup tests, as "Save & Test" does
  discover  Print the tables that would be synced, with their columns, types and keys
  debug     Run a sync into a local warehouse: DIRECTORY/warehouse.db (SQLite) and DIRECTORY/state.json
  reset     Delete the local warehouse and its state
  help      Print this message or the help of the given subcommand(s)

Options:
      --port <PORT>  The port to serve Fivetran on, on IPv4 and IPv6; 0 chooses a free one [default: 50051]
  -h, --help         Print help
  -V, --version      Print version

Without a command, the connector serves Fivetran on --port until it is stopped.

"#]]);
    connector().args(["debug", "--help"]).assert().success().stdout_eq(str![[r#"
Run a sync into a local warehouse: DIRECTORY/warehouse.db (SQLite) and DIRECTORY/state.json

Usage: connector debug [OPTIONS] --configuration <FILE>

Options:
      --configuration <FILE>        A JSON file with the configuration, field by field, as Fivetran would send it
      --connector <HOST:PORT>       A connector that runs already, such as localhost:50051; by default one is started for this command
      --directory <DIRECTORY>       Where warehouse.db and state.json are kept [default: .]
      --rows <N>                    How many rows to show afterwards of each table that has got some [default: 5]
      --stop-after-rows <N>         Break off after so many rows, as a worker that is lost
      --stop-after-checkpoints <N>  Break off after so many checkpoints
      --report <FILE>               Write what happened to this file, as JSON
  -h, --help                        Print help

"#]]);
}

#[test]
fn the_examples_configuration_file_is_taken_as_it_is() {
    connector()
        .args(["check", "--configuration", EXAMPLE])
        .assert()
        .failure()
        .stdout_eq(str![[r#"
FAILED  Reach InfluxDB 3
        The configuration has a problem: `hostname` is refused: "<YOUR_INFLUXDB_HOST_URL>" is not an address of an InfluxDB: its host is not valid; write https://host[:port][/path], http://host[:port][/path], host:port or host.
FAILED  Use the token
FAILED  Open the database
FAILED  Find the measurements

"#]]);
}

#[test]
fn a_configuration_file_that_cannot_be_read_is_named() {
    connector().args(["check", "--configuration", "nowhere.json"]).assert().failure().stderr_eq(
        str![[r#"
error: cannot read the configuration file nowhere.json: No such file or directory (os error 2)

"#]],
    );
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("configuration.json");
    for (text, expected) in
        [("[]", "must hold a JSON object"), ("{", "is not JSON"), (r#"{"token":[]}"#, "`token`")]
    {
        fs::write(&file, text).unwrap();
        let output = connector().args(["check", "--configuration"]).arg(&file).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(expected), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_discover_debug_and_reset() {
    let stack = Stack::start("db", CENSUS).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("configuration.json");
    fs::write(&file, json!(stack.configuration).to_string()).unwrap();
    let run = async |arguments: &[&str]| {
        let command = connector().args(arguments).current_dir(directory.path());
        tokio::task::spawn_blocking(move || command.assert()).await.unwrap()
    };
    let configuration = ["--configuration", "configuration.json"];
    run(&[&["check"], &configuration[..]].concat()).await.success().stdout_eq(str![[r#"
passed  Reach InfluxDB 3
passed  Use the token
passed  Open the database
passed  Find the measurements

"#]]);
    run(&[&["discover"], &configuration[..]].concat()).await.success().stdout_eq(str![[r#"
 table   column      type          key
 census  _series_id  STRING        key
         _time_ns    LONG          key
         ants        LONG
         bees        LONG
         location    STRING
         time        UTC_DATETIME

"#]]);
    run(&[&["debug", "--rows", "0", "--report", "report.json"], &configuration[..]].concat())
        .await
        .success()
        .stdout_eq(str![[r#"
 table   rows sent  rows in the warehouse
 census          8                      8

The sync completed: 8 rows, [..] checkpoints, [..] s.

"#]]);
    let report: Value =
        serde_json::from_slice(&fs::read(directory.path().join("report.json")).unwrap()).unwrap();
    assert_eq!(
        (&report["rows"], &report["end"], &report["breaches"]),
        (&json!(8), &json!("completed"), &json!([]))
    );
    assert!(directory.path().join("state.json").exists());
    run(&["reset"]).await.success();
    assert!(
        !directory.path().join("state.json").exists()
            && !directory.path().join("warehouse.db").exists()
    );
}

#[test]
fn the_bare_form_serves_and_logs_as_fivetran_reads() {
    let mut child = Command::new(cargo_bin!("connector"))
        .args(["--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(
        (&line["level"], &line["message-origin"]),
        (&json!("INFO"), &json!("sdk_connector"))
    );
    assert!(line["context"]["port"].as_u64().is_some_and(|port| port > 0), "{line}");

    // SIGTERM ends it without an error, and every line of its output is in Fivetran's form.
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait().unwrap().success());
    for line in lines {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        assert!(["INFO", "WARNING", "SEVERE"].contains(&line["level"].as_str().unwrap()), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_in_nothing_that_the_program_says() {
    let stack = Stack::start("db", CENSUS).await;
    let directory = tempfile::tempdir().unwrap();
    let mut said = Vec::new();
    for (name, token) in [("right.json", TOKEN), ("wrong.json", "wr0ng-t0ken")] {
        let mut configuration = stack.configuration.clone();
        configuration.insert("token".to_owned(), token.to_owned());
        fs::write(directory.path().join(name), json!(configuration).to_string()).unwrap();
    }
    let mut serving = Command::new(cargo_bin!("connector"))
        .args(["--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(serving.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let address = format!("127.0.0.1:{}", first["context"]["port"]);
    for file in ["right.json", "wrong.json"] {
        for command in ["check", "discover", "debug"] {
            let run = connector()
                .args([command, "--configuration", file, "--connector", &address])
                .current_dir(directory.path());
            let output = tokio::task::spawn_blocking(move || run.output().unwrap()).await.unwrap();
            assert_eq!(output.status.success(), file == "right.json", "{command} {file}");
            said.extend([output.stdout, output.stderr].concat());
        }
    }
    Command::new("kill").arg(serving.id().to_string()).status().unwrap();
    let logs: Vec<_> = lines.map(Result::unwrap).collect();
    said.extend(logs.join("\n").into_bytes());
    said.extend(serving.wait_with_output().unwrap().stderr);
    let said = String::from_utf8(said).unwrap();
    assert!(logs.len() >= 8 && said.contains("Klamath"), "{said}");
    for token in [TOKEN, "wr0ng-t0ken"] {
        assert!(!said.contains(token), "{said}");
    }
}
