//! Dictionaries and runs, seen through.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int32Type, Int64Type, RunEndIndexType, UInt64Type};
use arrow_array::{Array, ArrayRef, RunArray, UInt64Array};
use arrow_buffer::NullBuffer;
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType as ArrowType};
use arrow_select::take::take;

/// Where the values of an array are.
pub(crate) struct Layout {
    /// The array that holds the values: neither a dictionary nor run-end encoded.
    pub(crate) plain: ArrayRef,
    /// Where in it each row's value is, or that there is none; absent if it is where the row is.
    positions: Option<Vec<Option<usize>>>,
    nulls: Option<NullBuffer>,
}

impl Layout {
    pub(crate) fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        let mut plain = array.clone();
        let mut positions: Option<Vec<Option<usize>>> = None;
        // The values of a dictionary or of runs may be either themselves.
        while let Some((values, step)) = step(&plain)? {
            positions = Some(match positions {
                None => step,
                Some(before) => before.into_iter().map(|at| at.and_then(|at| step[at])).collect(),
            });
            plain = values;
        }
        let nulls = plain.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        Ok(Self { plain, positions, nulls })
    }

    /// Where in [`plain`](Self::plain) the value of this row is; `None` if the row is null.
    pub(crate) fn find(&self, row: usize) -> Option<usize> {
        let position = match &self.positions {
            None => row,
            Some(positions) => positions[row]?,
        };
        self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(position)).then_some(position)
    }

    /// The values row by row, copied; `None` if they are that already.
    ///
    /// Only for values that are not nested: `take` loses rows of lists of no items, and trips over nulls further down.
    pub(crate) fn unpacked(&self) -> Result<Option<ArrayRef>, ArrowError> {
        let Some(positions) = &self.positions else { return Ok(None) };
        let indices = positions.iter().map(|at| at.map(|at| at as u64));
        take(&self.plain, &UInt64Array::from_iter(indices), None).map(Some)
    }
}

/// One layer taken off: the values, and where in them each row is.
type Step = (ArrayRef, Vec<Option<usize>>);

fn step(array: &dyn Array) -> Result<Option<Step>, ArrowError> {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let keys = cast(dictionary.keys(), &ArrowType::UInt64)?;
        let keys = keys.as_primitive::<UInt64Type>().iter();
        let positions = keys.map(|key| key.map(|key| key as usize)).collect();
        Ok(Some((dictionary.values().clone(), positions)))
    } else if let Some(runs) = array.as_run_opt::<Int16Type>() {
        run_step(runs).map(Some)
    } else if let Some(runs) = array.as_run_opt::<Int32Type>() {
        run_step(runs).map(Some)
    } else if let Some(runs) = array.as_run_opt::<Int64Type>() {
        run_step(runs).map(Some)
    } else {
        Ok(None)
    }
}

fn run_step<R: RunEndIndexType>(array: &RunArray<R>) -> Result<Step, ArrowError> {
    let rows: Vec<_> = (0..array.len() as u64).collect();
    let runs = array.get_physical_indices(&rows)?;
    Ok((array.values().clone(), runs.into_iter().map(Some).collect()))
}
