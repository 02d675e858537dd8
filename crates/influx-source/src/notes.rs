//! What the state remembers of a table, apart from its cursor.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::audit::{Counts, Mark};
use crate::stretches::Stretches;
use crate::window::Window;

/// What the state remembers of a table, apart from its cursor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notes {
    /// The columns that the table was last announced with, and their types.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) columns: BTreeMap<String, String>,
    /// The columns that there were and that nobody had selected.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) hidden: BTreeSet<String>,
    /// What lies before the cursor and has to be read again.
    #[serde(skip_serializing_if = "Stretches::is_empty")]
    pub(crate) owed: Stretches,
    /// The newest files whose ranges were read or are owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mark: Option<Mark>,
    /// How many points there were when they were last counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counts: Option<Counts>,
    /// Where the cursor has moved far at once, as it does after a pause or when clocks jump ahead; the latest comes last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) leaps: Vec<Window>,
}

impl Notes {
    /// Reads the notes of a table. What an older version wrote in another form is forgotten: every note that is missing makes a sync
    /// read or say more, and never less.
    pub(crate) fn read(notes: &Map<String, Value>) -> Self {
        fn note<T: serde::de::DeserializeOwned + Default>(
            notes: &Map<String, Value>,
            name: &str,
        ) -> T {
            let value = notes.get(name).cloned().unwrap_or_default();
            serde_json::from_value(value).unwrap_or_default()
        }
        Self {
            columns: note(notes, "columns"),
            hidden: note(notes, "hidden"),
            owed: note(notes, "owed"),
            mark: note(notes, "mark"),
            counts: note(notes, "counts"),
            leaps: note(notes, "leaps"),
        }
    }

    pub(crate) fn write(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(notes)) => notes,
            // Maps with text for keys and numbers cannot fail to be written.
            _ => Map::new(),
        }
    }
}
