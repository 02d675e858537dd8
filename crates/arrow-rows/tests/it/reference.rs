//! The reference: reads one cell at a time as its natural type, with Arrow's accessors and as
//! little arithmetic as possible.
//!
//! Other crates' tests can include this file by its path: besides `arrow`, `arrow-rows` and
//! `sync-core` it needs `chrono` and `serde_json`.
#![allow(
    clippy::unwrap_used,
    reason = "what cannot be built or read is a failed test, wherever this file is included"
)]

use arrow::array::*;
use arrow::datatypes::*;
use arrow::util::display::array_value_to_string;
use arrow_rows::column_type;
use sync_core::{Timestamp, Value};

/// The value of a cell, as its debug text.
pub(crate) fn expected(array: &dyn Array, row: usize) -> String {
    let Some((array, row)) = resolve(array, row) else { return format!("{:?}", Value::Null) };
    let array = &*array;
    let text = |text: &str| format!("{:?}", Value::String(text));
    match array.data_type() {
        DataType::Boolean => format!("{:?}", Value::Bool(array.as_boolean().value(row))),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let value = float(array, row);
            match column_type(array.data_type()) {
                _ if !value.is_finite() => format!("{:?}", Value::Null),
                Some(sync_core::DataType::Float) => format!("{:?}", Value::Float(value as f32)),
                _ => format!("{:?}", Value::Double(value)),
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => text(&string(array, row)),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => format!("{:?}", Value::Binary(&bytes(array, row))),
        DataType::UInt64 => format!("{:?}", Value::Decimal(&display(array, row))),
        number if number.is_integer() => {
            let number: i64 = display(array, row).parse().unwrap();
            match column_type(array.data_type()).unwrap() {
                sync_core::DataType::Short => format!("{:?}", Value::Short(number as i16)),
                sync_core::DataType::Int => format!("{:?}", Value::Int(number as i32)),
                _ => format!("{:?}", Value::Long(number)),
            }
        }
        number if number.is_decimal() => format!("{:?}", Value::Decimal(&decimal(array, row))),
        DataType::Date32 => {
            format!("{:?}", Value::NaiveDate(array.as_primitive::<Date32Type>().value(row)))
        }
        DataType::Date64 => {
            let days = array.as_primitive::<Date64Type>().value(row) / 86_400_000;
            format!("{:?}", Value::NaiveDate(days as i32))
        }
        DataType::Timestamp(_, _) => format!("{:?}", Value::UtcDateTime(instant(array, row))),
        nested if nested.is_nested() => format!("{:?}", Value::Json(&json(array, row))),
        _ => text(&period_or_clock(array, row)),
    }
}

/// The array without its encoding, and the row of a cell's value in it. `None` if it is null.
fn resolve(array: &dyn Array, row: usize) -> Option<(ArrayRef, usize)> {
    fn run<R: RunEndIndexType>(array: &RunArray<R>, row: usize) -> Option<(ArrayRef, usize)> {
        resolve(array.values(), array.get_physical_index(row))
    }
    match array.data_type() {
        DataType::Null => None,
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let keys = dictionary.keys();
            if keys.is_null(row) {
                return None;
            }
            resolve(dictionary.values(), array_value_to_string(keys, row).unwrap().parse().unwrap())
        }
        DataType::RunEndEncoded(end, _) => match end.data_type() {
            DataType::Int16 => run(array.as_run::<Int16Type>(), row),
            DataType::Int32 => run(array.as_run::<Int32Type>(), row),
            _ => run(array.as_run::<Int64Type>(), row),
        },
        _ => array.is_valid(row).then(|| (array.slice(row, 1), 0)),
    }
}

/// A cell inside of a JSON document.
fn json(array: &dyn Array, row: usize) -> String {
    let Some((array, row)) = resolve(array, row) else { return "null".to_owned() };
    let array = &*array;
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let list = |items: ArrayRef| {
        let items: Vec<_> = (0..items.len()).map(|item| json(&items, item)).collect();
        format!("[{}]", items.join(","))
    };
    match array.data_type() {
        DataType::Boolean => display(array, row),
        number if number.is_integer() => display(array, row),
        DataType::Float64 => serde_json::to_string(&float(array, row)).unwrap(),
        DataType::Float16 | DataType::Float32 => {
            serde_json::to_string(&(float(array, row) as f32)).unwrap()
        }
        number if number.is_decimal() => quoted(&decimal(array, row)),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => quoted(&string(array, row)),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => {
            let digits: Vec<_> =
                bytes(array, row).iter().map(|byte| format!("{byte:02x}")).collect();
            quoted(&digits.concat())
        }
        DataType::Date32 => quoted(&date(array.as_primitive::<Date32Type>().value(row).into())),
        DataType::Date64 => {
            quoted(&date(array.as_primitive::<Date64Type>().value(row) / 86_400_000))
        }
        DataType::Timestamp(_, _) => {
            let at = instant(array, row);
            let second = at.seconds().rem_euclid(86_400) as u32;
            let clock =
                chrono::NaiveTime::from_num_seconds_from_midnight_opt(second, at.nanoseconds())
                    .unwrap();
            let day = date(at.seconds().div_euclid(86_400));
            quoted(&format!("{day}T{}Z", clock.format("%H:%M:%S%.9f")))
        }
        DataType::List(_) => list(array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(array.as_list::<i64>().value(row)),
        DataType::ListView(_) => list(array.as_list_view::<i32>().value(row)),
        DataType::LargeListView(_) => list(array.as_list_view::<i64>().value(row)),
        DataType::FixedSizeList(_, _) => list(array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            let pairs: Vec<_> = columns
                .map(|(field, column)| format!("{}:{}", quoted(field.name()), json(column, row)))
                .collect();
            format!("{{{}}}", pairs.join(","))
        }
        DataType::Map(_, _) => {
            let entries = array.as_map().value(row);
            let pairs: Vec<_> = (0..entries.len())
                .map(|entry| {
                    let key = display(entries.column(0), entry);
                    format!("{}:{}", quoted(&key), json(entries.column(1), entry))
                })
                .collect();
            format!("{{{}}}", pairs.join(","))
        }
        _ => quoted(&period_or_clock(array, row)),
    }
}

fn display(array: &dyn Array, row: usize) -> String {
    array_value_to_string(array, row).unwrap()
}

fn string(array: &dyn Array, row: usize) -> String {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).to_owned(),
        _ => array.as_string_view().value(row).to_owned(),
    }
}

fn bytes(array: &dyn Array, row: usize) -> Vec<u8> {
    match array.data_type() {
        DataType::Binary => array.as_binary::<i32>().value(row).to_vec(),
        DataType::LargeBinary => array.as_binary::<i64>().value(row).to_vec(),
        DataType::BinaryView => array.as_binary_view().value(row).to_vec(),
        _ => array.as_fixed_size_binary().value(row).to_vec(),
    }
}

fn float(array: &dyn Array, row: usize) -> f64 {
    match array.data_type() {
        DataType::Float16 => array.as_primitive::<Float16Type>().value(row).to_f64(),
        DataType::Float32 => array.as_primitive::<Float32Type>().value(row).into(),
        _ => array.as_primitive::<Float64Type>().value(row),
    }
}

fn decimal(array: &dyn Array, row: usize) -> String {
    let text = display(array, row);
    // Arrow's display gives zero the digits of a negative scale.
    if text.bytes().all(|byte| byte == b'0') { "0".to_owned() } else { text }
}

fn instant(array: &dyn Array, row: usize) -> Timestamp {
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            Timestamp::from_units::<1>(array.as_primitive::<TimestampSecondType>().value(row))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => Timestamp::from_units::<1_000>(
            array.as_primitive::<TimestampMillisecondType>().value(row),
        ),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Timestamp::from_units::<1_000_000>(
            array.as_primitive::<TimestampMicrosecondType>().value(row),
        ),
        _ => {
            Timestamp::from_nanoseconds(array.as_primitive::<TimestampNanosecondType>().value(row))
        }
    }
}

/// A date. If it is out of `chrono`'s range, it is moved into it by multiples of 400 years, after
/// which the calendar repeats.
fn date(days: i64) -> String {
    use chrono::Datelike;
    const ERA: i64 = 146_097;
    let near = chrono::DateTime::from_timestamp(days.rem_euclid(ERA) * 86_400, 0).unwrap();
    let year = i64::from(near.year()) + 400 * days.div_euclid(ERA);
    let year =
        if (0..=9_999).contains(&year) { format!("{year:04}") } else { format!("{year:+05}") };
    format!("{year}{}", near.format("-%m-%d"))
}

/// Times of day as Arrow displays them, but with all digits of their unit; durations and intervals
/// part by part.
fn period_or_clock(array: &dyn Array, row: usize) -> String {
    let seconds = |nanoseconds: i128| {
        let fraction = format!("{:09}", nanoseconds.abs() % 1_000_000_000);
        let text = format!("{}.{fraction}", nanoseconds.abs() / 1_000_000_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let period = |months: i128, days: i128, nanoseconds: i128| {
        let parts = [(months / 12, "Y"), (months % 12, "M"), (days, "D")];
        let backward =
            months.max(days).max(nanoseconds) <= 0 && months.min(days).min(nanoseconds) < 0;
        let sign = if backward { -1 } else { 1 };
        let parts = parts.into_iter().filter(|(part, _)| *part != 0);
        let mut text: String = parts.map(|(part, name)| format!("{}{name}", sign * part)).collect();
        if nanoseconds != 0 || text.is_empty() {
            let minus = if sign * nanoseconds < 0 { "-" } else { "" };
            text += &format!("T{minus}{}S", seconds(nanoseconds));
        }
        format!("{}P{text}", if backward { "-" } else { "" })
    };
    let duration = |units: i64, nanoseconds: i128| period(0, 0, i128::from(units) * nanoseconds);
    match array.data_type() {
        DataType::Time32(_) | DataType::Time64(_) => {
            let digits = match array.data_type() {
                DataType::Time32(TimeUnit::Second) => return display(array, row),
                DataType::Time32(_) => 3,
                DataType::Time64(TimeUnit::Microsecond) => 6,
                _ => 9,
            };
            let text = display(array, row);
            let (clock, fraction) = text.split_once('.').unwrap_or((&text, ""));
            format!("{clock}.{fraction:0<digits$}")
        }
        DataType::Duration(TimeUnit::Second) => {
            duration(array.as_primitive::<DurationSecondType>().value(row), 1_000_000_000)
        }
        DataType::Duration(TimeUnit::Millisecond) => {
            duration(array.as_primitive::<DurationMillisecondType>().value(row), 1_000_000)
        }
        DataType::Duration(TimeUnit::Microsecond) => {
            duration(array.as_primitive::<DurationMicrosecondType>().value(row), 1_000)
        }
        DataType::Duration(TimeUnit::Nanosecond) => {
            duration(array.as_primitive::<DurationNanosecondType>().value(row), 1)
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            period(array.as_primitive::<IntervalYearMonthType>().value(row).into(), 0, 0)
        }
        DataType::Interval(IntervalUnit::DayTime) => {
            let value = array.as_primitive::<IntervalDayTimeType>().value(row);
            period(0, value.days.into(), i128::from(value.milliseconds) * 1_000_000)
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            period(value.months.into(), value.days.into(), value.nanoseconds.into())
        }
        other => unreachable!("{other} is neither a time of day nor a period"),
    }
}
