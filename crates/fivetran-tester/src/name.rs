//! The name of a table, as the source spells it.

use std::fmt;

use crate::message::{Batch, RecordHead};

/// A table's name as the source spells it, with its schema's where tables come grouped in schemas.
///
/// ```
/// use fivetran_tester::TableName;
///
/// assert_eq!(TableName::from("cpu").to_string(), "cpu");
/// assert_eq!(TableName::in_schema("plant_1", "cpu").to_string(), "plant_1.cpu");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    schema: Option<String>,
    table: String,
}

impl TableName {
    /// A table that belongs to no schema.
    pub fn new(table: impl Into<String>) -> Self {
        Self { schema: None, table: table.into() }
    }

    /// A table of a schema.
    pub fn in_schema(schema: impl Into<String>, table: impl Into<String>) -> Self {
        Self { schema: Some(schema.into()), table: table.into() }
    }

    /// The schema's name, where tables come grouped in schemas.
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// The table's own name.
    pub fn table(&self) -> &str {
        &self.table
    }

    pub(crate) fn from_parts(schema: Option<&str>, table: &str) -> Self {
        Self { schema: schema.map(str::to_owned), table: table.to_owned() }
    }

    /// The table that a record is for.
    pub(crate) fn of(batch: &Batch, record: &RecordHead) -> Self {
        let (schema, table) = batch.table(record);
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self { schema: schema.map(text), table: text(table) }
    }
}

impl From<&str> for TableName {
    fn from(table: &str) -> Self {
        Self::new(table)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.table),
            None => f.write_str(&self.table),
        }
    }
}
