//! The warehouse of the model Fivetran: tables of rows by their declared key.

use std::collections::BTreeMap;

use sync_core::{DataType, Table, Value};

/// Something that a sync has said.
pub(super) enum Message {
    Truncate(String),
    Declare(Vec<Table>),
    Rows { table: Table, rows: Vec<Vec<String>>, sync: usize },
}

#[derive(Clone, Default)]
pub(super) struct Warehouse {
    pub(super) tables: BTreeMap<String, Landed>,
}

/// A table with its rows.
#[derive(Clone, Default)]
pub(super) struct Landed {
    declared: BTreeMap<String, DataType>,
    key: Vec<String>,
    /// By the names and values of the key, or of all columns where there is none.
    pub(super) rows: BTreeMap<String, Row>,
}

#[derive(Clone)]
pub(super) struct Row {
    /// The columns that were sent with it, as [`cell`] writes them.
    pub(super) values: BTreeMap<String, String>,
    pub(super) is_deleted: bool,
    /// The sync that sent it last.
    pub(super) sync: usize,
    /// What the same sync had sent before, where that was something else.
    pub(super) earlier: Vec<BTreeMap<String, String>>,
}

impl Warehouse {
    /// Does what a message says, and gives what is wrong with it.
    pub(super) fn apply(&mut self, message: Message) -> Vec<String> {
        let mut breaches = Vec::new();
        match message {
            Message::Truncate(table) => {
                let landed = self.tables.entry(table).or_default();
                landed.rows.values_mut().for_each(|row| row.is_deleted = true);
            }
            Message::Declare(tables) => {
                for table in tables {
                    let landed = self.tables.entry(table.name.clone()).or_default();
                    landed.key = table.key().map(|column| column.name.clone()).collect();
                    let columns = table.columns.into_iter();
                    landed.declared.extend(columns.map(|column| (column.name, column.data_type)));
                }
            }
            Message::Rows { table, rows, sync } => {
                let landed = self.tables.entry(table.name.clone()).or_default();
                let key: Vec<_> = table.key().map(|column| column.name.clone()).collect();
                if !rows.is_empty() && key != landed.key {
                    breaches.push(format!("rows of {} have another key than declared", table.name));
                }
                for row in rows {
                    for (column, value) in table.columns.iter().zip(&row) {
                        breaches.extend(landed.check(&table.name, &column.name, value));
                    }
                    landed.insert(&table, row, sync);
                }
            }
        }
        breaches
    }
}

impl Landed {
    fn check(&self, table: &str, column: &str, value: &str) -> Option<String> {
        let Some(declared) = self.declared.get(column) else {
            return Some(format!("a row of {table} came before its column {column} was declared"));
        };
        let fits = match value.split_once(' ') {
            None => !self.key.iter().any(|key| key == column),
            Some((kind, _)) => declared.to_string().starts_with(kind),
        };
        (!fits).then(|| format!("{table}.{column} is declared {declared} and got {value:?}"))
    }

    fn insert(&mut self, table: &Table, row: Vec<String>, sync: usize) {
        let names = table.columns.iter().map(|column| column.name.clone());
        let values: BTreeMap<_, _> = names.zip(row).collect();
        let of_key = |name: &String| self.key.is_empty() || self.key.contains(name);
        let key = values.iter().filter(|(name, _)| of_key(name));
        let key: String = key.map(|(name, value)| format!("{name}={value};")).collect();
        let before = self.rows.remove(&key).filter(|row| !row.is_deleted && row.sync == sync);
        let earlier = before.map_or_else(Vec::new, |mut before| {
            if before.values != values {
                before.earlier.push(before.values);
            }
            before.earlier
        });
        self.rows.insert(key, Row { values, is_deleted: false, sync, earlier });
    }
}

/// A value with its type, as text.
pub(super) fn cell(value: &Value<'_>) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(value) => format!("BOOLEAN {value}"),
        Value::Short(value) => format!("SHORT {value}"),
        Value::Int(value) => format!("INT {value}"),
        Value::Long(value) => format!("LONG {value}"),
        Value::Float(value) => format!("FLOAT {value}"),
        Value::Double(value) => format!("DOUBLE {value}"),
        Value::Decimal(value) => format!("DECIMAL {value}"),
        Value::NaiveDate(value) => format!("NAIVE_DATE {value}"),
        Value::NaiveDateTime(at) => format!("NAIVE_DATETIME {} {}", at.seconds(), at.nanoseconds()),
        Value::UtcDateTime(at) => format!("UTC_DATETIME {} {}", at.seconds(), at.nanoseconds()),
        Value::Binary(value) => format!("BINARY {value:?}"),
        Value::String(value) => format!("STRING {value}"),
        Value::Json(value) => format!("JSON {value}"),
    }
}
