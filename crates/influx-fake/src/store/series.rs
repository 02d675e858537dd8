//! One series: the points that share their tags, kept column by column.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder, UInt64Builder,
};
use influxdb_line_protocol::FieldValue;

use super::column::FieldKind;
use super::files::Window;
use super::overwritten::{Choice, Written};
use super::values::Values;

/// The tag values of a series, in the order in which the table met its tags. Trailing nulls are
/// left out, so that a tag that is added later does not change the keys of older series.
pub(crate) type SeriesKey = Vec<Option<Box<str>>>;

/// What a series remembers of what is in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    LastValue,
    EveryValue,
}

/// The points of one series. They may come in any order: [`Series::settle`] sorts them by time and
/// merges those of the same time.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    times: Vec<i64>,
    /// By the table's number of the field; short where the series lacks the later fields.
    fields: Vec<Option<Values>>,
    settled: bool,
    /// The times of what was written since the last snapshot, as it came.
    buffered: Vec<i64>,
    /// The values of the same, where the table has to remember them.
    written: Written,
    /// The times of points that are in no answer: a snapshot has taken them out of the buffer, and
    /// their file is not listed yet.
    hidden: BTreeSet<i64>,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            times: Vec::new(),
            fields: Vec::new(),
            settled: true,
            buffered: Vec::new(),
            written: Written::default(),
            hidden: BTreeSet::new(),
        }
    }
}

impl Series {
    pub(crate) fn times(&self) -> &[i64] {
        &self.times
    }

    /// Adds a point: its time, and its values by the number of the field in the table. `memory`
    /// says whether values can still be answered after they are overwritten.
    pub(crate) fn push<'a>(
        &mut self,
        time: i64,
        values: impl Iterator<Item = (usize, &'a FieldValue<'a>)>,
        memory: Memory,
    ) {
        self.settled &= self.times.last().is_none_or(|last| *last < time);
        let row = self.times.len();
        self.times.push(time);
        self.buffered.push(time);
        // It is in the buffer again.
        self.hidden.remove(&time);
        for (field, value) in values {
            if self.fields.len() <= field {
                self.fields.resize_with(field + 1, || None);
            }
            if memory == Memory::EveryValue {
                self.written.add(time, field, value);
            }
            self.fields[field]
                .get_or_insert_with(|| Values::new(FieldKind::of(value)))
                .put(row, value);
        }
    }

    /// Sorts by time, and merges the points of the same time: each field keeps its last value that
    /// is not null.
    pub(crate) fn settle(&mut self) {
        if self.settled {
            return;
        }
        let mut order: Vec<usize> = (0..self.times.len()).collect();
        // A stable sort keeps the order of arrival within one time, which is what "last" means.
        order.sort_by_key(|row| self.times[*row]);
        let mut groups: Vec<Range<usize>> = Vec::with_capacity(order.len());
        for position in 0..order.len() {
            match groups.last_mut() {
                Some(group) if self.times[order[group.start]] == self.times[order[position]] => {
                    group.end = position + 1;
                }
                _ => groups.push(position..position + 1),
            }
        }
        for values in self.fields.iter_mut().flatten() {
            values.merge(&order, &groups);
        }
        self.times = groups.iter().map(|group| self.times[order[group.start]]).collect();
        self.settled = true;
    }

    /// Takes what a snapshot takes out of the buffer: the times of its rows, each once, in order.
    pub(super) fn take_buffered(&mut self, before: Option<Window>) -> Vec<i64> {
        let mut taken = std::mem::take(&mut self.buffered);
        taken.sort_unstable();
        taken.dedup();
        if let Some(before) = before {
            self.buffered =
                taken.split_off(taken.partition_point(|time| Window::of(*time) < before));
        }
        taken.iter().for_each(|time| self.written.settle(*time));
        taken
    }

    /// Leaves points out of answers.
    pub(super) fn hide(&mut self, times: impl Iterator<Item = i64>) {
        self.hidden.extend(times);
    }

    /// Answers the points of a file again, which is listed now.
    pub(super) fn reveal(&mut self, window: Window) {
        self.hidden.retain(|time| Window::of(*time) != window);
    }

    /// The rows that are answered, in runs. The series must have settled.
    pub(super) fn visible_rows(&self) -> impl Iterator<Item = Range<usize>> {
        let row = |time: &i64| self.times.binary_search(time).ok();
        let hidden = self.hidden.iter().filter_map(row);
        let mut start = 0;
        let runs = hidden.chain([self.times.len()]).map(move |end| {
            let run = start..end;
            start = end + 1;
            run
        });
        runs.filter(|run| !run.is_empty())
    }

    /// How many points there are in a range of time. The series must have settled.
    pub(super) fn points_within(&self, times: &RangeInclusive<i64>) -> usize {
        let start = self.times.partition_point(|time| time < times.start());
        self.times[start..].partition_point(|time| time <= times.end())
    }

    /// The earliest window of which a snapshot would make a file.
    pub(super) fn first_buffered(&self, before: Option<Window>) -> Option<Window> {
        let windows = self.buffered.iter().map(|time| Window::of(*time));
        windows.filter(|window| before.is_none_or(|before| *window < before)).min()
    }

    /// Puts every point back into the buffer, as if all had just been written.
    pub(super) fn buffer_all(&mut self) {
        self.settle();
        self.hidden.clear();
        self.buffered.clone_from(&self.times);
        self.settle_values();
    }

    /// Forgets all values but the last one of each field.
    pub(super) fn settle_values(&mut self) {
        self.written = Written::default();
    }

    /// True when a field of a point has more than one value to be answered.
    pub(super) fn is_overwritten(&self) -> bool {
        self.written.is_overwritten()
    }

    /// The size of the values of the point at a time. The series must have settled.
    pub(super) fn bytes_at(&self, time: i64) -> usize {
        let Ok(row) = self.times.binary_search(&time) else { return 0 };
        size_of::<i64>()
            + self.fields.iter().flatten().map(|values| values.bytes(row)).sum::<usize>()
    }

    /// How many bytes of text the fields of some rows hold.
    pub(crate) fn text_bytes(&self, rows: &Range<usize>) -> usize {
        self.fields.iter().flatten().map(|values| values.text_bytes(rows.clone())).sum()
    }
}

/// Some rows of one series, on their way into a record batch.
pub(crate) struct Piece<'a> {
    pub(crate) series: &'a Series,
    pub(crate) rows: Range<usize>,
    /// Which of the table's series it is.
    pub(crate) number: usize,
}

impl Piece<'_> {
    /// The values of which one is answered in place of the last, and which.
    fn overwritten(
        &self,
        row: usize,
        field: usize,
        choice: Option<Choice>,
    ) -> Option<(&Values, usize)> {
        let choice = choice.filter(|_| self.series.is_overwritten())?;
        let time = *self.series.times.get(row)?;
        let values = self.series.written.of(time, field)?;
        Some((values, choice.among(values.len(), (self.number, time, field))))
    }
}

/// Builds the Arrow column of one field over several pieces.
pub(super) fn field_array(
    pieces: &[Piece<'_>],
    field: usize,
    kind: FieldKind,
    choice: Option<Choice>,
) -> ArrayRef {
    macro_rules! build {
        ($builder:expr, $variant:ident, $read:expr) => {{
            let mut builder = $builder;
            for piece in pieces {
                let vector = match piece.series.fields.get(field) {
                    Some(Some(Values::$variant(vector))) => vector.as_slice(),
                    _ => &[],
                };
                for row in piece.rows.clone() {
                    let (vector, row) = match piece.overwritten(row, field, choice) {
                        Some((Values::$variant(written), chosen)) => (written.as_slice(), chosen),
                        _ => (vector, row),
                    };
                    builder.append_option(vector.get(row).and_then($read));
                }
            }
            Arc::new(builder.finish())
        }};
    }
    match kind {
        FieldKind::Float => build!(Float64Builder::new(), Float, |value| *value),
        FieldKind::Integer => build!(Int64Builder::new(), Integer, |value| *value),
        FieldKind::UInteger => build!(UInt64Builder::new(), UInteger, |value| *value),
        FieldKind::String => build!(StringBuilder::new(), String, |value| value.as_deref()),
        FieldKind::Boolean => build!(BooleanBuilder::new(), Boolean, |value| *value),
    }
}
