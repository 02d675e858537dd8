//! Cells whose value is a copy of what Arrow holds, or a slice of it.

pub(crate) mod borrowed;
pub(crate) mod number;
pub(crate) mod time;
