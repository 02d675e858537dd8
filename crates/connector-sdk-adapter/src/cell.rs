//! Converts one cell to what the SDK takes for its column's type, in both of its encodings.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, Timelike};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDate, PyDateTime, PyFloat, PyString, PyTzInfo};
use sync_core::{DataType, Timestamp, Value};

use crate::sdk::Sdk;

/// What converting a cell needs of Python.
pub(crate) struct Conversion<'a, 'py> {
    pub(crate) py: Python<'py>,
    pub(crate) sdk: &'a Sdk,
    pub(crate) utc: Borrowed<'a, 'py, PyTzInfo>,
}

/// Why a cell was not converted.
#[derive(Debug)]
pub(crate) enum CellError {
    Misfit(Misfit),
    /// Python raised something that has nothing to do with the value.
    Raised(PyErr),
}

/// A value that its column cannot hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The value as text.
    pub(crate) value: String,
    pub(crate) reason: &'static str,
}

impl Misfit {
    fn new(value: Value<'_>, reason: &'static str) -> Self {
        Self { value: shown(value), reason }
    }

    fn year(value: Value<'_>) -> Self {
        Self::new(value, "Python's years are 1 to 9999")
    }
}

impl From<Misfit> for CellError {
    fn from(misfit: Misfit) -> Self {
        Self::Misfit(misfit)
    }
}

impl From<PyErr> for CellError {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

/// The converter of a column: chosen once, of its type.
pub(crate) type Convert =
    for<'py> fn(&Conversion<'_, 'py>, Value<'_>) -> Result<Bound<'py, PyAny>, CellError>;

/// What is made of the values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PythonType {
    Bool,
    Int,
    Float,
    /// Text as it is: decimals too, since the SDK refuses Python's own.
    Str,
    Bytes,
    /// The parsed document: a text would be encoded again, in quotes.
    Json,
    Date,
    /// A `datetime` without a zone.
    NaiveDateTime,
    /// A `datetime` in UTC. A text would cost the SDK three times as much.
    UtcDateTime,
}

impl PythonType {
    pub(crate) fn of(data_type: DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Bool,
            DataType::Short | DataType::Int | DataType::Long => Self::Int,
            DataType::Float | DataType::Double => Self::Float,
            DataType::Decimal { .. } | DataType::String => Self::Str,
            DataType::Binary => Self::Bytes,
            DataType::Json => Self::Json,
            DataType::NaiveDate => Self::Date,
            DataType::NaiveDateTime => Self::NaiveDateTime,
            DataType::UtcDateTime => Self::UtcDateTime,
        }
    }

    pub(crate) fn converter(self) -> Convert {
        match self {
            Self::Bool => boolean,
            Self::Int => integer,
            Self::Float => float,
            Self::Str => text,
            Self::Bytes => bytes,
            Self::Json => json,
            Self::Date => date,
            Self::NaiveDateTime => naive_date_time,
            Self::UtcDateTime => utc_date_time,
        }
    }
}

type Cell<'py> = Result<Bound<'py, PyAny>, CellError>;

/// What is not of the column's type: nothing, or a fault of the source.
fn other<'py>(conversion: &Conversion<'_, 'py>, value: Value<'_>) -> Cell<'py> {
    match value {
        Value::Null => Ok(conversion.py.None().into_bound(conversion.py)),
        _ => Err(Misfit::new(value, "it is of another type").into()),
    }
}

fn boolean<'py>(conversion: &Conversion<'_, 'py>, value: Value<'_>) -> Cell<'py> {
    match value {
        Value::Bool(value) => Ok(value
            .into_pyobject(conversion.py)
            .map_or_else(|never| match never {}, |value| value.to_owned().into_any())),
        value => other(conversion, value),
    }
}

fn integer<'py>(conversion: &Conversion<'_, 'py>, value: Value<'_>) -> Cell<'py> {
    let value = match value {
        Value::Short(value) => i64::from(value),
        Value::Int(value) => i64::from(value),
        Value::Long(value) => value,
        value => return other(conversion, value),
    };
    Ok(value.into_pyobject(conversion.py).map_or_else(|never| match never {}, Bound::into_any))
}

fn float<'py>(conversion: &Conversion<'_, 'py>, value: Value<'_>) -> Cell<'py> {
    let value = match value {
        Value::Float(value) => f64::from(value),
        Value::Double(value) => value,
        value => return other(conversion, value),
    };
    Ok(PyFloat::new(conversion.py, value).into_any())
}

fn text<'py>(conversion: &Conversion<'_, 'py>, value: Value<'_>) -> Cell<'py> {
    match value {
        Value::String(value) | Value::Decimal(value) => {
            Ok(PyString::new(conversion.py, value).into_any())
        }
        value => other(conversion, value),
    }
}

fn bytes<'py>(conversion: &Conversion<'_, 'py>, value: Value<'_>) -> Cell<'py> {
    match value {
        Value::Binary(value) => Ok(PyBytes::new(conversion.py, value).into_any()),
        value => other(conversion, value),
    }
}

fn json<'py>(conversion: &Conversion<'_, 'py>, value: Value<'_>) -> Cell<'py> {
    let document = match value {
        Value::Json(document) => document,
        value => return other(conversion, value),
    };
    conversion.sdk.loads(conversion.py, document).map_err(|error| {
        // Python bounds depth and digits, which JSON does not.
        match error.is_instance_of::<PyException>(conversion.py) {
            true => Misfit::new(value, "Python's json module refuses it").into(),
            false => CellError::Raised(error),
        }
    })
}

fn date<'py>(conversion: &Conversion<'_, 'py>, value: Value<'_>) -> Cell<'py> {
    let days = match value {
        Value::NaiveDate(days) => days,
        value => return other(conversion, value),
    };
    let date = calendar_date(days).ok_or_else(|| Misfit::year(value))?;
    let (month, day) = (low_byte(date.month()), low_byte(date.day()));
    Ok(PyDate::new(conversion.py, date.year(), month, day)?.into_any())
}

fn naive_date_time<'py>(conversion: &Conversion<'_, 'py>, value: Value<'_>) -> Cell<'py> {
    match value {
        Value::NaiveDateTime(at) => date_time(conversion, at, None, value),
        value => other(conversion, value),
    }
}

fn utc_date_time<'py>(conversion: &Conversion<'_, 'py>, value: Value<'_>) -> Cell<'py> {
    match value {
        Value::UtcDateTime(at) => date_time(conversion, at, Some(&conversion.utc), value),
        value => other(conversion, value),
    }
}

fn date_time<'py>(
    conversion: &Conversion<'_, 'py>,
    at: Timestamp,
    zone: Option<&Bound<'py, PyTzInfo>>,
    value: Value<'_>,
) -> Cell<'py> {
    let at = clock_time(at).ok_or_else(|| Misfit::year(value))?;
    let date_time = PyDateTime::new(
        conversion.py,
        at.year(),
        low_byte(at.month()),
        low_byte(at.day()),
        low_byte(at.hour()),
        low_byte(at.minute()),
        low_byte(at.second()),
        at.nanosecond() / 1_000,
        zone,
    )?;
    Ok(date_time.into_any())
}

/// A month, a day, an hour, a minute or a second, all of which are below 60.
fn low_byte(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// The date so many days after 1970-01-01, if it is one of Python's years.
fn calendar_date(days: i32) -> Option<NaiveDate> {
    let epoch = DateTime::UNIX_EPOCH.date_naive();
    let distance = Days::new(u64::from(days.unsigned_abs()));
    let date = match days < 0 {
        true => epoch.checked_sub_days(distance),
        false => epoch.checked_add_days(distance),
    };
    date.filter(|date| is_year_of_python(date.year()))
}

/// The date and time of an instant in UTC, if it is in one of Python's years.
fn clock_time(at: Timestamp) -> Option<NaiveDateTime> {
    let time = DateTime::from_timestamp(at.seconds(), at.nanoseconds())?.naive_utc();
    is_year_of_python(time.year()).then_some(time)
}

fn is_year_of_python(year: i32) -> bool {
    (1..=9999).contains(&year)
}

/// A value as text, cut to a length that fits a message.
fn shown(value: Value<'_>) -> String {
    const MOST_CHARACTERS: usize = 60;
    let text = match value {
        Value::NaiveDate(days) => format!("the date {days} days after 1970-01-01"),
        Value::NaiveDateTime(at) | Value::UtcDateTime(at) => {
            format!("the time {} seconds after 1970-01-01", at.seconds())
        }
        value => format!("{value:?}"),
    };
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{} (cut)", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use sync_core::{DataType, Timestamp, Value};

    // Nothing that holds a Python object is made or dropped here: tests are linked without a
    // Python.
    use super::{Misfit, PythonType, calendar_date, clock_time, shown};

    #[test]
    fn every_type_becomes_what_both_encodings_take() {
        let decimal = DataType::Decimal { precision: 20, scale: 2 };
        for (data_type, python) in [
            (DataType::Boolean, PythonType::Bool),
            (DataType::Short, PythonType::Int),
            (DataType::Int, PythonType::Int),
            (DataType::Long, PythonType::Int),
            (decimal, PythonType::Str),
            (DataType::Float, PythonType::Float),
            (DataType::Double, PythonType::Float),
            (DataType::NaiveDate, PythonType::Date),
            (DataType::NaiveDateTime, PythonType::NaiveDateTime),
            (DataType::UtcDateTime, PythonType::UtcDateTime),
            (DataType::Binary, PythonType::Bytes),
            (DataType::String, PythonType::Str),
            (DataType::Json, PythonType::Json),
        ] {
            assert_eq!(PythonType::of(data_type), python, "{data_type}");
        }
    }

    #[test]
    fn dates_are_those_of_pythons_years() {
        let check = |days, expect: Option<&str>| {
            let date = calendar_date(days).map(|date| date.to_string());
            assert_eq!(date.as_deref(), expect, "{days}");
        };
        check(0, Some("1970-01-01"));
        check(-1, Some("1969-12-31"));
        check(19_782, Some("2024-02-29"));
        check(-719_162, Some("0001-01-01"));
        check(-719_163, None);
        check(2_932_896, Some("9999-12-31"));
        check(2_932_897, None);
        check(i32::MIN, None);
        check(i32::MAX, None);
    }

    #[test]
    fn times_are_those_of_pythons_years() {
        let check = |seconds, expect: Option<&str>| {
            let at = Timestamp::from_units::<1>(seconds);
            let time = clock_time(at).map(|time| time.to_string());
            assert_eq!(time.as_deref(), expect, "{seconds}");
        };
        check(-1, Some("1969-12-31 23:59:59"));
        check(-62_135_596_800, Some("0001-01-01 00:00:00"));
        check(-62_135_596_801, None);
        check(253_402_300_799, Some("9999-12-31 23:59:59"));
        check(253_402_300_800, None);
        check(i64::MIN, None);
        check(i64::MAX, None);
    }

    #[test]
    fn what_does_not_fit_is_shown_and_cut() {
        let far = Value::UtcDateTime(Timestamp::from_units::<1>(253_402_300_800));
        let misfit = Misfit::year(far);
        assert_eq!(misfit.value, "the time 253402300800 seconds after 1970-01-01");
        assert_eq!(misfit.reason, "Python's years are 1 to 9999");
        assert_eq!(shown(Value::Long(7)), "Long(7)");
        let long = "x".repeat(100);
        assert!(shown(Value::Json(&long)).ends_with("x (cut)"));
    }
}
