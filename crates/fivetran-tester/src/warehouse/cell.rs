//! Values of the wire as SQLite keeps them.

use std::collections::BTreeMap;

use fivetran_wire::{Timestamp, ValueType, value_type::Inner};
use rusqlite::types::ValueRef;

use crate::time;

/// What is stored for a value. Text that has to be made is made in `scratch`.
pub(super) fn stored<'a>(value: &'a ValueType, scratch: &'a mut String) -> ValueRef<'a> {
    let text = |text: &'a String| ValueRef::Text(text.as_bytes());
    match &value.inner {
        None | Some(Inner::Null(_)) => ValueRef::Null,
        Some(Inner::Bool(value)) => ValueRef::Integer((*value).into()),
        Some(Inner::Short(value) | Inner::Int(value)) => ValueRef::Integer((*value).into()),
        Some(Inner::Long(value)) => ValueRef::Integer(*value),
        Some(Inner::Float(value)) => real((*value).into()),
        Some(Inner::Double(value)) => real(*value),
        Some(
            Inner::Decimal(value) | Inner::String(value) | Inner::Json(value) | Inner::Xml(value),
        ) => text(value),
        Some(Inner::Binary(bytes)) => ValueRef::Blob(bytes),
        Some(Inner::NaiveDate(at)) => made(at, scratch, time::push_date),
        Some(Inner::NaiveDatetime(at)) => made(at, scratch, time::push_date_time),
        Some(Inner::NaiveTime(at)) => made(at, scratch, time::push_time),
        Some(Inner::UtcDatetime(at)) => made(at, scratch, |text, at| {
            time::push_date_time(text, at);
            text.push('Z');
        }),
    }
}

/// SQLite has no NaN and stores NULL for it; said here, so that a key knows.
fn real(value: f64) -> ValueRef<'static> {
    if value.is_nan() { ValueRef::Null } else { ValueRef::Real(value) }
}

fn made<'a>(
    at: &Timestamp,
    scratch: &'a mut String,
    push: impl FnOnce(&mut String, &chrono::DateTime<chrono::Utc>),
) -> ValueRef<'a> {
    let Some(at) = time::date_time(at) else { return ValueRef::Null };
    scratch.clear();
    push(scratch, &at);
    ValueRef::Text(scratch.as_bytes())
}

/// `_fivetran_id` of a row: 128 bits, in hex, of BLAKE3 over its columns that are not NULL, by name.
///
/// NULL counts as absent, since a column left out is NULL: a column that a source adds later leaves old rows what they were.
pub(super) fn row_id(data: &BTreeMap<String, ValueType>, scratch: &mut String) -> String {
    const BYTES: usize = 16;
    let mut hasher = blake3::Hasher::new();
    for (name, value) in data {
        let mut update = |kind: u8, bytes: &[u8]| {
            // Names and values start with their length, so that no two rows read alike.
            update_with_length(&mut hasher, name.as_bytes());
            hasher.update(&[kind]);
            update_with_length(&mut hasher, bytes);
        };
        match stored(value, scratch) {
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
