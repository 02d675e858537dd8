//! Name collisions: names of tables or columns that become equal when Fivetran renames them, so
//! that their data merge in the warehouse.
//!
//! Of several names that collide, each but the first gets a warning, which names the first one too.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;

use fivetran_wire::naming;
use sync_core::{Catalog, Table};

/// Warns of every name of a table or column that collides with an earlier one.
pub(crate) fn in_catalog(catalog: &Catalog) -> Vec<String> {
    let mut collisions = NameCollisions::default();
    match catalog {
        Catalog::Tables(tables) => {
            tables.iter().flat_map(|table| collisions.check(table)).collect()
        }
        Catalog::Schemas(schemas) => {
            let tables = schemas.iter().flat_map(|schema| &schema.tables);
            tables.flat_map(|table| collisions.check(table)).collect()
        }
    }
}

/// The tables that were checked so far.
#[derive(Debug, Default)]
pub(crate) struct NameCollisions {
    checked: HashSet<TableName>,
    /// The first table of each name in the warehouse.
    first: HashMap<TableName, TableName>,
}

impl NameCollisions {
    /// Warns if the name of a table, or names of its columns, collide. Checks each table only once.
    ///
    /// It does not remember columns, of which a source may have very many.
    pub(crate) fn check(&mut self, table: &Table) -> Vec<String> {
        let name = TableName { schema: table.schema.clone(), table: table.name.clone() };
        if !self.checked.insert(name.clone()) {
            return Vec::new();
        }
        let mut warnings = Vec::new();
        match self.first.entry(name.renamed()) {
            Entry::Occupied(first) => {
                let (first, renamed) = (first.get(), first.key());
                warnings.push(format!(
                    "Tables {first} and {name} both become {renamed} in a warehouse with \
                     Fivetran naming, where their rows mix: {REMEDY}."
                ));
            }
            Entry::Vacant(free) => {
                free.insert(name.clone());
            }
        }
        check_columns(&name, table, &mut warnings);
        warnings
    }
}

/// What the customer can do. Fivetran does not offer source naming for every connection.
const REMEDY: &str =
    "exclude one of them from the sync, or choose source naming in Fivetran where it is offered";

fn check_columns(name: &TableName, table: &Table, warnings: &mut Vec<String>) {
    let mut columns = HashMap::with_capacity(table.columns.len());
    for column in table.columns.iter().map(|column| column.name.as_str()) {
        match columns.entry(naming::column(column)) {
            Entry::Occupied(first) => {
                let (first, renamed): (&&str, _) = (first.get(), first.key());
                warnings.push(format!(
                    "Columns {first:?} and {column:?} of table {name} both become {renamed:?} in a \
                     warehouse with Fivetran naming, where one value hides the other: {REMEDY}."
                ));
            }
            Entry::Vacant(free) => {
                free.insert(column);
            }
        }
    }
}

/// The name of a table, in the source or in the warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct TableName {
    schema: Option<String>,
    table: String,
}

impl TableName {
    fn renamed(&self) -> Self {
        let schema = self.schema.as_deref().map(naming::column);
        Self { schema, table: naming::table(&self.table) }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(formatter, "{schema:?}.")?;
        }
        write!(formatter, "{:?}", self.table)
    }
}

#[cfg(test)]
mod tests {
    use sync_core::{Catalog, Column, DataType, Schema, Table};

    use super::{REMEDY, in_catalog};

    /// A table. The first name is its own, and the others are those of its columns.
    fn table(names: &[&str]) -> Table {
        let columns = names[1..].iter().map(|&name| Column::new(name, DataType::Long));
        Table::new(names[0], columns.collect())
    }

    /// Compares the warnings, up to the reason that they give.
    #[track_caller]
    fn check_catalog(catalog: &Catalog, expect: &[&str]) {
        let warnings = in_catalog(catalog);
        assert!(warnings.iter().all(|warning| warning.ends_with(&format!(": {REMEDY}."))));
        let shown = warnings.iter().map(|warning| warning.split(" in a warehouse").next().unwrap());
        assert_eq!(shown.collect::<Vec<_>>(), expect);
    }

    #[track_caller]
    fn check(tables: &[&[&str]], expect: &[&str]) {
        let tables = tables.iter().map(|names| table(names)).collect();
        check_catalog(&Catalog::Tables(tables), expect);
    }

    #[test]
    fn each_table_is_named_with_the_first_that_it_collides_with() {
        check(&[], &[]);
        check(&[&["cpu"], &["disk"]], &[]);
        check(&[&["cpu"], &["cpu"]], &[]);
        check(
            &[&["cpu.load"], &["disk"], &["cpu-load"], &["cpuLoad"], &["cpu-load"]],
            &[
                r#"Tables "cpu.load" and "cpu-load" both become "cpu_load""#,
                r#"Tables "cpu.load" and "cpuLoad" both become "cpu_load""#,
            ],
        );
        check(
            &[&["_hidden"], &["hidden"]],
            &[r#"Tables "_hidden" and "hidden" both become "hidden""#],
        );
    }

    #[test]
    fn columns_collide_within_their_table() {
        check(&[&["a", "x.y"], &["b", "x-y"]], &[]);
        check(&[&["a", "_x", "x"]], &[]);
        check(
            &[&["a", "tag", "Tag", "TAG"], &["A", "é", "e"]],
            &[
                r#"Columns "tag" and "Tag" of table "a" both become "tag""#,
                r#"Columns "tag" and "TAG" of table "a" both become "tag""#,
                r#"Tables "a" and "A" both become "a""#,
                r#"Columns "é" and "e" of table "A" both become "e""#,
            ],
        );
    }

    #[test]
    fn schemas_keep_tables_apart_unless_they_collide() {
        let schema = |name: &str, tables: &[&str]| {
            let tables = tables
                .iter()
                .map(|&table| Table { schema: Some(name.to_owned()), ..Table::new(table, vec![]) });
            Schema { name: name.to_owned(), tables: tables.collect() }
        };
        check_catalog(
            &Catalog::Schemas(vec![
                schema("east", &["cpu"]),
                schema("West", &["cpu"]),
                schema("west", &["cpu", "disk"]),
            ]),
            &[r#"Tables "West"."cpu" and "west"."cpu" both become "west"."cpu""#],
        );
    }
}
