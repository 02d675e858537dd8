//! `Schema`: tables and columns, with their types.

use std::collections::BTreeMap;

/// Asks for tables and columns.
///
/// Its `Debug` shows the configuration, secrets included: do not log it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SchemaRequest {
    /// What the customer typed, by field name.
    #[prost(btree_map = "string, string", tag = "1")]
    pub configuration: BTreeMap<String, String>,
}

/// Tables and columns.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SchemaResponse {
    /// `Some(false)` lets customers exclude tables and columns, which is recommended.
    #[prost(bool, optional, tag = "4")]
    pub selection_not_supported: Option<bool>,
    /// The tables. If they are grouped in schemas, [`Selection`](crate::Selection) is too, and each
    /// [`Record`](crate::Record) names its schema.
    #[prost(oneof = "schema_response::Response", tags = "1, 2, 3")]
    pub response: Option<schema_response::Response>,
}

/// The kinds of [`SchemaResponse`].
pub mod schema_response {
    /// The tables, grouped in schemas or not.
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Response {
        /// The connector cannot list tables.
        #[prost(bool, tag = "1")]
        SchemaResponseNotSupported(bool),
        /// Tables grouped in schemas.
        #[prost(message, tag = "2")]
        WithSchema(super::SchemaList),
        /// Tables only.
        #[prost(message, tag = "3")]
        WithoutSchema(super::TableList),
    }
}

/// Tables grouped in schemas.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SchemaList {
    /// The schemas.
    #[prost(message, repeated, tag = "1")]
    pub schemas: Vec<Schema>,
}

/// A named group of tables.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Schema {
    /// The schema's name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its tables.
    #[prost(message, repeated, tag = "2")]
    pub tables: Vec<Table>,
}

/// Tables only.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TableList {
    /// The tables.
    #[prost(message, repeated, tag = "1")]
    pub tables: Vec<Table>,
}

/// A table.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Table {
    /// The table's name, as the source spells it.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its columns.
    #[prost(message, repeated, tag = "2")]
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Column {
    /// The column's name, as the source spells it.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What its values are.
    #[prost(enumeration = "DataType", tag = "2")]
    pub r#type: i32,
    /// Whether it is part of the key.
    #[prost(bool, tag = "3")]
    pub primary_key: bool,
    /// Details of the type; inferred when absent.
    #[prost(message, optional, tag = "4")]
    pub params: Option<DataTypeParams>,
}

/// Details of a type.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct DataTypeParams {
    /// Which details.
    #[prost(oneof = "data_type_params::Params", tags = "1, 2")]
    pub params: Option<data_type_params::Params>,
}

/// The kinds of [`DataTypeParams`].
pub mod data_type_params {
    /// Which details.
    #[derive(Clone, PartialEq, Eq, Hash, prost::Oneof)]
    pub enum Params {
        /// For `DECIMAL`.
        #[prost(message, tag = "1")]
        Decimal(super::DecimalParams),
        /// For `STRING`: the longest value, in bytes.
        #[prost(int32, tag = "2")]
        StringByteLength(i32),
    }
}

/// The size of a decimal column: the most that the source holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct DecimalParams {
    /// Digits in all.
    #[prost(uint32, tag = "1")]
    pub precision: u32,
    /// Digits after the point.
    #[prost(uint32, tag = "2")]
    pub scale: u32,
}

/// The types of columns. Their numbers differ from the field numbers of
/// [`ValueType`](crate::ValueType).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum DataType {
    /// Fivetran infers the type from values.
    Unspecified = 0,
    /// True or false.
    Boolean = 1,
    /// 16 bits, signed.
    Short = 2,
    /// 32 bits, signed.
    Int = 3,
    /// 64 bits, signed.
    Long = 4,
    /// A decimal number, with [`DecimalParams`].
    Decimal = 5,
    /// 32 bits, IEEE 754.
    Float = 6,
    /// 64 bits, IEEE 754.
    Double = 7,
    /// A date.
    NaiveDate = 8,
    /// A date and time of day without a zone.
    NaiveDatetime = 9,
    /// An instant.
    UtcDatetime = 10,
    /// Bytes.
    Binary = 11,
    /// An XML document.
    Xml = 12,
    /// Text.
    String = 13,
    /// A JSON document.
    Json = 14,
    /// A time of day. Not for sources: many destinations have no such type.
    NaiveTime = 15,
}

impl DataType {
    /// The type as the protocol spells it, such as `UTC_DATETIME`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "UNSPECIFIED",
            Self::Boolean => "BOOLEAN",
            Self::Short => "SHORT",
            Self::Int => "INT",
            Self::Long => "LONG",
            Self::Decimal => "DECIMAL",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::NaiveDate => "NAIVE_DATE",
            Self::NaiveDatetime => "NAIVE_DATETIME",
            Self::UtcDatetime => "UTC_DATETIME",
            Self::Binary => "BINARY",
            Self::Xml => "XML",
            Self::String => "STRING",
            Self::Json => "JSON",
            Self::NaiveTime => "NAIVE_TIME",
        }
    }
}
