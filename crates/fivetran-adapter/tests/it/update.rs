//! Requests and messages of `Update`.

use std::collections::BTreeMap;

use fivetran_wire::update_response::Operation;
use fivetran_wire::{
    RecordType, SchemaSelection, TableSelection, TablesWithNoSchema, TablesWithSchema,
    UpdateRequest, schema_change, selection,
};
use sync_core::{Fault, Rules, Selection, SyncRequest};
use tonic::{Code, Status};

use crate::scripted::{Step, table};
use crate::server::{Server, configuration, request, soon};

/// All messages of a sync, one a line, and how it ended.
async fn said(
    steps: impl Into<Vec<Step>>,
    request: UpdateRequest,
) -> (Vec<String>, Result<(), Status>) {
    let server = Server::start(steps);
    let mut stream = server.client().await.update(request).await.unwrap();
    let mut lines = Vec::new();
    loop {
        match soon("a message", stream.message()).await {
            Ok(Some(message)) => lines.push(line(message.operation.unwrap())),
            Ok(None) => return (lines, Ok(())),
            Err(status) => return (lines, Err(status)),
        }
    }
}

fn line(operation: Operation) -> String {
    match operation {
        Operation::Record(_) => "a single record".to_owned(),
        Operation::SchemaChange(change) => match change.change.unwrap() {
            schema_change::Change::WithoutSchema(list) => format!("{} tables", list.tables.len()),
            schema_change::Change::WithSchema(list) => format!("{} schemas", list.schemas.len()),
        },
        Operation::Checkpoint(checkpoint) => format!("checkpoint {}", checkpoint.state_json),
        Operation::Warning(warning) => format!("warning {}", warning.message),
        Operation::Task(task) => format!("task {}", task.message),
        Operation::Records(records) => {
            let first = &records.records[0];
            assert!(records.records.iter().all(|record| record.table_name == "points"));
            match first.r#type() {
                RecordType::Truncate => {
                    assert!(first.data.is_empty());
                    format!("truncate {}", first.table_name)
                }
                RecordType::Upsert => format!("{} upserts", records.records.len()),
                other => format!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_sync_says_everything_in_order() {
    let steps = [
        Step::Truncate(table()),
        Step::SchemaChange(vec![]),
        Step::SchemaChange(vec![table()]),
        Step::Rows(101),
        Step::Warn("half of it is there"),
        Step::Checkpoint("{\"rows\":101}"),
        Step::Rows(0),
        Step::BigRow(300_000),
        Step::Rows(200),
        Step::Checkpoint("{\"rows\":302}"),
    ];
    let (lines, end) = said(steps, request()).await;
    end.unwrap();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    truncate points
    1 tables
    100 upserts
    1 upserts
    warning half of it is there
    checkpoint {"rows":101}
    1 upserts
    100 upserts
    100 upserts
    checkpoint {"rows":302}
    "#);
}

#[tokio::test]
async fn a_failure_is_a_task_or_a_status() {
    let (lines, end) = said([Step::Rows(1), Step::Fail(Fault::Setup)], request()).await;
    end.unwrap();
    assert_eq!(lines, ["1 upserts", "task The token was refused. Paste another."]);

    let check = async |step, code, text| {
        let (lines, end) = said([Step::Checkpoint("{}"), step], request()).await;
        assert_eq!(lines, ["checkpoint {}"]);
        let status = end.unwrap_err();
        assert_eq!((status.code(), status.message()), (code, text));
    };
    check(Step::Fail(Fault::Transient), Code::Unavailable, "The server is away.").await;
    check(Step::Fail(Fault::Bug), Code::Internal, "A wheel came off.").await;
    check(Step::Panic, Code::Internal, "The connector failed inside (a panic).").await;
}

#[tokio::test]
async fn a_wrong_configuration_is_a_task_and_nothing_else() {
    let wrong = UpdateRequest { configuration: BTreeMap::new(), ..request() };
    let (lines, end) = said([Step::Rows(1)], wrong).await;
    end.unwrap();
    insta::assert_snapshot!(lines.join("\n"), @r#"task The configuration has a problem: `token` is required and was left empty; fill it in."#);
}

#[tokio::test]
async fn warnings_about_the_configuration_come_first() {
    let odd = UpdateRequest { configuration: configuration(&[("lookbak", "1h")]), ..request() };
    let (lines, end) = said([Step::Rows(1)], odd).await;
    end.unwrap();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    warning The configuration key "lookbak" is unknown and ignored; did you mean `lookback`?
    1 upserts
    "#);
}

/// The request that the source gets.
async fn asked(request: UpdateRequest) -> SyncRequest {
    let server = Server::start([]);
    let mut stream = server.client().await.update(request).await.unwrap();
    assert_eq!(soon("the end", stream.message()).await.unwrap(), None);
    let mut requests = server.probe.requests.lock().unwrap();
    requests.pop().unwrap()
}

#[tokio::test]
async fn state_is_the_text_of_the_last_checkpoint() {
    let check = async |state: Option<&str>, expect: Option<&str>| {
        let state_json = state.map(str::to_owned);
        let asked = asked(UpdateRequest { state_json, ..request() }).await;
        assert_eq!(asked.state.as_deref(), expect);
    };
    check(None, None).await;
    check(Some(""), None).await;
    check(Some(" \n"), None).await;
    check(Some("{}"), Some("{}")).await;
    check(Some("{\"a\": 1}"), Some("{\"a\": 1}")).await;
}

fn rules<T>(
    include_new: bool,
    listed: impl IntoIterator<Item = (&'static str, Option<T>)>,
) -> Rules<T> {
    Rules {
        listed: listed.into_iter().map(|(name, rules)| (name.to_owned(), rules)).collect(),
        unlisted: include_new.into(),
    }
}

fn tables() -> Vec<TableSelection> {
    let columns = BTreeMap::from([("id".to_owned(), true), ("text".to_owned(), false)]);
    vec![
        TableSelection {
            included: true,
            table_name: "points".to_owned(),
            columns,
            include_new_columns: true,
        },
        TableSelection { table_name: "secrets".to_owned(), ..TableSelection::default() },
    ]
}

fn table_rules(include_new: bool) -> sync_core::TableRules {
    let columns = rules(true, [("id", Some(())), ("text", None)]);
    rules(include_new, [("points", Some(columns)), ("secrets", None)])
}

async fn check_selection(selected: Option<selection::Selection>, expect: Selection) {
    let selection = Some(fivetran_wire::Selection { selection: selected });
    assert_eq!(asked(UpdateRequest { selection, ..request() }).await.selection, expect);
}

#[tokio::test]
async fn a_selection_comes_in_two_shapes() {
    assert_eq!(asked(request()).await.selection, Selection::Everything);
    check_selection(None, Selection::Everything).await;

    for include_new_tables in [false, true] {
        let shape = TablesWithNoSchema { tables: tables(), include_new_tables };
        check_selection(
            Some(selection::Selection::WithoutSchema(shape)),
            Selection::Tables(table_rules(include_new_tables)),
        )
        .await;
    }

    let schema = |included, schema_name: &str, tables| SchemaSelection {
        included,
        schema_name: schema_name.to_owned(),
        tables,
        include_new_tables: true,
    };
    let shape = TablesWithSchema {
        schemas: vec![schema(true, "east", tables()), schema(false, "west", vec![])],
        include_new_schemas: false,
    };
    check_selection(
        Some(selection::Selection::WithSchema(shape)),
        Selection::Schemas(rules(false, [("east", Some(table_rules(true))), ("west", None)])),
    )
    .await;
}
