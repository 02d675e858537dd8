//! Converts values to those that SQLite stores.

use fivetran_wire::Timestamp;
use rusqlite::types::ValueRef;

use crate::message::{Row, Value};
use crate::time;

/// The stored form of a value. Text that has to be written is written into `scratch`.
pub(super) fn stored<'a>(value: &Value<&'a [u8]>, scratch: &'a mut String) -> ValueRef<'a> {
    match value {
        Value::Unset | Value::Null(_) | Value::Encoded(_) => ValueRef::Null,
        Value::Bool(value) => ValueRef::Integer((*value).into()),
        Value::Short(value) | Value::Int(value) => ValueRef::Integer((*value).into()),
        Value::Long(value) => ValueRef::Integer(*value),
        Value::Float(value) => real((*value).into()),
        Value::Double(value) => real(*value),
        Value::Decimal(text) | Value::String(text) | Value::Json(text) | Value::Xml(text) => {
            ValueRef::Text(text)
        }
        Value::Binary(bytes) => ValueRef::Blob(bytes),
        Value::NaiveDate(at) => text_of(at, scratch, time::push_date),
        Value::NaiveDatetime(at) => text_of(at, scratch, time::push_date_time),
        Value::NaiveTime(at) => text_of(at, scratch, time::push_time),
        Value::UtcDatetime(at) => text_of(at, scratch, |text, at| {
            time::push_date_time(text, at);
            text.push('Z');
        }),
    }
}

/// SQLite stores NaN as NULL. Do so here already, so that a NaN in a key is found.
fn real(value: f64) -> ValueRef<'static> {
    if value.is_nan() { ValueRef::Null } else { ValueRef::Real(value) }
}

fn text_of<'a>(
    at: &Timestamp,
    scratch: &'a mut String,
    push: impl FnOnce(&mut String, &chrono::DateTime<chrono::Utc>),
) -> ValueRef<'a> {
    let Some(at) = time::date_time(at) else { return ValueRef::Null };
    scratch.clear();
    push(scratch, &at);
    ValueRef::Text(scratch.as_bytes())
}

/// The `_fivetran_id` of a row: 128 bits of the BLAKE3 hash of its columns, by name, in hex.
///
/// Columns that are NULL do not count. So a row keeps its id when the source adds a column later.
pub(super) fn row_id(row: Row<'_>, scratch: &mut String) -> String {
    const BYTES: usize = 16;
    let mut hasher = blake3::Hasher::new();
    for (name, value) in row.iter() {
        let mut update = |kind: u8, bytes: &[u8]| {
            // Hash lengths too, so that different rows never have the same input.
            update_with_length(&mut hasher, name.as_bytes());
            hasher.update(&[kind]);
            update_with_length(&mut hasher, bytes);
        };
        match stored(&value, scratch) {
            ValueRef::Null => {}
            ValueRef::Integer(value) => update(b'i', &value.to_le_bytes()),
            ValueRef::Real(value) => update(b'r', &value.to_le_bytes()),
            ValueRef::Text(text) => update(b't', text),
            ValueRef::Blob(bytes) => update(b'b', bytes),
        }
    }
    let mut id = hasher.finalize().to_hex().to_string();
    id.truncate(2 * BYTES);
    id
}

fn update_with_length(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
}
