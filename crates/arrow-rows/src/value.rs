//! Values that are copies of what Arrow holds, or slices of it.

pub(crate) mod borrowed;
pub(crate) mod number;
pub(crate) mod time;
