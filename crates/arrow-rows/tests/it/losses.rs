//! Counts of losses.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{Float64Type, Int32Type};
use arrow_rows::LossKind::{NotFinite, SubMicrosecond};
use arrow_rows::TimeText::{Microseconds, Nanoseconds};
use arrow_rows::{ArrowRows, LossKind, TimeText};
use sync_core::DataType::{Double, Float, Json, String as Text, UtcDateTime};
use sync_core::{Column, DataType, Rows, Table};

use crate::support::losses;

#[track_caller]
fn check(array: impl Array + 'static, to: DataType, times: TimeText, twice: &[(LossKind, u64)]) {
    assert_eq!(losses(array, to, times), twice);
}

#[test]
fn numbers_that_are_not_finite() {
    let array = || Float64Array::from(vec![Some(f64::NAN), None, Some(1.0), Some(f64::INFINITY)]);
    check(array(), Double, Nanoseconds, &[(NotFinite, 4)]);
    check(array(), Float, Nanoseconds, &[(NotFinite, 4)]);
    check(array(), Text, Nanoseconds, &[(NotFinite, 4)]);
    check(Float64Array::from(vec![f64::MAX]), Double, Nanoseconds, &[]);
    // In a dictionary, each use of a value counts.
    let keys = Int32Array::from(vec![Some(0), Some(0), Some(1), None]);
    let array =
        DictionaryArray::<Int32Type>::new(keys, Arc::new(Float64Array::from(vec![f64::NAN, 1.0])));
    check(array, Double, Nanoseconds, &[(NotFinite, 4)]);
    let lists = vec![Some(vec![Some(f64::NAN), Some(f64::NAN)]), None, Some(vec![])];
    let array = ListArray::from_iter_primitive::<Float64Type, _, _>(lists);
    check(array, Json, Nanoseconds, &[(NotFinite, 4)]);
}

#[test]
fn nanoseconds_that_six_digits_do_not_show() {
    let array = || TimestampNanosecondArray::from(vec![Some(1), Some(-1), Some(1_000), None]);
    check(array(), Text, Microseconds, &[(SubMicrosecond, 4)]);
    check(array(), Text, Nanoseconds, &[]);
    check(array(), UtcDateTime, Microseconds, &[]);
    check(TimestampSecondArray::from(vec![1]), Text, Microseconds, &[]);
}

#[test]
fn losses_name_their_column() {
    let bad: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN]));
    let names = ["a", "b", "c"];
    let batch = RecordBatch::try_from_iter(names.map(|name| (name, bad.clone()))).unwrap();
    let table = Table::new("t", ["c", "a"].map(|name| Column::new(name, Double)).to_vec());
    let mut rows = ArrowRows::new(&batch.schema(), &table, Nanoseconds).unwrap();
    assert_eq!(rows.losses().count(), 0);
    assert!(rows.of(&batch).unwrap().next_row().unwrap().is_some());
    let names: Vec<_> = rows.losses().map(|loss| loss.column).collect();
    assert_eq!(names, ["c", "a"]);
}
