//! Where an Arrow type meets what it becomes.
//!
//! Each line serves the Arrow types that its function takes; which pairs there are, [`casts`](crate::casts()) tells the world.

use arrow_array::{Array, ArrayRef};
use arrow_schema::{ArrowError, DataType as ArrowType};
use sync_core::{DataType, Value};

use crate::encoded::Layout;
use crate::loss::Losses;
use crate::reader::BoxedReader;
use crate::text::decimal::{Room, decimals};
use crate::text::json::documents;
use crate::text::plain::plain;
use crate::text::{Texts, TimeText, WriteCell};
use crate::value::{borrowed, number, time};

/// What a column keeps from batch to batch, and what its readers borrow from.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    texts: Texts,
    unpacked: Option<ArrayRef>,
}

impl Memory {
    pub(crate) fn losses(&self) -> &Losses {
        &self.texts.out.losses
    }
}

/// Reads an array as values of type `to`.
pub(crate) fn read<'a>(
    array: &'a ArrayRef,
    to: DataType,
    times: TimeText,
    memory: &'a mut Memory,
) -> Result<BoxedReader<'a>, ArrowError> {
    let Memory { texts, unpacked } = memory;
    let mut array = array;
    if !borrowed::is_text(array.data_type()) {
        let layout = Layout::of(array)?;
        if let Some(cells) = write(&layout.plain, to, times)? {
            return match to {
                DataType::Decimal { .. } => {
                    texts.read(&layout, array.len(), &*cells, Value::Decimal)
                }
                DataType::Json => texts.read(&layout, array.len(), &*cells, Value::Json),
                _ => texts.read(&layout, array.len(), &*cells, Value::String),
            };
        }
        *unpacked = layout.unpacked()?;
        array = unpacked.as_ref().unwrap_or(array);
    }
    // `can_become` was asked before any batch came, so that `None` here is a gap between two tables of this crate.
    lend(array, to, &mut texts.out.losses)
        .ok_or_else(|| ArrowError::NotYetImplemented(format!("{} as {to}", array.data_type())))
}

/// Cells that need a text of their own; `None` if these do not.
fn write(
    array: &dyn Array,
    to: DataType,
    times: TimeText,
) -> Result<Option<Box<dyn WriteCell>>, ArrowError> {
    Ok(match to {
        DataType::Decimal { precision, scale } => decimals(array, Room { precision, scale }),
        DataType::String | DataType::Json if array.data_type().is_nested() => {
            Some(documents(array, times)?)
        }
        DataType::String => plain(array, times),
        _ => None,
    })
}

/// Cells that are copies or slices of what the array holds.
fn lend<'a>(array: &'a dyn Array, to: DataType, losses: &'a mut Losses) -> Option<BoxedReader<'a>> {
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
