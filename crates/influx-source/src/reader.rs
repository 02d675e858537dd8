//! From the record batches of a window to rows in the sink.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use arrow_rows::{ArrowRows, LossKind, TimeText};
use arrow_schema::ArrowError;
use sync_core::{Fault, Sink, SyncError, Table};

use crate::batches::Batches;
use crate::config::TimeFormat;
use crate::database::Answer;
use crate::fault::TableFailure;
use crate::plant::{Defect, is_planted};
use crate::progress::{Position, Progress};
use crate::reading::{Keys, Reading};
use crate::sql::TIME;
use crate::window::Window;
use crate::window_read::WindowFailure;

/// Sends the rows of windows into the sink, and keeps what serves all of them.
#[derive(Debug)]
pub(crate) struct Reader {
    reading: Arc<Reading>,
    keys: Keys,
    times: TimeText,
}

/// What a window brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) rows: u64,
    /// The size of its record batches in memory.
    pub(crate) bytes: usize,
    pub(crate) losses: Losses,
}

/// How many values lost something on their way, by column and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses(BTreeMap<(String, LossKind), u64>);

impl Reader {
    pub(crate) fn new(reading: Arc<Reading>, time_format: TimeFormat) -> Self {
        let times = match time_format {
            TimeFormat::UtcDateTime | TimeFormat::Iso8601 => TimeText::Nanoseconds,
            TimeFormat::Iso8601Micros => TimeText::Microseconds,
        };
        Self { keys: reading.keys(), reading, times }
    }

    pub(crate) fn reading(&self) -> &Arc<Reading> {
        &self.reading
    }

    /// Sends the rows of a window into the sink.
    pub(crate) async fn send<S: Sink>(
        &mut self,
        answer: impl Answer,
        window: Window,
        sink: &S,
        progress: &Progress,
    ) -> Result<Read, WindowFailure> {
        let table = &self.reading.table;
        let schema = self.keys.schema(answer.schema()).map_err(unexpected)?;
        let mut rows = ArrowRows::new(&schema, table, self.times).map_err(unexpected)?;
        let mut read = Read::default();
        let mut batches = Batches::new(answer);
        let mut is_claimed = false;
        while let Some(batch) = batches.next().await? {
            if is_planted(Defect::EmptyBatchEnds) && batch.num_rows() == 0 {
                break;
            }
            plant_cursors(&batch, &self.reading.source.measurement, progress);
            let batch = self.keys.add(&batch, &schema).map_err(unexpected)?;
            let batch = plant_first_values(batch, table);
            if !is_claimed && batch.num_rows() > 0 {
                progress.claim(&self.reading.source.measurement, window, sink).await?;
                is_claimed = true;
            }
            read.bytes += batch.get_array_memory_size();
            // Noted before they go, since an error may come after some of them have gone.
            progress.sent();
            read.rows += sink.upsert(table, &mut rows.of(&batch).map_err(unexpected)?).await?;
        }
        for loss in rows.losses() {
            *read.losses.0.entry((loss.column.to_owned(), loss.kind)).or_default() += loss.count;
        }
        Ok(read)
    }
}

/// What a cursor would do that follows rows: nothing, unless that is planted.
fn plant_cursors(batch: &RecordBatch, measurement: &str, progress: &Progress) {
    if is_planted(Defect::CursorOfARow)
        && let Some(times) = batch.column_by_name(TIME)
        && let Some(times) = times.as_primitive_opt::<TimestampNanosecondType>()
        && let Some(last) = times.iter().flatten().max()
    {
        progress.advance(measurement, last.saturating_add(1));
    }
    if is_planted(Defect::EmptyBatchGoesBack)
        && batch.num_rows() == 0
        && let Some(position) = progress.position(measurement)
    {
        let cursor = position.cursor.saturating_sub(3_600_000_000_000);
        progress.start(measurement, Position { cursor, ..position });
    }
}

/// What is left of a batch where a point is sent only once: all of it, unless that is planted.
#[cfg(not(test))]
fn plant_first_values(batch: RecordBatch, _: &Table) -> RecordBatch {
    batch
}

#[cfg(test)]
fn plant_first_values(batch: RecordBatch, table: &Table) -> RecordBatch {
    use arrow::array::BooleanArray;
    use arrow::compute::filter_record_batch;
    use arrow::util::display::array_value_to_string;

    if !is_planted(Defect::OverwritesIgnored) {
        return batch;
    }
    let key = |row| {
        let key = table.key().map(|column| batch.column_by_name(&column.name).unwrap());
        let key = key.map(|values| array_value_to_string(values, row).unwrap());
        key.fold(table.name.clone(), |key, value| key + " " + &value)
    };
    let is_first = (0..batch.num_rows()).map(|row| Some(crate::plant::is_first(key(row))));
    filter_record_batch(&batch, &is_first.collect::<BooleanArray>()).unwrap()
}

impl Losses {
    pub(crate) fn add(&mut self, others: Self) {
        for (of, count) in others.0 {
            *self.0.entry(of).or_default() += count;
        }
    }

    /// A sentence for each column whose values lost something.
    pub(crate) fn sentences(&self, measurement: &str) -> impl Iterator<Item = String> {
        self.0.iter().map(move |((column, kind), count)| match kind {
            LossKind::NotFinite => format!(
                "Column {column:?} of measurement {measurement:?} had {count} values that are no number or infinite; they are \
                 NULL in the warehouse."
            ),
            LossKind::SubMicrosecond => format!(
                "Column {column:?} of measurement {measurement:?} had {count} times that are finer than a microsecond; the \
                 rest was cut. Set `time_format` to `iso8601` to keep it."
            ),
        })
    }
}

/// An answer that does not have the columns that were asked for.
pub(crate) fn unexpected(error: impl Into<UnexpectedAnswer>) -> WindowFailure {
    let UnexpectedAnswer(source) = error.into();
    let error = SyncError {
        fault: Fault::Bug,
        message: format!("InfluxDB sent other columns than it was asked for: {source}"),
        remedy: None,
        source: Some(source),
    };
    WindowFailure::Table(TableFailure::Parked(error))
}

pub(crate) struct UnexpectedAnswer(Box<dyn std::error::Error + Send + Sync>);

impl From<ArrowError> for UnexpectedAnswer {
    fn from(error: ArrowError) -> Self {
        Self(Box::new(error))
    }
}

impl From<arrow_rows::Error> for UnexpectedAnswer {
    fn from(error: arrow_rows::Error) -> Self {
        Self(Box::new(error))
    }
}
