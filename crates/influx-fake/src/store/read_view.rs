//! The rows of a table as Arrow, sorted by tags and then by time, so that a range of time is quick
//! to find.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringDictionaryBuilder, TimestampNanosecondArray};
use arrow::datatypes::{Int32Type, SchemaRef};
use arrow::error::ArrowError;

use super::column::ColumnKind;
use super::columns::Columns;
use super::overwritten::Choice;
use super::series::{Piece, Series, SeriesKey, field_array};

/// A segment is closed when it holds this many rows ...
const SEGMENT_ROWS: usize = 1 << 20;
/// ... or this much text: the offsets of an Arrow string column are 32-bit.
const SEGMENT_TEXT: usize = 1 << 28;

/// In nanoseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000_000_000;

#[derive(Debug)]
pub(crate) struct ReadView {
    pub(crate) schema: SchemaRef,
    pub(crate) segments: Vec<Segment>,
}

/// Rows in one record batch, in runs of one series each. A run is ordered by time.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) batch: RecordBatch,
    pub(crate) runs: Vec<Range<usize>>,
    /// The times of all rows, for binary searches in a run.
    pub(crate) times: TimestampNanosecondArray,
}

impl Segment {
    /// The rows of each run whose time lies in a half-open range.
    pub(crate) fn rows_within(&self, times: &Range<i128>) -> impl Iterator<Item = Range<usize>> {
        let values = self.times.values();
        self.runs.iter().filter_map(move |run| {
            let of_run = &values[run.clone()];
            let start = of_run.partition_point(|time| i128::from(*time) < times.start);
            let end = of_run.partition_point(|time| i128::from(*time) < times.end);
            (start < end).then(|| run.start + start..run.start + end)
        })
    }
}

impl ReadView {
    /// How many rows a half-open range of time holds.
    pub(crate) fn rows_within(&self, times: &Range<i128>) -> usize {
        let rows = self.segments.iter().flat_map(|segment| segment.rows_within(times));
        rows.map(|rows| rows.len()).sum()
    }

    /// How many days of UTC hold points of a half-open range of time.
    pub(crate) fn days_within(&self, times: &Range<i128>) -> usize {
        let mut days = BTreeSet::new();
        for segment in &self.segments {
            for run in segment.rows_within(times) {
                let mut rest = &segment.times.values()[run];
                while let Some(first) = rest.first() {
                    let day = first.div_euclid(DAY);
                    days.insert(day);
                    rest = &rest[rest.partition_point(|time| time.div_euclid(DAY) == day)..];
                }
            }
        }
        days.len()
    }

    /// Copies a table whose series are settled, without what is hidden. A choice selects the values
    /// of overwritten points.
    ///
    /// # Errors
    ///
    /// The rows do not fit the schema, which is a bug.
    pub(super) fn of(
        columns: &Columns,
        series: &BTreeMap<SeriesKey, Series>,
        schema: SchemaRef,
        choice: Option<Choice>,
    ) -> Result<Self, ArrowError> {
        let mut segments = Vec::new();
        let mut open = Open::default();
        for (number, (tags, series)) in series.iter().enumerate() {
            for mut run in series.visible_rows() {
                while !run.is_empty() {
                    let mut rows = run.start..run.end.min(run.start + SEGMENT_ROWS);
                    // One row is far below the limit: a string has at most 1 MiB.
                    while rows.len() > 1 && series.text_bytes(&rows) > SEGMENT_TEXT {
                        rows.end = rows.start + rows.len() / 2;
                    }
                    let text = series.text_bytes(&rows);
                    if open.rows + rows.len() > SEGMENT_ROWS || open.text + text > SEGMENT_TEXT {
                        segments.extend(open.close(columns, &schema, choice)?);
                        open = Open::default();
                    }
                    run.start = rows.end;
                    open.rows += rows.len();
                    open.text += text;
                    open.pieces.push((tags, Piece { series, rows, number }));
                }
            }
        }
        segments.extend(open.close(columns, &schema, choice)?);
        Ok(Self { schema, segments })
    }
}

/// The segment being filled.
#[derive(Default)]
struct Open<'a> {
    rows: usize,
    text: usize,
    pieces: Vec<(&'a SeriesKey, Piece<'a>)>,
}

impl Open<'_> {
    fn close(
        self,
        columns: &Columns,
        schema: &SchemaRef,
        choice: Option<Choice>,
    ) -> Result<Option<Segment>, ArrowError> {
        let (tags, pieces): (Vec<_>, Vec<_>) = self.pieces.into_iter().unzip();
        let mut runs = Vec::with_capacity(pieces.len());
        let mut row = 0;
        for piece in &pieces {
            runs.push(row..row + piece.rows.len());
            row += piece.rows.len();
        }
        let times: TimestampNanosecondArray = pieces
            .iter()
            .flat_map(|piece| &piece.series.times()[piece.rows.clone()])
            .copied()
            .collect::<Vec<_>>()
            .into();

        let arrays = columns.kinds().into_iter().map(|(name, kind)| match kind {
            ColumnKind::Time => Ok(Arc::new(times.clone()) as ArrayRef),
            ColumnKind::Tag => {
                let number = columns.tags().iter().position(|tag| tag == name);
                tag_array(&tags, &runs, number.unwrap_or(usize::MAX))
            }
            ColumnKind::Field(kind) => {
                let number = columns.fields().iter().position(|(field, _)| field == name);
                Ok(field_array(&pieces, number.unwrap_or(usize::MAX), kind, choice))
            }
        });
        let arrays = arrays.collect::<Result<_, _>>()?;
        let batch = RecordBatch::try_new(Arc::clone(schema), arrays)?;
        Ok((batch.num_rows() > 0).then_some(Segment { batch, runs, times }))
    }
}

fn tag_array(
    tags: &[&SeriesKey],
    runs: &[Range<usize>],
    number: usize,
) -> Result<ArrayRef, ArrowError> {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    for (tags, run) in tags.iter().zip(runs) {
        match tags.get(number).and_then(Option::as_deref) {
            Some(value) => drop(builder.append_n(value, run.len())?),
            None => builder.append_nulls(run.len()),
        }
    }
    Ok(Arc::new(builder.finish()))
}
