//! Lists, structs and maps as JSON documents.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType as ArrowType, Field, Fields, Int64Type};
use arrow_rows::TimeText;
use sync_core::DataType::{Json, String as Text};
use sync_core::Value;

use crate::support::{check, check_natural, check_refused, check_times};

/// Each value of `items` in a list of its own.
fn lists(items: impl Array + 'static) -> ListArray {
    let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(vec![1; items.len()]);
    ListArray::new(field, offsets, Arc::new(items), None)
}

fn map(keys: ArrayRef, values: ArrayRef) -> MapArray {
    let fields = Fields::from(vec![
        Field::new("key", keys.data_type().clone(), keys.is_nullable()),
        Field::new("value", values.data_type().clone(), true),
    ]);
    let offsets = OffsetBuffer::from_lengths([keys.len()]);
    let entries = StructArray::new(fields.clone(), vec![keys, values], None);
    let field = Arc::new(Field::new("entries", ArrowType::Struct(fields), false));
    MapArray::new(field, offsets, entries, None, false)
}

#[test]
fn lists_of_every_layout() {
    let items = || vec![Some(vec![Some(1), None]), None, Some(vec![]), Some(vec![Some(i64::MIN)])];
    let [some, empty, low] = ["[1,null]", "[]", "[-9223372036854775808]"].map(Value::Json);
    let expect = [some, Value::Null, empty, low];
    check_natural(ListArray::from_iter_primitive::<Int64Type, _, _>(items()), Json, &expect);
    check_natural(LargeListArray::from_iter_primitive::<Int64Type, _, _>(items()), Json, &expect);
    check_natural(ListViewArray::from_iter_primitive::<Int64Type, _, _>(items()), Json, &expect);
    check_natural(
        LargeListViewArray::from_iter_primitive::<Int64Type, _, _>(items()),
        Json,
        &expect,
    );
    let pairs = vec![Some(vec![Some(1), None]), None, Some(vec![Some(2), Some(3)])];
    let array = FixedSizeListArray::from_iter_primitive::<Int64Type, _, _>(pairs, 2);
    let [some, full] = ["[1,null]", "[2,3]"].map(Value::Json);
    check_natural(array.clone(), Json, &[some, Value::Null, full]);
    check(array, Text, &[Value::String("[1,null]"), Value::Null, Value::String("[2,3]")]);
}

#[test]
fn items_of_every_kind() {
    #[track_caller]
    fn check_item(items: impl Array + 'static, expect: &str) {
        check_natural(lists(items), Json, &[Value::Json(expect)]);
    }
    check_item(NullArray::new(1), "[null]");
    check_item(BooleanArray::from(vec![true]), "[true]");
    check_item(UInt64Array::from(vec![u64::MAX]), "[18446744073709551615]");
    check_item(Float64Array::from(vec![1e300]), "[1e+300]");
    check_item(Float64Array::from(vec![f64::NAN]), "[null]");
    check_item(Float32Array::from(vec![0.1]), "[0.1]");
    check_item(
        Decimal128Array::from(vec![-5]).with_precision_and_scale(38, 2).unwrap(),
        r#"["-0.05"]"#,
    );
    check_item(StringArray::from(vec!["a\"\\\n\u{1}ε"]), r#"["a\"\\\n\u0001ε"]"#);
    check_item(StringViewArray::from(vec!["a\"b"]), r#"["a\"b"]"#);
    check_item(BinaryArray::from(vec![&[0, 255][..]]), r#"["00ff"]"#);
    check_item(FixedSizeBinaryArray::try_from_iter([[16]].into_iter()).unwrap(), r#"["10"]"#);
    check_item(Date32Array::from(vec![-1]), r#"["1969-12-31"]"#);
    check_item(TimestampNanosecondArray::from(vec![1]), r#"["1970-01-01T00:00:00.000000001Z"]"#);
    check_item(DurationSecondArray::from(vec![-1]), r#"["-PT1S"]"#);
    check_item(lists(Int64Array::from(vec![1])), "[[1]]");
    let words: DictionaryArray<arrow::datatypes::Int32Type> = vec![Some("a")].into_iter().collect();
    check_item(words, r#"["a"]"#);
    let runs: RunArray<arrow::datatypes::Int32Type> = vec![None::<&str>].into_iter().collect();
    check_item(runs, "[null]");
}

#[test]
fn times_in_documents_follow_the_form_of_times() {
    let array = lists(TimestampNanosecondArray::from(vec![1_001]));
    let expect = [Value::Json(r#"["1970-01-01T00:00:00.000001Z"]"#)];
    check_times(array, Json, TimeText::Microseconds, &expect);
}

#[test]
fn structs_keep_their_nulls() {
    let fields = Fields::from(vec![
        Field::new("a \"b\"", ArrowType::Int64, true),
        Field::new("c", ArrowType::Utf8, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])),
        Arc::new(StringArray::from(vec![None, None, Some("three")])),
    ];
    let nulls = NullBuffer::from(vec![true, true, false]);
    let array = StructArray::new(fields, columns, Some(nulls));
    let [one, none] =
        [r#"{"a \"b\"":1,"c":null}"#, r#"{"a \"b\"":null,"c":null}"#].map(Value::Json);
    check_natural(array, Json, &[one, none, Value::Null]);
    check_natural(StructArray::new_empty_fields(1, None), Json, &[Value::Json("{}")]);
}

#[test]
fn maps_are_objects_whatever_their_keys() {
    let values = || -> ArrayRef { Arc::new(Int64Array::from(vec![Some(1), None])) };
    for (keys, expect) in [
        (Arc::new(StringArray::from(vec!["a", "\"b\""])) as ArrayRef, r#"{"a":1,"\"b\"":null}"#),
        (Arc::new(Int64Array::from(vec![-1, 2])), r#"{"-1":1,"2":null}"#),
        (Arc::new(BooleanArray::from(vec![true, false])), r#"{"true":1,"false":null}"#),
        (Arc::new(BinaryArray::from(vec![&[1][..], &[2]])), r#"{"01":1,"02":null}"#),
        (Arc::new(Date32Array::from(vec![0, 1])), r#"{"1970-01-01":1,"1970-01-02":null}"#),
        (Arc::new(lists(StringArray::from(vec!["a", "b"]))), r#"{"[\"a\"]":1,"[\"b\"]":null}"#),
    ] {
        check_natural(map(keys, values()), Json, &[Value::Json(expect)]);
    }
    check_natural(
        map(new_empty_array(&ArrowType::Utf8), new_empty_array(&ArrowType::Int64)),
        Json,
        &[Value::Json("{}")],
    );
}

#[test]
fn a_key_that_is_twice_in_a_map_is_refused() {
    let values: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let array = map(Arc::new(StringArray::from(vec!["a", "a"])), values);
    check_refused(array, Json, 0, "a", "twice a key");
}

#[test]
fn a_bad_value_in_a_document_is_refused() {
    let array = lists(Time32SecondArray::from(vec![Some(0), None, Some(-1)]));
    check_refused(array, Json, 2, "-1 units of 1/1 s after midnight", "no time of day");
}
