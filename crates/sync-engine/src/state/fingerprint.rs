//! What shapes the rows of a table: with another shape, rows that the warehouse holds no longer
//! fit, and the table starts anew.

use serde_json::{Map, Value, json};
use sync_state::Fingerprint;

use crate::settings::{PrimaryKey, Settings};
use crate::state::Notes;
use crate::table::SourceTable;
use crate::time::iso8601;

/// What shapes a table's rows in this sync.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowShape {
    measurement: String,
    /// The settings, by the name of the field that sets them: readable rather than a hash, so that
    /// a customer can be told which setting has changed.
    settings: Fingerprint,
    /// The names of the columns that there are.
    columns: Vec<String>,
}

/// How the rows of a table have changed their shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Not at all.
    None,
    /// By settings: the names of the fields.
    Settings(Vec<String>),
    /// By tags that the key is made of, and nothing else.
    KeyTags,
}

/// The table in the warehouse that the rows go to.
const TABLE_NAME: &str = "table_name";
/// Types that were chosen for columns: what counts of them is decided column by column.
const COLUMN_TYPES: &str = "column_types";
/// Not a field: the tags that `primary_key=tags_and_time` makes the key of.
const KEY_TAGS: &str = "key_tags";

/// The name of the table in the warehouse that a fingerprint speaks of.
pub(crate) fn destination(fingerprint: &Fingerprint) -> Option<&str> {
    fingerprint.get(TABLE_NAME)?.as_str()
}

impl RowShape {
    pub(crate) fn new(table: &SourceTable, settings: &Settings) -> Self {
        let mut shape = Fingerprint::new();
        let mut set = |name: &str, value: Value| shape.insert(name.to_owned(), value);
        set(TABLE_NAME, table.table.name.as_str().into());
        set("primary_key", settings.primary_key.as_str().into());
        set("time_format", settings.time_format.as_str().into());
        set("start_time", settings.start.map(iso8601).into());
        let columns = table.table.columns.iter().map(|column| column.name.as_str());
        let chosen = settings.column_types.concerning(&table.measurement, columns.clone());
        let chosen: Map<_, _> =
            chosen.map(|(key, data_type)| (key.to_owned(), data_type.to_string().into())).collect();
        set(COLUMN_TYPES, chosen.into());
        if settings.primary_key == PrimaryKey::TagsAndTime {
            set(KEY_TAGS, json!(table.tags));
        }
        Self {
            measurement: table.measurement.clone(),
            settings: shape,
            columns: columns.map(str::to_owned).collect(),
        }
    }

    /// What the state keeps of it.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.settings.clone()
    }

    /// What has changed since a fingerprint was written down beside these notes.
    pub(crate) fn change_since(&self, before: &Fingerprint, notes: &Notes) -> Change {
        let is_added = |name: &&String| !self.settings.contains_key(*name);
        let names = self.settings.keys().chain(before.keys().filter(is_added));
        let is_changed = |name: &&String| {
            let (now, before) = (self.settings.get(*name), before.get(*name));
            match (name.as_str(), now, before) {
                (COLUMN_TYPES, Some(Value::Object(now)), Some(Value::Object(before))) => {
                    self.has_other_types(notes, now, before)
                }
                _ => now != before,
            }
        };
        let changed: Vec<_> = names.filter(is_changed).cloned().collect();
        match changed.as_slice() {
            [] => Change::None,
            [only] if only == KEY_TAGS => Change::KeyTags,
            _ => Change::Settings(changed.into_iter().filter(|name| name != KEY_TAGS).collect()),
        }
    }

    /// Whether a column that was there before and still is has another chosen type: one that has
    /// only come cannot have been sent otherwise, and one that is gone is not sent.
    fn has_other_types(
        &self,
        notes: &Notes,
        now: &Map<String, Value>,
        before: &Map<String, Value>,
    ) -> bool {
        // Earlier versions did not write down what the columns were.
        let is_known = |name: &str| {
            notes.columns.is_empty()
                || notes.columns.contains_key(name)
                || notes.hidden.contains(name)
        };
        self.columns.iter().filter(|name| is_known(name)).any(|name| {
            let here = format!("{}.{name}", self.measurement);
            let chosen = |types: &Map<String, Value>| types.get(&here).or(types.get(name)).cloned();
            chosen(now) != chosen(before)
        })
    }
}
