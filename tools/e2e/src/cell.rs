//! A value of either side of the comparison.

/// A value as both sides can say it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Integer(i64),
    /// Its bits: every float that is stored is to come out the same.
    Float(u64),
    Text(String),
}

impl Cell {
    pub(crate) fn float(value: f64) -> Self {
        // SQLite keeps a zero without its sign, so both sides lose it here.
        Self::Float((value + 0.0).to_bits())
    }
}

#[cfg(test)]
mod tests {
    use super::Cell;

    #[test]
    fn floats_are_compared_by_their_bits_but_for_the_sign_of_zero() {
        assert_eq!(Cell::float(-0.0), Cell::float(0.0));
        assert_ne!(Cell::float(0.1 + 0.2), Cell::float(0.3));
        assert_ne!(Cell::float(-1.0), Cell::float(1.0));
    }
}
