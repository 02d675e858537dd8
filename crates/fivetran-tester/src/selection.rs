//! The customer's selection: builds one for a request, and looks tables up in one.

use std::collections::BTreeMap;

use fivetran_wire::selection::Selection as Selected;
use fivetran_wire::{
    SchemaResponse, SchemaSelection, Selection, Table, TableSelection, TablesWithNoSchema,
    TablesWithSchema, schema_response,
};

use crate::declared::{DeclaredColumn, DeclaredTable};
use crate::{Error, TableName};

/// A customer's choice of tables and columns, made from a schema's answer.
///
/// It starts with everything selected, new tables and columns included, as Fivetran does.
///
/// ```
/// use fivetran_tester::SelectionBuilder;
/// use fivetran_wire::{Column, SchemaResponse, Table, TableList, schema_response::Response};
///
/// let columns = vec![Column { name: "usage".to_owned(), ..Default::default() }];
/// let tables = vec![Table { name: "cpu".to_owned(), columns }];
/// let response = Some(Response::WithoutSchema(TableList { tables }));
/// let schema = SchemaResponse { selection_not_supported: Some(false), response };
///
/// let selection = SelectionBuilder::new(&schema).without_column("cpu", "usage")?.build();
/// assert!(selection.is_some());
/// # Ok::<(), fivetran_tester::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SelectionBuilder {
    selected: Option<Selected>,
}

impl SelectionBuilder {
    /// Selects everything that the schema lists.
    pub fn new(schema: &SchemaResponse) -> Self {
        let selected = match &schema.response {
            Some(schema_response::Response::WithoutSchema(list)) => {
                Some(Selected::WithoutSchema(TablesWithNoSchema {
                    tables: list.tables.iter().map(whole_table).collect(),
                    include_new_tables: true,
                }))
            }
            Some(schema_response::Response::WithSchema(list)) => {
                let schemas = list.schemas.iter().map(|schema| SchemaSelection {
                    included: true,
                    schema_name: schema.name.clone(),
                    tables: schema.tables.iter().map(whole_table).collect(),
                    include_new_tables: true,
                });
                Some(Selected::WithSchema(TablesWithSchema {
                    schemas: schemas.collect(),
                    include_new_schemas: true,
                }))
            }
            Some(schema_response::Response::SchemaResponseNotSupported(_)) | None => None,
        };
        Self { selected }
    }

    /// Excludes all listed tables but this one.
    ///
    /// # Errors
    /// [`Error::NotInSchema`] if the schema does not list the table.
    pub fn only_table(mut self, table: impl Into<TableName>) -> Result<Self, Error> {
        self.each_table(|table| table.included = false);
        self.table(&table.into())?.included = true;
        Ok(self)
    }

    /// Excludes a table.
    ///
    /// # Errors
    /// [`Error::NotInSchema`] if the schema does not list the table.
    pub fn without_table(mut self, table: impl Into<TableName>) -> Result<Self, Error> {
        self.table(&table.into())?.included = false;
        Ok(self)
    }

    /// Excludes a column.
    ///
    /// # Errors
    /// [`Error::NotInSchema`] if the schema does not list the column.
    pub fn without_column(
        mut self,
        table: impl Into<TableName>,
        column: &str,
    ) -> Result<Self, Error> {
        let table = table.into();
        let included = self.table(&table)?.columns.get_mut(column);
        *included.ok_or_else(|| Error::NotInSchema {
            what: format!("column `{column}` in table `{table}`"),
        })? = false;
        Ok(self)
    }

    /// Excludes new schemas, tables and columns: those that the schema does not list.
    pub fn without_new(mut self) -> Self {
        match &mut self.selected {
            Some(Selected::WithoutSchema(all)) => all.include_new_tables = false,
            Some(Selected::WithSchema(all)) => {
                all.include_new_schemas = false;
                all.schemas.iter_mut().for_each(|schema| schema.include_new_tables = false);
            }
            None => {}
        }
        self.each_table(|table| table.include_new_columns = false);
        self
    }

    /// The selection as a message. `None` if the connector cannot list its tables, so that there is
    /// no choice.
    pub fn build(self) -> Option<Selection> {
        self.selected.map(|selected| Selection { selection: Some(selected) })
    }

    fn table(&mut self, name: &TableName) -> Result<&mut TableSelection, Error> {
        let tables = match &mut self.selected {
            Some(Selected::WithoutSchema(all)) if name.schema().is_none() => Some(&mut all.tables),
            Some(Selected::WithSchema(all)) => all
                .schemas
                .iter_mut()
                .find(|schema| Some(schema.schema_name.as_str()) == name.schema())
                .map(|schema| &mut schema.tables),
            _ => None,
        };
        tables
            .and_then(|tables| tables.iter_mut().find(|table| table.table_name == name.table()))
            .ok_or_else(|| Error::NotInSchema { what: format!("table `{name}`") })
    }

    fn each_table(&mut self, change: impl FnMut(&mut TableSelection)) {
        match &mut self.selected {
            Some(Selected::WithoutSchema(all)) => all.tables.iter_mut().for_each(change),
            Some(Selected::WithSchema(all)) => {
                all.schemas.iter_mut().flat_map(|schema| &mut schema.tables).for_each(change);
            }
            None => {}
        }
    }
}

fn whole_table(table: &Table) -> TableSelection {
    TableSelection {
        included: true,
        table_name: table.name.clone(),
        columns: table.columns.iter().map(|column| (column.name.clone(), true)).collect(),
        include_new_columns: true,
    }
}

/// What a selection says of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SelectedTable {
    /// The table is excluded.
    Excluded,
    /// Each listed column is included or not; columns that are not listed are if `new_columns`.
    Included { columns: BTreeMap<String, bool>, new_columns: bool },
}

impl SelectedTable {
    const WHOLE: Self = Self::Included { columns: BTreeMap::new(), new_columns: true };

    /// Looks a table up. For one that is not listed, `include_new_tables` of its schema decides,
    /// and `include_new_schemas` if the schema is not listed. Without a selection everything is
    /// included.
    pub(crate) fn of(selection: Option<&Selection>, table: &TableName) -> Self {
        match selection.and_then(|selection| selection.selection.as_ref()) {
            None => Self::WHOLE,
            Some(Selected::WithoutSchema(all)) => {
                Self::listed(&all.tables, all.include_new_tables, table)
            }
            Some(Selected::WithSchema(all)) => {
                let named =
                    |schema: &&SchemaSelection| Some(schema.schema_name.as_str()) == table.schema();
                match all.schemas.iter().find(named) {
                    Some(schema) if !schema.included => Self::Excluded,
                    Some(schema) => Self::listed(&schema.tables, schema.include_new_tables, table),
                    None if all.include_new_schemas => Self::WHOLE,
                    None => Self::Excluded,
                }
            }
        }
    }

    fn listed(tables: &[TableSelection], new_tables: bool, name: &TableName) -> Self {
        match tables.iter().find(|table| table.table_name == name.table()) {
            Some(table) if !table.included => Self::Excluded,
            Some(table) => Self::Included {
                columns: table.columns.clone(),
                new_columns: table.include_new_columns,
            },
            None if new_tables => Self::WHOLE,
            None => Self::Excluded,
        }
    }

    pub(crate) fn is_included(&self) -> bool {
        matches!(self, Self::Included { .. })
    }

    pub(crate) fn includes_column(&self, column: &str) -> bool {
        match self {
            Self::Excluded => false,
            Self::Included { columns, new_columns } => {
                columns.get(column).copied().unwrap_or(*new_columns)
            }
        }
    }

    /// The selected part of a declared table: its selected columns and its key. `None` if it is
    /// excluded.
    pub(crate) fn select(&self, table: &DeclaredTable) -> Option<DeclaredTable> {
        let wanted = |column: &&DeclaredColumn| column.key || self.includes_column(&column.name);
        self.is_included().then(|| DeclaredTable {
            name: table.name.clone(),
            columns: table.columns.iter().filter(wanted).cloned().collect(),
        })
    }
}
