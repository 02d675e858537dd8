//! A table's rows as Arrow, sorted by tags and then by time, with what is needed to read a range of time quickly.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringDictionaryBuilder, TimestampNanosecondArray};
use arrow::datatypes::{Int32Type, SchemaRef};

use super::column::ColumnKind;
use super::series::{Piece, field_array};
use super::table::Table;

/// A segment is closed when it holds this many rows ...
const SEGMENT_ROWS: usize = 1 << 20;
/// ... or this much text: the offsets of an Arrow string column are 32-bit.
const SEGMENT_TEXT: usize = 1 << 28;

#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) schema: SchemaRef,
    pub(crate) segments: Vec<Segment>,
}

/// Rows in one record batch, and the runs of it that belong to one series each, ordered by time within.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) batch: RecordBatch,
    pub(crate) runs: Vec<Range<usize>>,
    /// The times of all rows, so that a run can be searched by halves.
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

impl Snapshot {
    /// Copies a table whose series have settled.
    pub(super) fn of(table: &Table, schema: SchemaRef) -> Self {
        let mut segments = Vec::new();
        let mut open = Open::default();
        for (tags, series) in table.series() {
            let mut start = 0;
            while start < series.len() {
                let mut rows = start..series.len().min(start + SEGMENT_ROWS);
                // Halving ends at one row, whose text is far below the limit: a string is at most 1 MiB.
                while rows.len() > 1 && series.text_bytes(&rows) > SEGMENT_TEXT {
                    rows.end = rows.start + rows.len() / 2;
                }
                let text = series.text_bytes(&rows);
                if open.rows + rows.len() > SEGMENT_ROWS || open.text + text > SEGMENT_TEXT {
                    segments.extend(open.close(table, &schema));
                    open = Open::default();
                }
                start = rows.end;
                open.rows += rows.len();
                open.text += text;
                open.pieces.push((tags, Piece { series, rows }));
            }
        }
        segments.extend(open.close(table, &schema));
        Self { schema, segments }
    }
}

/// The segment being filled.
#[derive(Default)]
struct Open<'a> {
    rows: usize,
    text: usize,
    pieces: Vec<(&'a Vec<Option<Box<str>>>, Piece<'a>)>,
}

impl Open<'_> {
    fn close(self, table: &Table, schema: &SchemaRef) -> Option<Segment> {
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

        let columns = table.kinds().into_iter().map(|(name, kind)| match kind {
            ColumnKind::Time => Arc::new(times.clone()) as ArrayRef,
            ColumnKind::Tag => {
                let number = table.tags().iter().position(|tag| tag == name);
                tag_array(&tags, &runs, number.unwrap_or(usize::MAX))
            }
            ColumnKind::Field(kind) => {
                let number = table.fields().iter().position(|(field, _)| field == name);
                field_array(&pieces, number.unwrap_or(usize::MAX), kind)
            }
        });
        let batch = RecordBatch::try_new(Arc::clone(schema), columns.collect()).ok()?;
        (batch.num_rows() > 0).then_some(Segment { batch, runs, times })
    }
}

fn tag_array(tags: &[&Vec<Option<Box<str>>>], runs: &[Range<usize>], number: usize) -> ArrayRef {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    for (tags, run) in tags.iter().zip(runs) {
        match tags.get(number).and_then(Option::as_deref) {
            // An Int32 key cannot run out: a segment has fewer rows than there are keys.
            Some(value) => drop(builder.append_n(value, run.len())),
            None => builder.append_nulls(run.len()),
        }
    }
    Arc::new(builder.finish())
}
