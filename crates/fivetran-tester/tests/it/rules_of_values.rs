//! Rules of one value against its column's type.

use fivetran_wire::value_type::Inner;
use fivetran_wire::{Column, DataType, Record, ValueType};

use crate::scripted::breaches;
use crate::wire::{
    at, checkpoint, column, decimal_column, key, one, schema, string_column, table, text, upsert,
};

/// Sends one value in one column. `expect` is the breach without its place, or empty.
#[track_caller]
fn check(column: Column, value: Inner, expect: &str) {
    check_record(column, upsert("t", [("id", Inner::Int(1)), ("v", value)]), expect);
}

#[track_caller]
fn check_record(column: Column, record: Record, expect: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let schema = schema([table("t", [key("id", DataType::Int), column])]);
    let broken = runtime.block_on(breaches(schema, [one(record), checkpoint("{}")]));
    let place = "column `v` of table `t`: ";
    assert_eq!(broken.strip_prefix(place).unwrap_or(&broken), expect);
}

#[test]
fn a_kind_is_its_columns() {
    check(column("v", DataType::Long), Inner::Long(1), "");
    check(
        column("v", DataType::Long),
        Inner::Int(1),
        "a value is of another kind than its column: INT `1` in LONG",
    );
    check(
        column("v", DataType::String),
        Inner::Json("{}".to_owned()),
        "a value is of another kind than its column: JSON `{}` in STRING",
    );
    check(
        column("v", DataType::UtcDatetime),
        Inner::NaiveDatetime(at(1, 0)),
        "a value is of another kind than its column: NAIVE_DATETIME 1 s and 0 ns in UTC_DATETIME",
    );
    let long = "x".repeat(200);
    let expect = format!(
        "a value is of another kind than its column: STRING `{}…` in DOUBLE",
        "x".repeat(60)
    );
    check(column("v", DataType::Double), text(&long), &expect);
}

#[test]
fn a_value_is_set() {
    let mut record = upsert("t", [("id", Inner::Int(1))]);
    record.data.insert("v".to_owned(), ValueType { inner: None });
    check_record(column("v", DataType::Int), record, "a value has nothing set");
    check(column("v", DataType::Int), Inner::Null(false), "a value has nothing set");
    check(column("v", DataType::Int), Inner::Null(true), "");
}

#[test]
fn a_short_has_16_bits() {
    check(column("v", DataType::Short), Inner::Short(32767), "");
    check(
        column("v", DataType::Short),
        Inner::Short(32768),
        "a SHORT does not fit in 16 bits: SHORT `32768` in SHORT",
    );
}

#[test]
fn a_time_is_in_range() {
    let utc = || column("v", DataType::UtcDatetime);
    check(utc(), Inner::UtcDatetime(at(-1, 999_999_999)), "");
    for (seconds, nanos) in [(0, 1_000_000_000), (0, -1), (253_402_300_800, 0), (i64::MIN, 0)] {
        let expect = format!(
            "a time is out of range: UTC_DATETIME {seconds} s and {nanos} ns in UTC_DATETIME"
        );
        check(utc(), Inner::UtcDatetime(at(seconds, nanos)), &expect);
    }
}

#[test]
fn a_date_is_midnight() {
    let date = || column("v", DataType::NaiveDate);
    check(date(), Inner::NaiveDate(at(-86_400, 0)), "");
    check(
        date(),
        Inner::NaiveDate(at(-86_399, 0)),
        "a NAIVE_DATE is not midnight: NAIVE_DATE -86399 s and 0 ns in NAIVE_DATE",
    );
}

#[test]
fn a_decimal_is_a_number_that_fits() {
    let decimal = |text: &str| Inner::Decimal(text.to_owned());
    for fits in ["0", "-999.99", "+1", "000123.4500", ".5", "5."] {
        check(decimal_column("v", 5, 2), decimal(fits), "");
    }
    for wide in ["1000", "0.001"] {
        let expect =
            format!("a DECIMAL has more digits than declared: DECIMAL `{wide}` in DECIMAL(5,2)");
        check(decimal_column("v", 5, 2), decimal(wide), &expect);
    }
    for none in ["", "-", ".", "1e5", "NaN", "1,5", "--1"] {
        let expect = format!("a DECIMAL is not a decimal number: DECIMAL `{none}` in DECIMAL(5,2)");
        check(decimal_column("v", 5, 2), decimal(none), &expect);
    }
    check(column("v", DataType::Decimal), decimal("123456789012345678901234567890.1"), "");
}

#[test]
fn a_string_is_no_longer_than_declared() {
    check(string_column("v", 4), text("äb"), "");
    check(
        string_column("v", 4),
        text("äöü"),
        "a STRING has more bytes than declared: STRING `äöü` in STRING(4)",
    );
}

#[test]
fn a_json_is_a_document() {
    let json = |text: &str| Inner::Json(text.to_owned());
    for document in ["{}", "[1, null]", "\"text\"", "7"] {
        check(column("v", DataType::Json), json(document), "");
    }
    for none in ["", "{", "{a: 1}", "NaN"] {
        let expect = format!("a JSON is not a JSON document: JSON `{none}` in JSON");
        check(column("v", DataType::Json), json(none), &expect);
    }
}

#[test]
fn a_time_of_day_is_not_for_sources() {
    let time = || Inner::NaiveTime(at(3_600, 0));
    let rule = "a column is NAIVE_TIME, which is not for sources";
    check(column("v", DataType::NaiveTime), time(), rule);
    // Nor if Fivetran infers the type from values.
    check(
        column("v", DataType::Unspecified),
        time(),
        &format!(
            "a column has no type\n\
             column `v` of table `t`: {rule}: NAIVE_TIME 3600 s and 0 ns in UNSPECIFIED"
        ),
    );
    check_record(
        column("declared", DataType::Int),
        upsert("t", [("id", Inner::Int(1)), ("declared", Inner::Int(1)), ("v", time())]),
        &format!(
            "{rule}: NAIVE_TIME 3600 s and 0 ns\n\
             column `v` of table `t`: a value's column is not declared: NAIVE_TIME 3600 s and 0 ns"
        ),
    );
}
