//! Selections with and without schemas: how they are built, sent, and checked against records.

use fivetran_tester::{Error, SelectionBuilder, SyncOptions, TableName};
use fivetran_wire::value_type::Inner;
use fivetran_wire::{DataType, SchemaResponse, Selection, UpdateResponse, selection};
use insta::assert_snapshot;

use crate::scripted::{Stage, Sync, lines};
use crate::wire::{
    checkpoint, column, cpu, in_schema, key, load, one, schema, schema_change, table, text, upsert,
    with_schemas,
};

async fn sync(
    schema: SchemaResponse,
    selection: Option<Selection>,
    messages: impl Into<Vec<UpdateResponse>>,
) -> (Stage, String) {
    let mut stage = Stage::syncs(schema, [Sync::of(messages)]).await;
    let options = SyncOptions { selection: selection.clone(), ..SyncOptions::default() };
    let report = stage.sync_with(options).await;
    assert_eq!(stage.last_request().selection, selection);
    let broken = lines(&report);
    (stage, broken)
}

fn two_tables() -> SchemaResponse {
    schema([cpu(), table("disk", [key("id", DataType::Int)])])
}

#[tokio::test]
async fn an_excluded_table_is_neither_made_nor_sent() {
    let selection = SelectionBuilder::new(&two_tables()).only_table("disk").unwrap().build();
    let (stage, broken) = sync(two_tables(), selection.clone(), [checkpoint("{}")]).await;
    assert_eq!(broken, "");
    assert_eq!(stage.project.warehouse().unwrap().tables().len(), 1);

    let rows = [one(load("a", 1.0)), checkpoint("{}")];
    let (_, broken) = sync(two_tables(), selection, rows).await;
    assert_snapshot!(broken, @"table `cpu`: a record's table is excluded by the selection");
}

#[tokio::test]
async fn an_excluded_column_is_not_sent() {
    let builder = SelectionBuilder::new(&two_tables());
    let selection = builder.without_column("cpu", "load").unwrap().build();
    let host_only = one(upsert("cpu", [("host", text("a"))]));
    let (stage, broken) =
        sync(two_tables(), selection.clone(), [host_only, checkpoint("{}")]).await;
    assert_eq!(broken, "");
    assert_eq!(stage.rows("cpu"), "a");

    let rows = [one(load("a", 1.0)), checkpoint("{}")];
    let (_, broken) = sync(two_tables(), selection, rows).await;
    assert_snapshot!(broken, @"column `load` of table `cpu`: a value's column is excluded by the selection");
}

#[tokio::test]
async fn an_excluded_key_is_sent_all_the_same() {
    let builder = SelectionBuilder::new(&two_tables());
    let selection = builder.without_column("cpu", "host").unwrap().build();
    let (_, broken) = sync(two_tables(), selection, [one(load("a", 1.0)), checkpoint("{}")]).await;
    assert_eq!(broken, "");
}

#[tokio::test]
async fn new_tables_are_excluded_where_new_ones_are() {
    let selection = SelectionBuilder::new(&two_tables()).without_new().build();
    let row = one(upsert("new", [("id", Inner::Int(1))]));
    let (_, broken) = sync(two_tables(), selection, [row, checkpoint("{}")]).await;
    assert_snapshot!(broken, @"
    table `new`: a record's table is not declared
    table `new`: a record's table is excluded by the selection
    ");
}

#[tokio::test]
async fn schemas_are_selected_table_by_table() {
    let schemas = || with_schemas(&[("one", &[cpu()]), ("two", &[cpu()])]);
    let builder = SelectionBuilder::new(&schemas());
    let selection = builder.without_table(TableName::in_schema("two", "cpu")).unwrap().build();
    let rows = [
        one(in_schema("one", load("a", 1.0))),
        one(in_schema("two", load("a", 1.0))),
        checkpoint("{}"),
    ];
    let (_, broken) = sync(schemas(), selection, rows).await;
    assert_snapshot!(broken, @"table `two.cpu`: a record's table is excluded by the selection");
}

#[tokio::test]
async fn a_schema_that_is_left_out_takes_its_tables_along() {
    let schemas = || with_schemas(&[("one", &[cpu()])]);
    let mut selection = SelectionBuilder::new(&schemas()).without_new().build();
    if let Some(Selection { selection: Some(selection::Selection::WithSchema(all)) }) =
        &mut selection
    {
        all.schemas[0].included = false;
    }
    let rows = [
        one(in_schema("one", load("a", 1.0))),
        one(in_schema("new", load("a", 1.0))),
        checkpoint("{}"),
    ];
    let (_, broken) = sync(schemas(), selection, rows).await;
    assert_snapshot!(broken, @"
    table `new.cpu`: a record's table is not declared
    table `new.cpu`: a record's table is excluded by the selection
    table `one.cpu`: a record's table is excluded by the selection
    ");
}

#[tokio::test]
async fn names_merge_only_where_both_are_let_in() {
    let dotted = || table("cpu.load", ["id", "a.b", "a-b"].map(|name| column(name, DataType::Int)));
    let dashed =
        || table("cpu-load", [key("id", DataType::Int), column("at", DataType::NaiveTime)]);
    let all = || schema([dotted(), dashed()]);
    let builder = SelectionBuilder::new(&all());
    let (_, broken) = sync(all(), builder.clone().build(), [checkpoint("{}")]).await;
    assert_snapshot!(broken, @"
    column `at` of table `cpu-load`: a column is NAIVE_TIME, which is not for sources
    table `cpu-load`: two tables get one name in the warehouse: `cpu.load` and `cpu-load` become `cpu_load`
    column `a-b` of table `cpu.load`: two columns get one name in the warehouse: `a.b` and `a-b` become `a_b`
    ");

    // Excluding either of the two resolves the collision. Types of excluded columns are still
    // checked.
    let selection = builder.clone().without_table("cpu-load").unwrap();
    let selection = selection.without_column("cpu.load", "a.b").unwrap().build();
    let (_, broken) = sync(all(), selection, [checkpoint("{}")]).await;
    assert_snapshot!(broken, @"column `at` of table `cpu-load`: a column is NAIVE_TIME, which is not for sources");
    let selection = builder.without_table("cpu.load").unwrap().without_new().build();
    let late = [schema_change([table("cpu load", [])]), checkpoint("{}")];
    let (_, broken) = sync(all(), selection, late).await;
    assert_snapshot!(broken, @"column `at` of table `cpu-load`: a column is NAIVE_TIME, which is not for sources");
}

#[test]
fn names_that_the_schema_does_not_list_are_named() {
    let builder = SelectionBuilder::new(&two_tables());
    let error = builder.clone().without_table("cpu2").unwrap_err();
    assert!(matches!(error, Error::NotInSchema { .. }));
    assert_snapshot!(error, @"the schema has no table `cpu2`; see the schema's answer for its names");
    let error = builder.without_column("cpu", "temp").unwrap_err();
    assert_snapshot!(error, @"the schema has no column `temp` in table `cpu`; see the schema's answer for its names");
}
