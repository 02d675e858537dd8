//! Messages from their bytes.
//!
//! Records are read in one walk that knows their plain form: each field once, as every encoder writes it. Protobuf allows more (fields
//! in parts, repeated, unknown, names twice in a map), and so that there is only one opinion on what that means, whatever is not
//! plain is read by prost, and read again from the plain form that prost makes of it.

use std::str;

use bytes::Bytes;
use fivetran_wire::update_response::Operation;
use fivetran_wire::{Timestamp, UpdateResponse};
use prost::{DecodeError, Message as _};

use super::batch::{Batch, RecordHead, Shape};
use super::value::Span;
use super::{Message, Value};

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// As prost has it, if these bytes are no message.
    pub(super) fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        if let Some(batch) = plain(&bytes) {
            return Ok(Self::Records(batch));
        }
        let message = UpdateResponse::decode(bytes)?;
        let is_records =
            matches!(message.operation, Some(Operation::Record(_) | Operation::Records(_)));
        let batch = if is_records { plain(&message.encode_to_vec().into()) } else { None };
        Ok(batch.map_or(Self::Other(message), Self::Records))
    }
}

/// Reads records in their plain form; `None` for everything else.
fn plain(bytes: &Bytes) -> Option<Batch> {
    let mut walk = Walk { bytes, at: 0, end: bytes.len() };
    let mut reader = Reader::default();
    match walk.varint()? {
        RECORDS => {
            let mut records = walk.part()?;
            while !records.is_at_end() {
                if records.varint()? != TEXT_1 {
                    return None;
                }
                reader.record(records.part()?)?;
            }
        }
        RECORD => reader.record(walk.part()?)?,
        _ => return None,
    }
    let Reader { shapes, records, values, .. } = reader;
    walk.is_at_end().then(|| Batch { bytes: bytes.clone(), shapes, records, values })
}

/// How a field begins: its number, and how it is encoded.
const fn key(number: u64, wire_type: u64) -> u64 {
    number << 3 | wire_type
}
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const LENGTH: u64 = 2;
const FOUR_BYTES: u64 = 5;

// Of `UpdateResponse`.
const RECORD: u64 = key(1, LENGTH);
const RECORDS: u64 = key(6, LENGTH);
// Of the messages below it: field 1 of this encoding, and so on.
const TEXT_1: u64 = key(1, LENGTH);
const TEXT_2: u64 = key(2, LENGTH);
const VARINT_1: u64 = key(1, VARINT);
const VARINT_2: u64 = key(2, VARINT);
const VARINT_3: u64 = key(3, VARINT);
const TEXT_4: u64 = key(4, LENGTH);
// Of `ValueType`.
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
struct Reader {
    shapes: Vec<Shape>,
    records: Vec<RecordHead>,
    values: Vec<Value<Span>>,
    /// Names of the last record as they came, and where each is among them in the order of names.
    names: Vec<Span>,
    order: Vec<usize>,
    /// Values of the present record as they come.
    row: Vec<(Span, Value<Span>)>,
}

impl Reader {
    fn record(&mut self, mut walk: Walk<'_>) -> Option<()> {
        let (mut schema, mut table, mut kind) = (None, None, None);
        self.row.clear();
        while !walk.is_at_end() {
            match walk.varint()? {
                TEXT_1 if schema.is_none() => schema = Some(walk.text()?),
                TEXT_2 if table.is_none() => table = Some(walk.text()?),
                VARINT_3 if kind.is_none() => kind = Some(walk.varint()? as i32),
                TEXT_4 => self.row.push(entry(walk.part()?)?),
                _ => return None,
            }
        }
        let bytes = walk.bytes;
        let is_as_before = !self.shapes.is_empty()
            && self.names.len() == self.row.len()
            && self
                .names
                .iter()
                .zip(&self.row)
                .all(|(name, (span, _))| bytes[name.range()] == bytes[span.range()]);
        if !is_as_before {
            self.shape(bytes)?;
        }
        let head = RecordHead {
            schema,
            table: table.unwrap_or(Span { start: 0, end: 0 }),
            kind: kind.unwrap_or_default(),
            shape: self.shapes.len() - 1,
            first: self.values.len(),
        };
        self.records.push(head);
        self.values.extend(self.order.iter().map(|at| self.row[*at].1));
        Some(())
    }

    /// Takes the shape of the present record; `None` if a name is there twice, or is not text.
    fn shape(&mut self, bytes: &[u8]) -> Option<()> {
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
        self.shapes.push(Shape { names: names.collect::<Option<_>>()? });
        Some(())
    }
}

/// A name and a value. The name is checked when it is met first.
fn entry(mut walk: Walk<'_>) -> Option<(Span, Value<Span>)> {
    let (mut name, mut value) = (None, None);
    while !walk.is_at_end() {
        match walk.varint()? {
            TEXT_1 if name.is_none() => name = Some(walk.span()?),
            TEXT_2 if value.is_none() => value = Some(cell(walk.part()?)?),
            _ => return None,
        }
    }
    Some((name.unwrap_or(Span { start: 0, end: 0 }), value.unwrap_or(Value::Unset)))
}

fn cell(mut walk: Walk<'_>) -> Option<Value<Span>> {
    if walk.is_at_end() {
        return Some(Value::Unset);
    }
    let value = match walk.varint()? {
        NULL => Value::Null(walk.varint()? != 0),
        BOOL => Value::Bool(walk.varint()? != 0),
        SHORT => Value::Short(walk.varint()? as i32),
        INT => Value::Int(walk.varint()? as i32),
        LONG => Value::Long(walk.varint()? as i64),
        FLOAT => Value::Float(f32::from_le_bytes(walk.array()?)),
        DOUBLE => Value::Double(f64::from_le_bytes(walk.array()?)),
        NAIVE_DATE => Value::NaiveDate(timestamp(walk.part()?)?),
        NAIVE_DATETIME => Value::NaiveDatetime(timestamp(walk.part()?)?),
        UTC_DATETIME => Value::UtcDatetime(timestamp(walk.part()?)?),
        DECIMAL => Value::Decimal(walk.text()?),
        BINARY => Value::Binary(walk.span()?),
        STRING => Value::String(walk.text()?),
        JSON => Value::Json(walk.text()?),
        XML => Value::Xml(walk.text()?),
        NAIVE_TIME => Value::NaiveTime(timestamp(walk.part()?)?),
        _ => return None,
    };
    walk.is_at_end().then_some(value)
}

fn timestamp(mut walk: Walk<'_>) -> Option<Timestamp> {
    let (mut seconds, mut nanos) = (None, None);
    while !walk.is_at_end() {
        match walk.varint()? {
            VARINT_1 if seconds.is_none() => seconds = Some(walk.varint()? as i64),
            VARINT_2 if nanos.is_none() => nanos = Some(walk.varint()? as i32),
            _ => return None,
        }
    }
    Some(Timestamp { seconds: seconds.unwrap_or_default(), nanos: nanos.unwrap_or_default() })
}

/// A walk over a part of a message; every step is `None` where that part is too short for it.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Walk<'a> {
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
            // Of the tenth byte only one bit has a place.
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

    /// A part of this part, with its length before it.
    fn part(&mut self) -> Option<Walk<'a>> {
        let length = usize::try_from(self.varint()?).ok()?;
        let end = self.at.checked_add(length).filter(|end| *end <= self.end)?;
        let part = Walk { bytes: self.bytes, at: self.at, end };
        self.at = end;
        Some(part)
    }

    fn span(&mut self) -> Option<Span> {
        let part = self.part()?;
        Some(Span { start: u32::try_from(part.at).ok()?, end: u32::try_from(part.end).ok()? })
    }

    fn text(&mut self) -> Option<Span> {
        let span = self.span()?;
        str::from_utf8(self.bytes.get(span.range())?).ok()?;
        Some(span)
    }
}
