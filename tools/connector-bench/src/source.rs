//! A source that costs next to nothing: it answers as InfluxDB 3 does, with prebuilt rows.

use std::sync::Arc;

use anyhow::{Context, Result};
use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray,
    UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::utils::batches_to_flight_data;
use arrow_flight::{FlightData, Ticket};
use bytes::Bytes;
use chrono::Utc;
use futures::{StreamExt, stream};
use prost::Message;
use serde::Deserialize;
use tonic::Status;

use crate::wire::{Answer, BytesCodec, Handler};
use crate::workload::{COLUMN_TYPE, SPACING, TAG, Workload};

/// A table of a workload, which ends where the present begins.
#[derive(Clone)]
pub(crate) struct Source(Arc<Prebuilt>);

struct Prebuilt {
    workload: Workload,
    rows: i64,
    /// When the first point was, in nanoseconds.
    first: i64,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    /// The messages of an answer: the schema, and each batch with its number of rows.
    opening: Bytes,
    messages: Vec<(i64, Bytes)>,
}

#[derive(Deserialize)]
struct Question {
    sql_query: String,
}

impl Source {
    /// A table with so many rows.
    pub(crate) fn new(workload: Workload, rows: u64) -> Result<Self> {
        let batches = workload.batches()?;
        let natural = batches.first().context("no batch")?.schema();
        let fields = natural.fields().iter().map(|field| {
            let field = field.as_ref().clone();
            match workload.is_tag(field.name()) {
                true => field.with_metadata([(COLUMN_TYPE.to_owned(), TAG.to_owned())].into()),
                false => field,
            }
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let mut messages = Vec::with_capacity(batches.len());
        let mut opening = Bytes::new();
        for batch in &batches {
            let (schema_message, batch_message) = encoded(&schema, batch)?;
            opening = schema_message;
            messages.push((batch.num_rows() as i64, batch_message));
        }
        let rows = i64::try_from(rows)?;
        // The engine leaves out the last ten seconds.
        let now = Utc::now().timestamp_nanos_opt().context("the clock is off")?;
        let first = now - 60_000_000_000 - rows * SPACING;
        Ok(Self(Arc::new(Prebuilt { workload, rows, first, schema, batches, opening, messages })))
    }
}

impl Handler for Source {
    const SERVICE: &'static str = "arrow.flight.protocol.FlightService";
    type Codec = BytesCodec;

    fn answer(&self, ticket: Bytes) -> Answer<Bytes> {
        match self.0.answer(ticket) {
            Ok(answer) => answer,
            Err(error) => {
                stream::iter([Err(Status::invalid_argument(format!("{error:#}")))]).boxed()
            }
        }
    }
}

impl Prebuilt {
    fn answer(self: &Arc<Self>, ticket: Bytes) -> Result<Answer<Bytes>> {
        let ticket = Ticket::decode(ticket)?;
        let Question { sql_query: sql } = serde_json::from_slice(&ticket.ticket)?;
        let asks_for = |part: &str| sql.contains(part);
        if asks_for("now()") {
            let now = Utc::now().timestamp_nanos_opt().context("the clock is off")?;
            return table([("now", times([now]))]);
        }
        if asks_for("information_schema") {
            return self.columns();
        }
        if asks_for("system.tables") {
            let names: ArrayRef = Arc::new(StringArray::from(Vec::<&str>::new()));
            let flags: ArrayRef = Arc::new(BooleanArray::from(Vec::<bool>::new()));
            let columns = [("database_name", Arc::clone(&names)), ("table_name", names)];
            return table(columns.into_iter().chain([("deleted", flags)]));
        }
        if asks_for("system.parquet_files") {
            return no_files();
        }
        if asks_for("min(") {
            return table([("first", times([self.first]))]);
        }
        if asks_for("LIMIT 0") {
            return Ok(stream::iter([Ok(self.opening.clone())]).boxed());
        }
        self.read(&sql)
    }

    fn columns(&self) -> Result<Answer<Bytes>> {
        let fields = self.schema.fields().iter();
        let types = fields.clone().map(|field| match field.data_type() {
            DataType::Utf8 if self.workload.is_tag(field.name()) => {
                "Dictionary(Int32, Utf8)".to_owned()
            }
            DataType::Timestamp(..) => "Timestamp(ns)".to_owned(),
            other => other.to_string(),
        });
        let tables = fields.clone().map(|_| self.workload.name());
        let tables: ArrayRef = Arc::new(StringArray::from_iter_values(tables));
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(fields.map(|f| f.name())));
        let types: ArrayRef = Arc::new(StringArray::from_iter_values(types));
        table([("table_name", tables), ("column_name", names), ("data_type", types)])
    }

    /// The rows between two bounds: the prebuilt batches in turn, and a part of one at the end.
    fn read(self: &Arc<Self>, sql: &str) -> Result<Answer<Bytes>> {
        // Each bound is a number in a cast to a timestamp; the upper one comes last. The Python
        // example has none in its first sync but a year before all points.
        let mut casts = sql.rsplit("arrow_cast(");
        let mut bound = || {
            let number = casts.next().and_then(|cast| cast.split(',').next()?.parse().ok());
            Ok::<_, anyhow::Error>(
                self.row_at(number.with_context(|| format!("no bound in {sql}"))?),
            )
        };
        let (to, from) = match sql.contains("arrow_cast(") {
            true => (bound()?, bound()?),
            false => (self.rows, 0),
        };
        let prebuilt = Arc::clone(self);
        let rows = stream::unfold((from, 0), move |(at, index)| {
            let prebuilt = Arc::clone(&prebuilt);
            async move {
                let left = to - at;
                let (rows, message) = &prebuilt.messages[index % prebuilt.messages.len()];
                let message = match left {
                    ..=0 => return None,
                    _ if *rows <= left => Ok(message.clone()),
                    _ => prebuilt.part(index, left),
                };
                Some((message, (at + rows, index + 1)))
            }
        });
        Ok(stream::iter([Ok(self.opening.clone())]).chain(rows).boxed())
    }

    fn part(&self, index: usize, rows: i64) -> Result<Bytes, Status> {
        let batch = self.batches[index % self.batches.len()].slice(0, rows as usize);
        let (_, message) =
            encoded(&self.schema, &batch).map_err(|error| Status::internal(error.to_string()))?;
        Ok(message)
    }

    /// How many rows lie before a time.
    fn row_at(&self, time: i64) -> i64 {
        let after = time.saturating_sub(self.first).saturating_add(SPACING - 1);
        after.div_euclid(SPACING).clamp(0, self.rows)
    }
}

fn times(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from_iter_values(values))
}

/// As Enterprise's newer engine: there is a list, with nothing in it.
fn no_files() -> Result<Answer<Bytes>> {
    let path: ArrayRef = Arc::new(StringArray::from(Vec::<&str>::new()));
    let signed: ArrayRef = Arc::new(Int64Array::from(Vec::<i64>::new()));
    let unsigned: ArrayRef = Arc::new(UInt64Array::from(Vec::<u64>::new()));
    table([
        ("path", path),
        ("min_time", Arc::clone(&signed)),
        ("max_time", signed),
        ("row_count", Arc::clone(&unsigned)),
        ("size_bytes", unsigned),
    ])
}

/// An answer of one batch.
fn table(columns: impl IntoIterator<Item = (&'static str, ArrayRef)>) -> Result<Answer<Bytes>> {
    let batch = RecordBatch::try_from_iter(columns)?;
    let fields =
        batch.schema().fields().iter().map(|field| Field::clone(field)).collect::<Vec<_>>();
    let (schema, rows) = encoded(&Schema::new(fields), &batch)?;
    Ok(stream::iter([Ok(schema), Ok(rows)]).boxed())
}

/// The messages of the schema and of a batch that has it, but for marks.
fn encoded(schema: &Schema, batch: &RecordBatch) -> Result<(Bytes, Bytes)> {
    let batch = RecordBatch::try_new(Arc::new(schema.clone()), batch.columns().to_vec())?;
    let messages = batches_to_flight_data(schema, vec![batch])?;
    let mut messages = messages.iter().map(FlightData::encode_to_vec).map(Bytes::from);
    messages.next().zip(messages.next()).context("a batch is two messages")
}
