//! Short constructors for messages.

use std::collections::BTreeMap;

use fivetran_wire::schema_response::Response;
use fivetran_wire::update_response::Operation;
use fivetran_wire::value_type::Inner;
use fivetran_wire::{
    Checkpoint, Column, DataType, DataTypeParams, DecimalParams, Record, RecordType, Records,
    Schema, SchemaChange, SchemaList, SchemaResponse, Table, TableList, Task, Timestamp,
    UpdateResponse, ValueType, Warning, data_type_params, schema_change,
};

pub(crate) fn column(name: &str, data_type: DataType) -> Column {
    Column { name: name.to_owned(), r#type: data_type.into(), ..Default::default() }
}

pub(crate) fn key(name: &str, data_type: DataType) -> Column {
    Column { primary_key: true, ..column(name, data_type) }
}

pub(crate) fn decimal_column(name: &str, precision: u32, scale: u32) -> Column {
    let params = data_type_params::Params::Decimal(DecimalParams { precision, scale });
    with_params(column(name, DataType::Decimal), params)
}

pub(crate) fn string_column(name: &str, bytes: i32) -> Column {
    let params = data_type_params::Params::StringByteLength(bytes);
    with_params(column(name, DataType::String), params)
}

fn with_params(column: Column, params: data_type_params::Params) -> Column {
    Column { params: Some(DataTypeParams { params: Some(params) }), ..column }
}

pub(crate) fn table(name: &str, columns: impl Into<Vec<Column>>) -> Table {
    Table { name: name.to_owned(), columns: columns.into() }
}

/// The table of most cases, with a key and a value.
pub(crate) fn cpu() -> Table {
    table("cpu", [key("host", DataType::String), column("load", DataType::Double)])
}

pub(crate) fn schema(tables: impl Into<Vec<Table>>) -> SchemaResponse {
    response(Response::WithoutSchema(TableList { tables: tables.into() }))
}

pub(crate) fn with_schemas(schemas: &[(&str, &[Table])]) -> SchemaResponse {
    response(Response::WithSchema(schema_list(schemas)))
}

pub(crate) fn schema_list(schemas: &[(&str, &[Table])]) -> SchemaList {
    let schemas = schemas
        .iter()
        .map(|(name, tables)| Schema { name: (*name).to_owned(), tables: tables.to_vec() });
    SchemaList { schemas: schemas.collect() }
}

pub(crate) fn response(response: Response) -> SchemaResponse {
    SchemaResponse { selection_not_supported: Some(false), response: Some(response) }
}

pub(crate) fn text(value: &str) -> Inner {
    Inner::String(value.to_owned())
}

pub(crate) fn at(seconds: i64, nanos: i32) -> Timestamp {
    Timestamp { seconds, nanos }
}

pub(crate) const NULL: Inner = Inner::Null(true);

pub(crate) fn record<const N: usize>(
    kind: RecordType,
    table: &str,
    data: [(&str, Inner); N],
) -> Record {
    let value = |(name, inner): (&str, Inner)| (name.to_owned(), ValueType { inner: Some(inner) });
    Record {
        schema_name: None,
        table_name: table.to_owned(),
        r#type: kind.into(),
        data: BTreeMap::from(data.map(value)),
        row_data: BTreeMap::new(),
    }
}

/// A row whose values are in `row_data`.
pub(crate) fn upsert_encoded<const N: usize>(table: &str, row_data: [(&str, &[u8]); N]) -> Record {
    let value = |(name, bytes): (&str, &[u8])| (name.to_owned(), bytes.to_owned());
    Record { row_data: BTreeMap::from(row_data.map(value)), ..upsert(table, []) }
}

pub(crate) fn upsert<const N: usize>(table: &str, data: [(&str, Inner); N]) -> Record {
    record(RecordType::Upsert, table, data)
}

pub(crate) fn update<const N: usize>(table: &str, data: [(&str, Inner); N]) -> Record {
    record(RecordType::Update, table, data)
}

pub(crate) fn delete<const N: usize>(table: &str, data: [(&str, Inner); N]) -> Record {
    record(RecordType::Delete, table, data)
}

pub(crate) fn truncate(table: &str) -> Record {
    record(RecordType::Truncate, table, [])
}

/// A whole row of [`cpu`].
pub(crate) fn load(host: &str, load: f64) -> Record {
    upsert("cpu", [("host", text(host)), ("load", Inner::Double(load))])
}

pub(crate) fn in_schema(schema: &str, record: Record) -> Record {
    Record { schema_name: Some(schema.to_owned()), ..record }
}

pub(crate) fn one(record: Record) -> UpdateResponse {
    message(Operation::Record(record))
}

pub(crate) fn batch(records: impl Into<Vec<Record>>) -> UpdateResponse {
    message(Operation::Records(Records { records: records.into() }))
}

pub(crate) fn checkpoint(state_json: &str) -> UpdateResponse {
    message(Operation::Checkpoint(Checkpoint { state_json: state_json.to_owned() }))
}

pub(crate) fn schema_change(tables: impl Into<Vec<Table>>) -> UpdateResponse {
    let change = schema_change::Change::WithoutSchema(TableList { tables: tables.into() });
    message(Operation::SchemaChange(SchemaChange { change: Some(change) }))
}

pub(crate) fn warning(message_: &str) -> UpdateResponse {
    message(Operation::Warning(Warning { message: message_.to_owned() }))
}

pub(crate) fn task(message_: &str) -> UpdateResponse {
    message(Operation::Task(Task { message: message_.to_owned() }))
}

pub(crate) fn message(operation: Operation) -> UpdateResponse {
    UpdateResponse { operation: Some(operation) }
}
