//! From the record batches of a window to rows in the sink.

use std::collections::BTreeMap;

use arrow::error::ArrowError;
use arrow_rows::{ArrowRows, LossKind, TimeText};
use sync_core::{Fault, Sink, SyncError};

use crate::config::TimeFormat;
use crate::database::Answer;
use crate::fault::TableFailure;
use crate::progress::Progress;
use crate::reading::{Keys, Reading};
use crate::table_sync::WindowFailure;

/// Reads windows of one table, and keeps what serves all of them.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) reading: &'a Reading,
    keys: Keys,
    times: TimeText,
    /// How many values lost something on their way, by column and kind.
    losses: BTreeMap<(String, LossKind), u64>,
}

/// What a window brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) rows: u64,
    /// The size of its record batches in memory.
    pub(crate) bytes: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(reading: &'a Reading, time_format: TimeFormat) -> Self {
        let times = match time_format {
            TimeFormat::UtcDateTime | TimeFormat::Iso8601 => TimeText::Nanoseconds,
            TimeFormat::Iso8601Micros => TimeText::Microseconds,
        };
        Self { reading, keys: reading.keys(), times, losses: BTreeMap::new() }
    }

    /// Sends the rows of a window into the sink.
    pub(crate) async fn send<S: Sink>(
        &mut self,
        mut answer: impl Answer,
        sink: &S,
        progress: &Progress,
    ) -> Result<Read, WindowFailure> {
        let table = &self.reading.table;
        let schema = self.keys.schema(answer.schema()).map_err(unexpected)?;
        let mut rows = ArrowRows::new(&schema, table, self.times).map_err(unexpected)?;
        let mut read = Read::default();
        while let Some(batch) = answer.next().await? {
            let batch = self.keys.add(&batch, &schema).map_err(unexpected)?;
            read.bytes += batch.get_array_memory_size();
            // Noted before they go, since an error may come after some of them have gone.
            progress.sent();
            read.rows += sink.upsert(table, &mut rows.of(&batch).map_err(unexpected)?).await?;
        }
        for loss in rows.losses() {
            *self.losses.entry((loss.column.to_owned(), loss.kind)).or_default() += loss.count;
        }
        Ok(read)
    }

    /// A sentence for each column whose values lost something.
    pub(crate) fn losses(&self) -> impl Iterator<Item = String> {
        let measurement = &self.reading.source.measurement;
        self.losses.iter().map(move |((column, kind), count)| match kind {
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
fn unexpected(error: impl Into<UnexpectedAnswer>) -> WindowFailure {
    let UnexpectedAnswer(source) = error.into();
    let error = SyncError {
        fault: Fault::Bug,
        message: format!("InfluxDB sent other columns than it was asked for: {source}"),
        remedy: None,
        source: Some(source),
    };
    WindowFailure::Table(TableFailure::Parked(error))
}

struct UnexpectedAnswer(Box<dyn std::error::Error + Send + Sync>);

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
