//! Dates, instants, times of day and periods.

use arrow::array::*;
use arrow::datatypes::{DataType as ArrowType, IntervalDayTime, IntervalMonthDayNano, TimeUnit};
use arrow_rows::TimeText;
use sync_core::DataType::{Long, NaiveDate, NaiveDateTime, String as Text, UtcDateTime};
use sync_core::{Timestamp, Value};

use crate::support::{check, check_natural, check_refused, check_times};

#[test]
fn timestamps_of_every_unit_are_instants() {
    fn at<const PER_SECOND: i64>(units: i64) -> Value<'static> {
        Value::UtcDateTime(Timestamp::from_units::<PER_SECOND>(units))
    }
    let ends = vec![Some(i64::MIN), Some(-1), None, Some(0), Some(i64::MAX)];
    let expect = |at: fn(i64) -> Value<'static>| {
        ends.iter().map(|v| v.map_or(Value::Null, at)).collect::<Vec<_>>()
    };
    check_natural(TimestampSecondArray::from(ends.clone()), UtcDateTime, &expect(at::<1>));
    check_natural(TimestampMillisecondArray::from(ends.clone()), UtcDateTime, &expect(at::<1_000>));
    check_natural(
        TimestampMicrosecondArray::from(ends.clone()),
        UtcDateTime,
        &expect(at::<1_000_000>),
    );
    check_natural(
        TimestampNanosecondArray::from(ends.clone()),
        UtcDateTime,
        &expect(at::<1_000_000_000>),
    );
    // A zone changes how an instant is shown, and not the instant.
    let array = TimestampNanosecondArray::from(ends.clone()).with_timezone("Europe/Paris");
    check_natural(array, UtcDateTime, &expect(at::<1_000_000_000>));
}

#[test]
fn instants_as_text() {
    for (nanoseconds, expect) in [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (1_748_846_218_190_260_123, "2025-06-02T06:36:58.190260123Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
        (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
        (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
    ] {
        let array = TimestampNanosecondArray::from(vec![Some(nanoseconds), None]);
        check(array.clone(), Text, &[Value::String(expect), Value::Null]);
        check(array.with_timezone("+02:00"), Text, &[Value::String(expect), Value::Null]);
        let micros = format!("{}Z", &expect[..26]);
        let array = TimestampNanosecondArray::from(vec![nanoseconds]);
        check_times(array, Text, TimeText::Microseconds, &[Value::String(&micros)]);
    }
}

#[test]
fn years_without_four_digits_carry_a_sign() {
    for (seconds, expect) in [
        (253_402_300_799, "9999-12-31T23:59:59.000000000Z"),
        (253_402_300_800, "+10000-01-01T00:00:00.000000000Z"),
        (-62_167_219_200, "0000-01-01T00:00:00.000000000Z"),
        (-62_167_219_201, "-0001-12-31T23:59:59.000000000Z"),
        (i64::MAX, "+292277026596-12-04T15:30:07.000000000Z"),
        (i64::MIN, "-292277022657-01-27T08:29:52.000000000Z"),
    ] {
        check(TimestampSecondArray::from(vec![seconds]), Text, &[Value::String(expect)]);
    }
    let array = TimestampMillisecondArray::from(vec![-1]);
    check(array, Text, &[Value::String("1969-12-31T23:59:59.999000000Z")]);
    let array = TimestampMicrosecondArray::from(vec![-1]);
    check_times(
        array,
        Text,
        TimeText::Microseconds,
        &[Value::String("1969-12-31T23:59:59.999999Z")],
    );
}

#[test]
fn instants_without_a_zone_and_as_days() {
    let array = || TimestampNanosecondArray::from(vec![Some(-1), Some(86_400_000_000_000), None]);
    let naive = |nanoseconds| Value::NaiveDateTime(Timestamp::from_nanoseconds(nanoseconds));
    check(array(), NaiveDateTime, &[naive(-1), naive(86_400_000_000_000), Value::Null]);
    check(array(), NaiveDate, &[Value::NaiveDate(-1), Value::NaiveDate(1), Value::Null]);
    let far = i64::from(i32::MAX) * 86_400;
    check(TimestampSecondArray::from(vec![far]), NaiveDate, &[Value::NaiveDate(i32::MAX)]);
    let beyond = TimestampSecondArray::from(vec![far, far + 86_400]);
    check_refused(
        beyond,
        NaiveDate,
        1,
        "2147483648 days since 1970-01-01",
        "out of the range of NAIVE_DATE",
    );
}

#[test]
fn instants_as_nanoseconds() {
    let array = TimestampNanosecondArray::from(vec![Some(i64::MIN), None, Some(i64::MAX)]);
    check(array, Long, &[Value::Long(i64::MIN), Value::Null, Value::Long(i64::MAX)]);
    check(TimestampMicrosecondArray::from(vec![-7]), Long, &[Value::Long(-7_000)]);
    check(TimestampMillisecondArray::from(vec![-7]), Long, &[Value::Long(-7_000_000)]);
    check(
        TimestampSecondArray::from(vec![9_223_372_036]),
        Long,
        &[Value::Long(9_223_372_036_000_000_000)],
    );
    let beyond = TimestampSecondArray::from(vec![0, 9_223_372_037]);
    check_refused(
        beyond,
        Long,
        1,
        "9223372037000000000 ns since 1970-01-01",
        "out of the range of LONG",
    );
    let beyond = TimestampMillisecondArray::from(vec![i64::MIN]);
    check_refused(
        beyond,
        Long,
        0,
        "-9223372036854775808000000 ns since 1970-01-01",
        "out of the range of LONG",
    );
}

#[test]
fn dates() {
    let array = Date32Array::from(vec![Some(i32::MIN), Some(-1), None, Some(i32::MAX)]);
    let [low, before, high] = [i32::MIN, -1, i32::MAX].map(Value::NaiveDate);
    check_natural(array.clone(), NaiveDate, &[low, before, Value::Null, high]);
    let [low, before, high] = ["-5877641-06-23", "1969-12-31", "+5881580-07-11"].map(Value::String);
    check(array, Text, &[low, before, Value::Null, high]);
    let midnight = |days: i64| Value::NaiveDateTime(Timestamp::from_units::<1>(days * 86_400));
    check(
        Date32Array::from(vec![-1, i32::MAX]),
        NaiveDateTime,
        &[midnight(-1), midnight(i32::MAX.into())],
    );

    let array = Date64Array::from(vec![Some(-86_400_000), None, Some(86_400_000)]);
    check_natural(
        array.clone(),
        NaiveDate,
        &[Value::NaiveDate(-1), Value::Null, Value::NaiveDate(1)],
    );
    check(
        array.clone(),
        Text,
        &[Value::String("1969-12-31"), Value::Null, Value::String("1970-01-02")],
    );
    check(array, NaiveDateTime, &[midnight(-1), Value::Null, midnight(1)]);
}

#[test]
fn a_date_with_a_time_of_day_is_not_cut() {
    for to in [NaiveDate, Text] {
        let array = Date64Array::from(vec![0, -1]);
        check_refused(array, to, 1, "-1 ms since 1970-01-01", "time of day");
    }
    let array = Date64Array::from(vec![-1]);
    check(array, NaiveDateTime, &[Value::NaiveDateTime(Timestamp::from_units::<1_000>(-1))]);
    let far = i64::MAX / 86_400_000 * 86_400_000;
    check_refused(
        Date64Array::from(vec![far]),
        NaiveDate,
        0,
        "106751991167 days since 1970-01-01",
        "out of the range",
    );
}

#[test]
fn times_of_day() {
    let array = Time32SecondArray::from(vec![Some(0), None, Some(86_399)]);
    check_natural(
        array,
        Text,
        &[Value::String("00:00:00"), Value::Null, Value::String("23:59:59")],
    );
    check_natural(
        Time32MillisecondArray::from(vec![86_399_999]),
        Text,
        &[Value::String("23:59:59.999")],
    );
    check_natural(
        Time64MicrosecondArray::from(vec![23_818_190_260]),
        Text,
        &[Value::String("06:36:58.190260")],
    );
    check_natural(
        Time64NanosecondArray::from(vec![1]),
        Text,
        &[Value::String("00:00:00.000000001")],
    );
    check_refused(
        Time32SecondArray::from(vec![0, 86_400]),
        Text,
        1,
        "86400 units of 1/1 s after midnight",
        "no time of day",
    );
    check_refused(
        Time64NanosecondArray::from(vec![-1]),
        Text,
        0,
        "-1 units of 1/1000000000 s after midnight",
        "no time of day",
    );
}

#[test]
fn durations() {
    for (nanoseconds, expect) in [
        (0, "PT0S"),
        (1, "PT0.000000001S"),
        (-1_500_000_000, "-PT1.5S"),
        (90_061_000_000_000, "PT90061S"),
        (i64::MAX, "PT9223372036.854775807S"),
        (i64::MIN, "-PT9223372036.854775808S"),
    ] {
        let array = DurationNanosecondArray::from(vec![Some(nanoseconds), None]);
        check_natural(array, Text, &[Value::String(expect), Value::Null]);
    }
    check(DurationMicrosecondArray::from(vec![1]), Text, &[Value::String("PT0.000001S")]);
    check(DurationMillisecondArray::from(vec![-1]), Text, &[Value::String("-PT0.001S")]);
    check(
        DurationSecondArray::from(vec![i64::MIN]),
        Text,
        &[Value::String("-PT9223372036854775808S")],
    );
}

#[test]
fn intervals() {
    for (months, expect) in [
        (0, "PT0S"),
        (12, "P1Y"),
        (14, "P1Y2M"),
        (-14, "-P1Y2M"),
        (i32::MAX, "P178956970Y7M"),
        (i32::MIN, "-P178956970Y8M"),
    ] {
        check_natural(IntervalYearMonthArray::from(vec![months]), Text, &[Value::String(expect)]);
    }
    for (days, milliseconds, expect) in [
        (1, 0, "P1D"),
        (0, 1, "PT0.001S"),
        (-1, 4_000, "P-1DT4S"),
        (1, -4_005, "P1DT-4.005S"),
        (i32::MIN, i32::MIN, "-P2147483648DT2147483.648S"),
    ] {
        let array = IntervalDayTimeArray::from(vec![IntervalDayTime { days, milliseconds }]);
        check_natural(array, Text, &[Value::String(expect)]);
    }
    for (months, days, nanoseconds, expect) in [
        (13, 2, 3, "P1Y1M2DT0.000000003S"),
        (-13, 2, 0, "P-1Y-1M2D"),
        (-1, -2, -3_000_000_000, "-P1M2DT3S"),
        (0, 0, i64::MIN, "-PT9223372036.854775808S"),
    ] {
        let value = IntervalMonthDayNano { months, days, nanoseconds };
        let array = IntervalMonthDayNanoArray::from(vec![Some(value), None]);
        check_natural(array, Text, &[Value::String(expect), Value::Null]);
    }
}

#[test]
fn arrow_has_no_nanoseconds_in_32_bits() {
    assert_eq!(arrow_rows::column_type(&ArrowType::Time32(TimeUnit::Nanosecond)), None);
    assert_eq!(arrow_rows::column_type(&ArrowType::Time64(TimeUnit::Second)), None);
}
