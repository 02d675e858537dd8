//! Compares what is read of `row_data` with what the Connector SDK would write, for the tests and
//! the fuzz target.

use fivetran_wire::DataType;

use super::value::Span;
use super::{Value, row_data};
use crate::time;

/// Every type that a column can have.
pub(crate) const TYPES: [DataType; 15] = [
    DataType::Unspecified,
    DataType::Boolean,
    DataType::Short,
    DataType::Int,
    DataType::Long,
    DataType::Decimal,
    DataType::Float,
    DataType::Double,
    DataType::NaiveDate,
    DataType::NaiveDatetime,
    DataType::UtcDatetime,
    DataType::Binary,
    DataType::Xml,
    DataType::String,
    DataType::Json,
];

/// Reads the bytes of one value as of a column of each type. What can be read has to have been
/// written by the SDK: writing it again gives the same bytes.
///
/// # Panics
/// It gives other bytes.
#[track_caller]
pub(crate) fn check(bytes: &[u8]) {
    let Ok(end) = u32::try_from(bytes.len()) else { return };
    for data_type in TYPES {
        let value = row_data::read(bytes, Span { start: 0, end }, data_type).within(bytes);
        let text = match value {
            Value::Bool(value) => value.to_string(),
            Value::Short(value) | Value::Int(value) => value.to_string(),
            Value::Long(value) => value.to_string(),
            Value::NaiveDate(at) => {
                let mut text = String::new();
                match time::date_time(&at) {
                    Some(at) => time::push_date(&mut text, &at),
                    // Out of the range that is loaded, so another rule finds it.
                    None => continue,
                }
                text
            }
            Value::NaiveDatetime(at) | Value::UtcDatetime(at) => {
                let mut text = String::new();
                match time::date_time(&at) {
                    Some(at) => time::push_date_time(&mut text, &at),
                    None => continue,
                }
                // Nine digits are written here. Leave as many as the SDK writes.
                let digits = match (at.nanos, data_type) {
                    (0, _) => 0,
                    (nanos, DataType::UtcDatetime) if nanos % 1_000_000 == 0 => 3,
                    (nanos, DataType::UtcDatetime) if nanos % 1_000 != 0 => 9,
                    _ => 6,
                };
                text.truncate(
                    "2026-01-31T23:59:59".len() + if digits > 0 { digits + 1 } else { 0 },
                );
                if data_type == DataType::UtcDatetime {
                    text.push('Z');
                }
                text
            }
            // Python and Rust write them differently. And texts and bytes are as they were sent.
            _ => continue,
        };
        assert_eq!(text.as_bytes(), &bytes[1..], "{}", data_type.name());
    }
}
