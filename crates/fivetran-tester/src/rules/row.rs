//! Rules of one record's data against its table.

use std::collections::BTreeMap;

use fivetran_wire::{DataType, RecordType, ValueType, value_type::Inner};

use super::schema::Names;
use super::{Breaches, Place, Rule, value};
use crate::TableName;
use crate::declared::{ColumnType, DeclaredTable};
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

    /// Judges the data of an upsert, an update or a delete.
    pub(super) fn check(
        &self,
        kind: RecordType,
        data: &BTreeMap<String, ValueType>,
        names: &mut Names,
        breaches: &mut Breaches,
    ) {
        let mut values = data.iter().peekable();
        for column in &self.columns {
            while let Some((name, value)) = values.next_if(|(name, _)| **name < column.name) {
                self.check_undeclared(name, value, names, breaches);
            }
            match values.next_if(|(name, _)| **name == column.name) {
                Some((_, value)) => self.check_value(column, value, breaches),
                None => self.check_absence(column, kind, breaches),
            }
        }
        for (name, value) in values {
            self.check_undeclared(name, value, names, breaches);
        }
    }

    fn check_value(&self, column: &ColumnRules, value: &ValueType, breaches: &mut Breaches) {
        let place = || self.place(&column.name);
        if !column.selected && !column.key {
            breaches.note(Rule::ExcludedColumn, place(), String::new);
        }
        let rule = match &value.inner {
            Some(Inner::Null(true)) if column.key => Some(Rule::NullKey),
            Some(Inner::Null(true)) => None,
            Some(Inner::Null(false)) | None => Some(Rule::ValueNotSet),
            Some(inner) => value::broken_rule(inner, &column.column_type),
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
        value: &ValueType,
        names: &mut Names,
        breaches: &mut Breaches,
    ) {
        names.column(&self.name, column, breaches);
        if self.judges_undeclared {
            breaches.note(Rule::UndeclaredColumn, self.place(column), || value::show(value));
        }
        let rule = match &value.inner {
            Some(Inner::Null(true)) => None,
            Some(Inner::Null(false)) | None => Some(Rule::ValueNotSet),
            Some(inner) => value::broken_rule(inner, &ColumnType::plain(DataType::Unspecified)),
        };
        if let Some(rule) = rule {
            breaches.note(rule, self.place(column), || value::show(value));
        }
    }

    fn place(&self, column: &str) -> Place {
        Place::Column(self.name.clone(), column.to_owned())
    }
}
