//! Reads dictionary and run-end encoded arrays as if they were not encoded.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int32Type, Int64Type, RunEndIndexType, UInt64Type};
use arrow_array::{Array, ArrayRef, RunArray, UInt64Array};
use arrow_buffer::NullBuffer;
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType as ArrowType};
use arrow_select::take::take;

/// An array without its encoding: its values, and the place of each row's value among them.
pub(crate) struct LogicalArray {
    /// The values, in an array that is neither a dictionary nor run-end encoded.
    pub(crate) values: ArrayRef,
    /// For each row the index of its value in `values`, or `None` if the row is null.
    /// Without an encoding there is no such list: each row is at its own index.
    physical: Option<Vec<Option<usize>>>,
    nulls: Option<NullBuffer>,
}

impl LogicalArray {
    pub(crate) fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        let mut values = array.clone();
        let mut physical: Option<Vec<Option<usize>>> = None;
        // Encodings can be nested: the values of a dictionary may be run-end encoded.
        while let Some((inner, step)) = decode_once(&values)? {
            physical = Some(match physical {
                None => step,
                Some(before) => before.into_iter().map(|at| at.and_then(|at| step[at])).collect(),
            });
            values = inner;
        }
        let nulls = values.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        Ok(Self { values, physical, nulls })
    }

    /// The index of a row's value in [`values`](Self::values); `None` if the row is null.
    pub(crate) fn physical_index(&self, row: usize) -> Option<usize> {
        let index = match &self.physical {
            None => row,
            Some(physical) => physical[row]?,
        };
        self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(index)).then_some(index)
    }

    /// Copies the values into an array with one value a row; `None` if the array was not encoded.
    ///
    /// Do not use it for nested values: Arrow's `take` loses rows of lists of size 0, and fails on
    /// nulls inside of nested values.
    pub(crate) fn materialize(&self) -> Result<Option<ArrayRef>, ArrowError> {
        let Some(physical) = &self.physical else { return Ok(None) };
        let indices = physical.iter().map(|at| at.map(|at| at as u64));
        take(&self.values, &UInt64Array::from_iter(indices), None).map(Some)
    }
}

/// The values of an encoded array, and for each row the index of its value.
type Decoded = (ArrayRef, Vec<Option<usize>>);

/// Removes the outermost encoding; `None` if there is none.
fn decode_once(array: &dyn Array) -> Result<Option<Decoded>, ArrowError> {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let keys = cast(dictionary.keys(), &ArrowType::UInt64)?;
        let keys = keys.as_primitive::<UInt64Type>().iter();
        let physical = keys.map(|key| key.map(|key| key as usize)).collect();
        Ok(Some((dictionary.values().clone(), physical)))
    } else if let Some(runs) = array.as_run_opt::<Int16Type>() {
        decode_runs(runs).map(Some)
    } else if let Some(runs) = array.as_run_opt::<Int32Type>() {
        decode_runs(runs).map(Some)
    } else if let Some(runs) = array.as_run_opt::<Int64Type>() {
        decode_runs(runs).map(Some)
    } else {
        Ok(None)
    }
}

fn decode_runs<R: RunEndIndexType>(array: &RunArray<R>) -> Result<Decoded, ArrowError> {
    let rows: Vec<_> = (0..array.len() as u64).collect();
    let runs = array.get_physical_indices(&rows)?;
    Ok((array.values().clone(), runs.into_iter().map(Some).collect()))
}
