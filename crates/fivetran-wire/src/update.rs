//! `Update`: a sync, as a stream of operations.

use std::collections::BTreeMap;

use crate::{SchemaList, TableList, ValueType};

/// Starts a sync.
///
/// Its `Debug` shows the configuration, secrets included: do not log it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct UpdateRequest {
    /// What the customer typed, by field name.
    #[prost(btree_map = "string, string", tag = "1")]
    pub configuration: BTreeMap<String, String>,
    /// What the customer selected; absent: everything.
    #[prost(message, optional, tag = "2")]
    pub selection: Option<Selection>,
    /// The text of the last checkpoint. Absent, empty and `{}` all mean a first sync.
    #[prost(string, optional, tag = "3")]
    pub state_json: Option<String>,
}

/// What the customer selected: with schemas, or without, as the answer of `Schema`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Selection {
    /// With schemas, or without.
    #[prost(oneof = "selection::Selection", tags = "1, 2")]
    pub selection: Option<selection::Selection>,
}

/// The kinds of [`Selection`](crate::Selection).
pub mod selection {
    /// With schemas, or without.
    #[derive(Clone, PartialEq, Eq, prost::Oneof)]
    pub enum Selection {
        /// Tables only.
        #[prost(message, tag = "1")]
        WithoutSchema(super::TablesWithNoSchema),
        /// Tables grouped in schemas.
        #[prost(message, tag = "2")]
        WithSchema(super::TablesWithSchema),
    }
}

/// Choices for tables in one space of names.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TablesWithNoSchema {
    /// The listed tables.
    #[prost(message, repeated, tag = "1")]
    pub tables: Vec<TableSelection>,
    /// The answer for tables that are not listed.
    #[prost(bool, tag = "2")]
    pub include_new_tables: bool,
}

/// Choices for tables grouped in schemas.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TablesWithSchema {
    /// The listed schemas.
    #[prost(message, repeated, tag = "1")]
    pub schemas: Vec<SchemaSelection>,
    /// The answer for schemas that are not listed.
    #[prost(bool, tag = "2")]
    pub include_new_schemas: bool,
}

/// The choice for one schema.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SchemaSelection {
    /// False: nothing of the schema.
    #[prost(bool, tag = "1")]
    pub included: bool,
    /// The schema's name.
    #[prost(string, tag = "2")]
    pub schema_name: String,
    /// The listed tables.
    #[prost(message, repeated, tag = "3")]
    pub tables: Vec<TableSelection>,
    /// The answer for tables that are not listed.
    #[prost(bool, tag = "4")]
    pub include_new_tables: bool,
}

/// The choice for one table.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TableSelection {
    /// False: nothing of the table.
    #[prost(bool, tag = "1")]
    pub included: bool,
    /// The table's name.
    #[prost(string, tag = "2")]
    pub table_name: String,
    /// The listed columns: whether each is included.
    #[prost(btree_map = "string, bool", tag = "3")]
    pub columns: BTreeMap<String, bool>,
    /// The answer for columns that are not listed.
    #[prost(bool, tag = "4")]
    pub include_new_columns: bool,
}

/// One step of a sync.
#[derive(Clone, PartialEq, prost::Message)]
pub struct UpdateResponse {
    /// Which step.
    #[prost(oneof = "update_response::Operation", tags = "1, 2, 3, 4, 5, 6")]
    pub operation: Option<update_response::Operation>,
}

/// The kinds of [`UpdateResponse`].
pub mod update_response {
    /// One step of a sync.
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Operation {
        /// One record.
        #[prost(message, tag = "1")]
        Record(super::Record),
        /// New tables or columns.
        #[prost(message, tag = "2")]
        SchemaChange(super::SchemaChange),
        /// Commits everything that was sent before it.
        #[prost(message, tag = "3")]
        Checkpoint(super::Checkpoint),
        /// Shown to the customer; the sync goes on.
        #[prost(message, tag = "4")]
        Warning(super::Warning),
        /// Shown to the customer; the sync stops.
        #[prost(message, tag = "5")]
        Task(super::Task),
        /// A batch of records.
        #[prost(message, tag = "6")]
        Records(super::Records),
    }
}

/// New tables or columns: with schemas, or without, as the answer of `Schema`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SchemaChange {
    /// With schemas, or without.
    #[prost(oneof = "schema_change::Change", tags = "1, 2")]
    pub change: Option<schema_change::Change>,
}

/// The kinds of [`SchemaChange`].
pub mod schema_change {
    /// With schemas, or without.
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Change {
        /// Tables grouped in schemas.
        #[prost(message, tag = "1")]
        WithSchema(super::SchemaList),
        /// Tables only.
        #[prost(message, tag = "2")]
        WithoutSchema(super::TableList),
    }
}

/// A batch of records, at most [`RECORDS_PER_MESSAGE`](crate::limit::RECORDS_PER_MESSAGE).
#[derive(Clone, PartialEq, prost::Message)]
pub struct Records {
    /// The records.
    #[prost(message, repeated, tag = "1")]
    pub records: Vec<Record>,
}

/// A change of one row, or of a whole table.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Record {
    /// The schema's name if, and only if, tables came grouped in schemas.
    #[prost(string, optional, tag = "1")]
    pub schema_name: Option<String>,
    /// The table's name.
    #[prost(string, tag = "2")]
    pub table_name: String,
    /// What happens.
    #[prost(enumeration = "RecordType", tag = "3")]
    pub r#type: i32,
    /// Values by column.
    #[prost(btree_map = "string, message", tag = "4")]
    pub data: BTreeMap<String, ValueType>,
    /// Values by column in the other form that records of the Connector SDK may have; `data` is
    /// then empty. A value is a byte for its kind and, but for NULL, its text or bytes. The Partner
    /// SDK does not have this field, and a connector of it does not send it.
    #[prost(btree_map = "string, bytes", tag = "5")]
    pub row_data: BTreeMap<String, Vec<u8>>,
}

/// What a [`Record`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum RecordType {
    /// Deletes the row of this key and inserts this one: carries every selected column.
    Upsert = 0,
    /// Changes columns of the row of this key: carries the key and the changed columns.
    Update = 1,
    /// Marks the row of this key as deleted: carries the key.
    Delete = 2,
    /// Marks as deleted every row that was synced before: carries no data.
    Truncate = 3,
}

/// Vouches for everything before it.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Checkpoint {
    /// The state: a JSON object, which comes back whole in the next [`UpdateRequest`].
    #[prost(string, tag = "1")]
    pub state_json: String,
}

/// Shown on the customer's dashboard; the sync goes on.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Warning {
    /// The text.
    #[prost(string, tag = "1")]
    pub message: String,
}

/// Shown on the customer's dashboard; the sync stops.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Task {
    /// The text.
    #[prost(string, tag = "1")]
    pub message: String,
}
