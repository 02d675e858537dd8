//! One table: its columns, which only ever grow, and its series.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use influxdb_line_protocol::ParsedLine;

use super::column::FieldKind;
use super::columns::Columns;
use super::either_value::EitherViews;
use super::files::{self, File, Filing, Stamp, Window};
use super::read_view::ReadView;
use super::series::{Memory, Series, SeriesKey};

#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Its number within the database, in the paths of its files. A table that is created again
    /// under an old name gets another one.
    id: u32,
    columns: Columns,
    series: BTreeMap<SeriesKey, Series>,
    view: Option<Arc<ReadView>>,
    /// The views of a table that answers overwritten points with either value.
    either: Option<EitherViews>,
    /// In order of their snapshots.
    files: Vec<File>,
    /// Those of a snapshot that is being persisted, in the order in which they will be listed.
    unlisted: VecDeque<File>,
}

/// What becomes of the points of a snapshot until their file is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Persisting {
    /// They are in every answer.
    Visible,
    /// They are in none once the first file of their table is listed: releases before 3.11.2.
    Hidden,
}

impl Table {
    /// Makes a table without rows. With a seed it answers either value of points that were
    /// overwritten in the buffer.
    pub(super) fn new(id: u32, either: Option<u64>) -> Self {
        Self { id, either: either.map(EitherViews::new), ..Self::default() }
    }

    /// A table with the same columns and no rows: what a write can be rehearsed on.
    pub(crate) fn without_rows(&self) -> Self {
        Self { columns: self.columns.clone(), ..Self::default() }
    }

    /// Adds the columns that a point needs, or tells why the point is refused. A refused point
    /// changes nothing.
    pub(crate) fn admit(&mut self, line: &ParsedLine<'_>) -> Result<(), String> {
        self.columns.check(line)?;
        for (name, _) in line.series.tag_set.iter().flatten() {
            self.columns.tag(name.as_str());
        }
        for (name, value) in &line.field_set {
            self.columns.field(name.as_str(), FieldKind::of(value));
        }
        Ok(())
    }

    /// Adds a point, or says why it is refused.
    pub(crate) fn push(&mut self, line: &ParsedLine<'_>, time: i64) -> Result<(), String> {
        self.columns.check(line)?;
        let mut key: SeriesKey = Vec::with_capacity(self.columns.tags().len());
        for (name, value) in line.series.tag_set.iter().flatten() {
            let tag = self.columns.tag(name.as_str());
            if key.len() <= tag {
                key.resize(tag + 1, None);
            }
            key[tag] = Some(value.as_str().into());
        }
        let mut numbers = Vec::with_capacity(line.field_set.len());
        for (name, value) in &line.field_set {
            numbers.push(self.columns.field(name.as_str(), FieldKind::of(value)));
        }
        let values = line.field_set.iter().map(|(_, value)| value);
        let memory = match self.either {
            Some(_) => Memory::EveryValue,
            None => Memory::LastValue,
        };
        self.series.entry(key).or_default().push(time, numbers.into_iter().zip(values), memory);
        self.forget_views();
        Ok(())
    }

    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    pub(crate) fn schema(&mut self) -> SchemaRef {
        self.columns.schema()
    }

    /// The table's rows as they are now; made once, and kept until the next write.
    pub(crate) fn view(&mut self) -> Result<Arc<ReadView>, ArrowError> {
        if self.series.values().any(Series::is_overwritten)
            && let Some(mut either) = self.either.take()
        {
            let view = self.view_of_either(&mut either);
            self.either = Some(either);
            return view;
        }
        if let Some(view) = &self.view {
            return Ok(Arc::clone(view));
        }
        self.series.values_mut().for_each(Series::settle);
        let schema = self.columns.schema();
        let view = Arc::new(ReadView::of(&self.columns, &self.series, schema, None)?);
        Ok(Arc::clone(self.view.insert(view)))
    }

    fn view_of_either(&mut self, either: &mut EitherViews) -> Result<Arc<ReadView>, ArrowError> {
        let choice = either.choose();
        if let Some(view) = either.view(choice) {
            return Ok(Arc::clone(view));
        }
        self.series.values_mut().for_each(Series::settle);
        let schema = self.columns.schema();
        let view = Arc::new(ReadView::of(&self.columns, &self.series, schema, Some(choice))?);
        Ok(Arc::clone(either.view(choice).insert(view)))
    }

    /// Answers from now on the last value of what was overwritten.
    pub(super) fn settle_values(&mut self) {
        self.series.values_mut().for_each(Series::settle_values);
        self.either.iter_mut().for_each(EitherViews::forget);
    }

    /// True when a snapshot would make a file.
    pub(super) fn is_buffered(&self, before: Option<Window>) -> bool {
        self.first_buffered(before).is_some()
    }

    /// The earliest window of which a snapshot would make a file.
    fn first_buffered(&self, before: Option<Window>) -> Option<Window> {
        self.series.values().filter_map(|series| series.first_buffered(before)).min()
    }

    /// Moves what is buffered into files.
    pub(super) fn snapshot(&mut self, stamp: &Stamp) {
        let files = self.filed(stamp, |_, _| {});
        self.files.extend(files);
    }

    /// Moves what is buffered into files, of which only the first is listed for now.
    pub(super) fn begin_snapshot(&mut self, stamp: &Stamp, persisting: Persisting) {
        let listed = self.first_buffered(stamp.before);
        let is_hidden = |time: &i64| Some(Window::of(*time)) != listed;
        let files = self.filed(stamp, |series, taken| {
            if persisting == Persisting::Hidden {
                series.hide(taken.iter().copied().filter(is_hidden));
            }
        });
        self.unlisted.extend(files);
        self.list_next_file();
    }

    /// Lists the next file of a snapshot that is being persisted. Returns whether there was one.
    pub(super) fn list_next_file(&mut self) -> bool {
        let Some(file) = self.unlisted.pop_front() else { return false };
        self.series.values_mut().for_each(|series| series.reveal(file.window()));
        self.files.push(file);
        self.forget_views();
        true
    }

    /// Takes what is buffered out of the buffer, and makes files of it. `follow_up` gets each
    /// series, with the times that were taken.
    fn filed(&mut self, stamp: &Stamp, follow_up: impl Fn(&mut Series, &[i64])) -> Vec<File> {
        let mut filing = Filing::default();
        for (tags, series) in &mut self.series {
            series.settle();
            // A tag is a number in a dictionary.
            let of_tags = tags.iter().flatten().count() * size_of::<u32>();
            let taken = series.take_buffered(stamp.before);
            for time in &taken {
                filing.add(*time, (of_tags + series.bytes_at(*time)) as u64);
            }
            follow_up(series, &taken);
        }
        self.either.iter_mut().for_each(EitherViews::forget);
        filing.files(stamp).collect()
    }

    /// Replaces the listed files of each day by one. Returns whether there were any to replace.
    pub(super) fn compact(&mut self, stamp: &Stamp) -> bool {
        self.series.values_mut().for_each(Series::settle);
        let before = self.files.len();
        let points = |times: RangeInclusive<i64>| -> u64 {
            let series = self.series.values();
            series.map(|series| series.points_within(&times) as u64).sum()
        };
        self.files = files::compact(std::mem::take(&mut self.files), stamp, points);
        self.files.len() < before
    }

    /// Forgets all files: their points are in the buffer again.
    pub(super) fn unfile(&mut self) {
        self.files.clear();
        self.unlisted.clear();
        self.series.values_mut().for_each(Series::buffer_all);
        self.forget_views();
    }

    /// Drops the copies that queries have read, since others have to be read now.
    fn forget_views(&mut self) {
        self.view = None;
        self.either.iter_mut().for_each(EitherViews::forget);
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn files(&self) -> &[File] {
        &self.files
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Schema;
    use influxdb_line_protocol::parse_lines;

    use super::*;

    #[test]
    fn rows_that_fit_no_schema_are_an_error() {
        let mut table = Table::default();
        for line in parse_lines("m,host=a v=1i 1\nm,host=b v=2i 1") {
            table.push(&line.unwrap(), 1).unwrap();
        }
        let schema = table.schema();
        let view = |schema| ReadView::of(&table.columns, &table.series, schema, None);
        let segments = view(Arc::clone(&schema)).unwrap().segments;
        assert_eq!(segments.iter().map(|segment| segment.batch.num_rows()).sum::<usize>(), 2);
        assert!(view(Arc::new(Schema::new(schema.fields()[..2].to_vec()))).is_err());
    }
}
