//! The program: what it does with its arguments, and how it ends.

use std::process::Output;

use fivetran_wire::selection::Selection;
use serde_json::Value;
use tokio::process::Command;

use crate::scripted::{Stage, Sync};
use crate::wire::{batch, checkpoint, cpu, load, schema};

fn two_rows() -> Sync {
    Sync::of([batch([load("a", 1.0), load("b", 2.0)]), checkpoint(r#"{"n":1}"#)])
}

async fn run(stage: &Stage, options: &[&str]) -> Output {
    let directory = stage.directory.path();
    std::fs::write(directory.join("configuration.json"), r#"{"hostname": "h", "n": 5}"#).unwrap();
    Command::new(env!("CARGO_BIN_EXE_fivetran-tester"))
        .current_dir(directory)
        .args(["--connector", &stage.address, "--configuration", "configuration.json"])
        .args(["--report", "report.json"])
        .args(options)
        .output()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_sync_lands_and_is_reported() {
    let stage = Stage::syncs(schema([cpu()]), [two_rows()]).await;
    let output = run(&stage, &[]).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(stage.rows("cpu"), "a | 1\nb | 2");
    assert_eq!(stage.last_request().configuration["n"], "5");
    let report = std::fs::read(stage.directory.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!((&report["rows"], &report["end"]), (&2.into(), &"completed".into()));
}

#[tokio::test]
async fn it_breaks_off_selects_and_forgets_as_it_is_told() {
    let stage = Stage::syncs(schema([cpu()]), [two_rows(), two_rows()]).await;
    run(&stage, &["--stop-after-rows", "1", "--roll-back"]).await;
    assert_eq!(stage.rows("cpu"), "");
    run(&stage, &["--without-column", "cpu.load", "--resync"]).await;
    let request = stage.last_request();
    assert_eq!(request.state_json, None);
    let Some(Selection::WithoutSchema(selected)) = request.selection.unwrap().selection else {
        panic!("a selection without schemas was due")
    };
    assert!(!selected.tables[0].columns["load"]);
}

#[tokio::test]
async fn a_first_state_is_empty_or_absent_as_it_is_told() {
    let stage = Stage::syncs(schema([cpu()]), [two_rows(), two_rows(), two_rows()]).await;
    run(&stage, &["--first-state-object"]).await;
    assert_eq!(stage.last_request().state_json.as_deref(), Some("{}"));
    // There is a state now.
    run(&stage, &["--first-state-object"]).await;
    assert_eq!(stage.last_request().state_json.as_deref(), Some(r#"{"n":1}"#));
    run(&stage, &["--first-state-object", "--resync"]).await;
    assert_eq!(stage.last_request().state_json.as_deref(), Some("{}"));
}

#[tokio::test]
async fn it_says_what_it_cannot_do() {
    let stage = Stage::syncs(schema([cpu()]), []).await;
    let says = |output: Output| String::from_utf8(output.stderr).unwrap();
    let said = says(run(&stage, &["--without-column", "cpu"]).await);
    assert!(said.contains("write the table before the column"), "{said}");
    let said = says(run(&stage, &["--without-table", "gpu"]).await);
    assert!(said.contains("the schema has no table `gpu`"), "{said}");
}
