//! What a customer selected: made from the schema's answer for a request, and read to judge what comes.

use std::collections::BTreeMap;

use fivetran_wire::selection::Selection as Shape;
use fivetran_wire::{
    SchemaResponse, SchemaSelection, Selection, Table, TableSelection, TablesWithNoSchema,
    TablesWithSchema, schema_response,
};

use crate::declared::{DeclaredColumn, DeclaredTable};
use crate::{Error, TableName};

/// A customer's choice of tables and columns, made from a schema's answer.
///
/// Starts with everything selected and everything new let in, which is what a customer who touches nothing gets.
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
    shape: Option<Shape>,
}

impl SelectionBuilder {
    /// Selects everything that the schema lists.
    pub fn new(schema: &SchemaResponse) -> Self {
        let shape = match &schema.response {
            Some(schema_response::Response::WithoutSchema(list)) => {
                Some(Shape::WithoutSchema(TablesWithNoSchema {
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
                Some(Shape::WithSchema(TablesWithSchema {
                    schemas: schemas.collect(),
                    include_new_schemas: true,
                }))
            }
            Some(schema_response::Response::SchemaResponseNotSupported(_)) | None => None,
        };
        Self { shape }
    }

    /// Lets in this table and no other listed one.
    ///
    /// # Errors
    /// [`Error::NotInSchema`] if the schema does not list the table.
    pub fn only_table(mut self, table: impl Into<TableName>) -> Result<Self, Error> {
        self.each_table(|table| table.included = false);
        self.table(&table.into())?.included = true;
        Ok(self)
    }

    /// Leaves a table out.
    ///
    /// # Errors
    /// [`Error::NotInSchema`] if the schema does not list the table.
    pub fn without_table(mut self, table: impl Into<TableName>) -> Result<Self, Error> {
        self.table(&table.into())?.included = false;
        Ok(self)
    }

    /// Leaves a column out.
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

    /// Lets in nothing that the schema does not list: no new schema, table or column.
    pub fn without_new(mut self) -> Self {
        match &mut self.shape {
            Some(Shape::WithoutSchema(all)) => all.include_new_tables = false,
            Some(Shape::WithSchema(all)) => {
                all.include_new_schemas = false;
                all.schemas.iter_mut().for_each(|schema| schema.include_new_tables = false);
            }
            None => {}
        }
        self.each_table(|table| table.include_new_columns = false);
        self
    }

    /// The selection as it goes over the wire; `None` where the connector cannot list its tables, so that nothing can be chosen.
    pub fn build(self) -> Option<Selection> {
        self.shape.map(|shape| Selection { selection: Some(shape) })
    }

    fn table(&mut self, name: &TableName) -> Result<&mut TableSelection, Error> {
        let tables = match &mut self.shape {
            Some(Shape::WithoutSchema(all)) if name.schema().is_none() => Some(&mut all.tables),
            Some(Shape::WithSchema(all)) => all
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
        match &mut self.shape {
            Some(Shape::WithoutSchema(all)) => all.tables.iter_mut().for_each(change),
            Some(Shape::WithSchema(all)) => {
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

/// The answer of a selection for one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SelectedTable {
    /// Nothing of it.
    Excluded,
    /// The listed columns as they say, the others by `new_columns`.
    Included { columns: BTreeMap<String, bool>, new_columns: bool },
}

impl SelectedTable {
    const WHOLE: Self = Self::Included { columns: BTreeMap::new(), new_columns: true };

    /// Reads a selection: a listed table has its own answer, one that is not listed that of `include_new_tables` and, above it, of
    /// `include_new_schemas`. No selection at all selects everything.
    pub(crate) fn of(selection: Option<&Selection>, table: &TableName) -> Self {
        match selection.and_then(|selection| selection.selection.as_ref()) {
            None => Self::WHOLE,
            Some(Shape::WithoutSchema(all)) => {
                Self::listed(&all.tables, all.include_new_tables, table)
            }
            Some(Shape::WithSchema(all)) => {
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

    /// What a warehouse makes of a declared table: nothing if it is excluded, else its selected columns and its key.
    pub(crate) fn trim(&self, table: &DeclaredTable) -> Option<DeclaredTable> {
        let wanted = |column: &&DeclaredColumn| column.key || self.includes_column(&column.name);
        self.is_included().then(|| DeclaredTable {
            name: table.name.clone(),
            columns: table.columns.iter().filter(wanted).cloned().collect(),
        })
    }
}
