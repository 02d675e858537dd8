//! Reads tables of a warehouse.

use std::time::Duration;

use fivetran_tester::{Error, TableName};
use fivetran_wire::DataType;
use fivetran_wire::value_type::Inner;

use crate::scripted::{Stage, Sync, shown, ticking};
use crate::wire::{
    batch, checkpoint, column, cpu, delete, load, one, schema, table, text, truncate, update,
    upsert,
};

impl Stage {
    /// The rows of a table that were written last, one a line.
    fn latest(&self, table: &str, most: u32) -> String {
        shown(&self.project.warehouse().unwrap().latest_rows(table, most).unwrap())
    }
}

/// A stage whose clock advances with each message.
async fn stage(tables: [fivetran_wire::Table; 1], syncs: impl Into<Vec<Sync>>) -> Stage {
    let mut stage = Stage::syncs(schema(tables), syncs).await;
    stage.tester = stage.tester.clone().with_clock(ticking(Duration::from_secs(1)));
    stage
}

#[tokio::test]
async fn the_latest_rows_are_those_that_landed_last() {
    let first = [
        one(load("d", 1.0)),
        batch([load("c", 1.0), load("a", 1.0)]),
        one(load("b", 1.0)),
        checkpoint("{}"),
    ];
    let second = [
        one(load("d", 2.0)),
        one(update("cpu", [("host", text("a")), ("load", Inner::Double(2.0))])),
        one(delete("cpu", [("host", text("c"))])),
        checkpoint("{}"),
    ];
    let third = [batch([truncate("cpu")]), checkpoint("{}")];
    let mut stage = stage([cpu()], [Sync::of(first), Sync::of(second), Sync::of(third)]).await;

    stage.sync().await;
    insta::assert_snapshot!(stage.latest("cpu", u32::MAX), @"
    b | 1
    a | 1
    c | 1
    d | 1
    ");
    stage.sync().await;
    insta::assert_snapshot!(stage.latest("cpu", u32::MAX), @"
    c | 1 †
    a | 2
    d | 2
    b | 1
    ");
    insta::assert_snapshot!(stage.latest("cpu", 2), @"
    c | 1 †
    a | 2
    ");
    assert_eq!(stage.latest("cpu", 0), "");
    // A truncate marks rows, and does not count as writing them.
    stage.sync().await;
    insta::assert_snapshot!(stage.latest("cpu", u32::MAX), @"
    c | 1 †
    a | 2 †
    d | 2 †
    b | 1 †
    ");
}

#[tokio::test]
async fn the_latest_rows_need_no_key() {
    let points = table("points", [column("n", DataType::Int)]);
    let point = |n| upsert("points", [("n", Inner::Int(n))]);
    let messages = [one(point(2)), batch([point(4), point(3)]), one(point(1)), checkpoint("{}")];
    let mut stage = stage([points], [Sync::of(messages)]).await;
    stage.sync().await;
    assert_eq!(stage.latest("points", u32::MAX), "1\n3\n4\n2");
    assert_eq!(stage.rows("points"), "1\n2\n3\n4");

    let unknown = stage.project.warehouse().unwrap().latest_rows("lines", 1).unwrap_err();
    assert!(
        matches!(&unknown, Error::UnknownTable { table } if *table == TableName::new("lines")),
        "{unknown}"
    );
}

#[tokio::test]
async fn floats_are_in_their_shortest_form() {
    let readings = table("readings", [column("value", DataType::Double)]);
    let reading = |value| upsert("readings", [("value", Inner::Double(value))]);
    let values = [f64::MIN, -2.5, -0.0001, 5e-324, 0.1, 3.0, 1e15, 1e16, 1.25e300, f64::MAX];
    let messages = [batch(values.map(reading)), checkpoint("{}")];
    let mut stage = stage([readings], [Sync::of(messages)]).await;
    stage.sync().await;
    insta::assert_snapshot!(stage.rows("readings"), @"
    -1.7976931348623157e308
    -2.5
    -0.0001
    5e-324
    0.1
    3
    1000000000000000
    1e16
    1.25e300
    1.7976931348623157e308
    ");
}
