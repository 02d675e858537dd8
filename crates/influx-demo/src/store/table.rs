//! One table: its columns, which only ever grow, and its series.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use influxdb_line_protocol::{FieldValue, ParsedLine};

use super::column::{ColumnKind, FieldKind};
use super::files::{File, Filing, Stamp, Window};
use super::overwritten::EitherValue;
use super::read_view::ReadView;
use super::series::{Memory, Series};

/// Longer strings are refused, as InfluxDB 3 Core does; exactly this many bytes pass.
const MAX_STRING_BYTES: usize = 1024 * 1024;

/// The tag values of a series in the order in which the table met its tags, without the nulls at the end: a tag added
/// later then leaves the keys of older series as they are.
type SeriesKey = Vec<Option<Box<str>>>;

#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Its number within the database, in the paths of its files. A table recreated under an old name has another.
    id: u32,
    tags: Vec<String>,
    fields: Vec<(String, FieldKind)>,
    /// Every column but the time: its number among the tags or among the fields.
    columns: HashMap<String, Column>,
    series: BTreeMap<SeriesKey, Series>,
    schema: Option<SchemaRef>,
    view: Option<Arc<ReadView>>,
    /// Where points that were overwritten in the buffer are answered with either value.
    either: Option<EitherValue>,
    /// In order of their snapshots.
    files: Vec<File>,
}

#[derive(Clone, Copy, Debug)]
enum Column {
    Tag(usize),
    Field(usize, FieldKind),
}

impl Column {
    fn kind(self) -> ColumnKind {
        match self {
            Self::Tag(_) => ColumnKind::Tag,
            Self::Field(_, kind) => ColumnKind::Field(kind),
        }
    }
}

impl Table {
    /// A table without rows; with a seed, one that answers either value of points that were overwritten in the buffer.
    pub(super) fn new(id: u32, either: Option<u64>) -> Self {
        Self { id, either: either.map(EitherValue::new), ..Self::default() }
    }

    /// A table with the same columns and no rows: what a write can be rehearsed on.
    pub(crate) fn without_rows(&self) -> Self {
        Self {
            tags: self.tags.clone(),
            fields: self.fields.clone(),
            columns: self.columns.clone(),
            ..Self::default()
        }
    }

    /// Makes the columns that a point needs, or says why the point is refused; a refused point leaves no trace.
    pub(crate) fn admit(&mut self, line: &ParsedLine<'_>) -> Result<(), String> {
        self.check(line)?;
        for (name, _) in line.series.tag_set.iter().flatten() {
            self.tag(name.as_str());
        }
        for (name, value) in &line.field_set {
            self.field(name.as_str(), FieldKind::of(value));
        }
        Ok(())
    }

    /// Adds a point, or says why it is refused.
    pub(crate) fn push(&mut self, line: &ParsedLine<'_>, time: i64) -> Result<(), String> {
        self.check(line)?;
        let mut key: SeriesKey = Vec::with_capacity(self.tags.len());
        for (name, value) in line.series.tag_set.iter().flatten() {
            let tag = self.tag(name.as_str());
            if key.len() <= tag {
                key.resize(tag + 1, None);
            }
            key[tag] = Some(value.as_str().into());
        }
        let mut numbers = Vec::with_capacity(line.field_set.len());
        for (name, value) in &line.field_set {
            numbers.push(self.field(name.as_str(), FieldKind::of(value)));
        }
        let values = line.field_set.iter().map(|(_, value)| value);
        let memory = match self.either {
            Some(_) => Memory::EveryValue,
            None => Memory::LastValue,
        };
        self.series.entry(key).or_default().push(time, numbers.into_iter().zip(values), memory);
        self.view = None;
        self.either.iter_mut().for_each(EitherValue::forget);
        Ok(())
    }

    fn check(&self, line: &ParsedLine<'_>) -> Result<(), String> {
        let tags = line.series.tag_set.iter().flatten().map(|(name, value)| {
            if value.as_str().is_empty() {
                return Err(format!("tag '{name}' has an empty value"));
            }
            Ok((name.as_str(), ColumnKind::Tag))
        });
        let fields = line.field_set.iter().map(|(name, value)| {
            match value {
                FieldValue::F64(number) if !number.is_finite() => {
                    return Err(format!("field '{name}' is not a finite number"));
                }
                FieldValue::String(text) if text.as_str().len() > MAX_STRING_BYTES => {
                    return Err(format!("field '{name}' is longer than {MAX_STRING_BYTES} bytes"));
                }
                _ => {}
            }
            Ok((name.as_str(), ColumnKind::Field(FieldKind::of(value))))
        });
        let mut seen: Vec<(&str, ColumnKind)> = Vec::with_capacity(line.column_count());
        for column in tags.chain(fields) {
            let (name, got) = column?;
            if name == "time" {
                return Err("'time' is the name of the timestamp and of nothing else".to_owned());
            }
            let earlier = seen.iter().find(|(other, _)| *other == name).map(|(_, kind)| *kind);
            let expected = earlier.or_else(|| self.columns.get(name).map(|column| column.kind()));
            match expected {
                Some(expected) if expected != got => {
                    return Err(format!(
                        "invalid column type for column '{name}', expected {}, got {}",
                        expected.iox(),
                        got.iox(),
                    ));
                }
                _ => seen.push((name, got)),
            }
        }
        Ok(())
    }

    fn tag(&mut self, name: &str) -> usize {
        if let Some(Column::Tag(number)) = self.columns.get(name) {
            return *number;
        }
        let number = self.tags.len();
        self.tags.push(name.to_owned());
        self.add(name, Column::Tag(number));
        number
    }

    fn field(&mut self, name: &str, kind: FieldKind) -> usize {
        if let Some(Column::Field(number, _)) = self.columns.get(name) {
            return *number;
        }
        let number = self.fields.len();
        self.fields.push((name.to_owned(), kind));
        self.add(name, Column::Field(number, kind));
        number
    }

    fn add(&mut self, name: &str, column: Column) {
        self.columns.insert(name.to_owned(), column);
        self.schema = None;
    }

    /// All columns with the time among them, in byte order of their names: the order of `SELECT *`.
    pub(crate) fn kinds(&self) -> BTreeMap<&str, ColumnKind> {
        let columns = self.columns.iter().map(|(name, column)| (name.as_str(), column.kind()));
        columns.chain([("time", ColumnKind::Time)]).collect()
    }

    /// The names of the tags in the order in which they came: the series key.
    pub(crate) fn tags(&self) -> &[String] {
        &self.tags
    }

    pub(crate) fn fields(&self) -> &[(String, FieldKind)] {
        &self.fields
    }

    pub(crate) fn series(&self) -> &BTreeMap<SeriesKey, Series> {
        &self.series
    }

    pub(crate) fn schema(&mut self) -> SchemaRef {
        if let Some(schema) = &self.schema {
            return Arc::clone(schema);
        }
        let fields: Vec<_> =
            self.kinds().into_iter().map(|(name, kind)| kind.arrow(name)).collect();
        Arc::clone(self.schema.insert(Arc::new(Schema::new(fields))))
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
        let schema = self.schema();
        let view = Arc::new(ReadView::of(self, schema, None)?);
        Ok(Arc::clone(self.view.insert(view)))
    }

    fn view_of_either(&mut self, either: &mut EitherValue) -> Result<Arc<ReadView>, ArrowError> {
        let choice = either.choose();
        if let Some(view) = either.view(choice) {
            return Ok(Arc::clone(view));
        }
        self.series.values_mut().for_each(Series::settle);
        let schema = self.schema();
        let view = Arc::new(ReadView::of(self, schema, Some(choice))?);
        Ok(Arc::clone(either.view(choice).insert(view)))
    }

    /// Answers from now on the last value of what was overwritten.
    pub(super) fn settle_values(&mut self) {
        self.series.values_mut().for_each(Series::settle_values);
        self.either.iter_mut().for_each(EitherValue::forget);
    }

    /// True when a snapshot would make a file.
    pub(super) fn is_buffered(&self, before: Option<Window>) -> bool {
        self.series.values().any(|series| series.is_buffered(before))
    }

    /// Moves what is buffered into files.
    pub(super) fn snapshot(&mut self, stamp: &Stamp) {
        let mut filing = Filing::default();
        for (tags, series) in &mut self.series {
            series.settle();
            // A tag is a number in a dictionary.
            let of_tags = tags.iter().flatten().count() * size_of::<u32>();
            for time in series.take_buffered(stamp.before) {
                filing.add(time, (of_tags + series.bytes_at(time)) as u64);
            }
        }
        self.files.extend(filing.files(stamp));
        self.either.iter_mut().for_each(EitherValue::forget);
    }

    /// Forgets all files: their points are in the buffer again.
    pub(super) fn unfile(&mut self) {
        self.files.clear();
        self.series.values_mut().for_each(Series::buffer_all);
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn files(&self) -> &[File] {
        &self.files
    }
}
