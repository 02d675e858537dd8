//! Rules of one record's data against its table.

use fivetran_wire::{DataType, RecordType};

use super::schema::Names;
use super::{Breaches, Place, Rule, value};
use crate::TableName;
use crate::declared::{ColumnType, DeclaredTable};
use crate::message::{Row, Shape, Value};
use crate::selection::SelectedTable;

/// What records of one table are held to.
#[derive(Debug)]
pub(super) struct TableRules {
    pub(super) name: TableName,
    /// False where the connector cannot list its tables: then nothing is undeclared.
    judges_undeclared: bool,
    /// By name, as the values of a record are: one walk meets both.
    columns: Vec<ColumnRules>,
}

#[derive(Debug)]
struct ColumnRules {
    name: String,
    column_type: ColumnType,
    key: bool,
    selected: bool,
}

/// Where a column and a value of a record meet, or miss each other. Columns and values count in the order of their names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meeting {
    Both { column: usize, value: usize },
    Absent { column: usize },
    Undeclared { value: usize },
}

impl TableRules {
    /// Rules of a table that is declared.
    pub(super) fn declared(table: &DeclaredTable, selected: &SelectedTable) -> Self {
        let mut rules =
            Self { name: table.name.clone(), judges_undeclared: true, columns: Vec::new() };
        rules.declare(table, selected);
        rules
    }

    /// Rules of a table whose columns nobody declared; they are all new.
    pub(super) fn unknown(name: TableName) -> Self {
        Self { name, judges_undeclared: false, columns: Vec::new() }
    }

    /// Adds columns that are declared later; one that is declared again counts as it was declared last.
    pub(super) fn declare(&mut self, table: &DeclaredTable, selected: &SelectedTable) {
        self.judges_undeclared = true;
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

    /// Where values of a shape meet the table's columns.
    pub(super) fn meet(&self, shape: &Shape) -> Vec<Meeting> {
        let mut meetings = Vec::with_capacity(self.columns.len());
        let mut values = shape.names.iter().enumerate().peekable();
        for (at, column) in self.columns.iter().enumerate() {
            while let Some((value, _)) = values.next_if(|(_, name)| **name < column.name) {
                meetings.push(Meeting::Undeclared { value });
            }
            meetings.push(match values.next_if(|(_, name)| **name == column.name) {
                Some((value, _)) => Meeting::Both { column: at, value },
                None => Meeting::Absent { column: at },
            });
        }
        meetings.extend(values.map(|(value, _)| Meeting::Undeclared { value }));
        meetings
    }

    /// Judges the data of an upsert, an update or a delete, whose shape meets the table so.
    pub(super) fn check(
        &self,
        kind: RecordType,
        row: Row<'_>,
        meetings: &[Meeting],
        names: &mut Names,
        breaches: &mut Breaches,
    ) {
        for meeting in meetings {
            match *meeting {
                Meeting::Both { column, value } => {
                    self.check_value(&self.columns[column], &row.value(value), breaches);
                }
                Meeting::Absent { column } => {
                    self.check_absence(&self.columns[column], kind, breaches);
                }
                Meeting::Undeclared { value } => {
                    let name = &row.names()[value];
                    self.check_undeclared(name, &row.value(value), names, breaches);
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
        names: &mut Names,
        breaches: &mut Breaches,
    ) {
        names.column(&self.name, column, breaches);
        if self.judges_undeclared {
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
