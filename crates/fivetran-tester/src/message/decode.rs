//! Decodes messages.
//!
//! Records have a fast path, which reads the plain form that every encoder writes: each field once.
//! Protobuf allows more: fields in parts, repeated or unknown fields, a name twice in a map. prost
//! decodes such messages and encodes them in the plain form, which the fast path then reads. So
//! only prost decides what they mean.

use std::str;

use bytes::Bytes;
use fivetran_wire::update_response::Operation;
use fivetran_wire::{Timestamp, UpdateResponse};
use prost::{DecodeError, Message as _};

use super::batch::{Batch, ColumnSet, RecordHead};
use super::value::Span;
use super::{Message, Value};

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// The error of prost, if the bytes are no message.
    pub(super) fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        if let Some(batch) = records(&bytes) {
            return Ok(Self::Records(batch));
        }
        let message = UpdateResponse::decode(bytes)?;
        let is_records =
            matches!(message.operation, Some(Operation::Record(_) | Operation::Records(_)));
        // This leaves records with both forms of values: which of them counts is not defined.
        let batch = if is_records { records(&message.encode_to_vec().into()) } else { None };
        Ok(batch.map_or(Self::Other(message), Self::Records))
    }
}

/// Reads records in their plain form. Returns `None` for everything else.
fn records(bytes: &Bytes) -> Option<Batch> {
    let mut input = ByteReader { bytes, at: 0, end: bytes.len() };
    let mut reader = RecordReader::default();
    match input.varint()? {
        RECORDS => {
            let mut records = input.delimited()?;
            while !records.is_at_end() {
                if records.varint()? != TEXT_1 {
                    return None;
                }
                reader.record(records.delimited()?)?;
            }
        }
        RECORD => reader.record(input.delimited()?)?,
        _ => return None,
    }
    let RecordReader { column_sets, records, values, has_row_data, .. } = reader;
    input.is_at_end().then(|| {
        let bytes = bytes.clone();
        Batch { bytes, column_sets, records, values, has_row_data }
    })
}

/// The key of a field: its number and its wire type.
const fn key(number: u64, wire_type: u64) -> u64 {
    number << 3 | wire_type
}
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const LENGTH: u64 = 2;
const FOUR_BYTES: u64 = 5;

// Fields of `UpdateResponse`.
const RECORD: u64 = key(1, LENGTH);
const RECORDS: u64 = key(6, LENGTH);
// Fields of the messages inside of it, by number and wire type.
const TEXT_1: u64 = key(1, LENGTH);
const TEXT_2: u64 = key(2, LENGTH);
const VARINT_1: u64 = key(1, VARINT);
const VARINT_2: u64 = key(2, VARINT);
const VARINT_3: u64 = key(3, VARINT);
const TEXT_4: u64 = key(4, LENGTH);
const TEXT_5: u64 = key(5, LENGTH);
// Fields of `ValueType`.
const NULL: u64 = key(1, VARINT);
const BOOL: u64 = key(2, VARINT);
const SHORT: u64 = key(3, VARINT);
const INT: u64 = key(4, VARINT);
const LONG: u64 = key(5, VARINT);
const FLOAT: u64 = key(6, FOUR_BYTES);
const DOUBLE: u64 = key(7, EIGHT_BYTES);
const NAIVE_DATE: u64 = key(8, LENGTH);
const NAIVE_DATETIME: u64 = key(9, LENGTH);
const UTC_DATETIME: u64 = key(10, LENGTH);
const DECIMAL: u64 = key(11, LENGTH);
const BINARY: u64 = key(12, LENGTH);
const STRING: u64 = key(13, LENGTH);
const JSON: u64 = key(14, LENGTH);
const XML: u64 = key(15, LENGTH);
const NAIVE_TIME: u64 = key(16, LENGTH);

#[derive(Default)]
struct RecordReader {
    column_sets: Vec<ColumnSet>,
    records: Vec<RecordHead>,
    values: Vec<Value<Span>>,
    /// The names of the last record, in their order in the message; and their indices, sorted by
    /// name.
    names: Vec<Span>,
    order: Vec<usize>,
    /// The names and values of the current record, in their order in the message.
    row: Vec<(Span, Value<Span>)>,
    has_row_data: bool,
}

impl RecordReader {
    fn record(&mut self, mut input: ByteReader<'_>) -> Option<()> {
        let (mut schema, mut table, mut kind) = (None, None, None);
        let (mut has_data, mut has_row_data) = (false, false);
        self.row.clear();
        while !input.is_at_end() {
            match input.varint()? {
                TEXT_1 if schema.is_none() => schema = Some(input.text()?),
                TEXT_2 if table.is_none() => table = Some(input.text()?),
                VARINT_3 if kind.is_none() => kind = Some(input.varint()? as i32),
                TEXT_4 if !has_row_data => {
                    has_data = true;
                    self.row.push(entry(input.delimited()?)?);
                }
                TEXT_5 if !has_data => {
                    has_row_data = true;
                    self.row.push(encoded_entry(input.delimited()?)?);
                }
                _ => return None,
            }
        }
        self.has_row_data |= has_row_data;
        let bytes = input.bytes;
        let has_same_names = !self.column_sets.is_empty()
            && self.names.len() == self.row.len()
            && self
                .names
                .iter()
                .zip(&self.row)
                .all(|(name, (span, _))| bytes[name.range()] == bytes[span.range()]);
        if !has_same_names {
            self.column_set(bytes)?;
        }
        let head = RecordHead {
            schema,
            table: table.unwrap_or(Span::EMPTY),
            kind: kind.unwrap_or_default(),
            column_set: self.column_sets.len() - 1,
            first: self.values.len(),
        };
        self.records.push(head);
        self.values.extend(self.order.iter().map(|at| self.row[*at].1));
        Some(())
    }

    /// Adds the columns of the current record. Returns `None` if a name is there twice, or is not
    /// UTF-8.
    fn column_set(&mut self, bytes: &[u8]) -> Option<()> {
        self.names.clear();
        self.names.extend(self.row.iter().map(|(name, _)| *name));
        self.order.clear();
        self.order.extend(0..self.names.len());
        let name = |at: &usize| &bytes[self.names[*at].range()];
        self.order.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        if self.order.windows(2).any(|pair| name(&pair[0]) == name(&pair[1])) {
            return None;
        }
        let names = self.order.iter().map(|at| Some(str::from_utf8(name(at)).ok()?.to_owned()));
        self.column_sets.push(ColumnSet { names: names.collect::<Option<_>>()? });
        Some(())
    }
}

/// Reads a name and a value. [`RecordReader::column_set`] checks that the name is UTF-8.
fn entry(mut input: ByteReader<'_>) -> Option<(Span, Value<Span>)> {
    let (mut name, mut value) = (None, None);
    while !input.is_at_end() {
        match input.varint()? {
            TEXT_1 if name.is_none() => name = Some(input.span()?),
            TEXT_2 if value.is_none() => value = Some(cell(input.delimited()?)?),
            _ => return None,
        }
    }
    Some((name.unwrap_or(Span::EMPTY), value.unwrap_or(Value::Unset)))
}

/// Reads a name and a value of `row_data`. What the value means depends on its column.
fn encoded_entry(mut input: ByteReader<'_>) -> Option<(Span, Value<Span>)> {
    let (mut name, mut value) = (None, None);
    while !input.is_at_end() {
        match input.varint()? {
            TEXT_1 if name.is_none() => name = Some(input.span()?),
            TEXT_2 if value.is_none() => value = Some(input.span()?),
            _ => return None,
        }
    }
    Some((name.unwrap_or(Span::EMPTY), Value::Encoded(value.unwrap_or(Span::EMPTY))))
}

fn cell(mut input: ByteReader<'_>) -> Option<Value<Span>> {
    if input.is_at_end() {
        return Some(Value::Unset);
    }
    let value = match input.varint()? {
        NULL => Value::Null(input.varint()? != 0),
        BOOL => Value::Bool(input.varint()? != 0),
        SHORT => Value::Short(input.varint()? as i32),
        INT => Value::Int(input.varint()? as i32),
        LONG => Value::Long(input.varint()? as i64),
        FLOAT => Value::Float(f32::from_le_bytes(input.array()?)),
        DOUBLE => Value::Double(f64::from_le_bytes(input.array()?)),
        NAIVE_DATE => Value::NaiveDate(timestamp(input.delimited()?)?),
        NAIVE_DATETIME => Value::NaiveDatetime(timestamp(input.delimited()?)?),
        UTC_DATETIME => Value::UtcDatetime(timestamp(input.delimited()?)?),
        DECIMAL => Value::Decimal(input.text()?),
        BINARY => Value::Binary(input.span()?),
        STRING => Value::String(input.text()?),
        JSON => Value::Json(input.text()?),
        XML => Value::Xml(input.text()?),
        NAIVE_TIME => Value::NaiveTime(timestamp(input.delimited()?)?),
        _ => return None,
    };
    input.is_at_end().then_some(value)
}

fn timestamp(mut input: ByteReader<'_>) -> Option<Timestamp> {
    let (mut seconds, mut nanos) = (None, None);
    while !input.is_at_end() {
        match input.varint()? {
            VARINT_1 if seconds.is_none() => seconds = Some(input.varint()? as i64),
            VARINT_2 if nanos.is_none() => nanos = Some(input.varint()? as i32),
            _ => return None,
        }
    }
    Some(Timestamp { seconds: seconds.unwrap_or_default(), nanos: nanos.unwrap_or_default() })
}

/// Reads a part of a message. Each method returns `None` if the part is too short.
struct ByteReader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> ByteReader<'a> {
    fn is_at_end(&self) -> bool {
        self.at == self.end
    }

    fn byte(&mut self) -> Option<u8> {
        if self.is_at_end() {
            return None;
        }
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            // Only one bit of the tenth byte fits.
            if shift == 63 && byte > 1 {
                return None;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let end = self.at.checked_add(N).filter(|end| *end <= self.end)?;
        let array = self.bytes.get(self.at..end)?.try_into().ok()?;
        self.at = end;
        Some(array)
    }

    /// Reads a length, and returns a reader of as many bytes.
    fn delimited(&mut self) -> Option<ByteReader<'a>> {
        let length = usize::try_from(self.varint()?).ok()?;
        let end = self.at.checked_add(length).filter(|end| *end <= self.end)?;
        let part = ByteReader { bytes: self.bytes, at: self.at, end };
        self.at = end;
        Some(part)
    }

    fn span(&mut self) -> Option<Span> {
        let part = self.delimited()?;
        Some(Span { start: u32::try_from(part.at).ok()?, end: u32::try_from(part.end).ok()? })
    }

    fn text(&mut self) -> Option<Span> {
        let span = self.span()?;
        str::from_utf8(self.bytes.get(span.range())?).ok()?;
        Some(span)
    }
}
