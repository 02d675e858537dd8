//! Rules for the data of a record: keys, undeclared and missing columns.

use fivetran_wire::value_type::Inner;
use fivetran_wire::{DataType, UpdateResponse};
use insta::assert_snapshot;

use crate::scripted::{Stage, Sync, breaches, lines};
use crate::wire::{
    NULL, checkpoint, column, cpu, delete, load, one, schema, table, text, update, upsert,
};

async fn check(record: fivetran_wire::Record) -> String {
    let messages: [UpdateResponse; 2] = [one(record), checkpoint("{}")];
    breaches(schema([cpu()]), messages).await
}

#[tokio::test]
async fn an_upsert_carries_every_column() {
    assert_snapshot!(check(upsert("cpu", [("host", text("a"))])).await,
        @"column `load` of table `cpu`: an upsert leaves out a selected column");
}

#[tokio::test]
async fn updates_and_deletes_carry_less() {
    assert_eq!(check(update("cpu", [("host", text("a"))])).await, "");
    assert_eq!(check(delete("cpu", [("host", text("a"))])).await, "");
}

#[tokio::test]
async fn a_key_is_there_and_not_null() {
    let missing = "column `host` of table `cpu`: a record leaves out a column of the key";
    let load = ("load", Inner::Double(1.0));
    assert_eq!(check(upsert("cpu", [load.clone()])).await, missing);
    assert_eq!(check(update("cpu", [load.clone()])).await, missing);
    assert_eq!(check(delete("cpu", [])).await, missing);
    assert_snapshot!(check(upsert("cpu", [("host", NULL), load])).await,
        @"column `host` of table `cpu`: a record has NULL in the key");
}

#[tokio::test]
async fn rows_without_a_whole_key_do_not_land() {
    let nobody = upsert("cpu", [("host", NULL), ("load", Inner::Double(1.0))]);
    let messages = [one(nobody), one(load("a", 1.0)), checkpoint("{}")];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    let report = stage.sync().await;
    assert_eq!(report.tables[&"cpu".into()].without_key, 1);
    assert_eq!(stage.rows("cpu"), "a | 1");
}

#[tokio::test]
async fn an_update_needs_a_key() {
    let keyless = schema([table("log", [column("line", DataType::String)])]);
    let messages = [one(update("log", [("line", text("x"))])), checkpoint("{}")];
    assert_snapshot!(breaches(keyless, messages).await,
        @"table `log`: an update goes to a table without a key");
}

#[tokio::test]
async fn a_column_is_declared() {
    let wide = |host| {
        let temp = ("temp", Inner::Long(7));
        one(upsert("cpu", [("host", text(host)), ("load", Inner::Double(1.0)), temp]))
    };
    let messages = [one(load("a", 1.0)), wide("b"), wide("c"), checkpoint("{}")];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    assert_snapshot!(lines(&stage.sync().await),
        @"column `temp` of table `cpu`: a value's column is not declared, 2 times; first: LONG `7`");
    assert_eq!(stage.rows("cpu"), "a | 1 | NULL\nb | 1 | 7\nc | 1 | 7");
}

#[tokio::test]
async fn an_undeclared_column_exists_from_its_first_value_on() {
    let mut stage = Stage::syncs(
        schema([cpu()]),
        [Sync::of([
            one(upsert("cpu", [("host", text("a")), ("load", NULL), ("temp", NULL)])),
            checkpoint("{}"),
        ])],
    )
    .await;
    stage.sync().await;
    assert_eq!(stage.rows("cpu"), "a | NULL");
}
