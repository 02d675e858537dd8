//! What a row looks like.

use std::fmt;

/// A table as the warehouse will see it: the order of its columns is the order of the values in
/// every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The schema that the table belongs to, for sources that group their tables; all tables of a
    /// source do, or none does.
    pub schema: Option<String>,
    /// The table's name as the source spells it.
    pub name: String,
    /// The columns, in the order of the values in every row.
    pub columns: Vec<Column>,
}

impl Table {
    /// A table outside of any schema.
    #[must_use]
    pub fn new(name: impl Into<String>, columns: Vec<Column>) -> Self {
        Self { schema: None, name: name.into(), columns }
    }

    /// The columns that make a row unique; none if the warehouse is to compare whole rows.
    pub fn key(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.primary_key)
    }
}

/// One column of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The column's name as the source spells it.
    pub name: String,
    /// What its values are.
    pub data_type: DataType,
    /// Whether it is part of the key; a key's values are never null.
    pub primary_key: bool,
}

impl Column {
    /// A column that is no part of the key.
    #[must_use]
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type, primary_key: false }
    }

    /// A column of the key.
    #[must_use]
    pub fn key(name: impl Into<String>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type, primary_key: true }
    }
}

/// The types that a source may declare; each is carried by the [`Value`](crate::Value) of the same
/// name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    /// True or false.
    Boolean,
    /// 16 bits, signed.
    Short,
    /// 32 bits, signed.
    Int,
    /// 64 bits, signed.
    Long,
    /// A decimal number.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// 32 bits, IEEE 754.
    Float,
    /// 64 bits, IEEE 754.
    Double,
    /// A calendar date.
    NaiveDate,
    /// A date and time of day without a zone.
    NaiveDateTime,
    /// An instant.
    UtcDateTime,
    /// Bytes.
    Binary,
    /// Text.
    String,
    /// A JSON document.
    Json,
}

impl fmt::Display for DataType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Decimal { precision, scale } => {
                return write!(formatter, "DECIMAL({precision},{scale})");
            }
            Self::Boolean => "BOOLEAN",
            Self::Short => "SHORT",
            Self::Int => "INT",
            Self::Long => "LONG",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::NaiveDate => "NAIVE_DATE",
            Self::NaiveDateTime => "NAIVE_DATETIME",
            Self::UtcDateTime => "UTC_DATETIME",
            Self::Binary => "BINARY",
            Self::String => "STRING",
            Self::Json => "JSON",
        };
        formatter.pad(name)
    }
}

/// All that a source has to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catalog {
    /// Tables in one space of names; each has [`Table::schema`] `None`.
    Tables(Vec<Table>),
    /// Tables grouped in schemas.
    Schemas(Vec<Schema>),
}

/// A named group of tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The schema's name as the source spells it.
    pub name: String,
    /// Its tables; each carries the same name in [`Table::schema`].
    pub tables: Vec<Table>,
}
