//! The columns of a table, which are only ever added to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use influxdb_line_protocol::{FieldValue, ParsedLine};

use super::column::{ColumnKind, FieldKind};

/// Longer strings are refused, as InfluxDB 3 Core does; exactly this many bytes pass.
const MAX_STRING_BYTES: usize = 1024 * 1024;

/// The tags and fields of a table, each numbered in the order in which it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    tags: Vec<String>,
    fields: Vec<(String, FieldKind)>,
    by_name: HashMap<String, Column>,
    schema: Option<SchemaRef>,
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

impl Columns {
    /// Checks a point against the columns, and tells why it is refused.
    pub(super) fn check(&self, line: &ParsedLine<'_>) -> Result<(), String> {
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
            let expected = earlier.or_else(|| self.by_name.get(name).map(|column| column.kind()));
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

    /// The number of a tag, which is added if it is new.
    pub(super) fn tag(&mut self, name: &str) -> usize {
        if let Some(Column::Tag(number)) = self.by_name.get(name) {
            return *number;
        }
        let number = self.tags.len();
        self.tags.push(name.to_owned());
        self.add(name, Column::Tag(number));
        number
    }

    /// The number of a field, which is added if it is new.
    pub(super) fn field(&mut self, name: &str, kind: FieldKind) -> usize {
        if let Some(Column::Field(number, _)) = self.by_name.get(name) {
            return *number;
        }
        let number = self.fields.len();
        self.fields.push((name.to_owned(), kind));
        self.add(name, Column::Field(number, kind));
        number
    }

    fn add(&mut self, name: &str, column: Column) {
        self.by_name.insert(name.to_owned(), column);
        self.schema = None;
    }

    /// All columns and the time, in the byte order of their names, which is the order of `SELECT
    /// *`.
    pub(crate) fn kinds(&self) -> BTreeMap<&str, ColumnKind> {
        let columns = self.by_name.iter().map(|(name, column)| (name.as_str(), column.kind()));
        columns.chain([("time", ColumnKind::Time)]).collect()
    }

    /// The names of the tags in the order in which they came, which is that of a series key.
    pub(crate) fn tags(&self) -> &[String] {
        &self.tags
    }

    /// The names and types of the fields in the order in which they came.
    pub(crate) fn fields(&self) -> &[(String, FieldKind)] {
        &self.fields
    }

    /// The Arrow schema, made once and kept until a column is added.
    pub(crate) fn schema(&mut self) -> SchemaRef {
        if let Some(schema) = &self.schema {
            return Arc::clone(schema);
        }
        let fields: Vec<_> =
            self.kinds().into_iter().map(|(name, kind)| kind.arrow(name)).collect();
        Arc::clone(self.schema.insert(Arc::new(Schema::new(fields))))
    }
}
