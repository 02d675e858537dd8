//! Scalars as text: booleans, numbers, dates, times and periods.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, IntervalDayTimeType, IntervalMonthDayNanoType,
    IntervalYearMonthType, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_schema::{DataType as ArrowType, IntervalUnit, TimeUnit};
use sync_core::Timestamp;

use crate::TimeText;
use crate::text::number::{cells, decimals, floats, integers, unchecked};
use crate::text::{Output, WriteCell, iso};
use crate::value::time::whole_days;

/// Writes scalars as values of a STRING column; `None` for text, which needs no conversion, and for
/// types that are not scalar.
///
/// A float that is not finite becomes null, and is counted as a loss.
pub(crate) fn scalar(array: &dyn Array, times: TimeText) -> Option<Box<dyn WriteCell>> {
    Some(match *array.data_type() {
        ArrowType::Boolean => {
            let array = array.as_boolean().clone();
            Box::new(move |row: usize, out: &mut Output| {
                out.push(if array.value(row) { "true" } else { "false" });
                Ok(())
            })
        }
        _ if array.data_type().is_integer() => return integers(array, unchecked),
        _ if array.data_type().is_floating() => return floats(array, ""),
        _ if array.data_type().is_decimal() => return decimals(array, unchecked),
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
