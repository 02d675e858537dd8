//! Validates the data of a record against its table.

use fivetran_wire::{DataType, RecordType};

use super::schema::NameCollisions;
use super::{Breaches, Place, Rule, value};
use crate::TableName;
use crate::declared::{ColumnType, DeclaredTable};
use crate::message::{ColumnSet, Row, Value};
use crate::selection::SelectedTable;

/// The rules for records of one table.
#[derive(Debug)]
pub(super) struct TableRules {
    pub(super) name: TableName,
    /// Whether columns have to be declared. `false` if the connector cannot list its tables.
    requires_declaration: bool,
    /// Sorted by name, as the values of a record are, so that one pass matches them.
    columns: Vec<ColumnRules>,
}

#[derive(Debug)]
struct ColumnRules {
    name: String,
    column_type: ColumnType,
    key: bool,
    selected: bool,
}

/// Which value of a record belongs to which column of its table. The numbers are indices, by name.
#[derive(Clone, Copy, Debug)]
pub(super) enum ColumnMatch {
    Both { column: usize, value: usize },
    Absent { column: usize },
    Undeclared { value: usize },
}

impl TableRules {
    /// The rules for a declared table.
    pub(super) fn declared(table: &DeclaredTable, selected: &SelectedTable) -> Self {
        let mut rules =
            Self { name: table.name.clone(), requires_declaration: true, columns: Vec::new() };
        rules.declare(table, selected);
        rules
    }

    /// The rules for a table that was not declared.
    pub(super) fn unknown(name: TableName) -> Self {
        Self { name, requires_declaration: false, columns: Vec::new() }
    }

    /// Adds columns. If a column is declared again, its last declaration counts.
    pub(super) fn declare(&mut self, table: &DeclaredTable, selected: &SelectedTable) {
        self.requires_declaration = true;
        for column in &table.columns {
            let rules = ColumnRules {
                name: column.name.clone(),
                column_type: column.column_type,
                key: column.key,
                selected: selected.includes_column(&column.name),
            };
            match self.columns.binary_search_by(|known| known.name.cmp(&column.name)) {
                Ok(at) => self.columns[at] = rules,
                Err(at) => self.columns.insert(at, rules),
            }
        }
    }

    pub(super) fn has_key(&self) -> bool {
        self.columns.iter().any(|column| column.key)
    }

    /// Matches the columns of a record with those of the table.
    pub(super) fn match_columns(&self, column_set: &ColumnSet) -> Vec<ColumnMatch> {
        let mut matches = Vec::with_capacity(self.columns.len());
        let mut values = column_set.names.iter().enumerate().peekable();
        for (at, column) in self.columns.iter().enumerate() {
            while let Some((value, _)) = values.next_if(|(_, name)| **name < column.name) {
                matches.push(ColumnMatch::Undeclared { value });
            }
            matches.push(match values.next_if(|(_, name)| **name == column.name) {
                Some((value, _)) => ColumnMatch::Both { column: at, value },
                None => ColumnMatch::Absent { column: at },
            });
        }
        matches.extend(values.map(|(value, _)| ColumnMatch::Undeclared { value }));
        matches
    }

    /// The types of a record's columns, in the order of their names. `UNSPECIFIED` for those that
    /// are not declared.
    pub(super) fn types(&self, column_set: &ColumnSet) -> Vec<DataType> {
        let data_type = |column_match| match column_match {
            ColumnMatch::Both { column, .. } => Some(self.columns[column].column_type.data_type),
            ColumnMatch::Undeclared { .. } => Some(DataType::Unspecified),
            ColumnMatch::Absent { .. } => None,
        };
        self.match_columns(column_set).into_iter().filter_map(data_type).collect()
    }

    /// Validates the data of an upsert, an update or a delete. `matches` comes from
    /// [`match_columns`](Self::match_columns).
    pub(super) fn check(
        &self,
        kind: RecordType,
        row: Row<'_>,
        matches: &[ColumnMatch],
        collisions: &mut NameCollisions,
        breaches: &mut Breaches,
    ) {
        for column_match in matches {
            match *column_match {
                ColumnMatch::Both { column, value } => {
                    self.check_value(&self.columns[column], &row.value(value), breaches);
                }
                ColumnMatch::Absent { column } => {
                    self.check_absence(&self.columns[column], kind, breaches);
                }
                ColumnMatch::Undeclared { value } => {
                    let name = &row.names()[value];
                    self.check_undeclared(name, &row.value(value), collisions, breaches);
                }
            }
        }
    }

    fn check_value(&self, column: &ColumnRules, value: &Value<&[u8]>, breaches: &mut Breaches) {
        let place = || self.place(&column.name);
        if !column.selected && !column.key {
            breaches.note(Rule::ExcludedColumn, place(), String::new);
        }
        let rule = match value {
            Value::Null(true) if column.key => Some(Rule::NullKey),
            Value::Null(true) => None,
            Value::Null(false) | Value::Unset => Some(Rule::ValueNotSet),
            value => value::broken_rule(value, &column.column_type),
        };
        if let Some(rule) = rule {
            breaches.note(rule, place(), || match rule {
                Rule::NullKey | Rule::ValueNotSet => String::new(),
                _ => format!("{} in {}", value::show(value), column.column_type),
            });
        }
    }

    fn check_absence(&self, column: &ColumnRules, kind: RecordType, breaches: &mut Breaches) {
        if column.key {
            breaches.note(Rule::MissingKey, self.place(&column.name), String::new);
        } else if column.selected && kind == RecordType::Upsert {
            breaches.note(Rule::MissingColumn, self.place(&column.name), String::new);
        }
    }

    fn check_undeclared(
        &self,
        column: &str,
        value: &Value<&[u8]>,
        collisions: &mut NameCollisions,
        breaches: &mut Breaches,
    ) {
        collisions.column(&self.name, column, breaches);
        if self.requires_declaration {
            breaches.note(Rule::UndeclaredColumn, self.place(column), || value::show(value));
        }
        let rule = match value {
            Value::Null(true) => None,
            Value::Null(false) | Value::Unset => Some(Rule::ValueNotSet),
            value => value::broken_rule(value, &ColumnType::plain(DataType::Unspecified)),
        };
        if let Some(rule) = rule {
            breaches.note(rule, self.place(column), || value::show(value));
        }
    }

    fn place(&self, column: &str) -> Place {
        Place::Column(self.name.clone(), column.to_owned())
    }
}
