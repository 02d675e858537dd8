//! Reads booleans and numbers.

use std::fmt::Display;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_schema::DataType as ArrowType;
use sync_core::{DataType, Value};

use crate::error::CellError;
use crate::loss::Losses;
use crate::reader::{BoxedReader, Cell, optional, primitive};

pub(crate) fn booleans<'a>(array: &'a dyn Array) -> Option<BoxedReader<'a>> {
    Some(optional(array.as_boolean_opt()?.iter(), |value| Ok(Value::Bool(value))))
}

/// Reads integers that fit into 16 bits, and booleans as 0 and 1.
pub(crate) fn shorts<'a>(array: &'a dyn Array) -> Option<BoxedReader<'a>> {
    integers(array, |value| {
        i16::try_from(value).map(Value::Short).map_err(|_| out_of_range(value, DataType::Short))
    })
}

/// Reads integers that fit into 32 bits, and booleans as 0 and 1.
pub(crate) fn ints<'a>(array: &'a dyn Array) -> Option<BoxedReader<'a>> {
    integers(array, |value| {
        i32::try_from(value).map(Value::Int).map_err(|_| out_of_range(value, DataType::Int))
    })
}

/// Reads integers that fit into 64 bits, and booleans as 0 and 1.
pub(crate) fn longs<'a>(array: &'a dyn Array) -> Option<BoxedReader<'a>> {
    integers(array, |value| {
        i64::try_from(value).map(Value::Long).map_err(|_| out_of_range(value, DataType::Long))
    })
}

/// Reads floats, rounded to 32 bits. One that is not finite becomes null, and is counted as a loss.
pub(crate) fn floats<'a>(array: &'a dyn Array, losses: &'a mut Losses) -> Option<BoxedReader<'a>> {
    finite(array, losses, |value| {
        let rounded = value as f32;
        if rounded.is_finite() {
            Ok(Value::Float(rounded))
        } else {
            Err(out_of_range(value, DataType::Float))
        }
    })
}

/// Reads floats, and integers that a double holds exactly. A float that is not finite becomes null,
/// and is counted as a loss.
pub(crate) fn doubles<'a>(array: &'a dyn Array, losses: &'a mut Losses) -> Option<BoxedReader<'a>> {
    if array.data_type().is_integer() {
        return integers(array, |value| {
            let double = value as f64;
            // In 128 bits the conversion back does not saturate, as it could in 64.
            if double as i128 == value {
                Ok(Value::Double(double))
            } else {
                Err(CellError::new(value, "a DOUBLE would round it"))
            }
        });
    }
    finite(array, losses, |value| Ok(Value::Double(value)))
}

#[cold]
pub(crate) fn out_of_range(value: impl Display, data_type: DataType) -> CellError {
    CellError::new(value, format!("it is out of the range of {data_type}"))
}

/// Reads integers of every type. `convert` gets them as `i128`, which the compiler narrows again.
fn integers<'a>(
    array: &'a dyn Array,
    convert: impl Fn(i128) -> Cell<'a> + Send + 'a,
) -> Option<BoxedReader<'a>> {
    Some(match array.data_type() {
        ArrowType::Boolean => optional(array.as_boolean().iter(), move |v| convert(v.into())),
        ArrowType::Int8 => primitive::<Int8Type>(array, move |value| convert(value.into())),
        ArrowType::Int16 => primitive::<Int16Type>(array, move |value| convert(value.into())),
        ArrowType::Int32 => primitive::<Int32Type>(array, move |value| convert(value.into())),
        ArrowType::Int64 => primitive::<Int64Type>(array, move |value| convert(value.into())),
        ArrowType::UInt8 => primitive::<UInt8Type>(array, move |value| convert(value.into())),
        ArrowType::UInt16 => primitive::<UInt16Type>(array, move |value| convert(value.into())),
        ArrowType::UInt32 => primitive::<UInt32Type>(array, move |value| convert(value.into())),
        ArrowType::UInt64 => primitive::<UInt64Type>(array, move |value| convert(value.into())),
        _ => return None,
    })
}

/// Reads floats of every type. `convert` gets those that are finite.
fn finite<'a>(
    array: &'a dyn Array,
    losses: &'a mut Losses,
    convert: impl Fn(f64) -> Cell<'a> + Send + 'a,
) -> Option<BoxedReader<'a>> {
    let mut finite = move |value: f64| {
        if value.is_finite() {
            convert(value)
        } else {
            losses.not_finite += 1;
            Ok(Value::Null)
        }
    };
    Some(match array.data_type() {
        ArrowType::Float16 => primitive::<Float16Type>(array, move |value| finite(value.into())),
        ArrowType::Float32 => primitive::<Float32Type>(array, move |value| finite(value.into())),
        ArrowType::Float64 => primitive::<Float64Type>(array, finite),
        _ => return None,
    })
}
