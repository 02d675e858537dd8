//! Helpers for tables of cases.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema};
use arrow_rows::{ArrowRows, LossKind, TimeText, column_type};
use sync_core::{Column, DataType, RowError, Rows, Table, Value};

pub(crate) const fn decimal(precision: u8, scale: u8) -> DataType {
    DataType::Decimal { precision, scale }
}

/// A batch of one column `c`.
pub(crate) fn batch_of(array: ArrayRef) -> RecordBatch {
    let field = Field::new("c", array.data_type().clone(), true);
    RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap()
}

fn converter(batch: &RecordBatch, to: DataType, times: TimeText) -> ArrowRows {
    let table = Table::new("t", vec![Column::new("c", to)]);
    ArrowRows::new(&batch.schema(), &table, times).unwrap()
}

/// Checks that `array` becomes these values, and that its slices do.
#[track_caller]
pub(crate) fn check(array: impl Array + 'static, to: DataType, expect: &[Value<'_>]) {
    check_times(array, to, TimeText::Nanoseconds, expect);
}

/// Checks that `array` becomes these values, and that `to` is its natural type.
#[track_caller]
pub(crate) fn check_natural(array: impl Array + 'static, to: DataType, expect: &[Value<'_>]) {
    assert_eq!(column_type(array.data_type()), Some(to));
    check(array, to, expect);
}

#[track_caller]
pub(crate) fn check_times(
    array: impl Array + 'static,
    to: DataType,
    times: TimeText,
    expect: &[Value<'_>],
) {
    assert_eq!(array.len(), expect.len());
    for start in 0..=array.len() {
        for end in [start, (start + 1).min(array.len()), array.len()] {
            let batch = batch_of(array.slice(start, end - start));
            let mut rows = converter(&batch, to, times);
            let mut lent = rows.of(&batch).unwrap();
            for value in &expect[start..end] {
                assert_eq!(lent.next_row().unwrap(), Some(&[*value][..]), "rows {start}..{end}");
            }
            assert_eq!(lent.next_row(), Ok(None), "rows {start}..{end}");
        }
    }
}

/// The first row of `array` that `to` cannot hold, and the error.
#[track_caller]
pub(crate) fn refusal(array: impl Array + 'static, to: DataType) -> (usize, RowError) {
    let batch = batch_of(Arc::new(array));
    let mut rows = converter(&batch, to, TimeText::Nanoseconds);
    let mut lent = rows.of(&batch).unwrap();
    for row in 0.. {
        match lent.next_row() {
            Ok(row) => assert!(row.is_some(), "no value was refused"),
            Err(error) => {
                assert_eq!(lent.next_row(), Ok(None), "nothing follows a refusal");
                return (row, error);
            }
        }
    }
    unreachable!("a batch has finitely many rows")
}

/// Checks that `to` cannot hold the value in row `row`, shown as `value`, for a reason that
/// contains `reason`.
#[track_caller]
pub(crate) fn check_refused(
    array: impl Array + 'static,
    to: DataType,
    row: usize,
    value: &str,
    reason: &str,
) {
    let (at, error) = refusal(array, to);
    assert_eq!((at, error.value.as_str()), (row, value), "{error}");
    assert!(error.reason.contains(reason), "{error}");
    assert_eq!((error.table.as_str(), error.column.as_str()), ("t", "c"));
}

/// The losses when `array` is read twice as `to`.
pub(crate) fn losses(
    array: impl Array + 'static,
    to: DataType,
    times: TimeText,
) -> Vec<(LossKind, u64)> {
    let batch = batch_of(Arc::new(array));
    let mut rows = converter(&batch, to, times);
    for _ in 0..2 {
        let mut lent = rows.of(&batch).unwrap();
        while lent.next_row().unwrap().is_some() {}
    }
    rows.losses().map(|loss| (loss.kind, loss.count)).collect()
}
