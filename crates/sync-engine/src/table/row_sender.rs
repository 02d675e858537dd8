//! From the record batches of a window to rows in the sink.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_rows::{ArrowRows, LossKind, TimeText};
use sync_core::Sink;

use crate::late::{Counting, Tally};
use crate::settings::TimeFormat;
use crate::sync::Session;
use crate::table::{KeyColumns, SelectedTable};
use crate::time_series::Answer;
use crate::window::{Batches, Window, WindowFailure, unexpected};

/// Sends the rows of windows into the sink, and keeps what serves all of them.
#[derive(Debug)]
pub(crate) struct RowSender {
    selected: Arc<SelectedTable>,
    keys: KeyColumns,
    times: TimeText,
    /// The columns whose values are counted, and in which rows.
    counted: Option<(Vec<String>, Counting)>,
}

/// What a window brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadStats {
    /// When the question was asked, in nanoseconds since 1970-01-01T00:00:00Z.
    pub(crate) began: i64,
    pub(crate) rows: u64,
    /// The size of its record batches in memory.
    pub(crate) bytes: usize,
    pub(crate) losses: Losses,
    /// How many points and values it had, where they are counted.
    pub(crate) tally: Tally,
}

/// How many values lost something on their way, by column and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses(BTreeMap<(String, LossKind), u64>);

impl RowSender {
    pub(crate) fn new(
        selected: Arc<SelectedTable>,
        time_format: TimeFormat,
        counting: Option<Counting>,
    ) -> Self {
        let times = match time_format {
            TimeFormat::UtcDateTime | TimeFormat::Iso8601 => TimeText::Nanoseconds,
            TimeFormat::Iso8601Micros => TimeText::Microseconds,
        };
        let counted = counting.map(|counting| (selected.fields(), counting));
        Self { keys: selected.keys(), selected, times, counted }
    }

    pub(crate) fn selected(&self) -> &Arc<SelectedTable> {
        &self.selected
    }

    /// Sends the rows of a window into the sink.
    pub(crate) async fn send<D, S: Sink>(
        &mut self,
        answer: impl Answer,
        window: Window,
        session: &Session<'_, D, S>,
    ) -> Result<ReadStats, WindowFailure> {
        let Session { sink, progress, .. } = session;
        let SelectedTable { source, table, .. } = &*self.selected;
        let schema = self.keys.schema(answer.schema()).map_err(unexpected)?;
        let mut rows = ArrowRows::new(&schema, table, self.times).map_err(unexpected)?;
        let mut read = ReadStats::default();
        let mut batches = Batches::new(answer);
        let mut is_claimed = false;
        while let Some(batch) = batches.next().await? {
            let batch = self.keys.add(&batch, &schema).map_err(unexpected)?;
            if !is_claimed && batch.num_rows() > 0 {
                progress.claim(&source.measurement, window, *sink).await?;
                // What it answers from is there, even if the answer breaks off.
                session.distress.ends();
                is_claimed = true;
            }
            if let Some((fields, counting)) = &self.counted
                && counting.from < window.to()
            {
                read.tally.count(&batch, fields, *counting);
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
                "Column {column:?} of measurement {measurement:?} had {count} values that are no \
                 number or infinite; they are NULL in the warehouse."
            ),
            LossKind::SubMicrosecond => format!(
                "Column {column:?} of measurement {measurement:?} had {count} times that are finer \
                 than a microsecond; the rest was cut. Set `time_format` to `iso8601` to keep it."
            ),
        })
    }
}
