//! Warnings of name collisions: where they are sent, and how often.

use fivetran_adapter::Limits;
use fivetran_wire::RecordType;
use fivetran_wire::update_response::Operation;
use sync_core::{Catalog, Column, DataType, Table};

use crate::logs::{collect, lines};
use crate::scripted::{Scripted, Step};
use crate::server::{Server, configuration, request, soon};

fn table(name: &str, columns: &[&str]) -> Table {
    let columns = columns.iter().map(|&column| Column::new(column, DataType::Long));
    Table::new(name, columns.collect())
}

/// The messages of a sync, one a line.
async fn said(server: &Server) -> String {
    let mut stream = server.client().await.update(request()).await.unwrap();
    let mut lines = Vec::new();
    while let Some(message) = soon("a message", stream.message()).await.unwrap() {
        lines.push(match message.operation.unwrap() {
            Operation::Warning(warning) => format!("warning {}", warning.message),
            Operation::Records(records) => {
                let [record] = records.records.as_slice() else { panic!("{records:?}") };
                let what = match record.r#type() {
                    RecordType::Truncate => "truncate",
                    _ => "upsert",
                };
                format!("{what} {}", record.table_name)
            }
            other => panic!("not in the script: {other:?}"),
        });
    }
    lines.join("\n")
}

#[tokio::test]
async fn a_sync_warns_once_of_each_pair_before_its_rows() {
    let dot = table("cpu.load", &["host"]);
    let dash = table("cpu-load", &["usage.user", "usage-user"]);
    let steps = [
        Step::Truncate(dot.clone()),
        Step::Row(dot.clone()),
        Step::Row(table("disk", &["host", "hostName"])),
        Step::Row(dash.clone()),
        Step::Row(dash.clone()),
        Step::Row(dot),
        Step::Truncate(dash),
        Step::Truncate(table("cpuLoad", &[])),
        // A table with other columns is the same table, and not checked again.
        Step::Row(table("cpuLoad", &["a.b", "a-b"])),
    ];
    let server = Server::start(steps);
    let first = said(&server).await;
    insta::assert_snapshot!(first, @r#"
    truncate cpu.load
    upsert cpu.load
    upsert disk
    warning Tables "cpu.load" and "cpu-load" both become "cpu_load" in a warehouse with Fivetran naming, where their rows mix: exclude one of them from the sync, or choose source naming in Fivetran where it is offered.
    warning Columns "usage.user" and "usage-user" of table "cpu-load" both become "usage_user" in a warehouse with Fivetran naming, where one value hides the other: exclude one of them from the sync, or choose source naming in Fivetran where it is offered.
    upsert cpu-load
    upsert cpu-load
    upsert cpu.load
    truncate cpu-load
    warning Tables "cpu.load" and "cpuLoad" both become "cpu_load" in a warehouse with Fivetran naming, where their rows mix: exclude one of them from the sync, or choose source naming in Fivetran where it is offered.
    truncate cpuLoad
    upsert cpuLoad
    "#);
    // Each sync warns again.
    assert_eq!(said(&server).await, first);
}

#[tokio::test]
async fn a_schema_warns_in_the_log() {
    let (written, _guard) = collect(&[]);
    let tables =
        vec![table("cpu.load", &["a"]), table("disk", &["Used", "used"]), table("cpu_load", &[])];
    let source = Scripted { catalog: Catalog::Tables(tables), ..Scripted::new([]) };
    let server = Server::serve(source, Limits::default());
    server.client().await.schema(configuration(&[])).await.unwrap();
    insta::assert_snapshot!(lines(&written), @r#"
    INFO: Serving {}
    INFO: Schema answered {"tables":3}
    WARNING: Columns "Used" and "used" of table "disk" both become "used" in a warehouse with Fivetran naming, where one value hides the other: exclude one of them from the sync, or choose source naming in Fivetran where it is offered. {}
    WARNING: Tables "cpu.load" and "cpu_load" both become "cpu_load" in a warehouse with Fivetran naming, where their rows mix: exclude one of them from the sync, or choose source naming in Fivetran where it is offered. {}
    "#);
}
