//! The warehouse after a sync.

use std::sync::{Arc, Mutex};

use fivetran_tester::{Counts, End, Event, SyncOptions, TableName};
use fivetran_wire::DataType;
use fivetran_wire::schema_response::Response;
use fivetran_wire::value_type::Inner;

use crate::scripted::{Stage, Sync, lines};
use crate::wire::{
    NULL, at, batch, checkpoint, column, cpu, decimal_column, delete, in_schema, key, load, one,
    response, schema, schema_change, table, task, text, truncate, update, upsert, warning,
    with_schemas,
};

#[tokio::test]
async fn a_sync_lands_and_is_counted() {
    let messages = [
        batch([truncate("cpu")]),
        batch([load("a", 1.0), load("b", 2.5), load("c", 3.0)]),
        checkpoint(r#"{"cursor": 1}"#),
        warning("clocks differ"),
        one(update("cpu", [("host", text("b")), ("load", Inner::Double(9.0))])),
        one(delete("cpu", [("host", text("c"))])),
        checkpoint(r#"{"cursor": 2}"#),
    ];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    let report = stage.sync().await;
    insta::assert_snapshot!(report, @"
    completed: 5 rows, 2 checkpoints, 0ns
    cpu: 1 truncate, 3 upserts, 1 update, 1 delete
    warning: clocks differ
    ");
    insta::assert_snapshot!(stage.rows("cpu"), @"
    a | 1
    b | 9
    c | 3 †
    ");
    assert_eq!(stage.state().as_deref(), Some(r#"{"cursor": 2}"#));
    let warehouse = stage.project.warehouse().unwrap();
    assert_eq!(warehouse.live_rows("cpu").unwrap(), 2);
    assert_eq!(warehouse.deleted_rows("cpu").unwrap(), 1);
    assert_eq!(warehouse.first_rows("cpu", 1).unwrap().len(), 1);
}

#[tokio::test]
async fn every_type_keeps_its_value() {
    let columns = [
        key("id", DataType::Long),
        column("bool", DataType::Boolean),
        column("short", DataType::Short),
        column("int", DataType::Int),
        column("float", DataType::Float),
        column("double", DataType::Double),
        decimal_column("decimal", 20, 0),
        column("date", DataType::NaiveDate),
        column("naive", DataType::NaiveDatetime),
        column("utc", DataType::UtcDatetime),
        column("binary", DataType::Binary),
        column("string", DataType::String),
        column("json", DataType::Json),
        column("xml", DataType::Xml),
        column("nothing", DataType::String),
    ];
    let row = upsert(
        "all",
        [
            ("id", Inner::Long(i64::MIN)),
            ("bool", Inner::Bool(true)),
            ("short", Inner::Short(-32768)),
            ("int", Inner::Int(i32::MAX)),
            ("float", Inner::Float(0.5)),
            ("double", Inner::Double(0.1)),
            ("decimal", Inner::Decimal("18446744073709551615".to_owned())),
            ("date", Inner::NaiveDate(at(-86_400, 0))),
            ("naive", Inner::NaiveDatetime(at(-1, 999_999_999))),
            ("utc", Inner::UtcDatetime(at(1_769_860_800, 1))),
            ("binary", Inner::Binary(vec![0, 0xff])),
            ("string", text("o'brien \"quoted\"")),
            ("json", Inner::Json("[1, 2]".to_owned())),
            ("xml", Inner::Xml("<a/>".to_owned())),
            ("nothing", NULL),
        ],
    );
    let sync = Sync::of([one(row), checkpoint("{}")]);
    let mut stage = Stage::syncs(schema([table("all", columns)]), [sync]).await;
    assert_eq!(lines(&stage.sync().await), "");
    insta::assert_snapshot!(stage.rows("all").replace(" | ", "\n"), @r#"
    -9223372036854775808
    1
    -32768
    2147483647
    0.5
    0.1
    18446744073709551615
    1969-12-31
    1969-12-31T23:59:59.999999999
    2026-01-31T12:00:00.000000001Z
    00ff
    o'brien "quoted"
    [1, 2]
    <a/>
    NULL
    "#);
    let warehouse = stage.project.warehouse().unwrap();
    assert_eq!(warehouse.tables()[0].columns[6].column_type, "DECIMAL(20,0)");
}

#[tokio::test]
async fn an_upsert_replaces_the_whole_row() {
    let wide = table(
        "cpu",
        [
            key("host", DataType::String),
            column("load", DataType::Double),
            column("temp", DataType::Double),
        ],
    );
    let full = upsert(
        "cpu",
        [("host", text("a")), ("load", Inner::Double(1.0)), ("temp", Inner::Double(2.0))],
    );
    let sync = Sync::of([one(full), one(load("a", 3.0)), checkpoint("{}")]);
    let mut stage = Stage::syncs(schema([wide]), [sync]).await;
    stage.sync().await;
    assert_eq!(stage.rows("cpu"), "a | 3 | NULL");
}

#[tokio::test]
async fn updates_and_deletes_of_absent_rows_do_nothing() {
    let messages = [
        one(load("gone", 1.0)),
        one(delete("cpu", [("host", text("gone"))])),
        one(update("cpu", [("host", text("gone")), ("load", Inner::Double(2.0))])),
        one(update("cpu", [("host", text("never")), ("load", Inner::Double(2.0))])),
        one(delete("cpu", [("host", text("never"))])),
        checkpoint("{}"),
    ];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    stage.sync().await;
    assert_eq!(stage.rows("cpu"), "gone | 1 †");
}

#[tokio::test]
async fn a_deleted_row_that_comes_again_is_alive() {
    let messages = [
        one(load("a", 1.0)),
        one(delete("cpu", [("host", text("a"))])),
        one(load("a", 2.0)),
        checkpoint("{}"),
    ];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    stage.sync().await;
    assert_eq!(stage.rows("cpu"), "a | 2");
}

#[tokio::test]
async fn without_a_key_equal_rows_are_one() {
    let keyless = table("log", [column("line", DataType::String), column("n", DataType::Long)]);
    let line = |n| upsert("log", [("line", text("x")), ("n", n)]);
    let messages = [
        batch([line(Inner::Long(1)), line(Inner::Long(2)), line(Inner::Long(1)), line(NULL)]),
        // A column left out is NULL: the same row as the one above.
        one(upsert("log", [("line", text("x"))])),
        one(record_of(2)),
        checkpoint("{}"),
    ];
    fn record_of(n: i64) -> fivetran_wire::Record {
        delete("log", [("line", text("x")), ("n", Inner::Long(n))])
    }
    let mut stage = Stage::syncs(schema([keyless]), [Sync::of(messages)]).await;
    stage.sync().await;
    insta::assert_snapshot!(stage.rows("log"), @"
    x | NULL
    x | 1
    x | 2 †
    ");
}

#[tokio::test]
async fn a_resync_marks_what_is_gone_and_keeps_what_comes() {
    let first = Sync::of([batch([load("a", 1.0), load("b", 2.0)]), checkpoint(r#"{"n":1}"#)]);
    let again = Sync::of([one(truncate("cpu")), one(load("b", 2.0)), checkpoint(r#"{"n":1}"#)]);
    let mut stage = Stage::syncs(schema([cpu()]), [first, again]).await;
    stage.sync().await;
    stage.project.clear_state().unwrap();
    stage.sync().await;
    assert_eq!(stage.last_request().state_json, None);
    insta::assert_snapshot!(stage.rows("cpu"), @"
    a | 1 †
    b | 2
    ");
}

#[tokio::test]
async fn new_tables_and_columns_are_added_in_mid_sync() {
    let temp = column("temp", DataType::Double);
    let change = schema_change([table("cpu", [temp]), table("disk", [key("id", DataType::Int)])]);
    let messages = [
        one(load("a", 1.0)),
        change,
        one(upsert(
            "cpu",
            [("host", text("b")), ("load", Inner::Double(1.0)), ("temp", Inner::Double(20.0))],
        )),
        one(upsert("disk", [("id", Inner::Int(7))])),
        checkpoint("{}"),
    ];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    assert_eq!(lines(&stage.sync().await), "");
    insta::assert_snapshot!(stage.rows("cpu"), @"
    a | 1 | NULL
    b | 1 | 20
    ");
    assert_eq!(stage.rows("disk"), "7");
}

#[tokio::test]
async fn a_connector_without_a_schema_gets_tables_from_its_rows() {
    let schema = response(Response::SchemaResponseNotSupported(true));
    let sync = Sync::of([one(load("a", 1.0)), one(load("a", 2.0)), checkpoint("{}")]);
    let mut stage = Stage::syncs(schema, [sync]).await;
    assert_eq!(lines(&stage.sync().await), "");
    assert_eq!(stage.rows("cpu"), "a | 1\na | 2");
}

#[tokio::test]
async fn tables_of_schemas_stand_side_by_side() {
    let schema = with_schemas(&[("plant_1", &[cpu()]), ("plant_2", &[cpu()])]);
    let messages = [
        batch([in_schema("plant_1", load("a", 1.0)), in_schema("plant_2", load("a", 2.0))]),
        checkpoint("{}"),
    ];
    let mut stage = Stage::syncs(schema, [Sync::of(messages)]).await;
    let report = stage.sync().await;
    assert_eq!(lines(&report), "");
    let name = TableName::in_schema("plant_2", "cpu");
    assert_eq!(report.tables[&name].upserts, 1);
    let warehouse = stage.project.warehouse().unwrap();
    assert_eq!(warehouse.rows(name).unwrap()[0].cells[1].as_deref(), Some("2"));
    let stored: Vec<_> = warehouse.tables().into_iter().map(|table| table.stored_as).collect();
    assert_eq!(stored, ["plant_1.cpu", "plant_2.cpu"]);
}

#[tokio::test]
async fn names_that_sqlite_would_not_take_are_kept_apart() {
    let names = ["order", "Order", "sqlite_stat1", "a\"b", "", "_tester_tables"];
    let columns = [
        key("_fivetran_synced", DataType::Int),
        column("Group", DataType::Int),
        column("group", DataType::Int),
    ];
    let tables: Vec<_> = names.iter().map(|name| table(name, columns.clone())).collect();
    let row = |name: &&str| {
        one(upsert(
            name,
            [
                ("_fivetran_synced", Inner::Int(1)),
                ("Group", Inner::Int(2)),
                ("group", Inner::Int(3)),
            ],
        ))
    };
    let mut messages: Vec<_> = names.iter().map(row).collect();
    messages.push(checkpoint("{}"));
    let mut stage = Stage::syncs(schema(tables), [Sync::of(messages)]).await;
    stage.sync().await;
    for name in names {
        assert_eq!(stage.rows(name), "1 | 2 | 3", "`{name}`");
    }
}

#[tokio::test]
async fn the_system_columns_tell_when_and_whether() {
    let sync = Sync::of([one(load("a", 1.0)), checkpoint("{}")]);
    let mut stage = Stage::syncs(schema([cpu()]), [sync]).await;
    stage.sync().await;
    let connection = rusqlite::Connection::open(stage.project.warehouse_path()).unwrap();
    let row: (String, bool) = connection
        .query_row(r#"SELECT "_fivetran_synced", "_fivetran_deleted" FROM "cpu""#, [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(row, ("2026-01-31T12:00:00.000000000Z".to_owned(), false));
}

#[tokio::test]
async fn a_task_ends_a_sync() {
    let sync = Sync::of([one(load("a", 1.0)), checkpoint("{}"), task("renew the token")]);
    let mut stage = Stage::syncs(schema([cpu()]), [sync]).await;
    let report = stage.sync().await;
    assert_eq!(report.end, End::Task);
    assert_eq!(report.tasks, ["renew the token"]);
    assert_eq!(lines(&report), "");
}

#[tokio::test]
async fn an_observer_hears_of_each_step() {
    let messages =
        [batch([truncate("cpu"), load("a", 1.0), load("b", 1.0)]), checkpoint("{}"), warning("w")];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = heard.clone();
    let observer = move |event: Event<'_>| {
        ear.lock().unwrap().push(match event {
            Event::Records { table, kind, count } => format!("{count} {kind:?} of {table}"),
            Event::Checkpoint { number, rows } => format!("checkpoint {number} after {rows} rows"),
            other => format!("{other:?}"),
        });
    };
    let configuration = [("token".to_owned(), "t".to_owned())].into();
    stage
        .tester
        .sync(&mut stage.project, &configuration, SyncOptions::default(), observer)
        .await
        .unwrap();
    insta::assert_snapshot!(heard.lock().unwrap().join("\n"), @r#"
    1 Truncate of cpu
    2 Upsert of cpu
    checkpoint 1 after 2 rows
    Warning("w")
    "#);
    assert_eq!(stage.last_request().configuration, configuration);
}

#[tokio::test]
async fn rows_are_counted_as_they_come() {
    let sync = Sync::of([batch([load("a", 1.0), load("a", 1.0)]), checkpoint("{}")]);
    let mut stage = Stage::syncs(schema([cpu()]), [sync]).await;
    let report = stage.sync().await;
    let counts: &Counts = &report.tables[&TableName::new("cpu")];
    assert_eq!((counts.upserts, counts.rows()), (2, 2));
    assert_eq!(stage.rows("cpu"), "a | 1");
}
