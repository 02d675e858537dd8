//! The state of all tables, and its JSON text.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::progress::{Notes, Progress};
use crate::stored::Stored;

/// The layout that this crate writes. A change that an older reader would misread takes the next
/// number. Version 1 held a fingerprint as JSON inside of a text; it is still read.
const VERSION: u64 = 2;

/// Where a sync stands: a [`Progress`] for every table that has been started, by database and name.
#[derive(Clone, Debug, PartialEq)]
pub struct State<N> {
    databases: BTreeMap<String, BTreeMap<String, Progress<N>>>,
}

impl<N> Default for State<N> {
    fn default() -> Self {
        Self { databases: BTreeMap::new() }
    }
}

/// The layout of versions 1 and 2.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    databases: BTreeMap<String, BTreeMap<String, Stored>>,
}

impl<N: Notes> State<N> {
    /// Reads the text of the last checkpoint. No text, an empty one and `{}` all mean that nothing
    /// has been synced.
    ///
    /// # Errors
    ///
    /// A text that no version up to this one wrote.
    pub fn parse(text: Option<&str>) -> Result<Self, StateError> {
        let text = text.unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        let mut document: Map<String, Value> = serde_json::from_str(text)?;
        if document.is_empty() {
            return Ok(Self::default());
        }
        // The version decides how to read the rest, so it is looked at first.
        match document.get("version").and_then(Value::as_u64) {
            None | Some(0) => return Err(StateError::Unversioned),
            Some(1..=VERSION) => document.remove("version"),
            Some(found) => return Err(StateError::Newer { found }),
        };
        let document: Document = serde_json::from_value(Value::Object(document))?;
        let typed = |tables: BTreeMap<String, Stored>| {
            tables.into_iter().map(|(table, stored)| (table, stored.into())).collect()
        };
        let databases = document.databases.into_iter();
        Ok(Self { databases: databases.map(|(name, tables)| (name, typed(tables))).collect() })
    }

    /// The text of a checkpoint: a JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        let object = |pairs: Vec<(&str, Value)>| -> Value {
            Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        };
        let databases = self.databases.iter().map(|(database, tables)| {
            let tables =
                tables.iter().map(|(table, progress)| (table.as_str(), progress.to_value()));
            (database.as_str(), object(tables.collect()))
        });
        // A `Value` is written out without a chance to fail, where serializing a type of one's own
        // may.
        object(vec![("version", VERSION.into()), ("databases", object(databases.collect()))])
            .to_string()
    }
}

impl<N> State<N> {
    /// Where a table stands, or `None` if it has not been started.
    #[must_use]
    pub fn table(&self, database: &str, table: &str) -> Option<&Progress<N>> {
        self.databases.get(database)?.get(table)
    }

    /// The same, to move it on.
    pub fn table_mut(&mut self, database: &str, table: &str) -> Option<&mut Progress<N>> {
        self.databases.get_mut(database)?.get_mut(table)
    }

    /// Every table that has been started: its database, its name and where it stands.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &str, &Progress<N>)> {
        self.databases.iter().flat_map(|(database, tables)| {
            tables.iter().map(|(table, progress)| (database.as_str(), table.as_str(), progress))
        })
    }

    /// The same, to move them on.
    pub fn tables_mut(&mut self) -> impl Iterator<Item = (&str, &str, &mut Progress<N>)> {
        self.databases.iter_mut().flat_map(|(database, tables)| {
            let tables = tables.iter_mut();
            tables.map(|(table, progress)| (database.as_str(), table.as_str(), progress))
        })
    }

    /// Forgets a table: it counts as one that has not been started. Gives whether it had been.
    pub fn forget(&mut self, database: &str, table: &str) -> bool {
        self.databases.get_mut(database).is_some_and(|tables| tables.remove(table).is_some())
    }

    /// Starts a table, or starts it anew: what was known about it is forgotten.
    pub fn start(
        &mut self,
        database: &str,
        table: &str,
        progress: Progress<N>,
    ) -> &mut Progress<N> {
        let tables = self.databases.entry(database.to_owned()).or_default();
        tables.entry(table.to_owned()).insert_entry(progress).into_mut()
    }
}

/// A text that is not a state of this version.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Not JSON, or of another shape.
    #[error("it does not have the shape of a state: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A JSON object, but not one that this crate wrote.
    #[error("it names no version, so another connector wrote it")]
    Unversioned,
    /// Written by a newer version.
    #[error("it has version {found}, and this connector knows none above {VERSION}")]
    Newer {
        /// The version that the text names.
        found: u64,
    },
}
