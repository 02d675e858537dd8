//! Writes one value as a `ValueType` message.
//!
//! The members of a `oneof` are sent even if they are zero, so that every value has a key and a
//! payload. A `Timestamp` has no `oneof`: its zeros are left out.

use prost::encoding::{WireType, encoded_len_varint};
use sync_core::Value;

use super::byte_writer::{first_array, put_varint};
use super::field_key::field_key;

const NULL: u8 = field_key(1, WireType::Varint);
const BOOL: u8 = field_key(2, WireType::Varint);
const SHORT: u8 = field_key(3, WireType::Varint);
const INT: u8 = field_key(4, WireType::Varint);
const LONG: u8 = field_key(5, WireType::Varint);
const FLOAT: u8 = field_key(6, WireType::ThirtyTwoBit);
const DOUBLE: u8 = field_key(7, WireType::SixtyFourBit);
const NAIVE_DATE: u8 = field_key(8, WireType::LengthDelimited);
const NAIVE_DATETIME: u8 = field_key(9, WireType::LengthDelimited);
const UTC_DATETIME: u8 = field_key(10, WireType::LengthDelimited);
const DECIMAL: u8 = field_key(11, WireType::LengthDelimited);
const BINARY: u8 = field_key(12, WireType::LengthDelimited);
const STRING: u8 = field_key(13, WireType::LengthDelimited);
const JSON: u8 = field_key(14, WireType::LengthDelimited);

const SECONDS: u8 = field_key(1, WireType::Varint);
const NANOS: u8 = field_key(2, WireType::Varint);

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

/// The most bytes of a value that is not text: a timestamp with negative seconds.
pub(super) const LONGEST_NUMBER: usize = 2 + (1 + 10) + (1 + 5);

/// The size of the array that such a value is written into, with slack behind it.
pub(super) const NUMBER_BYTES: usize = 32;

/// Writes a value whose kind [`write`] has looked up.
pub(super) trait ValueWriter {
    /// Writes a value that is not text. `put` writes it to the start of an array, and returns its
    /// length, at most [`LONGEST_NUMBER`].
    fn number(
        &mut self,
        value: &Value<'_>,
        put: impl FnOnce(&mut [u8; NUMBER_BYTES]) -> usize,
    ) -> Option<()>;

    /// Writes a value that is a key, a length and `text`. Returns `None` if there may be too little
    /// capacity.
    fn text(&mut self, key: u8, text: &[u8]) -> Option<()>;
}

/// Looks up the kind of a value, and calls the method of `writer` for it.
#[inline(always)]
pub(super) fn write(value: &Value<'_>, writer: &mut impl ValueWriter) -> Option<()> {
    match *value {
        Value::Null => writer.number(value, |out| put_byte(NULL, 1, out)),
        Value::Bool(flag) => writer.number(value, |out| put_byte(BOOL, flag.into(), out)),
        Value::Short(number) => writer.number(value, |out| put_signed(SHORT, number, out)),
        Value::Int(number) => writer.number(value, |out| put_signed(INT, number, out)),
        Value::Long(number) => writer.number(value, |out| put_signed(LONG, number, out)),
        Value::Float(number) => writer.number(value, |out| {
            out[0] = FLOAT;
            out[1..5].copy_from_slice(&number.to_le_bytes());
            5
        }),
        Value::Double(number) => writer.number(value, |out| {
            out[0] = DOUBLE;
            out[1..9].copy_from_slice(&number.to_le_bytes());
            9
        }),
        Value::NaiveDate(days) => {
            writer.number(value, |out| put_timestamp(NAIVE_DATE, midnight(days), 0, out))
        }
        Value::NaiveDateTime(at) => writer.number(value, |out| {
            put_timestamp(NAIVE_DATETIME, at.seconds(), at.nanoseconds(), out)
        }),
        Value::UtcDateTime(at) => writer
            .number(value, |out| put_timestamp(UTC_DATETIME, at.seconds(), at.nanoseconds(), out)),
        Value::Decimal(text) => writer.text(DECIMAL, text.as_bytes()),
        Value::Binary(bytes) => writer.text(BINARY, bytes),
        Value::String(text) => writer.text(STRING, text.as_bytes()),
        Value::Json(text) => writer.text(JSON, text.as_bytes()),
    }
}

/// A signed number as protobuf encodes it: sign-extended to 64 bits, whatever its size.
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

#[inline(always)]
fn put_byte(key: u8, byte: u8, out: &mut [u8; NUMBER_BYTES]) -> usize {
    out[0] = key;
    out[1] = byte;
    2
}

#[inline(always)]
fn put_signed(key: u8, number: impl Into<i64>, out: &mut [u8; NUMBER_BYTES]) -> usize {
    out[0] = key;
    1 + put_varint(signed(number), first_array(&mut out[1..]))
}

/// Writes a timestamp as a message. Its length always takes one byte.
#[inline(always)]
fn put_timestamp(key: u8, seconds: i64, nanos: u32, out: &mut [u8; NUMBER_BYTES]) -> usize {
    let mut end = 2;
    if seconds != 0 {
        out[2] = SECONDS;
        end = 3 + put_varint(signed(seconds), first_array(&mut out[3..]));
    }
    if nanos != 0 {
        // `end` is 13 at most. The mask tells the compiler so, which then omits the bounds check.
        let place = end & 0xF;
        out[place] = NANOS;
        end += 1 + put_varint(nanos.into(), first_array(&mut out[place + 1..]));
    }
    out[0] = key;
    out[1] = (end - 2) as u8;
    end
}
