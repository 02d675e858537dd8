//! Goes on where the Python example has stopped: from its state, under the configuration that makes
//! its table.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use influx_fake::FileListing;
use sync_core::Fault;

use crate::support::{Bench, Event, HOUR, NOW, SECOND, Said, options};

const DAY: i64 = 24 * HOUR;
/// The time of the last row that the example sent, in a whole number of microseconds.
const LAST: i64 = NOW - 6 * HOUR + 190_260_000;
const PARITY: &str = include_str!("../../../../fixtures/parity-configuration.json");

/// A point of the measurement at a time. The number tells it from the others.
fn point(ants: i64, time: i64) -> String {
    format!("census,location=Klamath ants={ants}i,bees=0i {time}")
}

/// A time as the example wrote it.
fn text(time: i64) -> String {
    DateTime::from_timestamp_nanos(time).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn state(time: i64) -> String {
    format!(r#"{{"last_upserted_timestamp": "{}"}}"#, text(time))
}

/// Points before, at and after [`LAST`], the parity configuration, and the example's state.
async fn left_by_the_example(files: FileListing) -> Bench {
    let lines = [
        point(1, LAST - 3 * DAY),
        point(2, LAST - 1),
        // Three points of one time: the example may have sent but one of them.
        point(3, LAST),
        format!("census,location=Portland ants=4i {LAST}"),
        format!("census,location=Bend ants=5i {LAST}"),
        // Within the microsecond, which is all that the example knew of a time.
        point(6, LAST + 999),
        point(7, NOW - HOUR),
    ];
    let options = options().file_listing(files);
    let mut bench = Bench::with_options(&lines.join("\n"), options).await;
    bench.fake.snapshot("db").unwrap();
    let parity: BTreeMap<String, String> = serde_json::from_str(PARITY).unwrap();
    for (name, value) in parity {
        if !value.starts_with('<') && name != "database" {
            bench.change(&name, &value);
        }
    }
    bench.state = Some(state(LAST));
    bench
}

fn ants(said: &Said) -> Vec<&str> {
    said.column("census_table", "ants")
}

/// The state has the floor, whatever else it has.
#[track_caller]
fn has_floor(bench: &Bench, floor: i64) {
    let state: serde_json::Value = serde_json::from_str(bench.state.as_ref().unwrap()).unwrap();
    let notes = &state["databases"]["db"]["census"]["notes"];
    assert_eq!(notes["floor"], floor.to_string(), "{state}");
}

/// No query has asked for a time before the floor.
#[track_caller]
fn nothing_was_asked_before(bench: &Bench, floor: i64) {
    for sql in bench.fake.queries() {
        for bound in sql.split("arrow_cast(").skip(1) {
            let time: i64 = bound.split(',').next().unwrap().parse().unwrap();
            assert!(time >= floor, "{sql}");
        }
    }
}

#[tokio::test]
async fn the_first_sync_sends_what_was_written_since_and_ties() {
    for files in [FileListing::Listed, FileListing::Absent] {
        let mut bench = left_by_the_example(files).await;
        let said = bench.sync().await;
        assert_eq!(ants(&said), ["3", "4", "5", "6", "7"], "{files:?}");
        assert_eq!(said.truncated(), [""; 0]);
        insta::allow_duplicates! {
            insta::assert_snapshot!(said.warnings()[0], @r#"Measurement "census" goes on where another connector has stopped, at 2025-06-09T18:00:00.190260000Z: its points from then on are sent to table "census_table", and the rows that the table has stay. Points before then are not read, however late they come, unless the table is re-synced."#);
        }
        // The other one is of a time that is finer than a microsecond.
        assert_eq!(said.warnings().len(), 2);
        has_floor(&bench, LAST);
        nothing_was_asked_before(&bench, LAST);
        // What files have named is read once more, until every query shows it.
        bench.now += 10 * SECOND;
        bench.sync().await;
        // The next one is like any other: it says nothing, and looks back.
        let said = bench.sync().await;
        assert_eq!((ants(&said), said.warnings().len()), (vec!["7"], 0), "{files:?}");
        has_floor(&bench, LAST);
    }
}

#[tokio::test]
async fn a_time_without_a_fraction_is_taken_over_too() {
    let whole = LAST - LAST.rem_euclid(SECOND);
    assert_eq!(text(whole), "2025-06-09T18:00:00Z");
    let mut bench = left_by_the_example(FileListing::Listed).await;
    bench.state = Some(state(whole));
    bench.write(&point(8, whole));
    assert_eq!(ants(&bench.sync().await), ["2", "3", "4", "5", "6", "7", "8"]);
    has_floor(&bench, whole);
}

#[tokio::test]
async fn no_net_reads_before_the_floor() {
    for files in [FileListing::Listed, FileListing::Absent] {
        let mut bench = left_by_the_example(files).await.set("lookback", "7d");
        bench.sync().await;
        // What comes late on both sides of the floor. The oldest day had a point, so its count
        // grows.
        bench.write(&point(100, LAST - 3 * DAY + SECOND));
        bench.write(&point(101, LAST - SECOND));
        bench.write(&point(102, LAST + SECOND));
        bench.fake.snapshot("db").unwrap();
        bench.now += 5 * HOUR;
        let said = bench.sync().await;
        assert_eq!(ants(&said), ["102", "3", "4", "5", "6", "7"], "{files:?}");
        bench.change("lookback", "1h");
        bench.write(&point(103, LAST - 2 * SECOND));
        bench.write(&point(104, LAST + 2 * SECOND));
        bench.fake.snapshot("db").unwrap();
        bench.now += 5 * HOUR;
        // Files name one point, and counts an hour.
        let said = bench.sync().await;
        assert!(ants(&said).contains(&"104"), "{files:?}: {said:?}");
        assert!(!ants(&said).contains(&"103"), "{files:?}: {said:?}");
        nothing_was_asked_before(&bench, LAST);
        has_floor(&bench, LAST);
    }
}

#[tokio::test]
async fn the_floor_stays_when_the_table_is_read_again() {
    let mut bench = left_by_the_example(FileListing::Listed).await;
    bench.sync().await;
    // Another server owes all its points.
    let other = left_by_the_example(FileListing::Listed).await;
    bench.change("hostname", &other.settings["hostname"]);
    let said = bench.sync().await;
    assert_eq!((ants(&said), said.truncated().len()), (vec!["3", "4", "5", "6", "7"], 0));
    has_floor(&bench, LAST);
    // A table that was dropped is read again when it is back.
    other.fake.drop_table("db", "census");
    bench.try_sync().await.1.unwrap_err();
    has_floor(&bench, LAST);
    other.write(&[point(1, LAST - 1), point(2, LAST)].join("\n"));
    let said = bench.sync().await;
    assert_eq!((ants(&said), said.truncated().len()), (vec!["2"], 0));
    has_floor(&bench, LAST);
    nothing_was_asked_before(&other, LAST);
}

#[tokio::test]
async fn a_sync_that_fails_forgets_nothing() {
    let mut bench = left_by_the_example(FileListing::Listed).await;
    // The measurement is not there, in a database that is.
    bench.fake.drop_table("db", "census");
    bench.failing_sync().await;
    bench.write(&[point(1, LAST - 1), point(2, LAST)].join("\n"));
    let said = bench.sync().await;
    assert_eq!((ants(&said), said.truncated().len()), (vec!["2"], 0));
    assert_eq!(said.warnings().len(), 1);
    has_floor(&bench, LAST);
    assert_eq!(bench.sync().await.warnings(), [""; 0]);
}

#[tokio::test]
async fn a_time_in_the_future_starts_at_the_end_of_the_sync() {
    let mut bench = left_by_the_example(FileListing::Listed).await;
    bench.state = Some(r#"{"last_upserted_timestamp": "2099-01-01T00:00:00Z"}"#.to_owned());
    let said = bench.sync().await;
    assert_eq!((ants(&said), said.truncated().len()), (vec![""; 0], 0));
    insta::assert_snapshot!(said.warnings().join("\n"), @r#"Measurement "census" goes on where another connector has stopped, at 2025-06-09T23:59:50.000000000Z: its points from then on are sent to table "census_table", and the rows that the table has stay. Points before then are not read, however late they come, unless the table is re-synced. The other connector had stopped at 2099-01-01T00:00:00.000000000Z, which lies after the present time, so it may have left out points of before: if it has, re-sync the table."#);
    let upper = NOW - 10 * SECOND;
    has_floor(&bench, upper);
    bench.write(&[point(8, upper - 1), point(9, upper), point(10, NOW)].join("\n"));
    bench.now += HOUR;
    let said = bench.sync().await;
    assert_eq!((ants(&said), said.warnings().len()), (vec!["10", "9"], 0));
}

#[tokio::test]
async fn a_table_that_starts_anew_is_read_from_its_first_point() {
    // A re-sync has no state.
    let mut bench = left_by_the_example(FileListing::Listed).await;
    bench.sync().await;
    bench.state = None;
    let said = bench.sync().await;
    assert_eq!((ants(&said).len(), said.truncated()), (7, vec!["census_table"]));
    // Rows of another shape replace all that there are.
    let mut bench = left_by_the_example(FileListing::Listed).await;
    bench.sync().await;
    bench.change("time_format", "iso8601");
    let said = bench.sync().await;
    assert_eq!((ants(&said).len(), said.truncated()), (7, vec!["census_table"]));
    assert!(!bench.state.as_ref().unwrap().contains("\"floor\""));
}

#[tokio::test]
async fn a_table_that_was_not_read_for_long_keeps_its_floor() {
    let mut bench = left_by_the_example(FileListing::Listed).await;
    bench.sync().await;
    bench.write(&format!("other v=1i {NOW}"));
    let settings = bench.settings.clone();
    bench.change("measurement", "other");
    bench.change("table_name", "other");
    for _ in 0..2 {
        bench.now += 31 * DAY;
        bench.sync().await;
    }
    bench.settings = settings;
    let said = bench.sync().await;
    assert_eq!((ants(&said), said.truncated().len()), (vec!["3", "4", "5", "6", "7"], 0));
    has_floor(&bench, LAST);
}

/// Syncs from this state and these settings, which has to fail before anything is sent.
async fn refused(state: &str, settings: &[(&str, &str)]) -> String {
    let mut bench = left_by_the_example(FileListing::Listed).await;
    bench.state = Some(state.to_owned());
    for (name, value) in settings {
        bench.change(name, value);
    }
    let (said, error) = bench.failing_sync().await;
    assert_eq!(said.0, [] as [Event; 0]);
    assert_eq!(error.fault(), Fault::Setup);
    assert!(bench.fake.queries().is_empty());
    error.to_string()
}

#[tokio::test]
async fn what_the_example_did_not_write_is_named() {
    let last = |value: &str| format!(r#"{{"last_upserted_timestamp": {value}}}"#);
    for (value, shown) in [
        ("null", "null"),
        ("1749492000", "1749492000"),
        (r#""1990""#, r#""1990""#),
        (r#""2025-06-02T06:36:58.190Z""#, r#""2025-06-02T06:36:58.190Z""#),
        (r#""2025-06-02T06:36:58+00:00""#, r#""2025-06-02T06:36:58+00:00""#),
        (r#"{"a": 1}"#, r#"{"a":1}"#),
        (&format!("{:?}", "9".repeat(99)), &format!("\"{}…", "9".repeat(59))),
    ] {
        assert_eq!(
            refused(&last(value), &[]).await,
            format!(
                "The saved state of this connection is that of the Python example, but its \
                 `last_upserted_timestamp` is {shown}, and not a time such as \
                 \"2025-06-02T06:36:58.190260Z\" or \"2025-06-02T06:36:58Z\". Put the example's \
                 own state back; or run a full re-sync of the connection, which starts without a \
                 state."
            )
        );
    }
    let more = r#"{"last_upserted_timestamp": "2025-06-02T06:36:58Z", "version": 2, "a": {}}"#;
    insta::assert_snapshot!(refused(more, &[]).await, @"The saved state of this connection has `last_upserted_timestamp`, as that of the Python example has, and beside it what the example never wrote: `a`, `version`. Put the example's own state back; or run a full re-sync of the connection, which starts without a state.");
}

#[tokio::test]
async fn a_configuration_that_makes_another_table_is_named() {
    for (name, value, wrong) in [
        ("table_name", "census", "`table_name` has to be `census_table`"),
        ("primary_key", "series", "`primary_key` has to be `none`"),
        ("time_format", "utc_datetime", "`time_format` has to be `iso8601_micros`"),
        (
            "start_time",
            "2025-01-01",
            "`start_time` has to be empty, since the saved time takes its place",
        ),
        (
            "column_types",
            r#"{"ants":"INT"}"#,
            r#"`column_types` has to be `{"ants":"INT","bees":"INT"}`"#,
        ),
        (
            "column_types",
            r#"{"ants":"INT","bees":"INT","location":"JSON"}"#,
            r#"`column_types` has to be `{"ants":"INT","bees":"INT"}`"#,
        ),
    ] {
        assert_eq!(
            refused(&state(LAST), &[(name, value)]).await,
            format!(
                "The saved state of this connection is that of the Python example \
                 (`last_upserted_timestamp`), and this configuration would not fill its table as \
                 it did: {wrong}. Set that, and the table goes on where the example has stopped; \
                 or run a full re-sync of the connection, which starts without a state."
            )
        );
    }
    let everything = [
        ("measurement", "*"),
        ("table_name", ""),
        ("primary_key", ""),
        ("time_format", ""),
        ("column_types", ""),
    ];
    insta::assert_snapshot!(refused(&state(LAST), &everything).await, @r#"The saved state of this connection is that of the Python example (`last_upserted_timestamp`), and this configuration would not fill its table as it did: `measurement` has to be the one that the example read, `table_name` has to be `census_table`, `primary_key` has to be `none`, `time_format` has to be `iso8601_micros`, `column_types` has to be `{"ants":"INT","bees":"INT"}`. Set that, and the table goes on where the example has stopped; or run a full re-sync of the connection, which starts without a state."#);
    // What says the same in other words will do.
    let mut bench = left_by_the_example(FileListing::Listed).await;
    bench.change("column_types", r#"{"census.ants":"INT","bees":"INT"}"#);
    assert_eq!(ants(&bench.sync().await).len(), 5);
}
