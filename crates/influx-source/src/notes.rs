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
    /// The columns that the table was announced with at some time and does not have now, and their last types: rows of then may be in the
    /// warehouse.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) former: BTreeMap<String, String>,
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
    /// Reads the notes of a table. What another version wrote in another form is forgotten: a sync then reads or says more, and never less,
    /// unless clocks have jumped (`leaps`).
    pub(crate) fn read(notes: &Map<String, Value>) -> Self {
        fn note<T: serde::de::DeserializeOwned + Default>(
            notes: &Map<String, Value>,
            name: &str,
        ) -> T {
            let value = notes.get(name).cloned().unwrap_or_default();
            serde_json::from_value(value).unwrap_or_default()
        }
        let owed = notes.get("owed").cloned().map(serde_json::from_value::<Stretches>).transpose();
        let Ok(owed) = owed else {
            // What is owed is not known, so that no mark and no count may vouch for it.
            let mut rest = notes.clone();
            for name in ["owed", "mark", "counts"] {
                rest.remove(name);
            }
            return Self::read(&rest);
        };
        Self {
            columns: note(notes, "columns"),
            hidden: note(notes, "hidden"),
            former: note(notes, "former"),
            owed: owed.unwrap_or_default(),
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

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::Notes;

    fn notes(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn where_it_is_not_known_what_is_owed_nothing_is_taken_for_seen() {
        let written = |owed| {
            notes(json!({
                "owed": owed,
                "mark": { "node": [7, 2] },
                "counts": { "range": ["0", "9"], "days": { "0": 4 } },
                "hidden": ["secret"],
            }))
        };
        let read = Notes::read(&written(json!([["5", "6"]])));
        assert!(read.mark.is_some() && read.counts.is_some() && read.owed.len() == 1);
        let read = Notes::read(&written(json!([["5", "5"]])));
        assert_eq!((read.mark, read.counts, read.owed.len()), (None, None, 0));
        assert_eq!(read.hidden.len(), 1);
    }

    #[test]
    fn what_is_written_is_read() {
        let read =
            Notes::read(&notes(json!({ "former": { "a": "LONG" }, "mark": { "node": [7, 2] } })));
        assert_eq!(Notes::read(&read.write()), read);
        assert_eq!(read.former["a"], "LONG");
    }
}
