//! Rules of one value.

use fivetran_wire::{DataType, DecimalParams, Timestamp, ValueType, value_type::Inner};
use serde::de::IgnoredAny;

use super::Rule;
use crate::declared::{ColumnType, type_of};
use crate::time;

/// The first rule that a value breaks. The caller has dealt with NULL.
pub(super) fn broken_rule(value: &Inner, column: &ColumnType) -> Option<Rule> {
    if !is_kind_of(value, column.data_type) {
        return Some(Rule::WrongKind);
    }
    match value {
        // Where a column is declared so, its declaration was judged.
        Inner::NaiveTime(_) if column.data_type == DataType::Unspecified => Some(Rule::NaiveTime),
        Inner::Short(short) => i16::try_from(*short).err().map(|_| Rule::ShortTooWide),
        Inner::NaiveDate(date) => match time::date_time(date) {
            None => Some(Rule::TimeOutOfRange),
            Some(_) if !is_midnight(date) => Some(Rule::DateNotMidnight),
            Some(_) => None,
        },
        Inner::NaiveDatetime(at) | Inner::UtcDatetime(at) | Inner::NaiveTime(at) => {
            time::date_time(at).is_none().then_some(Rule::TimeOutOfRange)
        }
        Inner::Decimal(text) => broken_decimal(text, column.decimal),
        Inner::String(text) => {
            column.string_bytes.filter(|most| text.len() > *most).map(|_| Rule::StringTooLong)
        }
        Inner::Json(text) => serde_json::from_str::<IgnoredAny>(text).err().map(|_| Rule::NotJson),
        _ => None,
    }
}

fn is_kind_of(value: &Inner, column: DataType) -> bool {
    match column {
        // The destination's type is guessed from values: every kind fits.
        DataType::Unspecified => true,
        DataType::Boolean => matches!(value, Inner::Bool(_)),
        DataType::Short => matches!(value, Inner::Short(_)),
        DataType::Int => matches!(value, Inner::Int(_)),
        DataType::Long => matches!(value, Inner::Long(_)),
        DataType::Decimal => matches!(value, Inner::Decimal(_)),
        DataType::Float => matches!(value, Inner::Float(_)),
        DataType::Double => matches!(value, Inner::Double(_)),
        DataType::NaiveDate => matches!(value, Inner::NaiveDate(_)),
        DataType::NaiveDatetime => matches!(value, Inner::NaiveDatetime(_)),
        DataType::UtcDatetime => matches!(value, Inner::UtcDatetime(_)),
        DataType::Binary => matches!(value, Inner::Binary(_)),
        DataType::Xml => matches!(value, Inner::Xml(_)),
        DataType::String => matches!(value, Inner::String(_)),
        DataType::Json => matches!(value, Inner::Json(_)),
        DataType::NaiveTime => matches!(value, Inner::NaiveTime(_)),
    }
}

fn is_midnight(date: &Timestamp) -> bool {
    date.nanos == 0 && date.seconds.rem_euclid(24 * 60 * 60) == 0
}

/// Counts digits in plain notation: an exponent is not what the protocol's "digits as text" says.
fn broken_decimal(text: &str, size: Option<DecimalParams>) -> Option<Rule> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_number = !(whole.is_empty() && fraction.is_empty())
        && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Some(Rule::NotADecimal);
    }
    let DecimalParams { precision, scale } = size?;
    // Zeros at either end are not digits that a column must hold.
    let whole = whole.trim_start_matches('0').len();
    let fraction = fraction.trim_end_matches('0').len();
    let fits = fraction <= scale as usize && whole <= precision.saturating_sub(scale) as usize;
    (!fits).then_some(Rule::DecimalTooWide)
}

/// A value for a breach's text: short, whatever came.
pub(super) fn show(value: &ValueType) -> String {
    const LONGEST: usize = 60;
    let text = match &value.inner {
        None => return "nothing".to_owned(),
        Some(Inner::Null(_)) => return "NULL".to_owned(),
        Some(Inner::Bool(value)) => format!("`{value}`"),
        Some(Inner::Short(value) | Inner::Int(value)) => format!("`{value}`"),
        Some(Inner::Long(value)) => format!("`{value}`"),
        Some(Inner::Float(value)) => format!("`{value}`"),
        Some(Inner::Double(value)) => format!("`{value}`"),
        Some(
            Inner::NaiveDate(at)
            | Inner::NaiveDatetime(at)
            | Inner::UtcDatetime(at)
            | Inner::NaiveTime(at),
        ) => format!("{} s and {} ns", at.seconds, at.nanos),
        Some(Inner::Binary(bytes)) => format!("{} bytes", bytes.len()),
        Some(Inner::Decimal(text) | Inner::String(text) | Inner::Json(text) | Inner::Xml(text)) => {
            match text.char_indices().nth(LONGEST) {
                Some((end, _)) => format!("`{}…`", &text[..end]),
                None => format!("`{text}`"),
            }
        }
    };
    match &value.inner {
        Some(inner) => format!("{} {text}", type_of(inner).name()),
        None => text,
    }
}
