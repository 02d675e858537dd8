//! One cell, as the bytes of a `ValueType` message.
//!
//! A member of a one-of is sent even when it is zero, hence every value has a key and a payload. Inside a `Timestamp`, which has no
//! one-of, zeros are left out.

use prost::encoding::{WireType, encoded_len_varint};
use sync_core::Value;

use super::layout::key;
use super::slot::{self, put_varint};

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

/// The most bytes that a value takes which is no text: a timestamp with a negative second.
pub(super) const LONGEST_NUMBER: usize = 2 + (1 + 10) + (1 + 5);

/// Room for any such value, and for what writing it may touch behind it.
pub(super) const NUMBER_BYTES: usize = 32;

/// Who writes a value once it is known which kind it is.
pub(super) trait Writer {
    /// Writes a value of at most [`LONGEST_NUMBER`] bytes, which `put` begins a window with; `put` answers with their number.
    fn number(
        &mut self,
        value: &Value<'_>,
        put: impl FnOnce(&mut [u8; NUMBER_BYTES]) -> usize,
    ) -> Option<()>;

    /// Writes a value that is a key, a length and these bytes; `None` if there may be no room for them.
    fn text(&mut self, key: u8, text: &[u8]) -> Option<()>;
}

/// Has a value written as the message that holds it.
#[inline(always)]
pub(super) fn write(value: &Value<'_>, writer: &mut impl Writer) -> Option<()> {
    match *value {
        Value::Null => writer.number(value, |window| put_byte(NULL, 1, window)),
        Value::Bool(flag) => writer.number(value, |window| put_byte(BOOL, flag.into(), window)),
        Value::Short(number) => writer.number(value, |window| put_signed(SHORT, number, window)),
        Value::Int(number) => writer.number(value, |window| put_signed(INT, number, window)),
        Value::Long(number) => writer.number(value, |window| put_signed(LONG, number, window)),
        Value::Float(number) => writer.number(value, |window| {
            window[0] = FLOAT;
            window[1..5].copy_from_slice(&number.to_le_bytes());
            5
        }),
        Value::Double(number) => writer.number(value, |window| {
            window[0] = DOUBLE;
            window[1..9].copy_from_slice(&number.to_le_bytes());
            9
        }),
        Value::NaiveDate(days) => {
            writer.number(value, |window| put_timestamp(NAIVE_DATE, midnight(days), 0, window))
        }
        Value::NaiveDateTime(at) => writer.number(value, |window| {
            put_timestamp(NAIVE_DATETIME, at.seconds(), at.nanoseconds(), window)
        }),
        Value::UtcDateTime(at) => writer.number(value, |window| {
            put_timestamp(UTC_DATETIME, at.seconds(), at.nanoseconds(), window)
        }),
        Value::Decimal(text) => writer.text(DECIMAL, text.as_bytes()),
        Value::Binary(bytes) => writer.text(BINARY, bytes),
        Value::String(text) => writer.text(STRING, text.as_bytes()),
        Value::Json(text) => writer.text(JSON, text.as_bytes()),
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

#[inline(always)]
fn put_byte(key: u8, byte: u8, window: &mut [u8; NUMBER_BYTES]) -> usize {
    window[0] = key;
    window[1] = byte;
    2
}

#[inline(always)]
fn put_signed(key: u8, number: impl Into<i64>, window: &mut [u8; NUMBER_BYTES]) -> usize {
    window[0] = key;
    1 + put_varint(signed(number), slot::window(&mut window[1..]))
}

/// Writes a timestamp as a message, whose length takes one byte.
#[inline(always)]
fn put_timestamp(key: u8, seconds: i64, nanos: u32, window: &mut [u8; NUMBER_BYTES]) -> usize {
    let mut end = 2;
    if seconds != 0 {
        window[2] = SECONDS;
        end = 3 + put_varint(signed(seconds), slot::window(&mut window[3..]));
    }
    if nanos != 0 {
        // It is 13 at most, which the compiler is told so that it need not look.
        let place = end & 0xF;
        window[place] = NANOS;
        end += 1 + put_varint(nanos.into(), slot::window(&mut window[place + 1..]));
    }
    window[0] = key;
    window[1] = (end - 2) as u8;
    end
}
