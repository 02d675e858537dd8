//! Rows per second of one core from record batches to lent rows, by kind of column:
//! `cargo bench -p arrow-rows`.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing better to do")]

use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt64Array,
};
use arrow::datatypes::Int32Type;
use arrow_rows::{ArrowRows, TimeText};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use sync_core::{Column, DataType, Rows, Table};

/// As many as InfluxDB sends at once.
const ROWS: usize = 8_192;

fn main() {
    divan::main();
}

#[divan::bench]
fn longs(bencher: Bencher<'_, '_>) {
    let numbers = Int64Array::from_iter_values((0..ROWS as i64).map(|row| row * 7_919));
    check(bencher, [(DataType::Long, Arc::new(numbers) as ArrayRef)]);
}

#[divan::bench]
fn doubles(bencher: Bencher<'_, '_>) {
    check(bencher, [(DataType::Double, doubles_with(|_| true))]);
}

/// Four in five are null.
#[divan::bench]
fn sparse_doubles(bencher: Bencher<'_, '_>) {
    check(bencher, [(DataType::Double, doubles_with(|row| row % 5 == 0))]);
}

#[divan::bench]
fn strings(bencher: Bencher<'_, '_>) {
    check(bencher, [(DataType::String, strings_of(|row| format!("host-{row}")))]);
}

/// As key columns come: few values, each for many rows.
#[divan::bench]
fn dictionary_strings(bencher: Bencher<'_, '_>) {
    let words = (0..ROWS).map(|row| ["one", "two", "three", "four"][row / 64 % 4]);
    let words: DictionaryArray<Int32Type> = words.collect();
    check(bencher, [(DataType::String, Arc::new(words) as ArrayRef)]);
}

#[divan::bench]
fn instants(bencher: Bencher<'_, '_>) {
    check(bencher, [(DataType::UtcDateTime, times())]);
}

#[divan::bench]
fn instants_as_text(bencher: Bencher<'_, '_>) {
    check(bencher, [(DataType::String, times())]);
}

#[divan::bench]
fn unsigned_as_decimals(bencher: Bencher<'_, '_>) {
    let numbers = UInt64Array::from_iter_values((0..ROWS as u64).map(|row| u64::MAX - row));
    let decimal = DataType::Decimal { precision: 20, scale: 0 };
    check(bencher, [(decimal, Arc::new(numbers) as ArrayRef)]);
}

/// A time, a tag, two integers and a float: a common point.
#[divan::bench]
fn narrow(bencher: Bencher<'_, '_>) {
    let number = |step: i64| {
        let numbers = Int64Array::from_iter_values((0..ROWS as i64).map(|row| row % step));
        (DataType::Long, Arc::new(numbers) as ArrayRef)
    };
    let columns = [
        (DataType::UtcDateTime, times()),
        (DataType::String, strings_of(|row| format!("host-{}", row / 512))),
        number(100_000),
        number(100),
        (DataType::Double, doubles_with(|_| true)),
    ];
    check(bencher, columns);
}

/// Reads all rows of a batch, again and again.
fn check<const N: usize>(bencher: Bencher<'_, '_>, columns: [(DataType, ArrayRef); N]) {
    let named = columns.iter().enumerate();
    let named = named.map(|(index, (data_type, array))| (index.to_string(), *data_type, array));
    let declared = named.clone().map(|(name, data_type, _)| Column::new(name, data_type));
    let table = Table::new("measured", declared.collect());
    let batch = named.map(|(name, _, array)| (name, Arc::clone(array)));
    let batch = RecordBatch::try_from_iter(batch).unwrap();
    let mut rows = ArrowRows::new(&batch.schema(), &table, TimeText::Nanoseconds).unwrap();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let mut lent = rows.of(&batch).unwrap();
        while let Some(row) = lent.next_row().unwrap() {
            black_box(row);
        }
    });
}

fn doubles_with(is_there: impl Fn(usize) -> bool) -> ArrayRef {
    let values = (0..ROWS).map(|row| is_there(row).then_some(row as f64 / 1_000.0));
    Arc::new(values.collect::<Float64Array>())
}

fn strings_of(text: impl Fn(usize) -> String) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..ROWS).map(text)))
}

fn times() -> ArrayRef {
    let times = (0..ROWS as i64).map(|row| 1_769_860_800_000_000_000 + row * 720_000_123);
    Arc::new(TimestampNanosecondArray::from_iter_values(times))
}
