//! Pending upserts are written in the order of their keys, which must not change the result.

use fivetran_wire::DataType;
use fivetran_wire::value_type::Inner;

use crate::scripted::{Stage, Sync, lines};
use crate::wire::{
    batch, checkpoint, column, cpu, delete, key, load, one, schema, schema_change, table, text,
    update, upsert,
};

#[tokio::test]
async fn of_equal_keys_the_last_is_kept() {
    let messages = [
        batch([load("b", 1.0), load("a", 1.0), load("b", 2.0)]),
        batch([load("a", 2.0), load("c", 1.0), load("b", 3.0)]),
        checkpoint("{}"),
    ];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    assert_eq!(lines(&stage.sync().await), "");
    assert_eq!(stage.rows("cpu"), "a | 2\nb | 3\nc | 1");
}

#[tokio::test]
async fn what_follows_an_upsert_finds_it() {
    let messages = [
        batch([load("b", 1.0), load("a", 1.0)]),
        one(update("cpu", [("host", text("a")), ("load", Inner::Double(2.0))])),
        one(delete("cpu", [("host", text("b"))])),
        batch([load("c", 1.0)]),
        schema_change([table("cpu", [column("temp", DataType::Double)])]),
        one(upsert(
            "cpu",
            [("host", text("c")), ("load", Inner::Double(2.0)), ("temp", Inner::Double(20.0))],
        )),
        checkpoint("{}"),
    ];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    assert_eq!(lines(&stage.sync().await), "");
    assert_eq!(stage.rows("cpu"), "a | 2 | NULL\nb | 1 | NULL †\nc | 2 | 20");
}

/// An integer column converts texts to numbers: `01` and `1` are the same key, which only SQLite
/// knows.
#[tokio::test]
async fn keys_that_only_sqlite_finds_equal_keep_their_order() {
    let readings = table("readings", [key("id", DataType::Long), column("n", DataType::Int)]);
    let reading = |id: &str, n| upsert("readings", [("id", text(id)), ("n", Inner::Int(n))]);
    let messages = [batch([reading("1", 1), reading("01", 2)]), checkpoint("{}")];
    let mut stage = Stage::syncs(schema([readings]), [Sync::of(messages)]).await;
    stage.sync().await;
    assert_eq!(stage.rows("readings"), "1 | 2");
}
