//! Syncs every type at its extremes, and with the casts that a customer may ask for.

use sync_core::Fault;

use crate::support::{Bench, NOW};

const TYPES: &str = include_str!("../../../../fixtures/types.lp");

#[tokio::test]
async fn every_type_keeps_its_extremes() {
    let mut bench = Bench::new(TYPES).await.set("measurement", "types");
    // One point lies at the far end of time, so the server's clock holds it back.
    bench.now = i64::MAX;
    let tables = bench.schema().await.unwrap();
    let types: Vec<_> = tables[0]
        .columns
        .iter()
        .map(|column| {
            format!(
                "{} {}{}",
                column.name,
                column.data_type,
                if column.primary_key { " key" } else { "" }
            )
        })
        .collect();
    insta::assert_snapshot!(types.join("\n"), @r"
    _series_id STRING key
    _time_ns LONG key
    b BOOLEAN
    case STRING
    f DOUBLE
    i LONG
    region STRING
    s STRING
    time UTC_DATETIME
    u DECIMAL(20,0)
    ");
    let said = bench.sync().await;
    let mut rows: Vec<_> = said
        .rows()
        .map(|(_, row)| {
            let cells = ["_time_ns", "case", "region", "b", "f", "i", "u", "s", "time"]
                .map(|name| format!("{:?}", row[name]));
            cells.join(" ").replace('"', "")
        })
        .collect();
    rows.sort_unstable();
    insta::assert_snapshot!("extremes", rows.join("\n"));
}

#[tokio::test]
async fn columns_become_what_is_asked_for() {
    let mut bench = Bench::new("m,host=a v=7i,f=1.5 1748846218190260123")
        .await
        .set("column_types", r#"{"v":"SHORT","m.f":"STRING","time":"NAIVE_DATE"}"#);
    let tables = bench.schema().await.unwrap();
    let types: Vec<_> =
        tables[0].columns.iter().map(|column| column.data_type.to_string()).collect();
    assert_eq!(types, ["STRING", "LONG", "STRING", "STRING", "NAIVE_DATE", "SHORT"]);
    let said = bench.sync().await;
    assert_eq!((said.column("m", "f"), said.column("m", "v")), (vec!["1.5"], vec!["7"]));
}

#[tokio::test]
async fn time_can_be_text_and_what_is_cut_is_counted() {
    let point = format!("m v=1i 1748846218190260123\nm v=2i {}", NOW - 60_000_000_000);
    let mut bench = Bench::new(&point).await.set("time_format", "iso8601");
    let said = bench.sync().await;
    assert_eq!(
        said.column("m", "time"),
        ["2025-06-02T06:36:58.190260123Z", "2025-06-09T23:59:00.000000000Z"]
    );
    assert_eq!(said.warnings(), [""; 0]);

    let mut bench = Bench::new(&point).await.set("time_format", "iso8601_micros");
    let said = bench.sync().await;
    assert_eq!(
        said.column("m", "time"),
        ["2025-06-02T06:36:58.190260Z", "2025-06-09T23:59:00.000000Z"]
    );
    insta::assert_snapshot!(said.warnings().join("\n"), @r#"Column "time" of measurement "m" had 1 times that are finer than a microsecond; the rest was cut. Set `time_format` to `iso8601` to keep it."#);
}

#[tokio::test]
async fn a_value_that_does_not_fit_parks_its_table_and_the_others_finish() {
    let points = "big v=32768i 1748846218000000000\nsmall v=1i 1748846218000000000";
    let mut bench = Bench::new(points).await.set("column_types", r#"{"v":"SHORT"}"#);
    let (said, error) = bench.failing_sync().await;
    assert_eq!(error.fault(), Fault::Setup);
    let text = error.to_string();
    assert!(text.contains(r#"column "v" of table "big" cannot hold 32768"#), "{text}");
    assert_eq!(said.column("small", "v"), ["1"]);
    assert_eq!(said.column("big", "v"), [""; 0]);
}

#[tokio::test]
async fn types_that_cannot_be_are_refused_before_any_row() {
    for (settings, expected) in [
        (
            vec![("column_types", r#"{"v":"BINARY"}"#)],
            "`column_types` asks for BINARY for column \"v\" of measurement \"m\", which InfluxDB \
             keeps as Int64. Choose one of LONG, SHORT, INT, DECIMAL(20,0), DOUBLE, STRING.",
        ),
        (
            vec![("column_types", r#"{"v":"INT","m.v":"SHORT"}"#)],
            "`column_types` gives column \"v\" of measurement \"m\" two types: INT by \"v\" and \
             SHORT by \"m.v\". Remove one of the two.",
        ),
        (
            vec![("column_types", r#"{"time":"STRING"}"#)],
            "`column_types` asks for STRING for column \"time\" of measurement \"m\", and \
             `time_format` is `utc_datetime`. Make the two agree: STRING goes with `iso8601` or \
             `iso8601_micros`, any other type with `utc_datetime`.",
        ),
        (
            vec![("column_types", r#"{"time":"UTC_DATETIME"}"#), ("time_format", "iso8601")],
            "`column_types` asks for UTC_DATETIME for column \"time\" of measurement \"m\", and \
             `time_format` is `iso8601`. Make the two agree: STRING goes with `iso8601` or \
             `iso8601_micros`, any other type with `utc_datetime`.",
        ),
    ] {
        let mut bench = Bench::new("m v=1i 0").await;
        for (name, value) in settings {
            bench.change(name, value);
        }
        assert_eq!(bench.schema().await, Err((Fault::Setup, expected.to_owned())));
        assert_eq!(bench.test("measurements").await, expected);
        let (said, error) = bench.failing_sync().await;
        assert_eq!((said.rows().count(), error.to_string()), (0, expected.to_owned()));
    }
}

#[tokio::test]
async fn a_type_for_a_column_that_is_not_there_is_a_warning() {
    let mut bench = Bench::new("m v=1i 0").await.set("column_types", r#"{"w":"INT"}"#);
    assert_eq!(
        bench.sync().await.warnings(),
        [r#"`column_types` has "w", which is no column of a synced measurement."#]
    );
}
