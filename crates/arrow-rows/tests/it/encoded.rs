//! Dictionary and run-end encoded arrays.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;
use sync_core::DataType::{Json, Long, String as Text};
use sync_core::Value;

use crate::support::{check, check_natural, check_refused};

fn tags<K: ArrowDictionaryKeyType>(words: ArrayRef) -> DictionaryArray<K> {
    let keys = [Some(2), None, Some(0), Some(1)];
    let keys = keys.map(|key: Option<usize>| key.and_then(K::Native::from_usize));
    DictionaryArray::new(PrimitiveArray::from_iter(keys), words)
}

#[test]
fn tags_with_keys_of_every_type() {
    let words = || Arc::new(StringArray::from(vec![Some("a"), None, Some("")]));
    let expect = [Value::String(""), Value::Null, Value::String("a"), Value::Null];
    check_natural(tags::<Int8Type>(words()), Text, &expect);
    check_natural(tags::<Int16Type>(words()), Text, &expect);
    check_natural(tags::<Int32Type>(words()), Text, &expect);
    check_natural(tags::<Int64Type>(words()), Text, &expect);
    check_natural(tags::<UInt8Type>(words()), Text, &expect);
    check_natural(tags::<UInt16Type>(words()), Text, &expect);
    check_natural(tags::<UInt32Type>(words()), Text, &expect);
    check_natural(tags::<UInt64Type>(words()), Text, &expect);
}

#[test]
fn dictionaries_of_every_text_and_of_other_values() {
    let words = vec![Some("a"), None, Some("")];
    let expect = [Value::String(""), Value::Null, Value::String("a"), Value::Null];
    check_natural(
        tags::<Int32Type>(Arc::new(LargeStringArray::from(words.clone()))),
        Text,
        &expect,
    );
    check_natural(tags::<Int32Type>(Arc::new(StringViewArray::from(words.clone()))), Text, &expect);
    // The values of a dictionary may be a slice, a dictionary, or run-end encoded.
    let sliced = StringArray::from(vec![Some("other"), Some("a"), None, Some("")]).slice(1, 3);
    check_natural(tags::<Int32Type>(Arc::new(sliced)), Text, &expect);
    let nested: DictionaryArray<UInt8Type> = words.iter().copied().collect();
    check_natural(tags::<Int32Type>(Arc::new(nested)), Text, &expect);
    let runs: RunArray<Int16Type> = words.into_iter().collect();
    check_natural(tags::<Int32Type>(Arc::new(runs)), Text, &expect);

    let numbers = Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(7)]));
    let expect = [Value::Long(7), Value::Null, Value::Long(i64::MIN), Value::Null];
    check_natural(tags::<Int32Type>(numbers), Long, &expect);
}

#[test]
fn a_dictionary_without_words() {
    let keys = Int32Array::from(vec![None, None]);
    check(
        DictionaryArray::new(keys.clone(), new_empty_array(&DataType::Utf8)),
        Text,
        &[Value::Null; 2],
    );
    check(DictionaryArray::new(keys, new_empty_array(&DataType::Int64)), Long, &[Value::Null; 2]);
}

#[test]
fn a_bad_word_counts_only_where_it_is_used() {
    let words = Arc::new(StringArray::from(vec!["1", "no JSON"]));
    let unused = DictionaryArray::new(Int32Array::from(vec![0, 0]), words.clone());
    check(unused, Json, &[Value::Json("1"); 2]);
    let used = DictionaryArray::new(Int32Array::from(vec![0, 1]), words);
    check_refused(used, Json, 1, "no JSON", "it is no JSON document");
}

#[test]
fn runs_of_every_width() {
    fn runs<R: RunEndIndexType>(values: &dyn Array) -> RunArray<R> {
        let ends = [1, 3, 4].map(R::Native::from_usize);
        RunArray::try_new(&PrimitiveArray::from_iter(ends), values).unwrap()
    }
    let values = StringArray::from(vec![Some("a"), Some("b"), None]);
    let expect = [Value::String("a"), Value::String("b"), Value::String("b"), Value::Null];
    check_natural(runs::<Int16Type>(&values), Text, &expect);
    check_natural(runs::<Int32Type>(&values), Text, &expect);
    check_natural(runs::<Int64Type>(&values), Text, &expect);
    let values = Int64Array::from(vec![Some(1), Some(2), None]);
    let expect = [Value::Long(1), Value::Long(2), Value::Long(2), Value::Null];
    check_natural(runs::<Int32Type>(&values), Long, &expect);
    let values: DictionaryArray<Int8Type> = [Some("a"), Some("b"), None].into_iter().collect();
    let expect = [Value::String("a"), Value::String("b"), Value::String("b"), Value::Null];
    check_natural(runs::<Int32Type>(&values), Text, &expect);
}

/// Lists of size 0, whose rows Arrow's `take` loses. They are read without it.
#[test]
fn nested_values_in_dictionaries_and_runs() {
    let item = Arc::new(Field::new_list_field(DataType::Int64, true));
    let none = new_empty_array(&DataType::Int64);
    let empty = FixedSizeListArray::try_new_with_length(item, 0, none, None, 2).unwrap();
    let keys = Int32Array::from(vec![Some(1), None, Some(0)]);
    let expect = [Value::Json("[]"), Value::Null, Value::Json("[]")];
    check_natural(DictionaryArray::new(keys.clone(), Arc::new(empty.clone())), Json, &expect);
    let runs = RunArray::<Int32Type>::try_new(&Int32Array::from(vec![2, 3]), &empty).unwrap();
    check_natural(runs, Json, &[Value::Json("[]"); 3]);

    let lists = vec![Some(vec![Some(1)]), Some(vec![None, Some(2)])];
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>(lists);
    let dictionary = DictionaryArray::new(keys, Arc::new(lists));
    let expect = [Value::Json("[null,2]"), Value::Null, Value::Json("[1]")];
    check_natural(dictionary, Json, &expect);
}
