//! Text and bytes, in all their layouts.

use arrow::array::*;
use sync_core::DataType::{Binary, Json, String as Text};
use sync_core::Value;

use crate::support::{check, check_natural, check_refused, refusal};

const LONG: &str = "longer than the twelve bytes that a view holds itself";

#[test]
fn text_in_every_layout() {
    let texts = vec![Some("ε 🚀"), None, Some(""), Some(LONG)];
    let expect = [Value::String("ε 🚀"), Value::Null, Value::String(""), Value::String(LONG)];
    check_natural(StringArray::from(texts.clone()), Text, &expect);
    check_natural(LargeStringArray::from(texts.clone()), Text, &expect);
    check_natural(StringViewArray::from(texts), Text, &expect);
}

#[test]
fn bytes_in_every_layout() {
    let bytes: Vec<Option<&[u8]>> = vec![Some(&[0, 255]), None, Some(&[]), Some(LONG.as_bytes())];
    let expect =
        [Value::Binary(&[0, 255]), Value::Null, Value::Binary(&[]), Value::Binary(LONG.as_bytes())];
    check_natural(BinaryArray::from(bytes.clone()), Binary, &expect);
    check_natural(LargeBinaryArray::from(bytes.clone()), Binary, &expect);
    check_natural(BinaryViewArray::from(bytes), Binary, &expect);
    let fixed: Vec<Option<&[u8]>> = vec![Some(&[1, 2]), None, Some(&[3, 4])];
    let expect = [Value::Binary(&[1, 2]), Value::Null, Value::Binary(&[3, 4])];
    let array = FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed.into_iter(), 2).unwrap();
    check_natural(array, Binary, &expect);
}

#[test]
fn text_becomes_json_if_it_is() {
    let documents = [r#"{"a":[1,null]}"#, "1e400", "\"ε\"", " null "];
    let mut texts: Vec<_> = documents.into_iter().map(Some).collect();
    texts.push(None);
    let mut expect = documents.map(Value::Json).to_vec();
    expect.push(Value::Null);
    check(StringArray::from(texts.clone()), Json, &expect);
    check(LargeStringArray::from(texts.clone()), Json, &expect);
    check(StringViewArray::from(texts.clone()), Json, &expect);
    check(
        texts.into_iter().collect::<DictionaryArray<arrow::datatypes::Int8Type>>(),
        Json,
        &expect,
    );
}

#[test]
fn text_that_is_no_json_is_refused() {
    for text in ["", "{", "nul", "{'a':1}", "1 2", "NaN"] {
        check_refused(
            StringArray::from(vec!["1", text]),
            Json,
            1,
            text,
            "it is no JSON document: ",
        );
    }
}

#[test]
fn a_message_shows_the_beginning_of_a_long_value() {
    let (_, error) = refusal(StringArray::from(vec!["é".repeat(1_000)]), Json);
    assert_eq!(error.value, format!("{}…", "é".repeat(100)));
}

#[test]
fn a_column_of_nulls_fits_every_type() {
    check_natural(NullArray::new(3), Text, &[Value::Null; 3]);
    check(NullArray::new(3), Json, &[Value::Null; 3]);
    check(NullArray::new(3), Binary, &[Value::Null; 3]);
}
