//! The encoder alone, on one core, beside what it could be compared with.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::{BufMut, BytesMut};
use fivetran_adapter::TableEncoder;
use fivetran_wire::value_type::Inner;
use fivetran_wire::{Record, ValueType};
use prost::Message;
use sync_core::{Column, DataType, RowError, Rows, Table, Timestamp, Value};

use crate::capture::{CapturedMessage, records};
use crate::idiomatic;

/// How much is encoded in a turn, at least.
const TURN: Duration = Duration::from_millis(150);

/// Nanoseconds a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoding {
    pub(crate) ours: f64,
    pub(crate) prost: f64,
    pub(crate) copy: f64,
}

/// The rows of some messages.
pub(crate) struct Sample {
    table: Table,
    records: Vec<Record>,
    messages: Vec<CapturedMessage>,
}

impl Sample {
    pub(crate) fn new(messages: &[CapturedMessage]) -> Result<Self> {
        let mut all = Vec::new();
        for message in messages {
            all.extend(records(&message.bytes)?);
        }
        let first = all.first().context("no record")?;
        // The encoder does not need the types of columns, so any type will do.
        let columns = first.data.keys().map(|name| Column::new(name, DataType::String));
        let table = Table::new(&first.table_name, columns.collect());
        Ok(Self { table, records: all, messages: messages.to_vec() })
    }

    /// Encodes the rows so many times.
    pub(crate) fn encode(&self, times: u64) -> Result<()> {
        let cells = self.cells()?;
        let mut encoder = TableEncoder::new(&self.table);
        for _ in 0..times {
            for message in
                encoder.messages(&mut CapturedRows { cells: &cells, width: self.width(), next: 0 })
            {
                black_box(message?);
            }
        }
        Ok(())
    }

    fn width(&self) -> usize {
        self.table.columns.len()
    }

    /// The values of all rows, one row after the other.
    fn cells(&self) -> Result<Vec<Value<'_>>> {
        let mut cells = Vec::with_capacity(self.width() * self.records.len());
        for record in &self.records {
            ensure!(
                record.data.len() == self.width(),
                "records of one table have the same columns"
            );
            for value in record.data.values() {
                cells.push(borrowed(value)?);
            }
        }
        Ok(cells)
    }

    /// Encodes the same rows in three ways, one after the other.
    pub(crate) fn measure(&self) -> Result<Encoding> {
        let (cells, width) = (self.cells()?, self.width());
        let rows = || CapturedRows { cells: &cells, width, next: 0 };
        let mut encoder = TableEncoder::new(&self.table);
        let ours = self.per_row(|| {
            for message in encoder.messages(&mut rows()) {
                black_box(message?);
            }
            Ok(())
        })?;
        let prost = self.per_row(|| {
            idiomatic::messages(&self.table, &mut rows(), |message| {
                black_box(message.encode_to_vec());
            })
            .map_err(Into::into)
        })?;
        let mut buffer = BytesMut::new();
        let copy = self.per_row(|| {
            for message in &self.messages {
                // In pieces, as the encoder takes memory.
                buffer.reserve(message.bytes.len().max(512 * 1024));
                buffer.put_slice(&message.bytes);
                black_box(buffer.split().freeze());
            }
            Ok(())
        })?;
        Ok(Encoding { ours, prost, copy })
    }

    fn per_row(&self, mut encode: impl FnMut() -> Result<()>) -> Result<f64> {
        let started = Instant::now();
        let mut rows = 0;
        while started.elapsed() < TURN {
            encode()?;
            rows += self.records.len();
        }
        Ok(started.elapsed().as_nanos() as f64 / rows as f64)
    }
}

/// Rows that are there already.
struct CapturedRows<'a> {
    cells: &'a [Value<'a>],
    width: usize,
    next: usize,
}

impl Rows for CapturedRows<'_> {
    fn next_row(&mut self) -> Result<Option<&[Value<'_>]>, RowError> {
        let row = self.cells.get(self.next..self.next + self.width);
        self.next += self.width;
        Ok(row)
    }
}

fn borrowed(value: &ValueType) -> Result<Value<'_>> {
    let timestamp = |at: &fivetran_wire::Timestamp| {
        Timestamp::from_nanoseconds(at.seconds * 1_000_000_000 + i64::from(at.nanos))
    };
    Ok(match value.inner.as_ref().context("a value without a kind")? {
        Inner::Null(_) => Value::Null,
        Inner::Bool(value) => Value::Bool(*value),
        Inner::Short(value) => Value::Short(i16::try_from(*value)?),
        Inner::Int(value) => Value::Int(*value),
        Inner::Long(value) => Value::Long(*value),
        Inner::Float(value) => Value::Float(*value),
        Inner::Double(value) => Value::Double(*value),
        Inner::NaiveDate(at) => Value::NaiveDate(i32::try_from(at.seconds / 86_400)?),
        Inner::NaiveDatetime(at) => Value::NaiveDateTime(timestamp(at)),
        Inner::UtcDatetime(at) => Value::UtcDateTime(timestamp(at)),
        Inner::Decimal(text) => Value::Decimal(text),
        Inner::Binary(bytes) => Value::Binary(bytes),
        Inner::String(text) => Value::String(text),
        Inner::Json(text) => Value::Json(text),
        other => anyhow::bail!("this connector sends no {other:?}"),
    })
}
