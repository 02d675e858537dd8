//! Dictionaries and runs, laid out plainly.

use arrow::array::{Array, ArrayRef, AsArray, RunArray, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{Int16Type, Int32Type, Int64Type, RunEndIndexType};
use arrow::error::ArrowError;

/// The same values in an array that is neither a dictionary nor run-end encoded; `None` if `array` is such an array already.
///
/// This copies, once per batch. Dictionaries of text, which tags are, have a reader that does not need it.
pub(crate) fn unpacked(array: &dyn Array) -> Result<Option<ArrayRef>, ArrowError> {
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        taken(dictionary.values(), dictionary.keys()).map(Some)
    } else if let Some(runs) = array.as_run_opt::<Int16Type>() {
        unpacked_runs(runs).map(Some)
    } else if let Some(runs) = array.as_run_opt::<Int32Type>() {
        unpacked_runs(runs).map(Some)
    } else if let Some(runs) = array.as_run_opt::<Int64Type>() {
        unpacked_runs(runs).map(Some)
    } else {
        Ok(None)
    }
}

fn unpacked_runs<R: RunEndIndexType>(array: &RunArray<R>) -> Result<ArrayRef, ArrowError> {
    let rows: Vec<_> = (0..array.len() as u64).collect();
    let runs = array.get_physical_indices(&rows)?;
    let indices = UInt64Array::from_iter_values(runs.into_iter().map(|run| run as u64));
    taken(array.values(), &indices)
}

/// Values may be encoded themselves. They are unpacked first, since `take` overlooks that an index into runs is null.
fn taken(values: &ArrayRef, indices: &dyn Array) -> Result<ArrayRef, ArrowError> {
    let plain = unpacked(values)?;
    take(plain.as_ref().unwrap_or(values), indices, None)
}
