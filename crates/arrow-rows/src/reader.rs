//! One column of one batch, read in order.

use std::iter::StepBy;
use std::slice::IterMut;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrowPrimitiveType};
use sync_core::Value;

use crate::error::CellError;

/// The value of one row in one column, or why the column cannot hold it.
pub(crate) type Cell<'a> = Result<Value<'a>, CellError>;

/// The places of one column in a block of rows.
pub(crate) type Slots<'s, 'a> = StepBy<IterMut<'s, Value<'a>>>;

/// A reader whose conversion was chosen when it was made.
pub(crate) type BoxedReader<'a> = Box<dyn Reader<'a> + 'a>;

/// Reads the values of one column, a block at a time: one dynamic call then serves many cells.
pub(crate) trait Reader<'a>: Send {
    /// Puts the next values into `slots`. After an error, the slots before it hold their values.
    fn fill(&mut self, slots: Slots<'_, 'a>) -> Result<(), CellErrorAt>;
}

/// An error, and the row of the block that it is in.
pub(crate) struct CellErrorAt {
    pub(crate) row: usize,
    pub(crate) error: CellError,
}

/// Makes every iterator of cells a reader. The loop is compiled for each kind of cell.
impl<'a, I: Iterator<Item = Cell<'a>> + Send> Reader<'a> for I {
    fn fill(&mut self, slots: Slots<'_, 'a>) -> Result<(), CellErrorAt> {
        for (row, slot) in slots.enumerate() {
            match self.next() {
                Some(Ok(value)) => *slot = value,
                Some(Err(error)) => return Err(CellErrorAt { row, error }),
                // Arrow makes the columns of a batch equally long. Were one too short, its slots
                // must not keep the values of the block before.
                None => {
                    let error = CellError::new("nothing", "the column ends before its batch does");
                    return Err(CellErrorAt { row, error });
                }
            }
        }
        Ok(())
    }
}

/// Reads an array of Arrow type `T`. Nulls stay null; `convert` turns the other values into cells.
pub(crate) fn primitive<'a, T: ArrowPrimitiveType>(
    array: &'a dyn Array,
    mut convert: impl FnMut(T::Native) -> Cell<'a> + Send + 'a,
) -> BoxedReader<'a> {
    let array = array.as_primitive::<T>();
    if array.null_count() == 0 {
        Box::new(array.values().iter().map(move |value| convert(*value)))
    } else {
        optional(array.iter(), convert)
    }
}

/// Reads optional values. `None` becomes null; `convert` turns the other values into cells.
pub(crate) fn optional<'a, T>(
    values: impl Iterator<Item = Option<T>> + Send + 'a,
    mut convert: impl FnMut(T) -> Cell<'a> + Send + 'a,
) -> BoxedReader<'a> {
    Box::new(values.map(move |value| value.map_or(Ok(Value::Null), &mut convert)))
}
