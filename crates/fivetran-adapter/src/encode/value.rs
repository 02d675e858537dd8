//! One cell, as the bytes of a `ValueType` message.
//!
//! A member of a one-of is sent even when it is zero, hence every value has a key and a payload. Inside a `Timestamp`, which has no
//! one-of, zeros are left out.

use prost::encoding::{WireType, encoded_len_varint};
use sync_core::{Timestamp, Value};

use super::layout::key;
use super::slot::Slot;

const NULL: u8 = key(1, WireType::Varint);
const BOOL: u8 = key(2, WireType::Varint);
const SHORT: u8 = key(3, WireType::Varint);
const INT: u8 = key(4, WireType::Varint);
const LONG: u8 = key(5, WireType::Varint);
const FLOAT: u8 = key(6, WireType::ThirtyTwoBit);
const DOUBLE: u8 = key(7, WireType::SixtyFourBit);
const NAIVE_DATE: u8 = key(8, WireType::LengthDelimited);
const NAIVE_DATETIME: u8 = key(9, WireType::LengthDelimited);
const UTC_DATETIME: u8 = key(10, WireType::LengthDelimited);
const DECIMAL: u8 = key(11, WireType::LengthDelimited);
const BINARY: u8 = key(12, WireType::LengthDelimited);
const STRING: u8 = key(13, WireType::LengthDelimited);
const JSON: u8 = key(14, WireType::LengthDelimited);

const SECONDS: u8 = key(1, WireType::Varint);
const NANOS: u8 = key(2, WireType::Varint);

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// The length of the message that holds `value`.
#[inline]
pub(super) fn encoded_len(value: &Value<'_>) -> usize {
    1 + match *value {
        Value::Null | Value::Bool(_) => 1,
        Value::Short(number) => encoded_len_varint(signed(number)),
        Value::Int(number) => encoded_len_varint(signed(number)),
        Value::Long(number) => encoded_len_varint(signed(number)),
        Value::Float(_) => 4,
        Value::Double(_) => 8,
        Value::NaiveDate(days) => delimited_len(timestamp_len(midnight(days), 0)),
        Value::NaiveDateTime(at) | Value::UtcDateTime(at) => {
            delimited_len(timestamp_len(at.seconds(), at.nanoseconds()))
        }
        Value::Decimal(text) | Value::String(text) | Value::Json(text) => delimited_len(text.len()),
        Value::Binary(bytes) => delimited_len(bytes.len()),
    }
}

/// Writes the message that holds `value`: `length` bytes, as [`encoded_len`] found.
#[inline]
pub(super) fn encode(value: &Value<'_>, length: usize, slot: &mut Slot<'_>) {
    match *value {
        Value::Null => slot.put_word([NULL, 1], 2),
        Value::Bool(flag) => slot.put_word([BOOL, u8::from(flag)], 2),
        Value::Short(number) => put_varint(SHORT, signed(number), slot),
        Value::Int(number) => put_varint(INT, signed(number), slot),
        Value::Long(number) => put_varint(LONG, signed(number), slot),
        Value::Float(number) => {
            slot.put_byte(FLOAT);
            slot.put_word(number.to_le_bytes(), 4);
        }
        Value::Double(number) => {
            slot.put_byte(DOUBLE);
            slot.put_word(number.to_le_bytes(), 8);
        }
        Value::NaiveDate(days) => put_timestamp(NAIVE_DATE, length, (midnight(days), 0), slot),
        Value::NaiveDateTime(at) => put_instant(NAIVE_DATETIME, length, at, slot),
        Value::UtcDateTime(at) => put_instant(UTC_DATETIME, length, at, slot),
        Value::Decimal(text) => put_bytes(DECIMAL, text.as_bytes(), slot),
        Value::Binary(bytes) => put_bytes(BINARY, bytes, slot),
        Value::String(text) => put_bytes(STRING, text.as_bytes(), slot),
        Value::Json(text) => put_bytes(JSON, text.as_bytes(), slot),
    }
}

/// A signed number as the wire has it: widened to 64 bits with its sign, whatever its size.
#[inline]
fn signed(number: impl Into<i64>) -> u64 {
    number.into().cast_unsigned()
}

#[inline]
fn midnight(days: i32) -> i64 {
    i64::from(days) * SECONDS_PER_DAY
}

#[inline]
fn delimited_len(bytes: usize) -> usize {
    encoded_len_varint(bytes as u64) + bytes
}

#[inline]
fn timestamp_len(seconds: i64, nanos: u32) -> usize {
    let member = |number| if number == 0 { 0 } else { 1 + encoded_len_varint(number) };
    member(signed(seconds)) + member(u64::from(nanos))
}

#[inline]
fn put_varint(key: u8, number: u64, slot: &mut Slot<'_>) {
    slot.put_byte(key);
    slot.put_varint(number);
}

#[inline]
fn put_bytes(key: u8, bytes: &[u8], slot: &mut Slot<'_>) {
    put_varint(key, bytes.len() as u64, slot);
    slot.put_bytes(bytes);
}

#[inline]
fn put_instant(key: u8, length: usize, at: Timestamp, slot: &mut Slot<'_>) {
    put_timestamp(key, length, (at.seconds(), at.nanoseconds()), slot);
}

/// Writes a timestamp as a message of `length` bytes, of which the first two are the key and the length of the rest.
#[inline]
fn put_timestamp(key: u8, length: usize, (seconds, nanos): (i64, u32), slot: &mut Slot<'_>) {
    slot.put_word([key, (length - 2) as u8], 2);
    if seconds != 0 {
        put_varint(SECONDS, signed(seconds), slot);
    }
    if nanos != 0 {
        put_varint(NANOS, u64::from(nanos), slot);
    }
}
