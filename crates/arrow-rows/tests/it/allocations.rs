//! Counts allocations: there is none per row.

use std::sync::Arc;

use allocation_counter::measure;
use arrow::array::*;
use arrow::datatypes::Int32Type;
use arrow_rows::{ArrowRows, TimeText, column_type};
use sync_core::DataType::{Long, String as Text};
use sync_core::{Column, Rows, Table};

use crate::support::decimal;

/// A batch as InfluxDB sends it: tags, fields of every type and times, some of them null.
fn batch(rows: usize) -> RecordBatch {
    let numbers = move || (0..rows).map(|row| (row % 7 != 0).then_some(row as u64));
    let longs = move || numbers().map(|number| number.map(|number| number as i64));
    let words =
        move || numbers().map(|number| number.map(|number| format!("the text of row {number}")));
    let tags = numbers().map(|number| number.map(|number| ["north", "south"][number as usize % 2]));
    let columns: [(&str, ArrayRef); 9] = [
        ("integer", Arc::new(Int64Array::from_iter(longs()))),
        ("unsigned", Arc::new(UInt64Array::from_iter(numbers()))),
        (
            "float",
            Arc::new(Float64Array::from_iter(
                longs().map(|number| number.map(|number| number as f64)),
            )),
        ),
        ("text", Arc::new(StringArray::from_iter(words()))),
        ("view", Arc::new(StringViewArray::from_iter(words()))),
        ("tag", Arc::new(DictionaryArray::<Int32Type>::from_iter(tags))),
        (
            "boolean",
            Arc::new(BooleanArray::from_iter(
                longs().map(|number| number.map(|number| number % 3 == 0)),
            )),
        ),
        ("time", Arc::new(TimestampNanosecondArray::from_iter(longs()))),
        ("key", Arc::new(TimestampNanosecondArray::from_iter_values(0..rows as i64))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// How many allocations reading a batch takes, after one of the same size was read.
fn allocations(batch: &RecordBatch, table: &Table) -> u64 {
    let mut rows = ArrowRows::new(&batch.schema(), table, TimeText::default()).unwrap();
    let mut read = || {
        let mut lent = rows.of(batch).unwrap();
        let mut seen = 0;
        while lent.next_row().unwrap().is_some() {
            seen += 1;
        }
        assert_eq!(seen, batch.num_rows());
    };
    read();
    measure(read).count_total
}

fn check(table: &Table) {
    let [some, many] = [1_024, 8_192].map(|rows| allocations(&batch(rows), table));
    assert_eq!(some, many, "eight times the rows take as many allocations");
    // A reader for each column, their list, and the block of rows.
    assert!(many <= 2 * table.columns.len() as u64 + 2, "{many}");
}

#[test]
fn natural_types_allocate_per_batch_and_never_per_row() {
    let schema = batch(0).schema();
    let columns = schema
        .fields()
        .iter()
        .map(|field| Column::new(field.name(), column_type(field.data_type()).unwrap()));
    check(&Table::new("t", columns.collect()));
}

#[test]
fn neither_do_texts_of_numbers_and_times() {
    check(&Table::new(
        "t",
        vec![
            Column::new("time", Text),
            Column::key("key", Long),
            Column::new("integer", Text),
            Column::new("unsigned", decimal(20, 0)),
            Column::new("float", Text),
            Column::new("boolean", Text),
        ],
    ));
}
