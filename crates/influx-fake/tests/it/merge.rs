//! What becomes of points that share a table, a series or a time.

use crate::client::{Served, serve, serve_points};
use influx_fake::Options;

/// Writes lines in order, and compares what `SELECT` gives then.
async fn check(lines: &[&str], select: &str, expect: &str) {
    let mut served = serve(Options::default()).await;
    for line in lines {
        served.fake.write("db", line).unwrap();
    }
    let got = served.rows(select).await.table();
    assert_eq!(got.trim(), expect.trim(), "{lines:?}");
}

#[tokio::test]
async fn the_last_value_that_is_not_null_stays() {
    check(
        &["m,k=1 v=1i,w=10i 5", "m,k=1 v=2i 5", "m,k=1 w=11i,x=\"later\" 5"],
        "SELECT v, w, x FROM m",
        "
+---+----+-------+
| v | w  | x     |
+---+----+-------+
| 2 | 11 | later |
+---+----+-------+",
    )
    .await;
}

#[tokio::test]
async fn late_points_find_their_place() {
    check(
        &["m v=3i 30\nm v=1i 10", "m v=2i 20\nm w=1i 10\nm v=4i 30"],
        "SELECT v, w, CAST(time AS BIGINT) AS t FROM m",
        "
+---+---+----+
| v | w | t  |
+---+---+----+
| 1 | 1 | 10 |
| 2 |   | 20 |
| 4 |   | 30 |
+---+---+----+",
    )
    .await;
}

#[tokio::test]
async fn a_missing_tag_makes_another_series() {
    check(
        &["m v=1i 1", "m,a=x v=2i 1", "m,b=y v=3i 1", "m,b=y,a=x v=4i 1", "m,a=x,b=y v=5i 1"],
        "SELECT a, b, v FROM m",
        "
+---+---+---+
| a | b | v |
+---+---+---+
|   |   | 1 |
|   | y | 3 |
| x |   | 2 |
| x | y | 5 |
+---+---+---+",
    )
    .await;
}

#[tokio::test]
async fn rows_come_by_tags_and_then_by_time() {
    check(
        &["m,host=b v=1i 1", "m,host=a v=2i 9", "m,host=a v=3i 2", "m,host=b v=4i 0"],
        "SELECT host, v FROM m",
        "
+------+---+
| host | v |
+------+---+
| a    | 3 |
| a    | 2 |
| b    | 4 |
| b    | 1 |
+------+---+",
    )
    .await;
}

#[tokio::test]
async fn a_new_tag_is_null_in_older_rows() {
    check(
        &["m,host=a v=1i 1", "m,host=a,region=eu v=2i 1"],
        "SELECT host, region, v FROM m",
        "
+------+--------+---+
| host | region | v |
+------+--------+---+
| a    |        | 1 |
| a    | eu     | 2 |
+------+--------+---+",
    )
    .await;
}

async fn refuses(served: &Served, line: &str, message: &str) {
    let error = served.fake.write("db", line).unwrap_err().to_string();
    assert!(error.contains(message), "{line:.60}: {error}");
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused() {
    let mut served = serve_points("m,host=a v=1i 1").await;
    refuses(&served, "m v=1.5 2", "invalid column type for column 'v'").await;
    refuses(&served, "m host=1i 2", "expected iox::column_type::tag").await;
    refuses(&served, "m,v=x w=1i 2", "expected iox::column_type::field::integer").await;
    refuses(&served, "m v=NaN 2", "No fields were provided").await;
    refuses(&served, "m v=1e999 2", "").await;
    refuses(&served, "m,host= v=1i 2", "").await;
    refuses(&served, "m time=1i 2", "'time'").await;
    refuses(&served, "m v=1i 2\nm v=true 3", "line 2").await;
    refuses(&served, &format!("m s=\"{}\" 2", "x".repeat(1024 * 1024 + 1)), "field 's' is longer")
        .await;
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 1);

    served.fake.write("db", &format!("m s=\"{}\" 2", "x".repeat(1024 * 1024))).unwrap();
    assert_eq!(served.rows("SELECT * FROM m").await.rows(), 2);
}

#[tokio::test]
async fn the_fixtures_can_be_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut served = serve(Options::default()).await;
    for (file, table, rows) in [
        ("census.lp", "census", 8),
        ("home.lp", "home", 14),
        ("types.lp", "types", 19),
        ("odd-names.lp", "cpu.load", 1),
    ] {
        served.fake.write("db", &std::fs::read_to_string(folder.join(file)).unwrap()).unwrap();
        let answer = served.rows(&format!("SELECT * FROM \"{table}\"")).await;
        assert_eq!(answer.rows(), rows, "{file}: {table}");
    }
    // Names that differ only by case, or by what a warehouse drops, stay apart.
    for table in ["Mixed", "mixed", "MIXED", "cpu.load", "cpu-load", "cpu_load"] {
        assert_eq!(served.rows(&format!("SELECT * FROM \"{table}\"")).await.rows(), 1, "{table}");
    }
}
