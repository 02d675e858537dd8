//! How a client finds out what there is.

use influx_fake::{Options, TimeSpelling};
use tonic::Code;

use crate::client::{serve, serve_points};

#[tokio::test]
async fn describe_tells_tags_from_strings() {
    let mut served = serve_points("m,host=a s=\"x\",f=1.5,u=1u 1").await;
    insta::assert_snapshot!(served.rows("DESCRIBE m").await.table(), @"
    +-------------+-------------------------+-------------+
    | column_name | data_type               | is_nullable |
    +-------------+-------------------------+-------------+
    | f           | Float64                 | YES         |
    | host        | Dictionary(Int32, Utf8) | YES         |
    | s           | Utf8                    | YES         |
    | time        | Timestamp(ns)           | NO          |
    | u           | UInt64                  | YES         |
    +-------------+-------------------------+-------------+
    ");
}

#[tokio::test]
async fn older_releases_spell_time_otherwise() {
    let mut served = serve(Options::default().time_spelling(TimeSpelling::Long)).await;
    served.fake.write("db", "m v=1i 1").unwrap();
    let sql = "SELECT column_name, data_type, ordinal_position FROM information_schema.columns \
               WHERE table_schema = 'iox'";
    insta::assert_snapshot!(served.rows(sql).await.sorted(), @"
    +-------------+-----------------------------+------------------+
    | column_name | data_type                   | ordinal_position |
    +-------------+-----------------------------+------------------+
    | time        | Timestamp(Nanosecond, None) | 0                |
    | v           | Int64                       | 1                |
    +-------------+-----------------------------+------------------+
    ");
    let show = served.rows("SHOW COLUMNS FROM m").await.table();
    assert!(show.contains("Timestamp(Nanosecond, None)"), "{show}");
}

#[tokio::test]
async fn select_all_is_in_byte_order() {
    let mut served = serve_points("m,b=1,Z=2 a=1i,_x=2i,é=3i 1").await;
    let answer = served.rows("SELECT * FROM m LIMIT 0").await;
    let names: Vec<_> = answer.schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["Z", "_x", "a", "b", "time", "é"]);
    assert!(answer.schema.metadata().is_empty());
}

#[tokio::test]
async fn a_dropped_table_stays_under_another_name() {
    let mut served = serve_points("m,host=a v=1i 1\nexport-20250601T000000 v=2i 1").await;
    let dropped = served.fake.drop_table("db", "m").unwrap();
    assert!(dropped.starts_with("m-2") && dropped.len() == "m-20250601T000000".len(), "{dropped}");
    assert_eq!(served.fake.drop_table("db", "m"), None);

    let status = served.ask("SELECT * FROM m").await.unwrap_err();
    assert_eq!(
        (status.code(), status.message().contains("table 'public.iox.m' not found")),
        (Code::InvalidArgument, true)
    );
    assert_eq!(served.rows(&format!("SELECT * FROM \"{dropped}\"")).await.rows(), 1);
    let tables = served.rows("SHOW TABLES").await.table();
    assert!(tables.contains(&dropped), "{tables}");

    // The same name again, with another type: only the internal database knows which of them is
    // deleted.
    served.fake.write("db", "m,host=a v=1.5 1").unwrap();
    let sql = "SELECT database_name, table_name, deleted, hard_deletion_time IS NULL AS stays \
               FROM system.tables";
    let entries = served
        .ask_in("_internal", sql)
        .await
        .unwrap()
        .table()
        .replace(&dropped, "m-<time of the drop>");
    insta::assert_snapshot!(entries.replace(' ', ""), @"
    +---------------+------------------------+---------+-------+
    |database_name|table_name|deleted|stays|
    +---------------+------------------------+---------+-------+
    |db|export-20250601T000000|false|true|
    |db|m|false|true|
    |db|m-<timeofthedrop>|true|false|
    +---------------+------------------------+---------+-------+
    ");
}

#[tokio::test]
async fn the_internal_tables_are_in_the_internal_database_alone() {
    let mut served = serve_points("m v=1i 1").await;
    let status = served.ask("SELECT * FROM system.tables").await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{}", status.message());
    assert!(served.ask_in("_internal", "SELECT * FROM system.parquet_files").await.is_err());
}

#[tokio::test]
async fn every_system_table_can_be_read() {
    let mut served = serve_points("m v=1i 1").await;
    let listed = served
        .rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'system'")
        .await;
    assert_eq!(listed.rows(), 8);
    for table in listed.batches.iter().flat_map(|batch| {
        let names = batch.column(0).as_any().downcast_ref::<arrow::array::StringArray>().unwrap();
        names.iter().flatten().map(str::to_owned).collect::<Vec<_>>()
    }) {
        let answer = served.rows(&format!("SELECT * FROM system.{table}")).await;
        assert_eq!(answer.rows() > 0, table == "influxdb_schema", "{table}");
    }
}
