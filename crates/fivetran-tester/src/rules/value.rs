//! Validates one value.

use fivetran_wire::{DataType, DecimalParams, Timestamp};
use serde::de::IgnoredAny;

use super::Rule;
use crate::declared::ColumnType;
use crate::message::Value;
use crate::time;

/// The first rule that a value breaks. The caller handles NULL.
pub(super) fn broken_rule(value: &Value<&[u8]>, column: &ColumnType) -> Option<Rule> {
    if matches!(value, Value::Encoded(_)) {
        return Some(Rule::MalformedRowData);
    }
    if !is_kind_of(value, column.data_type) {
        return Some(Rule::WrongKind);
    }
    match value {
        // For a column that is declared as NAIVE_TIME, the declaration breaks the rule.
        Value::NaiveTime(_) if column.data_type == DataType::Unspecified => Some(Rule::NaiveTime),
        Value::Short(short) => i16::try_from(*short).err().map(|_| Rule::ShortTooWide),
        Value::NaiveDate(date) => match time::date_time(date) {
            None => Some(Rule::TimeOutOfRange),
            Some(_) if !is_midnight(date) => Some(Rule::DateNotMidnight),
            Some(_) => None,
        },
        Value::NaiveDatetime(at) | Value::UtcDatetime(at) | Value::NaiveTime(at) => {
            time::date_time(at).is_none().then_some(Rule::TimeOutOfRange)
        }
        Value::Decimal(text) => broken_decimal(text, column.decimal),
        Value::String(text) => {
            column.string_bytes.filter(|most| text.len() > *most).map(|_| Rule::StringTooLong)
        }
        Value::Json(text) => {
            serde_json::from_slice::<IgnoredAny>(text).err().map(|_| Rule::NotJson)
        }
        _ => None,
    }
}

fn is_kind_of(value: &Value<&[u8]>, column: DataType) -> bool {
    match column {
        // Fivetran infers the type from values, so every kind fits.
        DataType::Unspecified => true,
        DataType::Boolean => matches!(value, Value::Bool(_)),
        DataType::Short => matches!(value, Value::Short(_)),
        DataType::Int => matches!(value, Value::Int(_)),
        DataType::Long => matches!(value, Value::Long(_)),
        DataType::Decimal => matches!(value, Value::Decimal(_)),
        DataType::Float => matches!(value, Value::Float(_)),
        DataType::Double => matches!(value, Value::Double(_)),
        DataType::NaiveDate => matches!(value, Value::NaiveDate(_)),
        DataType::NaiveDatetime => matches!(value, Value::NaiveDatetime(_)),
        DataType::UtcDatetime => matches!(value, Value::UtcDatetime(_)),
        DataType::Binary => matches!(value, Value::Binary(_)),
        DataType::Xml => matches!(value, Value::Xml(_)),
        DataType::String => matches!(value, Value::String(_)),
        DataType::Json => matches!(value, Value::Json(_)),
        DataType::NaiveTime => matches!(value, Value::NaiveTime(_)),
    }
}

fn is_midnight(date: &Timestamp) -> bool {
    date.nanos == 0 && date.seconds.rem_euclid(24 * 60 * 60) == 0
}

/// Counts the digits of a decimal number. An exponent is not allowed: the protocol asks for digits.
fn broken_decimal(text: &[u8], size: Option<DecimalParams>) -> Option<Rule> {
    // Text that is not UTF-8 becomes an empty one, which is not a number.
    let text = str::from_utf8(text).unwrap_or_default();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_number = !(whole.is_empty() && fraction.is_empty())
        && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Some(Rule::NotADecimal);
    }
    let DecimalParams { precision, scale } = size?;
    // Leading and trailing zeros do not count.
    let whole = whole.trim_start_matches('0').len();
    let fraction = fraction.trim_end_matches('0').len();
    let fits = fraction <= scale as usize && whole <= precision.saturating_sub(scale) as usize;
    (!fits).then_some(Rule::DecimalTooWide)
}

/// Shows a value in the text of a breach, cut if it is long.
pub(super) fn show(value: &Value<&[u8]>) -> String {
    let text = match value {
        Value::Unset => return "nothing".to_owned(),
        Value::Null(_) => return "NULL".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Short(value) | Value::Int(value) => format!("`{value}`"),
        Value::Long(value) => format!("`{value}`"),
        Value::Float(value) => format!("`{value}`"),
        Value::Double(value) => format!("`{value}`"),
        Value::NaiveDate(at)
        | Value::NaiveDatetime(at)
        | Value::UtcDatetime(at)
        | Value::NaiveTime(at) => format!("{} s and {} ns", at.seconds, at.nanos),
        Value::Binary(bytes) => format!("{} bytes", bytes.len()),
        // The first byte is the kind. What follows it should be a text, and may be anything.
        Value::Encoded([]) => return "no byte".to_owned(),
        Value::Encoded([kind, content @ ..]) => {
            let text = content.escape_ascii().to_string();
            return format!("kind {kind} {}", cut(&text));
        }
        Value::Decimal(text) | Value::String(text) | Value::Json(text) | Value::Xml(text) => {
            cut(&String::from_utf8_lossy(text))
        }
    };
    format!("{} {text}", value.data_type().name())
}

fn cut(text: &str) -> String {
    const MAX_CHARACTERS: usize = 60;
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
