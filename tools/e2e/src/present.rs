//! The present value of a field, as far as the server can tell it.
//!
//! Below 3.11.4, a point that was overwritten while it was in the buffer may be answered with
//! either value until it is in a file (influxdata/influxdb#27548). The connector cannot know better
//! than its server, so the comparison allows for exactly that, and for nothing else.

use semver::Version;

use crate::cell::Cell;

/// The first release that answers an overwritten point in the buffer with its last value.
const FIXED: Version = Version::new(3, 11, 4);

/// A present value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Present {
    /// The one that the server answers.
    Exact(Cell),
    /// Overwritten in the buffer: any of those that were written there.
    Either { answered: Cell, written: Vec<Cell> },
}

impl Present {
    /// Takes what the server answers, the different values that are in its buffer, and its release.
    /// One that is unknown is taken for a good one.
    pub(crate) fn new(answered: Cell, buffered: Vec<Cell>, release: Option<&Version>) -> Self {
        let has_bug = release.is_some_and(|release| *release < FIXED);
        // A single value in the buffer is the last one, whatever the files have.
        match has_bug && buffered.len() > 1 {
            true => Self::Either { answered, written: buffered },
            false => Self::Exact(answered),
        }
    }

    pub(crate) fn allows(&self, stored: &Cell) -> bool {
        match self {
            Self::Exact(answered) => answered == stored,
            Self::Either { written, .. } => written.contains(stored),
        }
    }

    pub(crate) fn is_answered(&self, stored: &Cell) -> bool {
        match self {
            Self::Exact(answered) | Self::Either { answered, .. } => answered == stored,
        }
    }

    pub(crate) fn is_overwritten(&self) -> bool {
        matches!(self, Self::Either { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Cell = Cell::Integer(1);
    const NEW: Cell = Cell::Integer(2);
    const NEVER: Cell = Cell::Integer(3);

    #[test]
    fn the_old_value_counts_below_the_fixed_release_only() {
        let check = |release: &str, expected: bool| {
            let version = Version::parse(release).ok();
            let present = Present::new(NEW, vec![OLD, NEW], version.as_ref());
            assert_eq!(present.allows(&OLD), expected, "{release:?}");
            assert_eq!(present.is_overwritten(), expected, "{release:?}");
            assert!(present.allows(&NEW) && !present.allows(&NEVER), "{release:?}");
        };
        check("3.10.0", true);
        check("3.11.3", true);
        check("3.11.4", false);
        check("3.12.0", false);
        check("4.0.0", false);
        check("a build of our own", false);
        check("", false);
    }

    #[test]
    fn a_value_of_a_file_counts_no_more_once_there_is_one_in_the_buffer() {
        let release = Version::new(3, 10, 0);
        for buffered in [vec![], vec![NEW]] {
            let present = Present::new(NEW, buffered, Some(&release));
            assert!(present.allows(&NEW) && !present.allows(&OLD), "{present:?}");
        }
    }
}
