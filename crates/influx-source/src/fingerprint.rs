//! What shapes the rows of a table: with another shape, rows that the warehouse holds no longer fit, and the table starts anew.

use serde_json::{Map, Value, json};

use crate::config::{InfluxConfig, PrimaryKey};
use crate::table::SourceTable;
use crate::time::iso8601;

/// The settings that shape a table's rows, by the name of the field that sets them.
///
/// It is kept as readable JSON rather than as a hash, so that a customer can be told which setting has changed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fingerprint(Map<String, Value>);

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

/// Not a field: the tags that `primary_key=tags_and_time` makes the key of.
const KEY_TAGS: &str = "key_tags";

impl Fingerprint {
    pub(crate) fn new(table: &SourceTable, config: &InfluxConfig) -> Self {
        let mut settings = Map::new();
        let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
        set("table_name", table.table.name.as_str().into());
        set("primary_key", config.primary_key.value().into());
        set("time_format", config.time_format.value().into());
        set("start_time", config.start.map(iso8601).into());
        let columns = table.table.columns.iter().map(|column| column.name.as_str());
        let chosen = config.column_types.concerning(&table.measurement, columns);
        let chosen: Map<_, _> =
            chosen.map(|(key, data_type)| (key.to_owned(), data_type.to_string().into())).collect();
        set("column_types", chosen.into());
        if config.primary_key == PrimaryKey::TagsAndTime {
            set(KEY_TAGS, json!(table.tags));
        }
        Self(settings)
    }

    pub(crate) fn to_text(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// What has changed since a fingerprint was written down.
    pub(crate) fn change_since(&self, text: &str) -> Change {
        let before = serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
        let names = self.0.keys().chain(before.keys().filter(|name| !self.0.contains_key(*name)));
        let changed: Vec<_> =
            names.filter(|name| self.0.get(*name) != before.get(*name)).cloned().collect();
        match changed.as_slice() {
            [] => Change::None,
            [only] if only == KEY_TAGS => Change::KeyTags,
            _ => Change::Settings(changed.into_iter().filter(|name| name != KEY_TAGS).collect()),
        }
    }
}
