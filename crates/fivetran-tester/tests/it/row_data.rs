//! The second form of a record's values, which the Connector SDK can write. The bytes here are
//! those of its release 2.13.1.

use fivetran_wire::value_type::Inner;
use fivetran_wire::{Column, DataType, Record};
use insta::assert_snapshot;

use crate::scripted::{Stage, Sync, breaches, lines};
use crate::wire::{
    batch, checkpoint, column, cpu, decimal_column, key, load, one, schema, string_column, table,
    upsert_encoded,
};

/// Sends one value in a column of a table. Returns the breach without its place, and what landed.
async fn send(column: Column, value: &[u8]) -> (String, String) {
    let schema = schema([table("t", [key("id", DataType::Int), column])]);
    let row = upsert_encoded("t", [("id", b"\x011"), ("v", value)]);
    let mut stage = Stage::syncs(schema, [Sync::of([one(row), checkpoint("{}")])]).await;
    let broken = lines(&stage.sync().await);
    let broken = broken.strip_prefix("column `v` of table `t`: ").unwrap_or(&broken).to_owned();
    (broken, stage.rows("t").replacen("1 | ", "", 1))
}

#[track_caller]
fn check(column: Column, value: &[u8], breach: &str, lands: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sent = runtime.block_on(send(column, value));
    assert_eq!((sent.0.as_str(), sent.1.as_str()), (breach, lands), "{}", value.escape_ascii());
}

#[test]
fn every_type_lands_as_its_own() {
    for (data_type, value, lands) in [
        (DataType::Boolean, b"\x01true".as_slice(), "1"),
        (DataType::Boolean, b"\x01false", "0"),
        (DataType::Short, b"\x01-32768", "-32768"),
        (DataType::Int, b"\x010", "0"),
        (DataType::Long, b"\x01-9223372036854775808", "-9223372036854775808"),
        (DataType::Float, b"\x040.25", "0.25"),
        (DataType::Double, b"\x051e-07", "1e-7"),
        (DataType::Double, b"\x05-1.5e+300", "-1.5e300"),
        (DataType::Double, b"\x05Infinity", "inf"),
        (DataType::Double, b"\x05-Infinity", "-inf"),
        // SQLite has no NaN.
        (DataType::Double, b"\x05NaN", "NULL"),
        (DataType::Decimal, b"\x0118446744073709551615", "18446744073709551615"),
        (DataType::NaiveDate, b"\x011969-12-31", "1969-12-31"),
        (DataType::NaiveDatetime, b"\x012026-01-31T12:00:00", "2026-01-31T12:00:00.000000000"),
        (
            DataType::NaiveDatetime,
            b"\x010001-01-01T00:00:00.500000",
            "0001-01-01T00:00:00.500000000",
        ),
        (DataType::UtcDatetime, b"\x012026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000000Z"),
        (DataType::UtcDatetime, b"\x012026-01-31T12:00:00.050Z", "2026-01-31T12:00:00.050000000Z"),
        (
            DataType::UtcDatetime,
            b"\x011969-12-31T23:59:59.999999Z",
            "1969-12-31T23:59:59.999999000Z",
        ),
        (DataType::Binary, b"\x03\x00\xff", "00ff"),
        (DataType::Xml, b"\x01<a/>", "<a/>"),
        (DataType::String, "\x01ä".as_bytes(), "ä"),
        (DataType::String, b"\x01", ""),
        (DataType::Json, b"\x02{\"a\": 1}", "{\"a\": 1}"),
        (DataType::Double, b"\x00", "NULL"),
    ] {
        check(column("v", data_type), value, "", lands);
    }
}

#[test]
fn a_form_that_the_sdk_does_not_write_is_named() {
    for (data_type, value, shown) in [
        (DataType::Boolean, b"\x01True".as_slice(), r"kind 1 `True` in BOOLEAN"),
        (DataType::Int, b"\x01+1", r"kind 1 `+1` in INT"),
        (DataType::Int, b"\x0101", r"kind 1 `01` in INT"),
        (DataType::Int, b"\x01-0", r"kind 1 `-0` in INT"),
        (DataType::Int, b"\x01", r"kind 1 `` in INT"),
        (DataType::Int, b"\x01 1", r"kind 1 ` 1` in INT"),
        (DataType::Int, b"\x012147483648", r"kind 1 `2147483648` in INT"),
        (DataType::Long, b"\x019223372036854775808", r"kind 1 `9223372036854775808` in LONG"),
        (DataType::Long, b"\x011.0", r"kind 1 `1.0` in LONG"),
        (DataType::Float, b"\x041e300", r"kind 4 `1e300` in FLOAT"),
        (DataType::Double, b"\x05inf", r"kind 5 `inf` in DOUBLE"),
        (DataType::Double, b"\x051.", r"kind 5 `1.` in DOUBLE"),
        (DataType::Double, b"\x05--1.0", r"kind 5 `--1.0` in DOUBLE"),
        (DataType::Double, b"\x051e999", r"kind 5 `1e999` in DOUBLE"),
        (DataType::NaiveDate, b"\x012026-1-31", r"kind 1 `2026-1-31` in NAIVE_DATE"),
        (DataType::NaiveDate, b"\x012026-02-30", r"kind 1 `2026-02-30` in NAIVE_DATE"),
        (
            DataType::NaiveDatetime,
            b"\x012026-01-31T12:00:00Z",
            r"kind 1 `2026-01-31T12:00:00Z` in NAIVE_DATETIME",
        ),
        (
            DataType::UtcDatetime,
            b"\x012026-01-31T12:00:00",
            r"kind 1 `2026-01-31T12:00:00` in UTC_DATETIME",
        ),
        (
            DataType::UtcDatetime,
            b"\x012026-01-31T12:00:00+00:00",
            r"kind 1 `2026-01-31T12:00:00+00:00` in UTC_DATETIME",
        ),
        (
            DataType::UtcDatetime,
            b"\x012026-01-31 12:00:00Z",
            r"kind 1 `2026-01-31 12:00:00Z` in UTC_DATETIME",
        ),
        (
            DataType::UtcDatetime,
            b"\x012026-01-31T12:00:60Z",
            r"kind 1 `2026-01-31T12:00:60Z` in UTC_DATETIME",
        ),
        (
            DataType::UtcDatetime,
            b"\x012026-01-31T12:00:00.5Z",
            r"kind 1 `2026-01-31T12:00:00.5Z` in UTC_DATETIME",
        ),
        (DataType::String, b"\x01\xff", r"kind 1 `\xff` in STRING"),
        (DataType::Json, b"\x02\xff", r"kind 2 `\xff` in JSON"),
        (DataType::String, b"\x00x", r"kind 0 `x` in STRING"),
        (DataType::String, b"\x06x", r"kind 6 `x` in STRING"),
        (DataType::String, b"", "no byte in STRING"),
    ] {
        let rule = "a value of row_data does not have the form of its column's type";
        check(column("v", data_type), value, &format!("{rule}: {shown}"), "NULL");
    }
}

#[test]
fn the_rules_of_values_hold_in_this_form_too() {
    for (column, value, breach) in [
        (
            column("v", DataType::Double),
            b"\x041.5".as_slice(),
            "a value is of another kind than its column: FLOAT `1.5` in DOUBLE",
        ),
        (
            column("v", DataType::Json),
            b"\x01{}",
            "a value is of another kind than its column: STRING `{}` in JSON",
        ),
        (
            column("v", DataType::String),
            b"\x03ab",
            "a value is of another kind than its column: BINARY 2 bytes in STRING",
        ),
        (
            column("v", DataType::Short),
            b"\x0132768",
            "a SHORT does not fit in 16 bits: SHORT `32768` in SHORT",
        ),
        (
            column("v", DataType::UtcDatetime),
            b"\x010000-12-31T00:00:00Z",
            "a time is out of range: UTC_DATETIME -62135683200 s and 0 ns in UTC_DATETIME",
        ),
        (
            column("v", DataType::Decimal),
            b"\x011e5",
            "a DECIMAL is not a decimal number: DECIMAL `1e5` in DECIMAL",
        ),
        (
            decimal_column("v", 2, 0),
            b"\x01100",
            "a DECIMAL has more digits than declared: DECIMAL `100` in DECIMAL(2,0)",
        ),
        (
            string_column("v", 1),
            b"\x01ab",
            "a STRING has more bytes than declared: STRING `ab` in STRING(1)",
        ),
        (
            column("v", DataType::Json),
            b"\x02NaN",
            "a JSON is not a JSON document: JSON `NaN` in JSON",
        ),
    ] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        assert_eq!(runtime.block_on(send(column, value)).0, breach);
    }
}

async fn check_records(records: impl Into<Vec<Record>>) -> (String, String) {
    let messages = [batch(records), checkpoint("{}")];
    let mut stage = Stage::syncs(schema([cpu()]), [Sync::of(messages)]).await;
    let report = stage.sync().await;
    (lines(&report), stage.rows("cpu"))
}

#[tokio::test]
async fn records_of_both_forms_may_share_a_message() {
    let encoded = upsert_encoded("cpu", [("host", b"\x01b"), ("load", b"\x052.0")]);
    let (breaches, rows) = check_records([load("a", 1.0), encoded, load("c", 3.0)]).await;
    assert_eq!((breaches.as_str(), rows.as_str()), ("", "a | 1\nb | 2\nc | 3"));
}

#[tokio::test]
async fn a_key_is_not_null_and_has_its_form() {
    let load: (&str, &[u8]) = ("load", b"\x051.0");
    let null = upsert_encoded("cpu", [("host", b"\x00"), load]);
    let malformed = upsert_encoded("cpu", [("host", b"\x09"), load]);
    let absent = upsert_encoded("cpu", [load]);
    let (breaches, rows) = check_records([null, malformed, absent]).await;
    assert_snapshot!(breaches, @"
    column `host` of table `cpu`: a record leaves out a column of the key
    column `host` of table `cpu`: a record has NULL in the key
    column `host` of table `cpu`: a value of row_data does not have the form of its column's type: kind 9 `` in STRING
    ");
    assert_eq!(rows, "");
}

#[tokio::test]
async fn what_is_not_declared_is_read_as_its_kind_says() {
    let (breaches, rows) = check_records([upsert_encoded(
        "cpu",
        [
            ("host", b"\x01a"),
            ("load", b"\x051.0"),
            ("n", b"\x017"),
            ("odd", b"\x09"),
            ("r", b"\x041.5"),
        ],
    )])
    .await;
    assert_snapshot!(breaches, @"
    column `n` of table `cpu`: a value's column is not declared: STRING `7`
    column `odd` of table `cpu`: a value's column is not declared: kind 9 ``
    column `r` of table `cpu`: a value's column is not declared: FLOAT `1.5`
    column `odd` of table `cpu`: a value of row_data does not have the form of its column's type: kind 9 ``
    ");
    assert_eq!(rows, "a | 1 | 7 | 1.5");
}

#[tokio::test]
async fn a_truncate_has_no_row_data() {
    let full = Record {
        r#type: fivetran_wire::RecordType::Truncate.into(),
        ..upsert_encoded("cpu", [("host", b"\x01a")])
    };
    assert_snapshot!(breaches(schema([cpu()]), [one(full), checkpoint("{}")]).await,
        @"table `cpu`: a truncate carries data");
}

#[tokio::test]
async fn a_record_has_one_form() {
    let mut both = load("a", 1.0);
    both.row_data.insert("host".to_owned(), b"\x01b".to_vec());
    let (broken, rows) = check_records([load("z", 1.0), both.clone(), both.clone()]).await;
    assert_snapshot!(broken, @"table `cpu`: a record has both data and row_data, 2 times");
    // Which form counts is not defined, so nothing of the message is loaded.
    assert_eq!(rows, "");
    both.data.remove("host");
    assert!(matches!(both.data["load"].inner, Some(Inner::Double(_))));
    assert_snapshot!(breaches(schema([cpu()]), [one(both), checkpoint("{}")]).await,
        @"table `cpu`: a record has both data and row_data");
}
