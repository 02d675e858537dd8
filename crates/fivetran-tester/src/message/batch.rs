//! The records of one message.

use bytes::Bytes;
use fivetran_wire::DataType;

use super::value::Span;
use super::{Value, row_data};

/// The records of one message, with its bytes.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(super) bytes: Bytes,
    pub(super) column_sets: Vec<ColumnSet>,
    pub(super) records: Vec<RecordHead>,
    /// The values of all records, one record after the other.
    pub(super) values: Vec<Value<Span>>,
    /// Whether records have their values in `row_data`.
    pub(super) has_row_data: bool,
}

/// The names of a record's columns. Most records of a message share one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ColumnSet {
    /// Sorted, and without duplicates.
    pub(crate) names: Vec<String>,
}

/// A record without its values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordHead {
    pub(super) schema: Option<Span>,
    pub(super) table: Span,
    /// The number of its type, as sent.
    pub(crate) kind: i32,
    /// The index of its columns in [`Batch::column_sets`].
    pub(crate) column_set: usize,
    /// The index of its first value in [`Batch::values`].
    pub(super) first: usize,
}

/// The data of one record, sorted by name.
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

    pub(crate) fn column_set(&self, record: &RecordHead) -> &ColumnSet {
        &self.column_sets[record.column_set]
    }

    pub(crate) fn row(&self, record: &RecordHead) -> Row<'_> {
        let names = &self.column_sets[record.column_set].names;
        let values = &self.values[record.first..record.first + names.len()];
        Row { bytes: &self.bytes, names, values }
    }

    /// The schema's and the table's name.
    pub(crate) fn table(&self, record: &RecordHead) -> (Option<&[u8]>, &[u8]) {
        let of = |span: Span| &self.bytes[span.range()];
        (record.schema.map(of), of(record.table))
    }

    /// Reads the values of `row_data`. `types` tells the types of a record's columns, in the order
    /// of their names.
    pub(crate) fn read_row_data(&mut self, types: impl Fn(&Self, &RecordHead) -> Vec<DataType>) {
        if !self.has_row_data {
            return;
        }
        let mut last: Option<(RecordHead, Vec<DataType>)> = None;
        for record in 0..self.records.len() {
            let head = self.records[record];
            let is_alike = |other: &RecordHead| {
                other.column_set == head.column_set && self.table(other) == self.table(&head)
            };
            let types = match last.take() {
                Some((other, types)) if is_alike(&other) => types,
                _ => types(self, &head),
            };
            for (value, data_type) in self.values[head.first..].iter_mut().zip(&types) {
                if let Value::Encoded(span) = *value {
                    *value = row_data::read(&self.bytes, span, *data_type);
                }
            }
            last = Some((head, types));
        }
    }

    /// About how many bytes of memory it takes.
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
