//! Snapshots, and the files by which a client finds late data.

use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, UInt64Type};
use influx_fake::{FileListing, Options};
use serde_json::{Value, json};
use tonic::Code;

use crate::client::{Answer, Served, do_get, serve, serve_points};

/// 2025-06-02T06:00:00Z, the first hour of the recording.
const SIX: i64 = 1_748_844_000_000_000_000;
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// The listing in the form of the recording, in order of the paths. The sizes are estimates, so
/// they are looked at elsewhere.
async fn listed(served: &mut Served, database: &str, table: &str) -> Value {
    let sql =
        format!("SELECT * FROM system.parquet_files WHERE table_name = '{table}' ORDER BY path");
    entries(&served.ask_in(database, &sql).await.unwrap())
}

fn entries(answer: &Answer) -> Value {
    assert!(answer.error.is_none(), "{:?}", answer.error);
    let entries = answer.batches.iter().flat_map(|batch| {
        let text = |name| batch.column_by_name(name).unwrap().as_string::<i32>();
        let time = |name| batch.column_by_name(name).unwrap().as_primitive::<Int64Type>();
        let count = |name| batch.column_by_name(name).unwrap().as_primitive::<UInt64Type>();
        let entry = move |row| {
            json!({
                "table_name": text("table_name").value(row),
                "path": text("path").value(row),
                "row_count": count("row_count").value(row),
                "min_time": time("min_time").value(row),
                "max_time": time("max_time").value(row),
            })
        };
        (0..batch.num_rows()).map(entry)
    });
    entries.collect()
}

fn paths(entries: &Value) -> Vec<&str> {
    entries.as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap()).collect()
}

/// Five points, a second apart.
fn five(start: i64) -> String {
    let lines = (0..5).map(|row| format!("m,k=a v={row}i {}", start + row * SECOND));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn files_are_those_of_the_recording() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/contract/parquet-files.json");
    let mut recorded: Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for entry in
        recorded.as_object_mut().unwrap().values_mut().flat_map(|of| of.as_array_mut().unwrap())
    {
        entry.as_object_mut().unwrap().remove("size_bytes");
    }
    let mut served = serve(Options::default()).await;
    let write = |lines: &str| served.fake.write("db", lines).unwrap();
    for hour in 0..3 {
        write(&five(SIX + hour * HOUR));
        assert_eq!(served.fake.snapshot("db"), Some(hour as u64 + 1));
    }
    write(&five(SIX + 3 * HOUR));
    let fake = served.fake.clone();
    assert_eq!(listed(&mut served, "db", "m").await, recorded["after four hours in order"]);

    let write = |line: String| fake.write("db", &line).unwrap();
    write(format!("m,k=a v=100i {}", SIX + 30 * MINUTE));
    write(format!("m,k=a v=100i {}", SIX + HOUR + SECOND));
    assert_eq!(fake.snapshot("db"), Some(6));
    for (hour, sequence) in [(5, 7), (6, 8)] {
        write(format!("m,k=a v=1i {}", SIX + hour * HOUR));
        assert_eq!(fake.snapshot("db"), Some(sequence));
    }
    let expect = &recorded["after a late insert into hour 0 and an overwrite in hour 1"];
    assert_eq!(&listed(&mut served, "db", "m").await, expect);
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 23);
}

#[tokio::test]
async fn a_snapshot_of_nothing_makes_no_file() {
    let mut served = serve_points("m v=1i 0").await;
    assert_eq!(served.fake.snapshot("nosuch"), None);
    assert_eq!(served.fake.snapshot("db"), Some(1));
    assert_eq!(served.fake.snapshot("db"), None);
    assert_eq!(paths(&listed(&mut served, "db", "m").await).len(), 1);
}

#[tokio::test]
async fn what_is_newer_than_a_snapshot_can_be_asked_for() {
    let mut served = serve(Options::default()).await;
    for sequence in 1..13 {
        served.fake.write("db", &format!("t v=1i {}", sequence * HOUR)).unwrap();
        assert_eq!(served.fake.snapshot("db"), Some(sequence as u64));
    }
    let newer = "SELECT path FROM system.parquet_files WHERE table_name = 't' \
                 AND right(path, 18) > '0000000010.parquet'";
    insta::assert_snapshot!(served.rows(newer).await.sorted(), @"
    +------------------------------------------------+
    | path                                           |
    +------------------------------------------------+
    | n1/dbs/1/0/1970-01-01/11-00/0000000011.parquet |
    | n1/dbs/1/0/1970-01-01/12-00/0000000012.parquet |
    +------------------------------------------------+
    ");
    let unknown = newer.replace("'t'", "'nosuch'");
    assert_eq!(served.ask(&unknown).await.unwrap().error.unwrap().code(), Code::Internal);
}

#[tokio::test]
async fn rows_count_once_in_a_snapshot_and_again_in_the_next() {
    let mut served = serve_points("m,k=a v=1i 0\nm,k=a v=2i 0\nm,k=b v=1i 0\nm,k=a v=1i 7").await;
    served.fake.snapshot("db");
    served.fake.write("db", "m,k=a v=3i 0").unwrap();
    served.fake.snapshot("db");
    let files = listed(&mut served, "db", "m").await;
    let counts: Vec<_> = files.as_array().unwrap().iter().map(|file| &file["row_count"]).collect();
    assert_eq!(counts, [3, 1]);
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 3);
}

#[tokio::test]
async fn the_size_grows_with_what_is_written() {
    let text = "x".repeat(10_000);
    let mut served = serve_points(&format!("m v=1i 0\nm s=\"{text}\" {HOUR}")).await;
    served.fake.snapshot("db");
    let sql = "SELECT size_bytes FROM system.parquet_files WHERE table_name = 'm' ORDER BY path";
    let answer = served.rows(sql).await;
    let sizes = answer.batches[0].column(0).as_primitive::<UInt64Type>().values().to_vec();
    assert!((1000..2000).contains(&sizes[0]) && (10_000..13_000).contains(&sizes[1]), "{sizes:?}");
}

#[tokio::test]
async fn the_newest_points_can_stay_in_the_buffer() {
    let now = SIX + 5 * MINUTE;
    let mut served = serve_points(&format!("m v=1i {}\nm v=2i {SIX}\nm v=3i {now}", SIX - 1)).await;
    assert_eq!(served.fake.snapshot_before("db", now), Some(1));
    let files = listed(&mut served, "db", "m").await;
    assert_eq!(paths(&files), ["n1/dbs/1/0/2025-06-02/05-50/0000000001.parquet"]);
    assert_eq!(served.fake.snapshot_before("db", now), None);
    // The same flush, but another snapshot: another sequence.
    assert_eq!(served.fake.snapshot("db"), Some(2));
    let files = listed(&mut served, "db", "m").await;
    assert_eq!(paths(&files)[1..], ["n1/dbs/1/0/2025-06-02/06-00/0000000002.parquet"]);
}

#[tokio::test]
async fn databases_and_tables_have_numbers() {
    let mut served = serve_points("a v=1i 0\nb v=1i 0").await;
    served.fake.write("other", "a v=1i 0").unwrap();
    assert_eq!((served.fake.snapshot("db"), served.fake.snapshot("other")), (Some(2), Some(3)));
    for (database, table, numbers) in
        [("db", "a", "1/0"), ("db", "b", "1/1"), ("other", "a", "2/0")]
    {
        let files = listed(&mut served, database, table).await;
        assert!(
            paths(&files)[0].starts_with(&format!("n1/dbs/{numbers}/1970-01-01/00-00/")),
            "{files}"
        );
    }
}

#[tokio::test]
async fn a_recreated_table_has_no_files_of_the_old_one() {
    let mut served = serve_points("m v=1i 0\nother v=1i 0").await;
    served.fake.snapshot("db");
    let dropped = served.fake.drop_table("db", "m").unwrap();
    served.fake.write("db", &format!("m v=\"text now\" {HOUR}")).unwrap();
    assert_eq!(listed(&mut served, "db", "m").await, json!([]));
    served.fake.snapshot("db");
    let files = listed(&mut served, "db", "m").await;
    assert_eq!(paths(&files), ["n1/dbs/1/2/1970-01-01/01-00/0000000002.parquet"]);
    let files = listed(&mut served, "db", &dropped).await;
    assert_eq!(paths(&files), ["n1/dbs/1/0/1970-01-01/00-00/0000000001.parquet"]);
    assert!(served.rows("SELECT v FROM m").await.table().contains("text now"));
}

#[tokio::test]
async fn a_rebuilt_server_begins_to_count() {
    let mut served = serve_points("m v=1i 0").await;
    for v in 2..5 {
        served.fake.write("db", &format!("m v={v}i {}\nm v={v}i 0", v * HOUR)).unwrap();
        served.fake.snapshot("db");
    }
    served.fake.write("db", "m v=9i 1").unwrap();
    served.fake.rebuild("n1");
    let files = listed(&mut served, "db", "m").await;
    assert_eq!(
        paths(&files),
        [
            "n1/dbs/1/0/1970-01-01/00-00/0000000001.parquet",
            "n1/dbs/1/0/1970-01-01/02-00/0000000001.parquet",
            "n1/dbs/1/0/1970-01-01/03-00/0000000001.parquet",
            "n1/dbs/1/0/1970-01-01/04-00/0000000001.parquet",
        ]
    );
    assert_eq!(files[0]["row_count"], 2);
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 5);
    assert_eq!(served.fake.snapshot("db"), None);
    served.fake.write("db", "m v=9i 2").unwrap();
    assert_eq!(served.fake.snapshot("db"), Some(2));
}

#[tokio::test]
async fn each_node_counts_for_itself() {
    let mut served = serve(Options::default()).await;
    for (node, sequence) in [("n1", 1), ("n1", 2), ("n2", 1), ("n1", 3)] {
        served.fake.set_node(node);
        served.fake.write("db", "m v=1i 0").unwrap();
        assert_eq!(served.fake.snapshot("db"), Some(sequence), "{node}");
    }
    let files = listed(&mut served, "db", "m").await;
    let names =
        paths(&files).into_iter().map(|path| (&path[..2], &path[path.len() - 9..path.len() - 8]));
    assert_eq!(names.collect::<Vec<_>>(), [("n1", "1"), ("n1", "2"), ("n1", "3"), ("n2", "1")]);
}

#[tokio::test]
async fn an_unknown_table_panics() {
    let mut served = serve_points("m v=1i 0").await;
    served.fake.snapshot("db");
    for filter in ["table_name = 'nosuch'", "'nosuch' = table_name AND min_time > 5"] {
        let sql = format!("SELECT path, min_time FROM system.parquet_files WHERE {filter}");
        let answer = served.ask(&sql).await.unwrap();
        assert_eq!((answer.rows(), answer.schema.fields().len()), (0, 2));
        let status = answer.error.unwrap();
        assert_eq!(status.code(), Code::Internal, "{filter}");
        let text = "panicked with message \"table exists\"";
        assert!(status.message().contains(text), "{}", status.message());
    }
    let sql = "SELECT%20path%20FROM%20system.parquet_files%20WHERE%20table_name='nosuch'";
    let path = format!("/api/v3/query_sql?db=db&q={sql}");
    assert_eq!(served.http("GET", &path, "").await.0, 500);
}

#[tokio::test]
async fn without_a_table_every_file_has_every_name() {
    let mut served = serve_points("m v=1i 0\nn v=1i 0").await;
    served.fake.snapshot("db");
    for sql in [
        "SELECT * FROM system.parquet_files",
        "SELECT * FROM system.parquet_files WHERE table_name IN ('m', 'n')",
    ] {
        assert_eq!(served.rows(sql).await.rows(), 4, "{sql}");
    }
    let ticket = json!({
        "database": "db",
        "sql_query": "SELECT * FROM system.parquet_files WHERE table_name = $t",
        "params": {"t": "n"},
    });
    assert_eq!(do_get(&mut served.flight, &ticket.to_string(), None).await.unwrap().rows(), 1);
}

#[tokio::test]
async fn editions_list_other_files_or_none() {
    let sql = "SELECT * FROM system.parquet_files WHERE table_name = ";
    let mut served = serve(Options::default().file_listing(FileListing::Empty)).await;
    served.fake.write("db", "m v=1i 0").unwrap();
    served.fake.snapshot("db");
    for table in ["'m'", "'nosuch'"] {
        let answer = served.rows(&format!("{sql}{table}")).await;
        assert_eq!((answer.rows(), answer.schema.fields().len()), (0, 6), "{table}");
    }

    let mut served = serve(Options::default().file_listing(FileListing::Absent)).await;
    served.fake.write("db", "m v=1i 0").unwrap();
    served.fake.snapshot("db");
    let status = served.ask(&format!("{sql}'m'")).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let text = "table 'public.system.parquet_files' not found";
    assert!(status.message().contains(text), "{}", status.message());
    assert!(!served.rows("SHOW TABLES").await.table().contains("parquet_files"));
}
