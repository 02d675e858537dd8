//! Interrupted and failed syncs, and the state that the next sync starts from.

use std::fs;

use fivetran_tester::{End, Error, Stop, SyncOptions, Trailing};
use tonic::{Code, Status};

use crate::scripted::{Stage, Sync, Then, lines};
use crate::wire::{batch, checkpoint, cpu, load, one, schema, truncate};

fn two_checkpoints() -> Sync {
    Sync::of([
        batch([load("a", 1.0), load("b", 1.0)]),
        checkpoint(r#"{"n":1}"#),
        batch([load("c", 1.0), load("d", 1.0)]),
        checkpoint(r#"{"n":2}"#),
    ])
}

fn stop(stop: Stop, trailing: Trailing) -> SyncOptions {
    SyncOptions { stop, trailing, ..SyncOptions::default() }
}

#[tokio::test]
async fn a_stop_after_rows_is_exact_and_keeps_the_older_state() {
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints(), two_checkpoints()]).await;
    let report = stage.sync_with(stop(Stop::AfterRows(3), Trailing::Keep)).await;
    assert_eq!(report.end, End::Stopped);
    assert_eq!((report.checkpoints, report.after_last_checkpoint), (1, 1));
    assert_eq!(stage.rows("cpu"), "a | 1\nb | 1\nc | 1");
    assert_eq!(stage.state().as_deref(), Some(r#"{"n":1}"#));
    // If the stop cuts rows off from their checkpoint, the connector has broken no rule.
    assert_eq!(lines(&report), "");

    stage.sync().await;
    assert_eq!(stage.last_request().state_json.as_deref(), Some(r#"{"n":1}"#));
    assert_eq!(stage.rows("cpu"), "a | 1\nb | 1\nc | 1\nd | 1");
}

#[tokio::test]
async fn trailing_rows_can_be_lost() {
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints()]).await;
    stage.sync_with(stop(Stop::AfterRows(3), Trailing::RollBack)).await;
    assert_eq!(stage.rows("cpu"), "a | 1\nb | 1");
    assert_eq!(stage.state().as_deref(), Some(r#"{"n":1}"#));
}

#[tokio::test]
async fn a_checkpoint_that_is_refused_vouches_for_nothing() {
    let sync = || {
        Sync::of([
            one(load("a", 1.0)),
            checkpoint(r#"{"n":1}"#),
            one(load("b", 1.0)),
            checkpoint("[2]"),
        ])
    };
    for (trailing, rows) in [(Trailing::RollBack, "a | 1"), (Trailing::Keep, "a | 1\nb | 1")] {
        let mut stage = Stage::syncs(schema([cpu()]), [sync()]).await;
        let report = stage.sync_with(stop(Stop::Never, trailing)).await;
        assert_eq!((report.checkpoints, report.after_last_checkpoint), (1, 1));
        assert_eq!(stage.rows("cpu"), rows);
        assert_eq!(stage.state().as_deref(), Some(r#"{"n":1}"#));
        let said = lines(&report);
        assert!(said.contains("a checkpoint's state is not a JSON object"), "{said}");
        assert!(said.contains("records come after the last checkpoint"), "{said}");
    }
}

#[tokio::test]
async fn a_stop_after_checkpoints_takes_no_row_more() {
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints()]).await;
    let report = stage.sync_with(stop(Stop::AfterCheckpoints(1), Trailing::Keep)).await;
    assert_eq!(report.end, End::Stopped);
    assert_eq!(report.after_last_checkpoint, 0);
    assert_eq!(stage.rows("cpu"), "a | 1\nb | 1");
}

#[tokio::test]
async fn a_stop_after_messages_counts_them_all_and_takes_each_whole() {
    for (messages, rows, checkpoints) in [
        (0, "", 0),
        (1, "a | 1\nb | 1", 0),
        (2, "a | 1\nb | 1", 1),
        (3, "a | 1\nb | 1\nc | 1\nd | 1", 1),
    ] {
        let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints()]).await;
        let report = stage.sync_with(stop(Stop::AfterMessages(messages), Trailing::Keep)).await;
        assert_eq!((report.end, report.checkpoints), (End::Stopped, checkpoints), "{messages}");
        assert_eq!(stage.rows("cpu"), rows, "{messages}");
    }
    // With one more than there are, the stream completes.
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints()]).await;
    let report = stage.sync_with(stop(Stop::AfterMessages(5), Trailing::Keep)).await;
    assert_eq!(report.end, End::Completed);
}

#[tokio::test]
async fn truncates_are_no_rows() {
    let sync = Sync::of([batch([truncate("cpu"), load("a", 1.0), load("b", 1.0)])]);
    let mut stage = Stage::syncs(schema([cpu()]), [sync]).await;
    let report = stage.sync_with(stop(Stop::AfterRows(1), Trailing::Keep)).await;
    assert_eq!(stage.rows("cpu"), "a | 1");
    assert_eq!(report.tables[&"cpu".into()].truncates, 1);
}

#[tokio::test]
async fn a_silent_connector_is_left_when_there_is_enough() {
    let sync = two_checkpoints().then(Then::Silence);
    let mut stage = Stage::syncs(schema([cpu()]), [sync]).await;
    let report = stage.sync_with(stop(Stop::AfterCheckpoints(2), Trailing::Keep)).await;
    assert_eq!(report.end, End::Stopped);
    assert_eq!(report.checkpoints, 2);
}

#[tokio::test]
async fn a_status_ends_a_sync_at_its_last_checkpoint() {
    let sync = Sync::of([one(load("a", 1.0)), checkpoint(r#"{"n":1}"#), one(load("b", 1.0))])
        .then(Then::Fail(Status::unavailable("the source is gone")));
    let mut stage = Stage::syncs(schema([cpu()]), [sync]).await;
    let report = stage.sync().await;
    let message = "the source is gone".to_owned();
    assert_eq!(report.end, End::Status { code: Code::Unavailable, message });
    assert_eq!(report.after_last_checkpoint, 1);
    assert_eq!(lines(&report), "");
    assert_eq!(stage.state().as_deref(), Some(r#"{"n":1}"#));
}

#[tokio::test]
async fn a_refusal_is_an_end_too() {
    let sync = Sync::default().then(Then::Refuse(Status::invalid_argument("no such table")));
    let mut stage = Stage::syncs(schema([cpu()]), [sync]).await;
    let report = stage.sync().await;
    insta::assert_snapshot!(report.end, @"failed with InvalidArgument: no such table");
    assert_eq!(stage.state(), None);
    assert_eq!(stage.rows("cpu"), "");
}

#[tokio::test]
async fn the_state_is_written_after_the_commit() {
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints()]).await;
    let path = stage.project.warehouse_path();
    let state = stage.project.state_path();
    // Open a reader at each checkpoint: it has to see all rows that the state claims.
    let observer = move |event: fivetran_tester::Event<'_>| {
        if let fivetran_tester::Event::Checkpoint { number, rows } = event {
            assert_eq!(fs::read_to_string(&state).unwrap(), format!(r#"{{"n":{number}}}"#));
            let warehouse = fivetran_tester::Warehouse::open(&path).unwrap();
            assert_eq!(warehouse.live_rows("cpu").unwrap(), rows);
        }
    };
    let report = stage
        .tester
        .sync(&mut stage.project, &Default::default(), SyncOptions::default(), observer)
        .await
        .unwrap();
    assert_eq!(report.checkpoints, 2);
}

#[tokio::test]
async fn rows_are_committed_before_the_state_is_tried() {
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints()]).await;
    let state = stage.project.state_path();
    // A directory with something in it cannot be replaced by a file.
    let observer = move |event: fivetran_tester::Event<'_>| {
        if let fivetran_tester::Event::Records { .. } = event {
            fs::create_dir_all(state.join("in the way")).unwrap();
        }
    };
    let error = stage
        .tester
        .sync(&mut stage.project, &Default::default(), SyncOptions::default(), observer)
        .await
        .unwrap_err();
    assert!(error.to_string().starts_with("cannot write "), "{error}");
    assert_eq!(stage.rows("cpu"), "a | 1\nb | 1");
}

#[tokio::test]
async fn a_second_writer_is_told_to_wait() {
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints(), two_checkpoints()]).await;
    stage.sync().await;
    let other = rusqlite::Connection::open(stage.project.warehouse_path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = stage.try_sync(SyncOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::WarehouseInUse), "{error:?}");
}

#[tokio::test]
async fn no_state_is_written_where_no_warehouse_can_be() {
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints()]).await;
    fs::write(stage.project.warehouse_path(), "not a database, but long enough to look").unwrap();
    let error = stage.try_sync(SyncOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::Warehouse { .. }), "{error:?}");
    assert_eq!(stage.state(), None);
}

#[tokio::test]
async fn the_state_is_replaced_whole_and_nothing_else_is_left() {
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints()]).await;
    fs::write(stage.project.state_path(), "an older and much longer state than what comes")
        .unwrap();
    stage.sync().await;
    assert_eq!(
        stage.last_request().state_json.as_deref(),
        Some("an older and much longer state than what comes")
    );
    assert_eq!(stage.state().as_deref(), Some(r#"{"n":2}"#));
    let mut files: Vec<_> = fs::read_dir(stage.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["state.json", "warehouse.db"]);
}

#[tokio::test]
async fn a_reset_removes_both() {
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints()]).await;
    stage.sync().await;
    stage.project.reset().unwrap();
    assert_eq!(fs::read_dir(stage.directory.path()).unwrap().count(), 0);
    assert!(matches!(stage.project.warehouse(), Err(Error::NoWarehouse { .. })));
    stage.project.reset().unwrap();
}

#[tokio::test]
async fn a_state_that_is_no_text_is_named() {
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints()]).await;
    fs::write(stage.project.state_path(), [0xff, 0xfe]).unwrap();
    let error = stage.try_sync(SyncOptions::default()).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot read "), "{error}");
    assert!(error.to_string().ends_with("state.json"), "{error}");
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let mut stage = Stage::syncs(schema([cpu()]), [two_checkpoints()]).await;
    let other = rusqlite::Connection::open(stage.project.warehouse_path()).unwrap();
    other.execute_batch("CREATE TABLE mine (a)").unwrap();
    let error = stage.try_sync(SyncOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::ForeignWarehouse { .. }), "{error:?}");
    assert!(matches!(stage.project.warehouse(), Err(Error::ForeignWarehouse { .. })));
}
