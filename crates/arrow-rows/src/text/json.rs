//! Lists, structs and maps as JSON documents, in the form that [`column_type`](crate::column_type)
//! describes.

use std::collections::HashSet;
use std::io::Write;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, MapArray, OffsetSizeTrait, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType as ArrowType};

use crate::TimeText;
use crate::error::CellError;
use crate::logical_array::LogicalArray;
use crate::text::number::floats;
use crate::text::scalar::scalar;
use crate::text::{Output, WriteCell};

/// Writes the values of any supported array as JSON documents.
pub(crate) fn documents(
    array: &dyn Array,
    times: TimeText,
) -> Result<Box<dyn WriteCell>, ArrowError> {
    match array.data_type() {
        ArrowType::List(_) => {
            let list = array.as_list::<i32>();
            lists(list.values(), times, between(list.offsets()))
        }
        ArrowType::LargeList(_) => {
            let list = array.as_list::<i64>();
            lists(list.values(), times, between(list.offsets()))
        }
        ArrowType::ListView(_) => {
            let list = array.as_list_view::<i32>();
            lists(list.values(), times, views(list.offsets().to_vec(), list.sizes().to_vec()))
        }
        ArrowType::LargeListView(_) => {
            let list = array.as_list_view::<i64>();
            lists(list.values(), times, views(list.offsets().to_vec(), list.sizes().to_vec()))
        }
        ArrowType::FixedSizeList(_, size) => {
            let list = array.as_fixed_size_list();
            // Arrow slices the values of such an array along with it, so rows count from 0.
            let size = usize::try_from(*size).unwrap_or_default();
            lists(list.values(), times, move |row| row * size..(row + 1) * size)
        }
        ArrowType::Struct(_) => structs(array.as_struct(), times),
        ArrowType::Map(_, _) => maps(array.as_map(), times),
        ArrowType::Null => Ok(Box::new(|_: usize, _: &mut Output| Ok(()))),
        ArrowType::Boolean => known(array, scalar(array, times)),
        number if number.is_integer() => known(array, scalar(array, times)),
        number if number.is_floating() => known(array, floats(array, "null")),
        text if text.is_string() => {
            known(array, texts(array, |text, out| Ok(serde_json::to_writer(&mut out.bytes, text)?)))
        }
        _ => {
            let text = unquoted(array, times)?;
            // These are times, decimals and hex digits, in which JSON has nothing to escape.
            Ok(Box::new(move |row: usize, out: &mut Output| {
                out.push("\"");
                text.write(row, out)?;
                out.push("\"");
                Ok(())
            }))
        }
    }
}

/// The values of an array inside of another array.
struct Items {
    array: LogicalArray,
    cells: Box<dyn WriteCell>,
}

impl Items {
    fn new(array: &ArrayRef, times: TimeText) -> Result<Self, ArrowError> {
        let array = LogicalArray::of(array)?;
        Ok(Self { cells: documents(&array.values, times)?, array })
    }

    fn write(&self, row: usize, out: &mut Output) -> Result<(), CellError> {
        match self.array.physical_index(row) {
            Some(position) => self.cells.write(position, out),
            None => {
                out.push("null");
                Ok(())
            }
        }
    }
}

/// Writes JSON arrays. `range` tells which items belong to a row.
fn lists(
    values: &ArrayRef,
    times: TimeText,
    range: impl Fn(usize) -> Range<usize> + Send + 'static,
) -> Result<Box<dyn WriteCell>, ArrowError> {
    let items = Items::new(values, times)?;
    Ok(Box::new(move |row: usize, out: &mut Output| {
        let mut separator = "[";
        for item in range(row) {
            out.push(separator);
            items.write(item, out)?;
            separator = ",";
        }
        out.push(if separator == "[" { "[]" } else { "]" });
        Ok(())
    }))
}

fn between<O: OffsetSizeTrait>(
    offsets: &OffsetBuffer<O>,
) -> impl Fn(usize) -> Range<usize> + Send + use<O> {
    let offsets = offsets.clone();
    move |row| offsets[row].as_usize()..offsets[row + 1].as_usize()
}

fn views<O: OffsetSizeTrait>(
    offsets: Vec<O>,
    sizes: Vec<O>,
) -> impl Fn(usize) -> Range<usize> + Send {
    move |row| {
        let start = offsets[row].as_usize();
        start..start + sizes[row].as_usize()
    }
}

fn structs(array: &StructArray, times: TimeText) -> Result<Box<dyn WriteCell>, ArrowError> {
    let mut fields = Vec::new();
    for (field, values) in array.fields().iter().zip(array.columns()) {
        let name = serde_json::Value::from(field.name().as_str()).to_string();
        fields.push((name, Items::new(values, times)?));
    }
    Ok(Box::new(move |row: usize, out: &mut Output| {
        out.push("{");
        for (position, (name, items)) in fields.iter().enumerate() {
            out.push(if position == 0 { "" } else { "," });
            out.push(name);
            out.push(":");
            items.write(row, out)?;
        }
        out.push("}");
        Ok(())
    }))
}

fn maps(array: &MapArray, times: TimeText) -> Result<Box<dyn WriteCell>, ArrowError> {
    let keys = LogicalArray::of(array.keys())?;
    let key_text = unquoted(&keys.values, times)?;
    let values = Items::new(array.values(), times)?;
    let entries = between(array.offsets());
    Ok(Box::new(move |row: usize, out: &mut Output| {
        let mut seen = HashSet::new();
        out.push("{");
        for entry in entries(row) {
            let Some(position) = keys.physical_index(entry) else {
                return Err(CellError::new("null", "a key of a map must not be null"));
            };
            out.push(if seen.is_empty() { "" } else { "," });
            // Write the key as plain text first, then take it back and write it with JSON's
            // escapes.
            let start = out.bytes.len();
            key_text.write(position, out)?;
            let key = String::from_utf8(out.bytes.split_off(start))?;
            serde_json::to_writer(&mut out.bytes, &key)?;
            out.push(":");
            values.write(entry, out)?;
            if let Some(key) = seen.replace(key) {
                return Err(CellError::new(key, "it is twice a key of the same map"));
            }
        }
        out.push("}");
        Ok(())
    }))
}

/// Writes scalars as text without quotes, and lists, structs and maps as JSON documents.
fn unquoted(array: &dyn Array, times: TimeText) -> Result<Box<dyn WriteCell>, ArrowError> {
    match array.data_type() {
        nested if nested.is_nested() => documents(array, times),
        text if text.is_string() => known(
            array,
            texts(array, |text, out| {
                out.push(text);
                Ok(())
            }),
        ),
        number if number.is_floating() => known(array, floats(array, "null")),
        _ => match hex(array) {
            None => known(array, scalar(array, times)),
            hex => known(array, hex),
        },
    }
}

fn texts(
    array: &dyn Array,
    write: impl Fn(&str, &mut Output) -> Result<(), CellError> + Send + 'static,
) -> Option<Box<dyn WriteCell>> {
    Some(match array.data_type() {
        ArrowType::Utf8 => {
            let array = array.as_string::<i32>().clone();
            Box::new(move |row: usize, out: &mut Output| write(array.value(row), out))
        }
        ArrowType::LargeUtf8 => {
            let array = array.as_string::<i64>().clone();
            Box::new(move |row: usize, out: &mut Output| write(array.value(row), out))
        }
        ArrowType::Utf8View => {
            let array = array.as_string_view().clone();
            Box::new(move |row: usize, out: &mut Output| write(array.value(row), out))
        }
        _ => return None,
    })
}

fn hex(array: &dyn Array) -> Option<Box<dyn WriteCell>> {
    fn write(bytes: &[u8], out: &mut Output) -> Result<(), CellError> {
        for byte in bytes {
            write!(out.bytes, "{byte:02x}")?;
        }
        Ok(())
    }
    Some(match array.data_type() {
        ArrowType::Binary => {
            let array = array.as_binary::<i32>().clone();
            Box::new(move |row: usize, out: &mut Output| write(array.value(row), out))
        }
        ArrowType::LargeBinary => {
            let array = array.as_binary::<i64>().clone();
            Box::new(move |row: usize, out: &mut Output| write(array.value(row), out))
        }
        ArrowType::BinaryView => {
            let array = array.as_binary_view().clone();
            Box::new(move |row: usize, out: &mut Output| write(array.value(row), out))
        }
        ArrowType::FixedSizeBinary(_) => {
            let array = array.as_fixed_size_binary().clone();
            Box::new(move |row: usize, out: &mut Output| write(array.value(row), out))
        }
        _ => return None,
    })
}

/// Turns `None` into an error.
///
/// [`can_become`](crate::can_become) has accepted the type before any batch is read. `None` thus
/// means that this module does not write a type which the tables of `casts.rs` list.
fn known(
    array: &dyn Array,
    cells: Option<Box<dyn WriteCell>>,
) -> Result<Box<dyn WriteCell>, ArrowError> {
    let unknown = || ArrowError::NotYetImplemented(format!("{} as JSON", array.data_type()));
    cells.ok_or_else(unknown)
}
