//! Reads the values of `row_data`, the second form of a record's values, which Fivetran's Connector
//! SDK (2.13.1) writes where `ConnectorSdkRemoveValueType` is set in its environment.
//!
//! A value is a byte that tells its kind, and its text or bytes. Texts of most types share one
//! kind, so that only the type of a column tells what they mean. A value has to be exactly as the
//! SDK writes it.

use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime};
use fivetran_wire::{DataType, Timestamp};

use super::Value;
use super::value::Span;

// The first byte of a value.
const NULL: u8 = 0;
const SCALAR: u8 = 1;
const JSON: u8 = 2;
const BINARY: u8 = 3;
const FLOAT: u8 = 4;
const DOUBLE: u8 = 5;

/// Reads the value at `span` of a column of this type. A value that cannot be read stays
/// [`Value::Encoded`].
///
/// A value of another kind than its column is read as its kind says, so that the rules find it as
/// they find it in `data`. In a column that is not declared, `UNSPECIFIED`, a text stays a text.
pub(super) fn read(bytes: &[u8], span: Span, column: DataType) -> Value<Span> {
    try_read(bytes, span, column).unwrap_or(Value::Encoded(span))
}

fn try_read(bytes: &[u8], span: Span, column: DataType) -> Option<Value<Span>> {
    let (kind, content) = bytes.get(span.range())?.split_first()?;
    let content_span = Span { start: span.start + 1, end: span.end };
    if *kind == BINARY {
        return Some(Value::Binary(content_span));
    }
    let text = str::from_utf8(content).ok()?;
    match *kind {
        NULL => text.is_empty().then_some(Value::Null(true)),
        SCALAR => scalar(text, content_span, column),
        JSON => Some(Value::Json(content_span)),
        FLOAT => float(text, f32::is_infinite).map(Value::Float),
        DOUBLE => float(text, f64::is_infinite).map(Value::Double),
        _ => None,
    }
}

fn scalar(text: &str, span: Span, column: DataType) -> Option<Value<Span>> {
    match column {
        DataType::Boolean => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        DataType::Short => integer(text).map(Value::Short),
        DataType::Int => integer(text).map(Value::Int),
        DataType::Long => integer(text).map(Value::Long),
        DataType::Decimal => Some(Value::Decimal(span)),
        DataType::Xml => Some(Value::Xml(span)),
        DataType::NaiveDate => date(text).map(Value::NaiveDate),
        DataType::NaiveDatetime => naive_date_time(text).map(Value::NaiveDatetime),
        DataType::UtcDatetime => utc_date_time(text).map(Value::UtcDatetime),
        _ => Some(Value::String(span)),
    }
}

/// Reads digits with at most a minus before them: no plus, no leading zeros, no minus zero.
fn integer<N: FromStr>(text: &str) -> Option<N> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = match digits.as_bytes() {
        [b'0'] => text == "0",
        [first, ..] => (b'1'..=b'9').contains(first),
        [] => false,
    };
    is_plain.then(|| text.parse().ok()).flatten()
}

/// Reads a number as Python writes it. One that is too large for `N` is none: the other form of
/// values would have made an infinity of it.
fn float<N: FromStr + Copy>(text: &str, is_infinite: fn(N) -> bool) -> Option<N> {
    if matches!(text, "NaN" | "Infinity" | "-Infinity") {
        return text.parse().ok();
    }
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let is_plain = is_digit(bytes.first())
        && is_digit(bytes.last())
        && bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-'));
    let number = is_plain.then(|| text.parse().ok()).flatten()?;
    (!is_infinite(number)).then_some(number)
}

fn date(text: &str) -> Option<Timestamp> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    // chrono reads more than it writes: signs, blanks, single digits.
    if date.to_string() != text {
        return None;
    }
    timestamp(date.and_hms_opt(0, 0, 0)?)
}

/// Reads a time with a fraction of six digits, or with none.
fn naive_date_time(text: &str) -> Option<Timestamp> {
    date_time(text, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.6f")
}

/// Reads a time with a fraction of three, six or nine digits, as many as it needs.
fn utc_date_time(text: &str) -> Option<Timestamp> {
    date_time(text, "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%.fZ")
}

/// Reads a time that is written in the first form if it has no fraction, and else in the second.
fn date_time(text: &str, whole: &str, with_fraction: &str) -> Option<Timestamp> {
    let form = if text.contains('.') { with_fraction } else { whole };
    let at = NaiveDateTime::parse_from_str(text, form).ok()?;
    let at = timestamp(at)?;
    let written = chrono::DateTime::from_timestamp(at.seconds, at.nanos.cast_unsigned())?;
    let form = if at.nanos == 0 { whole } else { with_fraction };
    (written.format(form).to_string() == text).then_some(at)
}

fn timestamp(at: NaiveDateTime) -> Option<Timestamp> {
    let at = at.and_utc();
    // A leap second has more.
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).ok().filter(|n| *n < 1_000_000_000)?;
    Some(Timestamp { seconds: at.timestamp(), nanos })
}
