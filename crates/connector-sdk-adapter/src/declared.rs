//! What `schema()` has declared to Fivetran: all that may be sent in this process.

use std::collections::{BTreeMap, HashMap};

use sync_core::{
    Catalog, ColumnRules, DataType, RowError, Rules, Selection, Table, TableRules, Unlisted,
};

/// The tables and columns that `schema()` has returned in this process.
///
/// The SDK looks types up here: the value of a column that was not declared would be sent as
/// whatever its Python type suggests, a double as 32 bits.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    selection: Selection,
    types: HashMap<TableName, HashMap<String, DataType>>,
}

type TableName = (Option<String>, String);

fn name(table: &Table) -> TableName {
    (table.schema.clone(), table.name.clone())
}

impl Declared {
    pub(crate) fn new(catalog: &Catalog) -> Self {
        let tables: Vec<_> = match catalog {
            Catalog::Tables(tables) => tables.iter().collect(),
            Catalog::Schemas(schemas) => schemas.iter().flat_map(|schema| &schema.tables).collect(),
        };
        let types = |table: &Table| {
            table.columns.iter().map(|column| (column.name.clone(), column.data_type)).collect()
        };
        Self {
            selection: selection(catalog),
            types: tables.into_iter().map(|table| (name(table), types(table))).collect(),
        }
    }

    /// What was declared as a selection: all else is unknown, and waits for the next sync, which
    /// declares it first. What is excluded in Fivetran's dashboard is dropped there.
    pub(crate) fn selection(&self) -> Selection {
        self.selection.clone()
    }

    /// Whether rows of this table may be sent.
    ///
    /// # Errors
    ///
    /// A column was not declared, or with another type.
    pub(crate) fn check(&self, table: &Table) -> Result<(), RowError> {
        let types = self.types.get(&name(table));
        let declared = |name: &str| types.and_then(|types| types.get(name));
        let undeclared =
            table.columns.iter().find(|column| declared(&column.name) != Some(&column.data_type));
        let Some(column) = undeclared else { return Ok(()) };
        let reason = match declared(&column.name) {
            Some(declared) => format!("schema() has declared it as {declared}"),
            None => "schema() has not declared it".to_owned(),
        };
        Err(RowError {
            table: table.name.clone(),
            column: column.name.clone(),
            value: format!("values of type {} in this sync", column.data_type),
            reason,
        })
    }
}

fn selection(catalog: &Catalog) -> Selection {
    match catalog {
        Catalog::Tables(listed) => Selection::Tables(tables(listed)),
        Catalog::Schemas(schemas) => Selection::Schemas(unknown_unless(
            schemas.iter().map(|schema| (schema.name.clone(), tables(&schema.tables))),
        )),
    }
}

fn tables(tables: &[Table]) -> TableRules {
    unknown_unless(tables.iter().map(|table| (table.name.clone(), columns(table))))
}

fn columns(table: &Table) -> ColumnRules {
    unknown_unless(table.columns.iter().map(|column| (column.name.clone(), ())))
}

/// Rules that include what is listed. All else is unknown.
fn unknown_unless<T>(listed: impl Iterator<Item = (String, T)>) -> Rules<T> {
    let listed: BTreeMap<_, _> = listed.map(|(name, rules)| (name, Some(rules))).collect();
    Rules { listed, unlisted: Unlisted::Unknown }
}

#[cfg(test)]
mod tests {
    use sync_core::{Catalog, Column, DataType, Projection, Schema, Table};

    use super::Declared;

    fn table(schema: Option<&str>, columns: &[(&str, DataType)]) -> Table {
        let columns = columns.iter().map(|&(name, data_type)| Column::new(name, data_type));
        Table { schema: schema.map(str::to_owned), ..Table::new("cpu", columns.collect()) }
    }

    #[test]
    fn what_was_declared_is_selected_and_all_else_is_unknown() {
        let columns = [("host", DataType::String), ("load", DataType::Double)];
        for schema in [None, Some("db")] {
            let known = table(schema, &columns);
            let catalog = match schema {
                None => Catalog::Tables(vec![known.clone()]),
                Some(name) => Catalog::Schemas(vec![Schema {
                    name: name.to_owned(),
                    tables: vec![known.clone()],
                }]),
            };
            let selection = Declared::new(&catalog).selection();
            assert_eq!(selection.project(&known), Projection::Selected(known.clone()));
            let fewer = table(schema, &columns[..1]);
            assert_eq!(selection.project(&fewer), Projection::Selected(fewer.clone()));
            let more = table(schema, &[columns[0], columns[1], ("new", DataType::Long)]);
            assert_eq!(selection.project(&more), Projection::Unknown);
            let other = Table { name: "disk".to_owned(), ..known };
            assert_eq!(selection.project(&other), Projection::Unknown);
        }
    }

    #[test]
    fn rows_go_out_with_the_types_that_were_declared_or_not_at_all() {
        let known = table(None, &[("host", DataType::String), ("load", DataType::Double)]);
        let declared = Declared::new(&Catalog::Tables(vec![known.clone()]));
        assert_eq!(declared.check(&known), Ok(()));
        let check = |table: Table, text: &str| {
            assert_eq!(declared.check(&table).unwrap_err().to_string(), text);
        };
        check(
            table(None, &[("load", DataType::Long)]),
            "column \"load\" of table \"cpu\" cannot hold values of type LONG in this sync: \
             schema() has declared it as DOUBLE",
        );
        check(
            table(Some("db"), &[("host", DataType::String)]),
            "column \"host\" of table \"cpu\" cannot hold values of type STRING in this sync: \
             schema() has not declared it",
        );
    }
}
