//! The records of one message.

use bytes::Bytes;

use super::Value;
use super::value::Span;

/// The records of one message, with its bytes.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(super) bytes: Bytes,
    pub(super) shapes: Vec<Shape>,
    pub(super) records: Vec<RecordHead>,
    /// Of all records, one after the other.
    pub(super) values: Vec<Value<Span>>,
}

/// The columns of records: the same for most of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Sorted, none twice.
    pub(crate) names: Vec<String>,
}

/// A record without its values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordHead {
    pub(super) schema: Option<Span>,
    pub(super) table: Span,
    /// The number on the wire.
    pub(crate) kind: i32,
    /// Index of its shape.
    pub(crate) shape: usize,
    /// Index of its first value.
    pub(super) first: usize,
}

/// The data of one record, in the order of names.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    bytes: &'a [u8],
    names: &'a [String],
    values: &'a [Value<Span>],
}

impl Batch {
    pub(crate) fn records(&self) -> &[RecordHead] {
        &self.records
    }

    pub(crate) fn shape(&self, record: &RecordHead) -> &Shape {
        &self.shapes[record.shape]
    }

    pub(crate) fn row(&self, record: &RecordHead) -> Row<'_> {
        let names = &self.shapes[record.shape].names;
        let values = &self.values[record.first..record.first + names.len()];
        Row { bytes: &self.bytes, names, values }
    }

    /// The schema's and the table's name.
    pub(crate) fn table(&self, record: &RecordHead) -> (Option<&[u8]>, &[u8]) {
        let of = |span: Span| &self.bytes[span.range()];
        (record.schema.map(of), of(record.table))
    }

    /// About how many bytes it takes up in memory.
    pub(crate) fn footprint(&self) -> usize {
        self.bytes.len()
            + self.values.len() * size_of::<Value<Span>>()
            + self.records.len() * size_of::<RecordHead>()
    }
}

impl<'a> Row<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(crate) fn names(&self) -> &'a [String] {
        self.names
    }

    /// The value of the name at this index.
    pub(crate) fn value(&self, index: usize) -> Value<&'a [u8]> {
        self.values[index].within(self.bytes)
    }

    pub(crate) fn get(&self, name: &str) -> Option<Value<&'a [u8]>> {
        let index = self.names.binary_search_by(|known| known.as_str().cmp(name)).ok()?;
        Some(self.value(index))
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = (&'a str, Value<&'a [u8]>)> {
        self.names.iter().enumerate().map(move |(index, name)| (name.as_str(), self.value(index)))
    }
}
