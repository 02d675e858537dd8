//! Tables, columns and the server's clock.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampNanosecondArray,
};
use arrow::datatypes::{DataType, TimeUnit};
use influx_flight::{ColumnType, ErrorKind, Role, TableInfo};

use crate::scripted::{Server, Step, client, grpc, messages, serve};

async fn answering(columns: Vec<(&'static str, ArrayRef)>) -> Server {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    serve(move |_| {
        grpc(vec![Step::Send(messages(&batch.schema(), std::slice::from_ref(&batch))), Step::ok()])
    })
    .await
}

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn view(values: &[&str]) -> ArrayRef {
    Arc::new(StringViewArray::from_iter_values(values))
}

/// The tables in one line each.
fn render(tables: &[TableInfo]) -> String {
    let mut lines = String::new();
    for table in tables {
        lines += &format!("{}:", table.name);
        for column in &table.columns {
            let role = match column.role {
                Role::Tag => "tag",
                Role::Field => "field",
                Role::Time => "time",
            };
            let data_type = match &column.data_type {
                ColumnType::Arrow(data_type) => data_type.to_string(),
                ColumnType::Unknown(text) => format!("unknown {text}"),
            };
            lines += &format!(" {} {role} {data_type};", column.name);
        }
        lines += "\n";
    }
    lines
}

#[tokio::test]
async fn an_old_spelling_and_a_new_type() {
    let server = answering(vec![
        ("table_name", text(&["home", "Home", "home", "home", "home"])),
        ("column_name", text(&["time", "time", "room", "shape", "Room"])),
        (
            "data_type",
            text(&[
                "Timestamp(Nanosecond, None)",
                "Timestamp(ns)",
                "Dictionary(Int32, Utf8)",
                "Geometry",
                "Utf8",
            ]),
        ),
    ])
    .await;
    let tables = client(server.http()).await.tables().await.unwrap();
    insta::assert_snapshot!(render(&tables), @"
    Home: time time Timestamp(ns);
    home: Room field Utf8; room tag Dictionary(Int32, Utf8); shape field unknown Geometry; time time Timestamp(ns);
    ");
}

#[tokio::test]
async fn a_list_in_an_unknown_form() {
    let server = answering(vec![("table_name", text(&["home"]))]).await;
    let error = client(server.http()).await.tables().await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Protocol);
}

#[tokio::test]
async fn dropped_tables() {
    let server = answering(vec![
        ("database_name", view(&["home", "home", "home", "other"])),
        (
            "table_name",
            view(&["census", "census-20250601T000000", "export-1", "x-20250601T000000"]),
        ),
        ("deleted", Arc::new(BooleanArray::from(vec![Some(false), Some(true), None, Some(true)]))),
    ])
    .await;
    let names = client(server.http()).await.dropped_tables().await.unwrap();
    assert_eq!(names, BTreeSet::from(["census-20250601T000000".to_owned()]));
}

#[tokio::test]
async fn the_clock_in_any_unit() {
    let nanoseconds = TimestampNanosecondArray::from(vec![1_748_932_618_190_260_123]);
    let cases: [(ArrayRef, i64); 3] = [
        (Arc::new(nanoseconds.clone()), 1_748_932_618_190_260_123),
        (Arc::new(nanoseconds.with_timezone("+02:00")), 1_748_932_618_190_260_123),
        (
            Arc::new(TimestampMicrosecondArray::from(vec![1_748_932_618_190_260])),
            1_748_932_618_190_260_000,
        ),
    ];
    for (now, expect) in cases {
        let server = answering(vec![("now", now)]).await;
        assert_eq!(client(server.http()).await.server_now().await.unwrap(), expect);
    }
}

#[tokio::test]
async fn a_clock_that_cannot_be_read() {
    let none = TimestampNanosecondArray::from(vec![None::<i64>]);
    assert_eq!(none.data_type(), &DataType::Timestamp(TimeUnit::Nanosecond, None));
    let too_far = TimestampMicrosecondArray::from(vec![i64::MAX]);
    for now in [Arc::new(none) as ArrayRef, Arc::new(too_far), text(&["noon"])] {
        let server = answering(vec![("now", now)]).await;
        let error = client(server.http()).await.server_now().await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Protocol);
    }
}
