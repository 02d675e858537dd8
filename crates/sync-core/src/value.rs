//! One cell of a row.

/// One cell of a row, borrowed from wherever the source keeps it.
///
/// The variants are those of [`DataType`](crate::DataType), plus [`Null`](Value::Null), which fits
/// every column that is no key. Text variants borrow, so a row costs no allocation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value, whatever the column's type.
    Null,
    /// True or false.
    Bool(bool),
    /// 16 bits, signed.
    Short(i16),
    /// 32 bits, signed.
    Int(i32),
    /// 64 bits, signed.
    Long(i64),
    /// 32 bits, IEEE 754. Sources send finite numbers only.
    Float(f32),
    /// 64 bits, IEEE 754. Sources send finite numbers only.
    Double(f64),
    /// A decimal number as text: an optional `-`, digits, and an optional fraction after a point.
    Decimal(&'a str),
    /// A calendar date, in days since 1970-01-01, negative before.
    NaiveDate(i32),
    /// A date and time of day without a zone, as if it were UTC.
    NaiveDateTime(Timestamp),
    /// An instant.
    UtcDateTime(Timestamp),
    /// Bytes.
    Binary(&'a [u8]),
    /// Text.
    String(&'a str),
    /// A valid JSON document, as text.
    Json(&'a str),
}

/// An instant with nanoseconds, counted forward from a whole second, before 1970 too.
///
/// The range is that of 64-bit *seconds*, so that every Arrow timestamp fits, whatever its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;

impl Timestamp {
    /// An instant `units` after 1970-01-01T00:00:00Z, where a second has `PER_SECOND` units (1,
    /// 1,000, 1,000,000 or 1,000,000,000).
    #[must_use]
    pub const fn from_units<const PER_SECOND: i64>(units: i64) -> Self {
        const {
            assert!(PER_SECOND > 0 && NANOSECONDS_PER_SECOND % PER_SECOND == 0);
        }
        let fraction = units.rem_euclid(PER_SECOND) * (NANOSECONDS_PER_SECOND / PER_SECOND);
        Self {
            seconds: units.div_euclid(PER_SECOND),
            // A remainder is below a second, hence below 2^30 nanoseconds.
            nanoseconds: fraction as u32,
        }
    }

    /// An instant `nanoseconds` after 1970-01-01T00:00:00Z; negative before it.
    #[must_use]
    pub const fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self::from_units::<NANOSECONDS_PER_SECOND>(nanoseconds)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after [`seconds`](Self::seconds), 0 to 999,999,999.
    #[must_use]
    pub const fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn counts_forward_from_a_whole_second_on_both_sides_of_1970() {
        for (nanoseconds, seconds, rest) in [
            (0, 0, 0),
            (1, 0, 1),
            (-1, -1, 999_999_999),
            (-1_000_000_001, -2, 999_999_999),
            (1_748_846_218_190_260_123, 1_748_846_218, 190_260_123),
            (i64::MAX, 9_223_372_036, 854_775_807),
            (i64::MIN, -9_223_372_037, 145_224_192),
        ] {
            let at = Timestamp::from_nanoseconds(nanoseconds);
            assert_eq!((at.seconds(), at.nanoseconds()), (seconds, rest), "{nanoseconds}");
        }
    }

    #[test]
    fn every_unit_keeps_its_whole_range() {
        let far = Timestamp::from_units::<1>(i64::MIN);
        assert_eq!((far.seconds(), far.nanoseconds()), (i64::MIN, 0));
        let milli = Timestamp::from_units::<1_000>(-1);
        assert_eq!((milli.seconds(), milli.nanoseconds()), (-1, 999_000_000));
        let micro = Timestamp::from_units::<1_000_000>(1_500_000);
        assert_eq!((micro.seconds(), micro.nanoseconds()), (1, 500_000_000));
    }
}
