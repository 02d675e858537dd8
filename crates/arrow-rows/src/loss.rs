//! Counts what a conversion leaves out.

/// Something that values of a column lost when they were converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss<'a> {
    /// The column's name.
    pub column: &'a str,
    /// What was lost.
    pub kind: LossKind,
    /// How many times, in all batches so far.
    pub count: u64,
}

/// What can be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LossKind {
    /// A number was infinite or not a number, and became NULL (in a JSON document: `null`).
    NotFinite,
    /// A time's nanoseconds below the microsecond were cut from its text.
    SubMicrosecond,
}

/// The losses of one column.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    pub(crate) not_finite: u64,
    pub(crate) sub_microsecond: u64,
}

impl Losses {
    pub(crate) fn of<'a>(&self, column: &'a str) -> impl Iterator<Item = Loss<'a>> + use<'a> {
        [(LossKind::NotFinite, self.not_finite), (LossKind::SubMicrosecond, self.sub_microsecond)]
            .into_iter()
            .filter(|&(_, count)| count > 0)
            .map(move |(kind, count)| Loss { column, kind, count })
    }
}
