//! The state of all tables, and its JSON text.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Cursor;

/// The layout that this crate writes. A change that an older reader would misread takes the next
/// number.
const VERSION: u64 = 1;

/// Where a sync stands: a [`Progress`] for every table that has been started.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    databases: BTreeMap<String, BTreeMap<String, Progress>>,
}

/// Where one table stands.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    cursor: Cursor,
    fingerprint: String,
    /// What the source wants to remember about the table; opaque here.
    #[serde(default)]
    pub notes: Map<String, Value>,
}

impl Progress {
    /// Everything of the table before this position has been delivered.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Names what shaped the rows that were delivered: with another fingerprint the table has to
    /// start anew.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Replaces the fingerprint by one that stands for the same shape of rows.
    pub fn describe(&mut self, fingerprint: String) {
        self.fingerprint = fingerprint;
    }

    /// Moves the cursor forward to `position`, or leaves it where it is further on already.
    pub fn advance(&mut self, position: Cursor) {
        self.cursor = self.cursor.max(position);
    }

    fn to_value(&self) -> Value {
        let mut object = Map::new();
        object.insert("cursor".to_owned(), self.cursor.to_string().into());
        object.insert("fingerprint".to_owned(), self.fingerprint.as_str().into());
        if !self.notes.is_empty() {
            object.insert("notes".to_owned(), Value::Object(self.notes.clone()));
        }
        Value::Object(object)
    }
}

impl State {
    /// Reads the text of the last checkpoint. No text, an empty one and `{}` all mean that nothing
    /// has been synced.
    ///
    /// # Errors
    ///
    /// A text that this version did not write.
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
            None | Some(0) => Err(StateError::Unversioned),
            Some(VERSION) => {
                document.remove("version");
                Ok(serde_json::from_value(Value::Object(document))?)
            }
            Some(found) => Err(StateError::Newer { found }),
        }
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

    /// Where a table stands, or `None` if it has not been started.
    #[must_use]
    pub fn table(&self, database: &str, table: &str) -> Option<&Progress> {
        self.databases.get(database)?.get(table)
    }

    /// The same, to move it on.
    pub fn table_mut(&mut self, database: &str, table: &str) -> Option<&mut Progress> {
        self.databases.get_mut(database)?.get_mut(table)
    }

    /// Every table that has been started: its database, its name and where it stands.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &str, &Progress)> {
        self.databases.iter().flat_map(|(database, tables)| {
            tables.iter().map(|(table, progress)| (database.as_str(), table.as_str(), progress))
        })
    }

    /// The same, to move them on.
    pub fn tables_mut(&mut self) -> impl Iterator<Item = (&str, &str, &mut Progress)> {
        self.databases.iter_mut().flat_map(|(database, tables)| {
            let tables = tables.iter_mut();
            tables.map(|(table, progress)| (database.as_str(), table.as_str(), progress))
        })
    }

    /// Forgets a table: it counts as one that has not been started.
    pub fn forget(&mut self, database: &str, table: &str) {
        if let Some(tables) = self.databases.get_mut(database) {
            tables.remove(table);
        }
    }

    /// Starts a table, or starts it anew: what was known about it is forgotten.
    pub fn start(
        &mut self,
        database: &str,
        table: &str,
        fingerprint: String,
        cursor: Cursor,
    ) -> &mut Progress {
        let progress = Progress { cursor, fingerprint, notes: Map::new() };
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
