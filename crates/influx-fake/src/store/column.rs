//! What a column is: a tag, a field of one type, or the time.

use arrow::datatypes::{DataType, Field, TimeUnit};
use influxdb_line_protocol::FieldValue;

/// The field metadata under which InfluxDB says what a column is.
const COLUMN_TYPE: &str = "iox::column::type";

/// The type that a field keeps for ever once a point has used it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Float,
    Integer,
    UInteger,
    String,
    Boolean,
}

impl FieldKind {
    pub(crate) fn of(value: &FieldValue<'_>) -> Self {
        match value {
            FieldValue::F64(_) => Self::Float,
            FieldValue::I64(_) => Self::Integer,
            FieldValue::U64(_) => Self::UInteger,
            FieldValue::String(_) => Self::String,
            FieldValue::Boolean(_) => Self::Boolean,
        }
    }
}

/// The three roles that a column can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Tag,
    Field(FieldKind),
    Time,
}

impl ColumnKind {
    /// The Arrow field of a column in the engine, where a tag is a dictionary. On the wire it is
    /// plain text.
    pub(crate) fn arrow(self, name: &str) -> Field {
        let data_type = match self {
            Self::Tag => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Self::Field(FieldKind::Float) => DataType::Float64,
            Self::Field(FieldKind::Integer) => DataType::Int64,
            Self::Field(FieldKind::UInteger) => DataType::UInt64,
            Self::Field(FieldKind::String) => DataType::Utf8,
            Self::Field(FieldKind::Boolean) => DataType::Boolean,
            Self::Time => DataType::Timestamp(TimeUnit::Nanosecond, None),
        };
        let metadata = [(COLUMN_TYPE.to_owned(), self.iox().to_owned())].into();
        Field::new(name, data_type, self != Self::Time).with_metadata(metadata)
    }

    /// The name that stands in `iox::column::type`, and in the message of a type conflict.
    pub(crate) fn iox(self) -> &'static str {
        match self {
            Self::Tag => "iox::column_type::tag",
            Self::Field(FieldKind::Float) => "iox::column_type::field::float",
            Self::Field(FieldKind::Integer) => "iox::column_type::field::integer",
            Self::Field(FieldKind::UInteger) => "iox::column_type::field::uinteger",
            Self::Field(FieldKind::String) => "iox::column_type::field::string",
            Self::Field(FieldKind::Boolean) => "iox::column_type::field::boolean",
            Self::Time => "iox::column_type::timestamp",
        }
    }

    /// The short name that `system.influxdb_schema` uses.
    pub(crate) fn short(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Field(FieldKind::Float) => "float",
            Self::Field(FieldKind::Integer) => "integer",
            Self::Field(FieldKind::UInteger) => "uinteger",
            Self::Field(FieldKind::String) => "string",
            Self::Field(FieldKind::Boolean) => "boolean",
            Self::Time => "time",
        }
    }
}
