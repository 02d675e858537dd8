//! Scalars as text.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, IntervalDayTimeType, IntervalMonthDayNanoType,
    IntervalYearMonthType, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_schema::{DataType as ArrowType, IntervalUnit, TimeUnit};
use sync_core::Timestamp;

use crate::TimeText;
use crate::error::Refusal;
use crate::text::decimal::scaled;
use crate::text::{Output, WriteCell, iso};
use crate::value::time::whole_days;

/// What a cell does when it is done: nothing.
fn unchecked(_: usize, _: &mut Output) -> Result<(), Refusal> {
    Ok(())
}

/// The cells of a column of text, for every scalar that is not text already. What is not finite becomes null, and is counted.
pub(crate) fn plain(array: &dyn Array, times: TimeText) -> Option<Box<dyn WriteCell>> {
    Some(match *array.data_type() {
        ArrowType::Boolean => {
            let array = array.as_boolean().clone();
            Box::new(move |row: usize, out: &mut Output| {
                out.push(if array.value(row) { "true" } else { "false" });
                Ok(())
            })
        }
        _ if array.data_type().is_integer() => return whole(array, unchecked),
        _ if array.data_type().is_floating() => return floats(array, ""),
        _ if array.data_type().is_decimal() => return scaled(array, unchecked),
        ArrowType::Date32 => cells::<Date32Type>(array, |days, out| iso::date(days.into(), out)),
        ArrowType::Date64 => cells::<Date64Type>(array, |milliseconds, out| {
            iso::date(whole_days(milliseconds)?, out)
        }),
        ArrowType::Timestamp(unit, _) => timestamps(array, unit, times),
        ArrowType::Time32(unit) => match unit {
            TimeUnit::Second => cells::<Time32SecondType>(array, move |units, out| {
                iso::time_of_day(units.into(), unit, out)
            }),
            _ => cells::<Time32MillisecondType>(array, move |units, out| {
                iso::time_of_day(units.into(), unit, out)
            }),
        },
        ArrowType::Time64(unit) => match unit {
            TimeUnit::Microsecond => cells::<Time64MicrosecondType>(array, move |units, out| {
                iso::time_of_day(units, unit, out)
            }),
            _ => cells::<Time64NanosecondType>(array, move |units, out| {
                iso::time_of_day(units, unit, out)
            }),
        },
        ArrowType::Duration(unit) => {
            let write = move |units, out: &mut Output| iso::duration(units, unit, out);
            match unit {
                TimeUnit::Second => cells::<DurationSecondType>(array, write),
                TimeUnit::Millisecond => cells::<DurationMillisecondType>(array, write),
                TimeUnit::Microsecond => cells::<DurationMicrosecondType>(array, write),
                TimeUnit::Nanosecond => cells::<DurationNanosecondType>(array, write),
            }
        }
        ArrowType::Interval(unit) => intervals(array, unit),
        _ => return None,
    })
}

/// The cells of integers; `check` sees where the text of each starts.
pub(super) fn whole(
    array: &dyn Array,
    check: impl Fn(usize, &mut Output) -> Result<(), Refusal> + Send + 'static,
) -> Option<Box<dyn WriteCell>> {
    fn cells_of<T: ArrowPrimitiveType<Native: itoa::Integer>>(
        array: &dyn Array,
        check: impl Fn(usize, &mut Output) -> Result<(), Refusal> + Send + 'static,
    ) -> Box<dyn WriteCell> {
        cells::<T>(array, move |value, out| {
            let start = out.bytes.len();
            out.push(itoa::Buffer::new().format(value));
            check(start, out)
        })
    }
    Some(match array.data_type() {
        ArrowType::Int8 => cells_of::<Int8Type>(array, check),
        ArrowType::Int16 => cells_of::<Int16Type>(array, check),
        ArrowType::Int32 => cells_of::<Int32Type>(array, check),
        ArrowType::Int64 => cells_of::<Int64Type>(array, check),
        ArrowType::UInt8 => cells_of::<UInt8Type>(array, check),
        ArrowType::UInt16 => cells_of::<UInt16Type>(array, check),
        ArrowType::UInt32 => cells_of::<UInt32Type>(array, check),
        ArrowType::UInt64 => cells_of::<UInt64Type>(array, check),
        _ => return None,
    })
}

/// The cells of floats: the shortest text that reads back the same, which is a JSON number too.
///
/// What is not finite is counted, and written as `not_finite`.
pub(super) fn floats(array: &dyn Array, not_finite: &'static str) -> Option<Box<dyn WriteCell>> {
    let lost = move |out: &mut Output| {
        out.losses.not_finite += 1;
        out.push(not_finite);
        Ok(())
    };
    // Each width has a shortest text of its own: widening 0.1 from 32 bits would show digits that nobody wrote.
    let single = move |value: f32, out: &mut Output| match value.is_finite() {
        true => Ok(serde_json::to_writer(&mut out.bytes, &value)?),
        false => lost(out),
    };
    Some(match array.data_type() {
        ArrowType::Float16 => cells::<Float16Type>(array, move |v, out| single(v.to_f32(), out)),
        ArrowType::Float32 => cells::<Float32Type>(array, single),
        ArrowType::Float64 => {
            cells::<Float64Type>(array, move |value, out| match value.is_finite() {
                true => Ok(serde_json::to_writer(&mut out.bytes, &value)?),
                false => lost(out),
            })
        }
        _ => return None,
    })
}

fn timestamps(array: &dyn Array, unit: TimeUnit, times: TimeText) -> Box<dyn WriteCell> {
    match unit {
        TimeUnit::Second => cells::<TimestampSecondType>(array, move |units, out| {
            iso::instant(Timestamp::from_units::<1>(units), times, out)
        }),
        TimeUnit::Millisecond => cells::<TimestampMillisecondType>(array, move |units, out| {
            iso::instant(Timestamp::from_units::<1_000>(units), times, out)
        }),
        TimeUnit::Microsecond => cells::<TimestampMicrosecondType>(array, move |units, out| {
            iso::instant(Timestamp::from_units::<1_000_000>(units), times, out)
        }),
        TimeUnit::Nanosecond => cells::<TimestampNanosecondType>(array, move |units, out| {
            iso::instant(Timestamp::from_nanoseconds(units), times, out)
        }),
    }
}

fn intervals(array: &dyn Array, unit: IntervalUnit) -> Box<dyn WriteCell> {
    match unit {
        IntervalUnit::YearMonth => {
            cells::<IntervalYearMonthType>(array, |months, out| iso::period(months, 0, 0, out))
        }
        IntervalUnit::DayTime => cells::<IntervalDayTimeType>(array, |value, out| {
            iso::period(0, value.days, i128::from(value.milliseconds) * 1_000_000, out)
        }),
        IntervalUnit::MonthDayNano => cells::<IntervalMonthDayNanoType>(array, |value, out| {
            iso::period(value.months, value.days, value.nanoseconds.into(), out)
        }),
    }
}

fn cells<T: ArrowPrimitiveType>(
    array: &dyn Array,
    write: impl Fn(T::Native, &mut Output) -> Result<(), Refusal> + Send + 'static,
) -> Box<dyn WriteCell> {
    let array = array.as_primitive::<T>().clone();
    Box::new(move |row: usize, out: &mut Output| write(array.value(row), out))
}
