//! What the ledger demands of a range of time.

/// A range of time of which all that could be seen by a moment has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cover {
    pub(crate) rule: &'static str,
    pub(crate) seen_by: i64,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) demands: Demand,
}

/// What a cover demands of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Their newest values.
    All,
    /// That no value is missing, whatever it was.
    Cells,
    /// That they are there.
    Points,
}
