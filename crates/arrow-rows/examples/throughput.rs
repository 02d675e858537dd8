use arrow::array::*;
use arrow::datatypes::*;
use arrow_rows::*;
use std::sync::Arc;
use std::time::Instant;
use sync_core::{Column, DataType as T, Rows, Table, Value};

fn run(name: &str, batch: &RecordBatch, types: &[T]) {
    let schema = batch.schema();
    let cols = schema.fields().iter().zip(types).map(|(f, t)| Column::new(f.name(), *t)).collect();
    let table = Table::new("t", cols);
    let mut rows = ArrowRows::new(&schema, &table, TimeText::Nanoseconds).unwrap();
    let mut best = f64::MAX;
    for _ in 0..7 {
        let start = Instant::now();
        let mut n = 0usize;
        let mut x = 0u64;
        for _ in 0..100 {
            let mut lent = rows.of(batch).unwrap();
            let lent: &mut (dyn Rows + Send) = &mut lent;
            while let Some(row) = lent.next_row().unwrap() {
                n += 1;
                for v in row {
                    x = x.wrapping_add(match v {
                        Value::Null => 0,
                        Value::Bool(b) => *b as u64,
                        Value::Long(l) => *l as u64,
                        Value::Double(d) => d.to_bits(),
                        Value::String(s) | Value::Decimal(s) | Value::Json(s) => s.len() as u64,
                        Value::UtcDateTime(t) => t.nanoseconds() as u64,
                        _ => 1,
                    });
                }
            }
        }
        std::hint::black_box(x);
        best = best.min(start.elapsed().as_secs_f64() / n as f64);
    }
    println!("{name}: {:.1} M rows/s, {:.1} ns/row", 1e-6 / best, best * 1e9);
}

fn main() {
    let n = 8192i64;
    let time: ArrayRef = Arc::new(TimestampNanosecondArray::from_iter_values(
        (0..n).map(|i| 1_748_846_218_190_260_123 + i * 1_000_000_007),
    ));
    let ints: ArrayRef = Arc::new(Int64Array::from_iter_values(0..n));
    let unsigned: ArrayRef =
        Arc::new(UInt64Array::from_iter_values((0..n).map(|i| u64::MAX - i as u64)));
    let floats: ArrayRef =
        Arc::new(Float64Array::from_iter_values((0..n).map(|i| i as f64 * 0.37)));
    let somef: ArrayRef =
        Arc::new(Float64Array::from_iter((0..n).map(|i| (i % 3 != 0).then_some(i as f64 * 0.37))));
    let bools: ArrayRef = Arc::new(BooleanArray::from_iter((0..n).map(|i| Some(i % 3 == 0))));
    let text: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..n).map(|i| format!("text number {i}"))));
    let view: ArrayRef =
        Arc::new(StringViewArray::from_iter_values((0..n).map(|i| format!("text number {i}"))));
    let dict: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::from_iter(
        (0..n).map(|i| Some(["host-a", "host-b", "host-c"][i as usize % 3])),
    ));
    let b = |a: &[&ArrayRef]| {
        RecordBatch::try_from_iter(
            a.iter().enumerate().map(|(i, a)| (format!("c{i}"), Arc::clone(a))),
        )
        .unwrap()
    };
    let d20 = T::Decimal { precision: 20, scale: 0 };
    run(
        "simple5 (time,dict,f64,i64,bool)",
        &b(&[&time, &dict, &floats, &ints, &bools]),
        &[T::UtcDateTime, T::String, T::Double, T::Long, T::Boolean],
    );
    run(
        "+nulls",
        &b(&[&time, &dict, &somef, &ints, &bools]),
        &[T::UtcDateTime, T::String, T::Double, T::Long, T::Boolean],
    );
    run(
        "time,key ns,dict,utf8,f64",
        &b(&[&time, &time, &dict, &text, &floats]),
        &[T::UtcDateTime, T::Long, T::String, T::String, T::Double],
    );
    for (name, a, t) in [
        ("time", &time, T::UtcDateTime),
        ("ns", &time, T::Long),
        ("iso", &time, T::String),
        ("u64 decimal", &unsigned, d20),
        ("i64 text", &ints, T::String),
        ("i64", &ints, T::Long),
        ("i64 short? double", &ints, T::Double),
        ("f64", &floats, T::Double),
        ("f64 nulls", &somef, T::Double),
        ("bool", &bools, T::Boolean),
        ("utf8", &text, T::String),
        ("view", &view, T::String),
        ("dict", &dict, T::String),
    ] {
        run(name, &b(&[a]), &[t]);
    }
    let wide: Vec<&ArrayRef> =
        (0..100).map(|i| [&time, &dict, &floats, &ints, &bools][i % 5]).collect();
    let types: Vec<T> = (0..100)
        .map(|i| [T::UtcDateTime, T::String, T::Double, T::Long, T::Boolean][i % 5])
        .collect();
    run("wide100", &b(&wide), &types);
}
