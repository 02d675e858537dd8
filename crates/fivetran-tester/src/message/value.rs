//! A value, whose text or bytes are borrowed.

use std::ops::Range;

use fivetran_wire::{DataType, Timestamp};

/// [`fivetran_wire::value_type::Inner`] with text and bytes as a `T`. All text is UTF-8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<T> {
    /// No value is set, which is an error of the connector.
    Unset,
    Null(bool),
    Bool(bool),
    Short(i32),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    NaiveDate(Timestamp),
    NaiveDatetime(Timestamp),
    UtcDatetime(Timestamp),
    Decimal(T),
    Binary(T),
    String(T),
    Json(T),
    Xml(T),
    NaiveTime(Timestamp),
    /// A value of `row_data`, as it was sent. [`Batch::read_row_data`](super::Batch::read_row_data)
    /// replaces it. What it cannot read stays, which is an error of the connector.
    Encoded(T),
}

/// The place of a text, or of bytes, in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    pub(super) const EMPTY: Self = Self { start: 0, end: 0 };

    pub(super) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Value<Span> {
    /// The value with its text or bytes, from the message that it was read from.
    pub(super) fn within(self, bytes: &[u8]) -> Value<&[u8]> {
        let of = |span: Span| &bytes[span.range()];
        match self {
            Self::Unset => Value::Unset,
            Self::Null(value) => Value::Null(value),
            Self::Bool(value) => Value::Bool(value),
            Self::Short(value) => Value::Short(value),
            Self::Int(value) => Value::Int(value),
            Self::Long(value) => Value::Long(value),
            Self::Float(value) => Value::Float(value),
            Self::Double(value) => Value::Double(value),
            Self::NaiveDate(at) => Value::NaiveDate(at),
            Self::NaiveDatetime(at) => Value::NaiveDatetime(at),
            Self::UtcDatetime(at) => Value::UtcDatetime(at),
            Self::Decimal(span) => Value::Decimal(of(span)),
            Self::Binary(span) => Value::Binary(of(span)),
            Self::String(span) => Value::String(of(span)),
            Self::Json(span) => Value::Json(of(span)),
            Self::Xml(span) => Value::Xml(of(span)),
            Self::NaiveTime(at) => Value::NaiveTime(at),
            Self::Encoded(span) => Value::Encoded(of(span)),
        }
    }
}

impl<T> Value<T> {
    /// Whether it is NULL in a warehouse.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Unset | Self::Null(_) | Self::Encoded(_))
    }

    /// The type of a column that holds the value.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Unset | Self::Null(_) | Self::Encoded(_) => DataType::Unspecified,
            Self::Bool(_) => DataType::Boolean,
            Self::Short(_) => DataType::Short,
            Self::Int(_) => DataType::Int,
            Self::Long(_) => DataType::Long,
            Self::Float(_) => DataType::Float,
            Self::Double(_) => DataType::Double,
            Self::NaiveDate(_) => DataType::NaiveDate,
            Self::NaiveDatetime(_) => DataType::NaiveDatetime,
            Self::UtcDatetime(_) => DataType::UtcDatetime,
            Self::Decimal(_) => DataType::Decimal,
            Self::Binary(_) => DataType::Binary,
            Self::String(_) => DataType::String,
            Self::Json(_) => DataType::Json,
            Self::Xml(_) => DataType::Xml,
            Self::NaiveTime(_) => DataType::NaiveTime,
        }
    }
}
