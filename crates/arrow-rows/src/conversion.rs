//! Chooses how an Arrow array is read as values of a column's type.
//!
//! [`casts`](crate::casts()) lists which Arrow types can become which column types. Here is a
//! function for each of these pairs.

use arrow_array::{Array, ArrayRef};
use arrow_schema::{ArrowError, DataType as ArrowType};
use sync_core::{DataType, Value};

use crate::logical_array::LogicalArray;
use crate::loss::Losses;
use crate::reader::BoxedReader;
use crate::text::decimal::{DecimalType, decimals};
use crate::text::json::documents;
use crate::text::scalar::scalar;
use crate::text::{TextBuffer, TimeText, WriteCell};
use crate::value::{borrowed, number, time};

/// The memory of one column, which every batch uses again. Readers borrow values from it.
#[derive(Debug, Default)]
pub(crate) struct ColumnBuffers {
    text: TextBuffer,
    /// A copy of the array without its encoding, if one was needed.
    decoded: Option<ArrayRef>,
}

impl ColumnBuffers {
    pub(crate) fn losses(&self) -> &Losses {
        &self.text.out.losses
    }
}

/// Reads an array as values of type `to`.
pub(crate) fn read<'a>(
    array: &'a ArrayRef,
    to: DataType,
    times: TimeText,
    buffers: &'a mut ColumnBuffers,
) -> Result<BoxedReader<'a>, ArrowError> {
    let ColumnBuffers { text, decoded } = buffers;
    let mut array = array;
    if !borrowed::is_text(array.data_type()) {
        let logical = LogicalArray::of(array)?;
        if let Some(cells) = write(&logical.values, to, times)? {
            return match to {
                DataType::Decimal { .. } => {
                    text.read(&logical, array.len(), &*cells, Value::Decimal)
                }
                DataType::Json => text.read(&logical, array.len(), &*cells, Value::Json),
                _ => text.read(&logical, array.len(), &*cells, Value::String),
            };
        }
        *decoded = logical.materialize()?;
        array = decoded.as_ref().unwrap_or(array);
    }
    // `can_become` has accepted this pair of types before any batch is read. `None` thus means that
    // `borrow` lacks a pair which the tables of `casts.rs` list.
    borrow(array, to, &mut text.out.losses)
        .ok_or_else(|| ArrowError::NotYetImplemented(format!("{} as {to}", array.data_type())))
}

/// Finds a writer for values that have to be written as text; `None` if these do not.
fn write(
    array: &dyn Array,
    to: DataType,
    times: TimeText,
) -> Result<Option<Box<dyn WriteCell>>, ArrowError> {
    Ok(match to {
        DataType::Decimal { precision, scale } => decimals(array, DecimalType { precision, scale }),
        DataType::String | DataType::Json if array.data_type().is_nested() => {
            Some(documents(array, times)?)
        }
        DataType::String => scalar(array, times),
        _ => None,
    })
}

/// Reads values that are copies of what the array holds, or slices of it.
fn borrow<'a>(
    array: &'a dyn Array,
    to: DataType,
    losses: &'a mut Losses,
) -> Option<BoxedReader<'a>> {
    match to {
        _ if array.data_type().is_null() => Some(nulls(array.len())),
        DataType::Boolean => number::booleans(array),
        DataType::Short => number::shorts(array),
        DataType::Int => number::ints(array),
        DataType::Long if matches!(array.data_type(), ArrowType::Timestamp(_, _)) => {
            time::nanoseconds(array)
        }
        DataType::Long => number::longs(array),
        DataType::Float => number::floats(array, losses),
        DataType::Double => number::doubles(array, losses),
        DataType::NaiveDate => time::naive_dates(array),
        DataType::NaiveDateTime => time::naive_datetimes(array),
        DataType::UtcDateTime => time::utc_datetimes(array),
        DataType::Binary => borrowed::binaries(array),
        DataType::String => borrowed::strings(array),
        DataType::Json => borrowed::json(array),
        DataType::Decimal { .. } => None,
    }
}

fn nulls<'a>(rows: usize) -> BoxedReader<'a> {
    Box::new(std::iter::repeat_n((), rows).map(|()| Ok(Value::Null)))
}
