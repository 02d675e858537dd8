//! How a scenario ends.

use crate::compare::Comparison;

/// How a scenario went that was played to its end.
pub(crate) enum End {
    /// What the comparison came to.
    Compared(Comparison),
    /// It could not be played here, and why.
    Skipped(String),
}
