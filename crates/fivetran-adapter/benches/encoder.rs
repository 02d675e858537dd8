//! Rows per second of one core from values to messages, by kind of column:
//! `cargo bench -p fivetran-adapter`.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing better to do")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use fivetran_adapter::TableEncoder;
use sync_core::{Column, DataType, RowError, Rows, Table, Timestamp, Value};

const ROWS: usize = 8_192;
const SERIES: &str = "74b730c127dc9e4854cd9381a9b7d602";
const TIME: i64 = 1_769_860_800_720_000_123;

fn main() {
    divan::main();
}

#[divan::bench]
fn nulls(bencher: Bencher<'_, '_>) {
    check(bencher, &["value"], |_| vec![Value::Null]);
}

#[divan::bench]
fn longs(bencher: Bencher<'_, '_>) {
    check(bencher, &["value"], |row| vec![Value::Long(row * 7_919)]);
}

#[divan::bench]
fn doubles(bencher: Bencher<'_, '_>) {
    check(bencher, &["value"], |row| vec![Value::Double(row as f64 / 1_000.0)]);
}

#[divan::bench]
fn instants(bencher: Bencher<'_, '_>) {
    check(bencher, &["value"], |row| vec![instant(row)]);
}

#[divan::bench]
fn short_texts(bencher: Bencher<'_, '_>) {
    check(bencher, &["value"], |_| vec![Value::String("host-00042")]);
}

#[divan::bench]
fn texts_of_a_kilobyte(bencher: Bencher<'_, '_>) {
    let text = "x".repeat(1_024);
    check(bencher, &["value"], |_| vec![Value::String(&text)]);
}

/// A time, a tag, two integers and a float, with both key columns: a common point.
#[divan::bench]
fn narrow(bencher: Bencher<'_, '_>) {
    let names = ["_series_id", "_time_ns", "errors", "host", "requests", "time", "usage"];
    check(bencher, &names, |row| {
        vec![
            Value::String(SERIES),
            Value::Long(TIME + row),
            Value::Long(row % 100),
            Value::String("host-00042"),
            Value::Long(row),
            instant(row),
            Value::Double(row as f64 / 1_000.0),
        ]
    });
}

fn instant<'a>(row: i64) -> Value<'a> {
    Value::UtcDateTime(Timestamp::from_nanoseconds(TIME + row))
}

/// Encodes the same rows, again and again.
fn check<'a>(bencher: Bencher<'_, '_>, names: &[&str], row: impl Fn(i64) -> Vec<Value<'a>>) {
    let rows: Vec<_> = (0..ROWS as i64).map(row).collect();
    // An encoder of values does not ask for the types.
    let columns = names.iter().map(|name| Column::new(*name, DataType::String));
    let mut encoder = TableEncoder::new(&Table::new("measured", columns.collect()));
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        for message in encoder.messages(&mut Ready(rows.iter())) {
            black_box(message.unwrap());
        }
    });
}

/// Rows that are there already.
struct Ready<'r, 'a>(std::slice::Iter<'r, Vec<Value<'a>>>);

impl Rows for Ready<'_, '_> {
    fn next_row(&mut self) -> Result<Option<&[Value<'_>]>, RowError> {
        Ok(self.0.next().map(Vec::as_slice))
    }
}
