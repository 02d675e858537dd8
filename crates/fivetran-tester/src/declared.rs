//! Tables and columns as a connector declares them, parsed from the wire.

use std::fmt;

use fivetran_wire::{
    Column, DataType, DecimalParams, SchemaChange, SchemaList, SchemaResponse, Table, TableList,
    data_type_params::Params, schema_change, schema_response,
};

use crate::TableName;

/// Whether tables are grouped in schemas. The selection, schema changes and records have to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grouping {
    WithSchema,
    WithoutSchema,
}

/// A table as a connector declares it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DeclaredTable {
    /// Its name, as the source spells it.
    pub name: TableName,
    /// Its columns, in the connector's order.
    pub columns: Vec<DeclaredColumn>,
}

/// A column as a connector declares it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DeclaredColumn {
    /// Its name, as the source spells it.
    pub name: String,
    /// Its type.
    pub column_type: ColumnType,
    /// Whether it is part of the key.
    pub key: bool,
}

/// A column's type with its details, displayed as in `LONG` or `DECIMAL(20,0)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnType {
    pub(crate) data_type: DataType,
    pub(crate) decimal: Option<DecimalParams>,
    /// The longest `STRING`, in bytes.
    pub(crate) string_bytes: Option<usize>,
}

impl ColumnType {
    /// A type without details.
    pub(crate) fn plain(data_type: DataType) -> Self {
        Self { data_type, decimal: None, string_bytes: None }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.data_type.name())?;
        match (self.decimal, self.string_bytes) {
            (Some(size), _) => write!(f, "({},{})", size.precision, size.scale),
            (None, Some(bytes)) => write!(f, "({bytes})"),
            (None, None) => Ok(()),
        }
    }
}

/// The tables of an answer of `Schema`. `None` as grouping if the connector cannot list them.
pub(crate) fn of_schema(response: &SchemaResponse) -> (Option<Grouping>, Vec<DeclaredTable>) {
    match &response.response {
        Some(schema_response::Response::WithSchema(list)) => {
            (Some(Grouping::WithSchema), of_schemas(list))
        }
        Some(schema_response::Response::WithoutSchema(list)) => {
            (Some(Grouping::WithoutSchema), of_tables(list))
        }
        Some(schema_response::Response::SchemaResponseNotSupported(_)) | None => (None, Vec::new()),
    }
}

/// The tables of a schema change during a sync.
pub(crate) fn of_change(change: &SchemaChange) -> (Option<Grouping>, Vec<DeclaredTable>) {
    match &change.change {
        Some(schema_change::Change::WithSchema(list)) => {
            (Some(Grouping::WithSchema), of_schemas(list))
        }
        Some(schema_change::Change::WithoutSchema(list)) => {
            (Some(Grouping::WithoutSchema), of_tables(list))
        }
        None => (None, Vec::new()),
    }
}

fn of_schemas(list: &SchemaList) -> Vec<DeclaredTable> {
    let mut tables = Vec::new();
    for schema in &list.schemas {
        tables.extend(schema.tables.iter().map(|table| of_table(Some(&schema.name), table)));
    }
    tables
}

fn of_tables(list: &TableList) -> Vec<DeclaredTable> {
    list.tables.iter().map(|table| of_table(None, table)).collect()
}

fn of_table(schema: Option<&str>, table: &Table) -> DeclaredTable {
    DeclaredTable {
        name: TableName::from_parts(schema, &table.name),
        columns: table.columns.iter().map(of_column).collect(),
    }
}

fn of_column(column: &Column) -> DeclaredColumn {
    let params = column.params.as_ref().and_then(|params| params.params.as_ref());
    let mut column_type = ColumnType::plain(column.r#type());
    match (column_type.data_type, params) {
        (DataType::Decimal, Some(Params::Decimal(size))) => column_type.decimal = Some(*size),
        (DataType::String, Some(Params::StringByteLength(bytes))) => {
            column_type.string_bytes = usize::try_from(*bytes).ok();
        }
        // Details of another type do not apply.
        _ => {}
    }
    DeclaredColumn { name: column.name.clone(), column_type, key: column.primary_key }
}
