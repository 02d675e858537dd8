//! Validates declared tables and columns: types, duplicates, and name collisions.

use std::collections::{BTreeMap, BTreeSet};

use fivetran_wire::{DataType, naming};

use super::{Breaches, Place, Rule};
use crate::TableName;
use crate::declared::{DeclaredColumn, DeclaredTable};

/// Finds names that become equal when Fivetran renames them. It knows every selected name that was
/// declared or sent so far, and checks each only the first time.
#[derive(Debug, Default)]
pub(super) struct NameCollisions {
    tables: BTreeMap<(Option<String>, String), TableName>,
    columns: BTreeMap<(TableName, String), String>,
}

impl NameCollisions {
    pub(super) fn table(&mut self, table: &TableName, breaches: &mut Breaches) {
        let renamed = (table.schema().map(naming::column), naming::table(table.table()));
        match self.tables.get(&renamed) {
            None => {
                self.tables.insert(renamed.clone(), table.clone());
            }
            Some(first) if first == table => return,
            Some(first) => {
                let place = Place::Table(table.clone());
                breaches.note(Rule::TablesMerge, place, || {
                    format!("`{first}` and `{table}` become `{}`", renamed.1)
                });
            }
        }
        check_reserved(table.table(), Place::Table(table.clone()), breaches);
    }

    pub(super) fn column(&mut self, table: &TableName, column: &str, breaches: &mut Breaches) {
        let renamed = (table.clone(), naming::column(column));
        let place = || Place::Column(table.clone(), column.to_owned());
        match self.columns.get(&renamed) {
            None => {
                self.columns.insert(renamed, column.to_owned());
            }
            Some(first) if first == column => return,
            Some(first) => breaches.note(Rule::ColumnsMerge, place(), || {
                format!("`{first}` and `{column}` become `{}`", renamed.1)
            }),
        }
        check_reserved(column, place(), breaches);
    }
}

fn check_reserved(name: &str, place: Place, breaches: &mut Breaches) {
    if name.to_ascii_lowercase().starts_with("_fivetran_") {
        breaches.note(Rule::ReservedName, place, String::new);
    }
}

/// Validates the tables of one message, selected or not.
pub(super) fn check_tables(tables: &[DeclaredTable], breaches: &mut Breaches) {
    let mut listed = BTreeSet::new();
    for table in tables {
        if !listed.insert(&table.name) {
            let place = Place::Table(table.name.clone());
            breaches.note(Rule::DuplicateTable, place, String::new);
        }
        let mut listed = BTreeSet::new();
        for column in &table.columns {
            let place = || Place::Column(table.name.clone(), column.name.clone());
            if !listed.insert(&column.name) {
                breaches.note(Rule::DuplicateColumn, place(), String::new);
            }
            check_type(column, place, breaches);
        }
    }
}

/// Validates the names of declared tables and columns that are selected.
pub(super) fn check_names(
    selected_tables: &[DeclaredTable],
    collisions: &mut NameCollisions,
    breaches: &mut Breaches,
) {
    for table in selected_tables {
        collisions.table(&table.name, breaches);
        for column in &table.columns {
            collisions.column(&table.name, &column.name, breaches);
        }
    }
}

fn check_type(column: &DeclaredColumn, place: impl Fn() -> Place, breaches: &mut Breaches) {
    match column.column_type.data_type {
        DataType::Unspecified => breaches.note(Rule::TypeUnspecified, place(), String::new),
        DataType::NaiveTime => breaches.note(Rule::NaiveTime, place(), String::new),
        _ => {}
    }
}
