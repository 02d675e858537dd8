//! Text and bytes as slices of Arrow's buffers.

use arrow_array::cast::AsArray;
use arrow_array::types::ArrowDictionaryKeyType;
use arrow_array::{Array, ArrayAccessor, DictionaryArray, downcast_dictionary_array};
use arrow_buffer::ArrowNativeType;
use arrow_schema::DataType as ArrowType;
use serde::de::IgnoredAny;
use sync_core::Value;

use crate::error::CellError;
use crate::reader::{BoxedReader, Cell, optional};

/// Reads text.
pub(crate) fn strings<'a>(array: &'a dyn Array) -> Option<BoxedReader<'a>> {
    texts(array, |text| Ok(Value::String(text)))
}

/// Reads text that is a JSON document, and checks that it is one.
pub(crate) fn json<'a>(array: &'a dyn Array) -> Option<BoxedReader<'a>> {
    texts(array, |text| match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(Value::Json(text)),
        Err(error) => Err(CellError::new(text, format!("it is no JSON document: {error}"))),
    })
}

/// Reads bytes.
pub(crate) fn binaries<'a>(array: &'a dyn Array) -> Option<BoxedReader<'a>> {
    let convert = |bytes| Ok(Value::Binary(bytes));
    Some(match array.data_type() {
        ArrowType::Binary => optional(array.as_binary::<i32>().iter(), convert),
        ArrowType::LargeBinary => optional(array.as_binary::<i64>().iter(), convert),
        ArrowType::BinaryView => optional(array.as_binary_view().iter(), convert),
        ArrowType::FixedSizeBinary(_) => optional(array.as_fixed_size_binary().iter(), convert),
        _ => return None,
    })
}

/// Whether [`strings`] reads arrays of this type: text, and dictionaries of text, which need no
/// decoding.
pub(crate) fn is_text(arrow: &ArrowType) -> bool {
    match arrow {
        ArrowType::Dictionary(_, values) => values.is_string(),
        _ => arrow.is_string(),
    }
}

fn texts<'a>(
    array: &'a dyn Array,
    convert: impl Fn(&'a str) -> Cell<'a> + Send + 'a,
) -> Option<BoxedReader<'a>> {
    Some(match array.data_type() {
        ArrowType::Utf8 => optional(array.as_string::<i32>().iter(), convert),
        ArrowType::LargeUtf8 => optional(array.as_string::<i64>().iter(), convert),
        ArrowType::Utf8View => optional(array.as_string_view().iter(), convert),
        ArrowType::Dictionary(_, _) => downcast_dictionary_array! {
            array => return dictionary(array, convert),
            _ => return None,
        },
        _ => return None,
    })
}

fn dictionary<'a, K: ArrowDictionaryKeyType>(
    array: &'a DictionaryArray<K>,
    convert: impl Fn(&'a str) -> Cell<'a> + Send + 'a,
) -> Option<BoxedReader<'a>> {
    let values = array.values();
    Some(match values.data_type() {
        ArrowType::Utf8 => dictionary_values(array, values.as_string::<i32>(), convert),
        ArrowType::LargeUtf8 => dictionary_values(array, values.as_string::<i64>(), convert),
        ArrowType::Utf8View => dictionary_values(array, values.as_string_view(), convert),
        _ => return None,
    })
}

/// Looks up the value of each key. Both a key and a value can be null.
fn dictionary_values<'a, K: ArrowDictionaryKeyType>(
    array: &'a DictionaryArray<K>,
    values: impl ArrayAccessor<Item = &'a str> + Send + 'a,
    convert: impl Fn(&'a str) -> Cell<'a> + Send + 'a,
) -> BoxedReader<'a> {
    let null_values = values.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
    let look_up = move |key: K::Native| {
        let index = key.as_usize();
        match &null_values {
            Some(nulls) if nulls.is_null(index) => Ok(Value::Null),
            _ => convert(values.value(index)),
        }
    };
    optional(array.keys().iter(), look_up)
}
