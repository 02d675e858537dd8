//! Collects upserts, to write them in the order of their keys.
//!
//! A table is a B-tree by key, and writing a row is cheap if its key is near that of the row
//! before. Rows arrive in the order of time, with all series mixed. Sorted by key, the rows of a
//! series are neighbours. The order makes no difference to readers: rows become visible with the
//! commit, and of equal keys the last one wins in both orders.

use std::cmp::Ordering;
use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Result};

use super::catalog::StoredTable;
use super::{cell, statement};
use crate::message::{Batch, ColumnSet, RecordHead, Value};

/// Upserts of one table.
#[derive(Debug)]
pub(super) struct Pending {
    /// The SQLite type of each column of the key. It stays when the column is declared anew.
    key_types: Vec<String>,
    batches: Vec<PendingBatch>,
    mappings: Vec<ColumnMapping>,
    rows: Vec<PendingRow>,
    /// Whether we cannot tell how SQLite sorts the key of some row. The rows are then not sorted.
    unsortable: bool,
}

/// The rows of one message.
#[derive(Debug)]
struct PendingBatch {
    records: Arc<Batch>,
    synced: String,
}

#[derive(Debug)]
struct PendingRow {
    /// A number that sorts as the first column of its key, except for ties. It decides most
    /// comparisons.
    sort_prefix: u64,
    batch: usize,
    mapping: usize,
    head: RecordHead,
}

/// Which value of a record goes into which column of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ColumnMapping {
    /// For each column of the table, by name, the index of its value.
    values: Vec<Option<usize>>,
    /// The indices of the values of the key, in the order of the key. `None` if one is absent, or
    /// if the table has no key.
    key: Option<Vec<usize>>,
    /// The indices of values without a column.
    pub(super) unmapped: Vec<usize>,
}

impl ColumnMapping {
    pub(super) fn of(table: &StoredTable, column_set: &ColumnSet) -> Self {
        let value = |name: &String| column_set.names.binary_search(name).ok();
        let values = table.columns.iter().map(|column| value(&column.name)).collect();
        let in_order = table.in_order();
        let mut keys = in_order.iter().filter(|column| column.key).peekable();
        let key = keys.peek().is_some().then_some(());
        let key = key.and_then(|()| keys.map(|column| value(&column.name)).collect());
        let names = column_set.names.iter().enumerate();
        let unmapped = names.filter(|(_, name)| table.position(name).is_err());
        Self { values, key, unmapped: unmapped.map(|(index, _)| index).collect() }
    }
}

impl Pending {
    pub(super) fn new(connection: &Connection, table: &StoredTable) -> Result<Self> {
        let mut column_type =
            connection.prepare_cached("SELECT type FROM pragma_table_info(?1) WHERE name = ?2")?;
        let in_order = table.in_order();
        let keys = in_order.iter().filter(|column| column.key);
        let key_types = keys.map(|column| {
            column_type.query_row([&table.stored_as, &column.stored_as], |row| row.get(0))
        });
        Ok(Self {
            key_types: key_types.collect::<Result<_>>()?,
            batches: Vec::new(),
            mappings: Vec::new(),
            rows: Vec::new(),
            unsortable: false,
        })
    }

    /// About how many bytes of memory a row takes beside its message.
    pub(super) const ROW_BYTES: usize = size_of::<PendingRow>();

    /// Starts the rows of a message.
    pub(super) fn start_batch(&mut self, batch: &Arc<Batch>, synced: &str) {
        self.batches.push(PendingBatch { records: batch.clone(), synced: synced.to_owned() });
    }

    /// Adds a row of the last batch. Returns `false`, and skips the row, if a column of its key is
    /// missing or NULL.
    pub(super) fn push(
        &mut self,
        mapping: &ColumnMapping,
        head: &RecordHead,
        scratch: &mut String,
    ) -> bool {
        let Some(batch) = self.batches.last() else { return false };
        let row = batch.records.row(head);
        let mut sort_prefix = None;
        match &mapping.key {
            None if !self.key_types.is_empty() => return false,
            None => self.unsortable = true,
            Some(key) => {
                for (value, column_type) in key.iter().zip(&self.key_types) {
                    let value = row.value(*value);
                    if cell::stored(&value, scratch) == ValueRef::Null {
                        return false;
                    }
                    let part = KeyPart::of(&value, column_type);
                    self.unsortable |= part.is_none();
                    sort_prefix = sort_prefix.or_else(|| part.map(|part| part.sort_prefix()));
                }
            }
        }
        if self.mappings.last() != Some(mapping) {
            self.mappings.push(mapping.clone());
        }
        self.rows.push(PendingRow {
            sort_prefix: sort_prefix.unwrap_or_default(),
            batch: self.batches.len() - 1,
            mapping: self.mappings.len() - 1,
            head: *head,
        });
        true
    }

    /// Writes all rows. The table must have the same columns as when the rows were added.
    pub(super) fn write(
        self,
        connection: &Connection,
        table: &StoredTable,
        scratch: &mut String,
    ) -> Result<()> {
        let Self { batches, mappings, mut rows, unsortable, .. } = self;
        if rows.is_empty() {
            return Ok(());
        }
        if !unsortable {
            // The sort is stable: of equal keys, the last one stays the last.
            rows.sort_by(|a, b| {
                a.sort_prefix.cmp(&b.sort_prefix).then_with(|| by_key(&batches, &mappings, a, b))
            });
        }
        let mut insert = connection.prepare_cached(&statement::upsert(table))?;
        let (has_key, columns) = (table.has_key(), table.columns.len());
        let mut bound_batch = None;
        for PendingRow { batch, mapping, head, .. } in &rows {
            let PendingBatch { records, synced } = &batches[*batch];
            let row = records.row(head);
            for (column, value) in mappings[*mapping].values.iter().enumerate() {
                let cell = match value {
                    Some(value) => cell::stored(&row.value(*value), scratch),
                    None => ValueRef::Null,
                };
                insert.raw_bind_parameter(column + 1, ToSqlOutput::Borrowed(cell))?;
            }
            // A parameter stays bound until it is bound again.
            if bound_batch != Some(*batch) {
                insert.raw_bind_parameter(columns + 1, synced)?;
                bound_batch = Some(*batch);
            }
            if !has_key {
                insert.raw_bind_parameter(columns + 2, cell::row_id(row, scratch))?;
            }
            insert.raw_execute()?;
        }
        Ok(())
    }
}

fn by_key(
    batches: &[PendingBatch],
    mappings: &[ColumnMapping],
    a: &PendingRow,
    b: &PendingRow,
) -> Ordering {
    let row = |row: &PendingRow| batches[row.batch].records.row(&row.head);
    let key = |row: &PendingRow| mappings[row.mapping].key.iter().flatten();
    let (row_a, row_b) = (row(a), row(b));
    let ordering = |(at_a, at_b): (&usize, &usize)| {
        KeyPart::unchecked(&row_a.value(*at_a)).cmp(&KeyPart::unchecked(&row_b.value(*at_b)))
    };
    key(a).zip(key(b)).map(ordering).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

/// A value of a key, which sorts as in SQLite.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum KeyPart<'a> {
    Other,
    Integer(i64),
    Text(&'a [u8]),
}

impl<'a> KeyPart<'a> {
    /// Returns `None` if the column would convert the value, or if its stored form is text that has
    /// yet to be written.
    fn of(value: &Value<&'a [u8]>, stored_type: &str) -> Option<Self> {
        match (Self::unchecked(value), stored_type) {
            (part @ Self::Integer(_), "INTEGER") | (part @ Self::Text(_), "TEXT") => Some(part),
            _ => None,
        }
    }

    fn unchecked(value: &Value<&'a [u8]>) -> Self {
        match value {
            Value::Bool(value) => Self::Integer((*value).into()),
            Value::Short(value) | Value::Int(value) => Self::Integer((*value).into()),
            Value::Long(value) => Self::Integer(*value),
            Value::Decimal(text) | Value::String(text) | Value::Json(text) | Value::Xml(text) => {
                Self::Text(text)
            }
            _ => Self::Other,
        }
    }

    /// A number that sorts as the value does, except for ties.
    fn sort_prefix(&self) -> u64 {
        match self {
            Self::Other => 0,
            Self::Integer(value) => value.cast_unsigned() ^ 1 << 63,
            Self::Text(text) => {
                let mut start = [0; 8];
                let length = text.len().min(start.len());
                start[..length].copy_from_slice(&text[..length]);
                u64::from_be_bytes(start)
            }
        }
    }
}
