//! Rules of batches, checkpoints, tasks and tables: one short case for each.

use std::time::Duration;

use fivetran_wire::update_response::Operation;
use fivetran_wire::value_type::Inner;
use fivetran_wire::{
    DataType, Record, SchemaChange, SchemaResponse, UpdateResponse, limit, schema_change,
};
use insta::assert_snapshot;

use crate::scripted::{Stage, Sync, breaches, lines, ticking};
use crate::wire::{
    batch, checkpoint, column, cpu, in_schema, key, load, message, one, schema, schema_change,
    schema_list, table, task, text, truncate, upsert, warning, with_schemas,
};

#[tokio::test]
async fn a_batch_of_100_is_the_largest() {
    let rows = |count: usize| batch(vec![load("a", 1.0); count]);
    assert_eq!(breaches(schema([cpu()]), [rows(100), checkpoint("{}")]).await, "");
    assert_snapshot!(breaches(schema([cpu()]), [rows(101), rows(150), checkpoint("{}")]).await,
        @"the connector: a batch holds more than 100 records, 2 times; first: 101 records");
}

#[tokio::test]
async fn a_message_above_128_mib_is_refused() {
    let sync = Sync::of([checkpoint(r#"{"n":1}"#), warning(&"x".repeat(limit::MESSAGE_BYTES))]);
    let mut stage = Stage::syncs(schema([cpu()]), [sync]).await;
    let report = stage.sync().await;
    assert_eq!(report.breaches.len(), 1, "{report}");
    assert_eq!(report.breaches[0].rule, fivetran_tester::Rule::MessageTooLarge);
    assert_eq!(stage.state().as_deref(), Some(r#"{"n":1}"#));
}

#[tokio::test]
async fn a_message_says_something() {
    assert_snapshot!(breaches(schema([cpu()]), [UpdateResponse::default()]).await,
        @"the connector: a message has nothing set");
}

#[tokio::test]
async fn a_state_is_an_object() {
    for state in ["", "7", "[]", "null", "{", r#"{"a":1} x"#] {
        let messages = [one(load("a", 1.0)), checkpoint(r#"{"n":1}"#), checkpoint(state)];
        let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
        let report = stage.sync().await;
        assert!(lines(&report).contains("state is not a JSON object"), "`{state}`: {report}");
        // An invalid state is not stored.
        assert_eq!(stage.state().as_deref(), Some(r#"{"n":1}"#));
        assert_eq!(report.checkpoints, 1);
    }
}

#[tokio::test]
async fn a_checkpoint_comes_after_the_last_row() {
    let messages = [one(load("a", 1.0)), checkpoint("{}"), batch([load("b", 1.0), load("c", 1.0)])];
    assert_snapshot!(breaches(schema([cpu()]), messages).await,
        @"the connector: records come after the last checkpoint, 2 times");
}

#[tokio::test]
async fn a_checkpoint_comes_every_hour() {
    let messages = [checkpoint("{}"), checkpoint("{}")];
    let stage = Stage::syncs(schema([cpu()]), vec![Sync::of(messages); 2]).await;
    let mut slow = stage;
    slow.tester = slow.tester.clone().with_clock(ticking(Duration::from_secs(60 * 60)));
    assert_eq!(lines(&slow.sync().await), "");
    slow.tester = slow.tester.clone().with_clock(ticking(Duration::from_secs(61 * 60)));
    let report = slow.sync().await;
    assert_snapshot!(lines(&report),
        @"the connector: more than an hour passed without a checkpoint, 3 times; first: 61 minutes");
    assert_eq!(report.duration, Duration::from_secs(3 * 61 * 60));
}

#[tokio::test]
async fn a_task_is_the_last_word() {
    let messages = [task("renew the token"), one(load("a", 1.0)), checkpoint(r#"{"n":1}"#)];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    let report = stage.sync().await;
    assert_snapshot!(report, @"
    ended with a task: 0 rows, 0 checkpoints, 0ns
    task: renew the token
    breach: the connector: a message comes after a task, 2 times
    ");
    assert_eq!(stage.state(), None);
    assert_eq!(stage.rows("cpu"), "");
}

#[tokio::test]
async fn texts_that_are_wrapped_in_json_are_unwrapped() {
    let messages = [
        warning(r#"{"message": "a \"late\" point"}"#),
        // None of these is the Connector SDK's form.
        warning(r#"["a", null]"#),
        warning(r#"{"message": 1}"#),
        warning(r#"{"message": "a", "more": 1}"#),
        warning("{plain"),
        task(r#"{"message": "renew the token", "trace": "line 1\nline 2"}"#),
    ];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    assert_snapshot!(stage.sync().await, @r#"
    ended with a task: 0 rows, 0 checkpoints, 0ns
    warning: a "late" point
    warning: ["a", null]
    warning: {"message": 1}
    warning: {"message": "a", "more": 1}
    warning: {plain
    task: renew the token
    line 1
    line 2
    "#);
}

#[tokio::test]
async fn a_truncate_comes_before_the_first_upsert() {
    let messages =
        [one(truncate("cpu")), one(load("a", 1.0)), one(truncate("cpu")), checkpoint("{}")];
    assert_snapshot!(breaches(schema([cpu()]), messages).await,
        @"table `cpu`: a truncate comes after the table's first upsert");
}

#[tokio::test]
async fn a_truncate_has_no_data() {
    let full = Record { r#type: truncate("cpu").r#type, ..load("a", 1.0) };
    assert_snapshot!(breaches(schema([cpu()]), [one(full), checkpoint("{}")]).await,
        @"table `cpu`: a truncate carries data");
}

#[tokio::test]
async fn a_record_type_is_one_of_four() {
    let odd = Record { r#type: 9, ..load("a", 1.0) };
    let messages = [batch([odd, load("b", 1.0)]), checkpoint("{}")];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    assert_snapshot!(lines(&stage.sync().await), @"table `cpu`: a record has an unknown type: number 9");
    assert_eq!(stage.rows("cpu"), "b | 1");
}

#[tokio::test]
async fn a_table_is_declared() {
    let messages = [
        batch([upsert("disk", [("id", Inner::Int(1))]), upsert("disk", [("id", Inner::Int(2))])]),
        checkpoint("{}"),
    ];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    assert_snapshot!(lines(&stage.sync().await), @"table `disk`: a record's table is not declared, 2 times");
    assert_eq!(stage.rows("disk"), "1\n2");
}

#[tokio::test]
async fn a_schema_has_an_answer() {
    assert_snapshot!(breaches(SchemaResponse::default(), []).await,
        @"the connector: the schema's answer is empty");
}

#[tokio::test]
async fn records_name_schemas_if_and_only_if_tables_have_them() {
    let named = in_schema("plant", load("a", 1.0));
    assert_snapshot!(breaches(schema([cpu()]), [one(named), checkpoint("{}")]).await, @"
    table `plant.cpu`: a record names a schema where it must not, or does not where it must
    table `plant.cpu`: a record's table is not declared
    ");
    let schemas = with_schemas(&[("plant", &[cpu()])]);
    assert_snapshot!(breaches(schemas, [one(load("a", 1.0)), checkpoint("{}")]).await, @"
    table `cpu`: a record names a schema where it must not, or does not where it must
    table `cpu`: a record's table is not declared
    ");
}

#[tokio::test]
async fn a_schema_change_has_the_schemas_shape() {
    let change = schema_change::Change::WithSchema(schema_list(&[("plant", &[cpu()])]));
    let change = message(Operation::SchemaChange(SchemaChange { change: Some(change) }));
    assert_snapshot!(breaches(schema([cpu()]), [change]).await,
        @"the connector: a schema change has another shape than the schema");
}

#[tokio::test]
async fn names_that_merge_are_found_when_they_come_late() {
    let dotted = table("cpu.load", [key("id", DataType::Int)]);
    let dashed = table("cpu-load", [key("id", DataType::Int)]);
    assert_snapshot!(breaches(schema([dotted]), [schema_change([dashed])]).await,
        @"table `cpu-load`: two tables get one name in the warehouse: `cpu.load` and `cpu-load` become `cpu_load`");
    let rows = [
        one(upsert(
            "cpu",
            [("host", text("a")), ("Load", Inner::Double(1.0)), ("load", Inner::Double(2.0))],
        )),
        checkpoint("{}"),
    ];
    assert_snapshot!(breaches(schema([cpu()]), rows).await, @"
    column `Load` of table `cpu`: two columns get one name in the warehouse: `load` and `Load` become `load`
    column `Load` of table `cpu`: a value's column is not declared: DOUBLE `1`
    ");
}

#[tokio::test]
async fn a_key_or_a_type_that_changes_is_named() {
    let id = |data_type| table("t", [key("id", data_type)]);
    let mut stage = Stage::syncs(schema([id(DataType::Int)]), [Sync::default()]).await;
    stage.sync().await;

    let other = table("t", [key("name", DataType::String), column("id", DataType::Long)]);
    let mut later = Stage::syncs(schema([other]), [Sync::default()]).await;
    later.project = fivetran_tester::Project::open(stage.directory.path()).unwrap();
    assert_snapshot!(lines(&later.sync().await), @"
    table `t`: the key is not the one that the table was created with: was (id), is (name)
    column `id` of table `t`: the type is not the one that was declared before: was INT, is LONG
    ");
}
