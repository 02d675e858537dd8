//! One column of one batch, read in order.

use std::iter::StepBy;
use std::slice::IterMut;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrowPrimitiveType};
use sync_core::Value;

use crate::error::Refusal;

/// A value, or why there is none.
pub(crate) type Cell<'a> = Result<Value<'a>, Refusal>;

/// A column's places in a block of rows.
pub(crate) type Slots<'s, 'a> = StepBy<IterMut<'s, Value<'a>>>;

/// A reader as `ArrowRows` holds it: what the column's type means was settled when it was made.
pub(crate) type BoxedReader<'a> = Box<dyn Reader<'a> + 'a>;

/// Lends the values of one column, block by block, so that the dynamic call is made once for many cells.
pub(crate) trait Reader<'a>: Send {
    /// Puts the next values into `slots`. On a refusal, the slots before it are good.
    fn fill(&mut self, slots: Slots<'_, 'a>) -> Result<(), RefusedAt>;
}

/// A refusal, and how many values of the block came before it.
pub(crate) struct RefusedAt {
    pub(crate) row: usize,
    pub(crate) refusal: Refusal,
}

/// Any iterator of cells is a reader: its loop is compiled for its own kind of cell.
impl<'a, I: Iterator<Item = Cell<'a>> + Send> Reader<'a> for I {
    fn fill(&mut self, slots: Slots<'_, 'a>) -> Result<(), RefusedAt> {
        for (row, slot) in slots.enumerate() {
            match self.next() {
                Some(Ok(value)) => *slot = value,
                Some(Err(refusal)) => return Err(RefusedAt { row, refusal }),
                // Never, as long as Arrow keeps the columns of a batch equally long; a slot must not keep what it held before.
                None => {
                    let refusal = Refusal::new("nothing", "the column ends before its batch does");
                    return Err(RefusedAt { row, refusal });
                }
            }
        }
        Ok(())
    }
}

/// Reads an array of Arrow type `T`; `convert` sees what is not null.
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

/// Reads values that may be null; `convert` sees the others.
pub(crate) fn optional<'a, T>(
    values: impl Iterator<Item = Option<T>> + Send + 'a,
    mut convert: impl FnMut(T) -> Cell<'a> + Send + 'a,
) -> BoxedReader<'a> {
    Box::new(values.map(move |value| value.map_or(Ok(Value::Null), &mut convert)))
}
