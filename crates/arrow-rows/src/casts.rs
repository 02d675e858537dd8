//! Which column types an Arrow type can become: its natural one, and those that a customer can
//! choose.

use std::mem::discriminant;

use arrow_schema::{DataType as ArrowType, Field, TimeUnit};
use sync_core::DataType;

/// The natural column type of an Arrow type: the one that its values have unless another is chosen.
///
/// `None` for types that a warehouse cannot hold: unions, and structs that use a name twice, also
/// inside of other types.
///
/// | Arrow | column |
/// |---|---|
/// | Boolean | BOOLEAN |
/// | Int8, Int16, UInt8 | SHORT |
/// | Int32, UInt16 | INT |
/// | Int64, UInt32 | LONG |
/// | UInt64 | DECIMAL(20,0) |
/// | Float16, Float32 | FLOAT |
/// | Float64 | DOUBLE |
/// | Decimal32 to Decimal256 | DECIMAL; a negative scale becomes whole digits |
/// | Date32, Date64 | NAIVE_DATE |
/// | Timestamp, with or without a zone | UTC_DATETIME |
/// | Time32, Time64, Duration, Interval | STRING, after ISO 8601 |
/// | Utf8, LargeUtf8, Utf8View | STRING |
/// | Binary, LargeBinary, BinaryView, FixedSizeBinary | BINARY |
/// | lists and list views of all kinds, Struct, Map | JSON |
/// | Null | STRING, always NULL |
/// | Dictionary, RunEndEncoded | what its values are |
///
/// As text
/// - a time of day has the digits of its unit: `06:36:58.190`;
/// - a duration is in seconds only, since days differ in length: `PT90061.5S`;
/// - an interval is `P1Y2M3DT4.5S`. As ISO 8601-2 says, a minus stands before the `P` if no part is
///   positive, and otherwise before each negative part: `P1M-2D`.
///
/// In a JSON document
/// - booleans, integers and floats are JSON's own; a float that is not finite is `null`, and
///   counted as a loss;
/// - decimals are strings: most readers of JSON would read a number as a double, and round it;
/// - times are strings, in the form of [`TimeText`](crate::TimeText);
/// - bytes are strings of lowercase hex digits;
/// - a struct is an object with all of its fields, nulls included;
/// - a map is an object whose keys are written as text. Two keys with the same text are a
///   [`RowError`](sync_core::RowError), as is a key that is null.
#[must_use]
pub fn column_type(arrow: &ArrowType) -> Option<DataType> {
    Some(match arrow {
        ArrowType::Boolean => DataType::Boolean,
        ArrowType::Int8 | ArrowType::Int16 | ArrowType::UInt8 => DataType::Short,
        ArrowType::Int32 | ArrowType::UInt16 => DataType::Int,
        ArrowType::Int64 | ArrowType::UInt32 => DataType::Long,
        ArrowType::UInt64 => DataType::Decimal { precision: 20, scale: 0 },
        ArrowType::Float16 | ArrowType::Float32 => DataType::Float,
        ArrowType::Float64 => DataType::Double,
        ArrowType::Decimal32(precision, scale)
        | ArrowType::Decimal64(precision, scale)
        | ArrowType::Decimal128(precision, scale)
        | ArrowType::Decimal256(precision, scale) => decimal(*precision, *scale),
        ArrowType::Date32 | ArrowType::Date64 => DataType::NaiveDate,
        ArrowType::Timestamp(_, _) => DataType::UtcDateTime,
        ArrowType::Utf8
        | ArrowType::LargeUtf8
        | ArrowType::Utf8View
        | ArrowType::Time32(TimeUnit::Second | TimeUnit::Millisecond)
        | ArrowType::Time64(TimeUnit::Microsecond | TimeUnit::Nanosecond)
        | ArrowType::Duration(_)
        | ArrowType::Interval(_)
        | ArrowType::Null => DataType::String,
        // Arrow does not have these pairs of width and unit.
        ArrowType::Time32(_) | ArrowType::Time64(_) | ArrowType::Union(_, _) => return None,
        ArrowType::Binary
        | ArrowType::LargeBinary
        | ArrowType::BinaryView
        | ArrowType::FixedSizeBinary(_) => DataType::Binary,
        ArrowType::List(item)
        | ArrowType::LargeList(item)
        | ArrowType::ListView(item)
        | ArrowType::LargeListView(item)
        | ArrowType::FixedSizeList(item, _)
        // The item of a map is a struct with a key and a value.
        | ArrowType::Map(item, _) => column_type(item.data_type()).map(|_| DataType::Json)?,
        ArrowType::Struct(fields) => {
            let mut names: Vec<_> = fields.iter().map(|field| field.name()).collect();
            names.sort_unstable();
            let distinct = names.array_windows().all(|[one, next]| one != next);
            let held = |field: &Field| column_type(field.data_type()).is_some();
            (distinct && fields.iter().all(|field| held(field))).then_some(DataType::Json)?
        }
        ArrowType::Dictionary(_, values) => return column_type(values),
        ArrowType::RunEndEncoded(_, values) => return column_type(values.data_type()),
    })
}

/// A DECIMAL that holds all values of an Arrow decimal.
///
/// Arrow's scale may be negative (hundreds, thousands, ...) or larger than the precision. A
/// warehouse's may not.
fn decimal(precision: u8, scale: i8) -> DataType {
    let size = scale.unsigned_abs();
    match scale {
        ..0 => DataType::Decimal { precision: precision.saturating_add(size), scale: 0 },
        0.. => DataType::Decimal { precision: precision.max(size), scale: size },
    }
}

/// The column types that a customer can choose for an Arrow type, besides its [`column_type`].
///
/// A DECIMAL stands for every precision and scale. Each value is checked: one that does not fit is
/// a [`RowError`](sync_core::RowError), unless this table says otherwise.
///
/// | Arrow | can become | how |
/// |---|---|---|
/// | Boolean | SHORT, INT, LONG | 0 or 1 |
/// | | STRING | `false` or `true` |
/// | integers | SHORT, INT, LONG, DECIMAL | if in range |
/// | | DOUBLE | if exact |
/// | | STRING | decimal digits |
/// | Float16, Float32 | DOUBLE | exact |
/// | Float64 | FLOAT | rounded, as long as it stays finite |
/// | floats | STRING | the shortest text that reads back the same |
/// | decimals | DECIMAL, STRING | exact |
/// | Date32, Date64 | NAIVE_DATETIME | midnight |
/// | | STRING | ISO 8601 |
/// | Timestamp | NAIVE_DATETIME | as in UTC |
/// | | NAIVE_DATE | the day in UTC; the time of day is dropped |
/// | | LONG | nanoseconds since 1970-01-01T00:00:00Z, if in range |
/// | | STRING | ISO 8601 in UTC, see [`TimeText`](crate::TimeText) |
/// | Utf8, LargeUtf8, Utf8View | JSON | if each value is a JSON document |
/// | lists, Struct, Map | STRING | the text of the JSON document |
/// | Null | everything | always NULL |
/// | Dictionary, RunEndEncoded | what its values can become | |
#[must_use]
pub fn casts(arrow: &ArrowType) -> Vec<DataType> {
    let Some(natural) = column_type(arrow) else { return Vec::new() };
    let types: &[DataType] = match arrow {
        ArrowType::Dictionary(_, values) => return casts(values),
        ArrowType::RunEndEncoded(_, values) => return casts(values.data_type()),
        ArrowType::Boolean => &[DataType::Short, DataType::Int, DataType::Long, DataType::String],
        _ if arrow.is_integer() => &[
            DataType::Short,
            DataType::Int,
            DataType::Long,
            // It holds every 64-bit integer.
            DataType::Decimal { precision: 20, scale: 0 },
            DataType::Double,
            DataType::String,
        ],
        _ if arrow.is_floating() => &[DataType::Float, DataType::Double, DataType::String],
        ArrowType::Date32 | ArrowType::Date64 => &[DataType::NaiveDateTime, DataType::String],
        ArrowType::Timestamp(_, _) => {
            &[DataType::NaiveDateTime, DataType::NaiveDate, DataType::Long, DataType::String]
        }
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => &[DataType::Json],
        ArrowType::Null => &[
            DataType::Boolean,
            DataType::Short,
            DataType::Int,
            DataType::Long,
            DataType::Decimal { precision: 38, scale: 0 },
            DataType::Float,
            DataType::Double,
            DataType::NaiveDate,
            DataType::NaiveDateTime,
            DataType::UtcDateTime,
            DataType::Binary,
            DataType::Json,
        ],
        _ if arrow.is_decimal() || natural == DataType::Json => &[DataType::String],
        _ => &[],
    };
    types.iter().filter(|&&to| to != natural).copied().collect()
}

/// Whether the values of an Arrow type can become values of type `to`: it is the natural type, or
/// one of the [`casts()`].
#[must_use]
pub fn can_become(arrow: &ArrowType, to: DataType) -> bool {
    possible_types(arrow).iter().any(|possible| discriminant(possible) == discriminant(&to))
}

/// The natural type, and the casts after it.
pub(crate) fn possible_types(arrow: &ArrowType) -> Vec<DataType> {
    column_type(arrow).into_iter().chain(casts(arrow)).collect()
}
