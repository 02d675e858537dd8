//! Reads dates and instants.

use arrow_array::Array;
use arrow_array::types::{
    Date32Type, Date64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_schema::{DataType as ArrowType, TimeUnit};
use sync_core::{DataType, Timestamp, Value};

use crate::error::CellError;
use crate::reader::{BoxedReader, Cell, primitive};
use crate::value::number::out_of_range;

const SECONDS_PER_DAY: i64 = 86_400;
const MILLISECONDS_PER_DAY: i64 = 1_000 * SECONDS_PER_DAY;

/// Reads timestamps as instants. One without a zone is in UTC.
pub(crate) fn utc_datetimes<'a>(array: &'a dyn Array) -> Option<BoxedReader<'a>> {
    timestamps(array, |at| Ok(Value::UtcDateTime(at)))
}

/// Reads timestamps as they are in UTC, and dates as their midnight.
pub(crate) fn naive_datetimes<'a>(array: &'a dyn Array) -> Option<BoxedReader<'a>> {
    match array.data_type() {
        ArrowType::Date32 => Some(primitive::<Date32Type>(array, |days| {
            let midnight = i64::from(days) * SECONDS_PER_DAY;
            Ok(Value::NaiveDateTime(Timestamp::from_units::<1>(midnight)))
        })),
        // A time of day is kept here, although Arrow says that a Date64 has none.
        ArrowType::Date64 => Some(primitive::<Date64Type>(array, |milliseconds| {
            Ok(Value::NaiveDateTime(Timestamp::from_units::<1_000>(milliseconds)))
        })),
        _ => timestamps(array, |at| Ok(Value::NaiveDateTime(at))),
    }
}

/// Reads dates, and the days of timestamps in UTC.
pub(crate) fn naive_dates<'a>(array: &'a dyn Array) -> Option<BoxedReader<'a>> {
    match array.data_type() {
        ArrowType::Date32 => {
            Some(primitive::<Date32Type>(array, |days| Ok(Value::NaiveDate(days))))
        }
        ArrowType::Date64 => Some(primitive::<Date64Type>(array, |milliseconds| {
            naive_date(whole_days(milliseconds)?)
        })),
        _ => timestamps(array, |at| naive_date(at.seconds().div_euclid(SECONDS_PER_DAY))),
    }
}

fn naive_date<'a>(days: i64) -> Cell<'a> {
    i32::try_from(days).map(Value::NaiveDate).map_err(|_| {
        let value = format_args!("{days} days since 1970-01-01");
        out_of_range(value, DataType::NaiveDate)
    })
}

/// The days of a Date64. One that has a time of day is an error: without it the value would be
/// wrong.
pub(crate) fn whole_days(milliseconds: i64) -> Result<i64, CellError> {
    match milliseconds.rem_euclid(MILLISECONDS_PER_DAY) {
        0 => Ok(milliseconds.div_euclid(MILLISECONDS_PER_DAY)),
        _ => Err(CellError::new(
            format_args!("{milliseconds} ms since 1970-01-01"),
            "it is a date with a time of day, which NAIVE_DATETIME can hold",
        )),
    }
}

/// Reads timestamps as nanoseconds since 1970-01-01T00:00:00Z.
pub(crate) fn nanoseconds<'a>(array: &'a dyn Array) -> Option<BoxedReader<'a>> {
    fn longs<'a, const FACTOR: i64>(units: i64) -> Cell<'a> {
        units.checked_mul(FACTOR).map(Value::Long).ok_or_else(|| {
            let value = i128::from(units) * i128::from(FACTOR);
            out_of_range(format_args!("{value} ns since 1970-01-01"), DataType::Long)
        })
    }
    let ArrowType::Timestamp(unit, _) = array.data_type() else { return None };
    Some(match unit {
        TimeUnit::Second => primitive::<TimestampSecondType>(array, longs::<1_000_000_000>),
        TimeUnit::Millisecond => primitive::<TimestampMillisecondType>(array, longs::<1_000_000>),
        TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(array, longs::<1_000>),
        TimeUnit::Nanosecond => primitive::<TimestampNanosecondType>(array, longs::<1>),
    })
}

fn timestamps<'a>(
    array: &'a dyn Array,
    convert: impl Fn(Timestamp) -> Cell<'a> + Send + 'a,
) -> Option<BoxedReader<'a>> {
    let ArrowType::Timestamp(unit, _) = array.data_type() else { return None };
    Some(match unit {
        TimeUnit::Second => primitive::<TimestampSecondType>(array, move |units| {
            convert(Timestamp::from_units::<1>(units))
        }),
        TimeUnit::Millisecond => primitive::<TimestampMillisecondType>(array, move |units| {
            convert(Timestamp::from_units::<1_000>(units))
        }),
        TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(array, move |units| {
            convert(Timestamp::from_units::<1_000_000>(units))
        }),
        TimeUnit::Nanosecond => primitive::<TimestampNanosecondType>(array, move |units| {
            convert(Timestamp::from_nanoseconds(units))
        }),
    })
}
