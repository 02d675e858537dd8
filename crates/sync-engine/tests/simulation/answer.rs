//! The answer to a read: batches of any size, slowly, with empty ones in between, and maybe cut
//! off.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, SchemaRef};
use sync_engine::{Answer, Columns, ErrorKind, Failure, Item};

use super::failure::{NO_MEMORY, UNAVAILABLE, failure};
use super::history::{Cell, PointKey, Version};
use super::port::pass_time;
use super::world::Shared;

pub(super) struct ModelAnswer {
    shared: Shared,
    schema: SchemaRef,
    rows: RecordBatch,
    sent: usize,
    /// After how many rows it breaks off, if it does.
    breaks_after: Option<usize>,
    /// How long it takes until it comes.
    lag: Duration,
}

impl ModelAnswer {
    pub(super) fn new(
        shared: Shared,
        schema: SchemaRef,
        columns: &Columns,
        rows: &[(PointKey, Version)],
        fills_empty: bool,
        breaks_after: Option<usize>,
    ) -> Self {
        let is_coalesced = |name: &str| match columns {
            Columns::All => false,
            Columns::Listed(items) => items.contains(&Item::TagOrEmpty(name.to_owned())),
        };
        let arrays = schema.fields().iter();
        let arrays = arrays.map(|field| {
            let missing = (fills_empty || is_coalesced(field.name())).then(String::new);
            array(field, rows, missing.as_deref())
        });
        let rows = RecordBatch::try_new(Arc::clone(&schema), arrays.collect()).unwrap();
        Self { shared, schema, rows, sent: 0, breaks_after, lag: Duration::ZERO }
    }

    /// The same answer, as it was when it was asked for, but later.
    pub(super) fn lagging(self, lag: Duration) -> Self {
        Self { lag, ..self }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.num_rows()
    }
}

impl Answer for ModelAnswer {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        let lag = std::mem::take(&mut self.lag);
        if !lag.is_zero() {
            // Time is simulated, so this takes none.
            tokio::time::sleep(lag).await;
        }
        pass_time(&self.shared).await;
        let mut world = self.shared.lock();
        if let Some(breaks_after) = self.breaks_after
            && self.sent >= breaks_after
        {
            let kind: ErrorKind = match world.pick(&[5, 1]) {
                0 => UNAVAILABLE,
                _ => NO_MEMORY,
            };
            world.tell(|| format!("an answer breaks off after {} rows: {kind:?}", self.sent));
            return Err(failure(kind));
        }
        let rest = self.rows.num_rows() - self.sent;
        if world.rng.u32(0..4) == 0 {
            return Ok(Some(self.rows.slice(0, 0)));
        }
        if rest == 0 {
            return Ok(None);
        }
        let end = self.breaks_after.map_or(rest, |after| after - self.sent);
        let rows = world.rng.usize(1..=end.min(rest));
        let batch = self.rows.slice(self.sent, rows);
        self.sent += rows;
        Ok(Some(batch))
    }
}

/// A column of the rows; a tag without a value is `missing`.
fn array(field: &Field, rows: &[(PointKey, Version)], missing: Option<&str>) -> ArrayRef {
    let name = field.name();
    if name == "time" {
        let times = rows.iter().map(|((time, _), _)| *time);
        return Arc::new(TimestampNanosecondArray::from_iter_values(times));
    }
    let is_field = |mark: &String| mark.contains("field");
    if !field.metadata().values().any(is_field) {
        let tags = rows.iter().map(|((_, tags), _)| tags.get(name).map(String::as_str).or(missing));
        return Arc::new(tags.collect::<StringArray>());
    }
    let cells = rows.iter().map(|(_, version)| version.fields.get(name));
    match field.data_type() {
        DataType::Float64 => Arc::new(
            cells
                .map(|cell| match cell {
                    Some(Cell::Float(value)) => Some(*value),
                    _ => None,
                })
                .collect::<Float64Array>(),
        ),
        DataType::Int64 => Arc::new(
            cells
                .map(|cell| match cell {
                    Some(Cell::Integer(value)) => Some(*value),
                    _ => None,
                })
                .collect::<Int64Array>(),
        ),
        DataType::UInt64 => Arc::new(
            cells
                .map(|cell| match cell {
                    Some(Cell::Unsigned(value)) => Some(*value),
                    _ => None,
                })
                .collect::<UInt64Array>(),
        ),
        DataType::Boolean => Arc::new(
            cells
                .map(|cell| match cell {
                    Some(Cell::Boolean(value)) => Some(*value),
                    _ => None,
                })
                .collect::<BooleanArray>(),
        ),
        _ => Arc::new(
            cells
                .map(|cell| match cell {
                    Some(Cell::Text(value)) => Some(value.as_str()),
                    _ => None,
                })
                .collect::<StringArray>(),
        ),
    }
}
