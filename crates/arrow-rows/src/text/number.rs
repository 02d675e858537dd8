//! Writes numbers as text: integers, floats and decimals.

use std::fmt::Display;
use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_schema::DataType as ArrowType;

use crate::error::CellError;
use crate::text::{Output, WriteCell};

/// Accepts every number; for [`integers`] and [`decimals`] that may have any number of digits.
pub(super) fn unchecked(_: usize, _: &mut Output) -> Result<(), CellError> {
    Ok(())
}

/// Writes integers. `check` is called after each one, with the place where its text starts.
pub(super) fn integers(
    array: &dyn Array,
    check: impl Fn(usize, &mut Output) -> Result<(), CellError> + Send + 'static,
) -> Option<Box<dyn WriteCell>> {
    fn cells_of<T: ArrowPrimitiveType<Native: itoa::Integer>>(
        array: &dyn Array,
        check: impl Fn(usize, &mut Output) -> Result<(), CellError> + Send + 'static,
    ) -> Box<dyn WriteCell> {
        cells::<T>(array, move |value, out| {
            let start = out.bytes.len();
            out.push(itoa::Buffer::new().format(value));
            check(start, out)
        })
    }
    Some(match array.data_type() {
        ArrowType::Int8 => cells_of::<Int8Type>(array, check),
        ArrowType::Int16 => cells_of::<Int16Type>(array, check),
        ArrowType::Int32 => cells_of::<Int32Type>(array, check),
        ArrowType::Int64 => cells_of::<Int64Type>(array, check),
        ArrowType::UInt8 => cells_of::<UInt8Type>(array, check),
        ArrowType::UInt16 => cells_of::<UInt16Type>(array, check),
        ArrowType::UInt32 => cells_of::<UInt32Type>(array, check),
        ArrowType::UInt64 => cells_of::<UInt64Type>(array, check),
        _ => return None,
    })
}

/// Writes floats as the shortest text that reads back the same, which is a JSON number too.
///
/// Counts a float that is not finite as a loss, and writes `not_finite` instead of it.
pub(super) fn floats(array: &dyn Array, not_finite: &'static str) -> Option<Box<dyn WriteCell>> {
    let lost = move |out: &mut Output| {
        out.losses.not_finite += 1;
        out.push(not_finite);
        Ok(())
    };
    // Do not widen a 32-bit float first: 0.1 would then show digits that nobody wrote.
    let single = move |value: f32, out: &mut Output| match value.is_finite() {
        true => Ok(serde_json::to_writer(&mut out.bytes, &value)?),
        false => lost(out),
    };
    Some(match array.data_type() {
        ArrowType::Float16 => cells::<Float16Type>(array, move |v, out| single(v.to_f32(), out)),
        ArrowType::Float32 => cells::<Float32Type>(array, single),
        ArrowType::Float64 => {
            cells::<Float64Type>(array, move |value, out| match value.is_finite() {
                true => Ok(serde_json::to_writer(&mut out.bytes, &value)?),
                false => lost(out),
            })
        }
        _ => return None,
    })
}

/// Writes decimals. `check` is called after each one, with the place where its text starts.
pub(super) fn decimals(
    array: &dyn Array,
    check: impl Fn(usize, &mut Output) -> Result<(), CellError> + Send + 'static,
) -> Option<Box<dyn WriteCell>> {
    fn cells<T: ArrowPrimitiveType<Native: Display>>(
        array: &dyn Array,
        scale: i8,
        check: impl Fn(usize, &mut Output) -> Result<(), CellError> + Send + 'static,
    ) -> Box<dyn WriteCell> {
        let array = array.as_primitive::<T>().clone();
        Box::new(move |row: usize, out: &mut Output| {
            let start = out.bytes.len();
            write!(out.bytes, "{}", array.value(row))?;
            place_point(start, scale, &mut out.bytes);
            check(start, out)
        })
    }
    Some(match *array.data_type() {
        ArrowType::Decimal32(_, scale) => cells::<Decimal32Type>(array, scale, check),
        ArrowType::Decimal64(_, scale) => cells::<Decimal64Type>(array, scale, check),
        ArrowType::Decimal128(_, scale) => cells::<Decimal128Type>(array, scale, check),
        ArrowType::Decimal256(_, scale) => cells::<Decimal256Type>(array, scale, check),
        _ => return None,
    })
}

/// Divides the integer that starts at `start` by 10 to the power of `scale`, by moving its point.
fn place_point(start: usize, scale: i8, text: &mut Vec<u8>) {
    let first = start + usize::from(text[start] == b'-');
    let size = usize::from(scale.unsigned_abs());
    if scale > 0 {
        let missing = (size + 1).saturating_sub(text.len() - first);
        text.splice(first..first, std::iter::repeat_n(b'0', missing));
        text.insert(text.len() - size, b'.');
    } else if text[first..] != *b"0" {
        text.extend(std::iter::repeat_n(b'0', size));
    }
}

/// Writes each value of an array of Arrow type `T` with `write`.
pub(super) fn cells<T: ArrowPrimitiveType>(
    array: &dyn Array,
    write: impl Fn(T::Native, &mut Output) -> Result<(), CellError> + Send + 'static,
) -> Box<dyn WriteCell> {
    let array = array.as_primitive::<T>().clone();
    Box::new(move |row: usize, out: &mut Output| write(array.value(row), out))
}
