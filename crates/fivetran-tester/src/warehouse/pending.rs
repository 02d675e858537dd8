//! Upserts that wait to be written in the order of their keys.
//!
//! Rows are found by their key, so the key's tree is where they are written, and what a row costs is how far it lies from the row
//! before it. Series come interleaved in time; in the order of their keys they come one after the other. No one can tell: rows
//! become visible with their commit, and of equal keys the last one stays the last.

use std::cmp::Ordering;
use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Result};

use super::catalog::StoredTable;
use super::{cell, statement};
use crate::message::{Batch, RecordHead, Shape, Value};

/// Upserts of one table.
#[derive(Debug)]
pub(super) struct Pending {
    /// The type that SQLite knows of each column of the key: not what the column was declared as since.
    key_types: Vec<String>,
    runs: Vec<Run>,
    fills: Vec<Fill>,
    rows: Vec<PendingRow>,
    /// Whether some row's key has no place among the others that is known without SQLite.
    unordered: bool,
}

/// Rows that came in one message.
#[derive(Debug)]
struct Run {
    batch: Arc<Batch>,
    synced: String,
}

#[derive(Debug)]
struct PendingRow {
    /// Where its key's first column lies, as far as a number can tell: most comparisons end there.
    near: u64,
    run: usize,
    fill: usize,
    head: RecordHead,
}

/// Which value of a shape goes into which column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fill {
    /// For each column of the table, by name, the value's index.
    values: Vec<Option<usize>>,
    /// Values of the key, in the key's order; `None` if one is absent, or if the table has no key.
    key: Option<Vec<usize>>,
    /// Values without a column.
    pub(super) left_over: Vec<usize>,
}

impl Fill {
    pub(super) fn of(table: &StoredTable, shape: &Shape) -> Self {
        let value = |name: &String| shape.names.binary_search(name).ok();
        let values = table.columns.iter().map(|column| value(&column.name)).collect();
        let in_order = table.in_order();
        let mut keys = in_order.iter().filter(|column| column.key).peekable();
        let key = keys.peek().is_some().then_some(());
        let key = key.and_then(|()| keys.map(|column| value(&column.name)).collect());
        let names = shape.names.iter().enumerate();
        let left_over = names.filter(|(_, name)| table.position(name).is_err());
        Self { values, key, left_over: left_over.map(|(index, _)| index).collect() }
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
            runs: Vec::new(),
            fills: Vec::new(),
            rows: Vec::new(),
            unordered: false,
        })
    }

    /// About how many bytes a row takes up beside its message.
    pub(super) const ROW_BYTES: usize = size_of::<PendingRow>();

    /// Begins a message's rows.
    pub(super) fn run(&mut self, batch: &Arc<Batch>, synced: &str) {
        self.runs.push(Run { batch: batch.clone(), synced: synced.to_owned() });
    }

    /// Adds a row of the last run. False: its key is not whole, and it was not taken.
    pub(super) fn push(&mut self, fill: &Fill, head: &RecordHead, scratch: &mut String) -> bool {
        let Some(run) = self.runs.last() else { return false };
        let row = run.batch.row(head);
        let mut near = None;
        match &fill.key {
            None if !self.key_types.is_empty() => return false,
            None => self.unordered = true,
            Some(key) => {
                for (value, column_type) in key.iter().zip(&self.key_types) {
                    let value = row.value(*value);
                    if cell::stored(&value, scratch) == ValueRef::Null {
                        return false;
                    }
                    let part = Part::of(&value, column_type);
                    self.unordered |= part.is_none();
                    near = near.or_else(|| part.map(|part| part.near()));
                }
            }
        }
        if self.fills.last() != Some(fill) {
            self.fills.push(fill.clone());
        }
        self.rows.push(PendingRow {
            near: near.unwrap_or_default(),
            run: self.runs.len() - 1,
            fill: self.fills.len() - 1,
            head: *head,
        });
        true
    }

    /// Writes all rows. The table must be the one that they were pushed with, with the same columns.
    pub(super) fn write(
        self,
        connection: &Connection,
        table: &StoredTable,
        scratch: &mut String,
    ) -> Result<()> {
        let Self { runs, fills, mut rows, unordered, .. } = self;
        if rows.is_empty() {
            return Ok(());
        }
        if !unordered {
            // Stable: of equal keys, the last one stays the last.
            rows.sort_by(|a, b| a.near.cmp(&b.near).then_with(|| by_key(&runs, &fills, a, b)));
        }
        let mut insert = connection.prepare_cached(&statement::upsert(table))?;
        let (has_key, columns) = (table.has_key(), table.columns.len());
        let mut bound_run = None;
        for PendingRow { run, fill, head, .. } in &rows {
            let Run { batch, synced } = &runs[*run];
            let row = batch.row(head);
            for (column, value) in fills[*fill].values.iter().enumerate() {
                let cell = match value {
                    Some(value) => cell::stored(&row.value(*value), scratch),
                    None => ValueRef::Null,
                };
                insert.raw_bind_parameter(column + 1, ToSqlOutput::Borrowed(cell))?;
            }
            // What is bound stays bound.
            if bound_run != Some(*run) {
                insert.raw_bind_parameter(columns + 1, synced)?;
                bound_run = Some(*run);
            }
            if !has_key {
                insert.raw_bind_parameter(columns + 2, cell::row_id(row, scratch))?;
            }
            insert.raw_execute()?;
        }
        Ok(())
    }
}

fn by_key(runs: &[Run], fills: &[Fill], a: &PendingRow, b: &PendingRow) -> Ordering {
    let row = |row: &PendingRow| runs[row.run].batch.row(&row.head);
    let key = |row: &PendingRow| fills[row.fill].key.iter().flatten();
    let (row_a, row_b) = (row(a), row(b));
    let ordering = |(at_a, at_b): (&usize, &usize)| {
        Part::unchecked(&row_a.value(*at_a)).cmp(&Part::unchecked(&row_b.value(*at_b)))
    };
    key(a).zip(key(b)).map(ordering).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

/// A value of a key, where SQLite would order it as we do.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Other,
    Integer(i64),
    Text(&'a [u8]),
}

impl<'a> Part<'a> {
    /// `None` where the column would convert the value, or where its text has yet to be made.
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

    /// Orders as the part does, but for ties.
    fn near(&self) -> u64 {
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
