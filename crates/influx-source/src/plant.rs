//! Faults that the simulation plants into the engine, to show that it would find them.
//!
//! Outside of this crate's own tests nothing can be planted, and the compiler removes every branch.

/// A fault of the engine: what it would do if a rule were not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Defect {
    /// The upper bound is taken again for each window.
    UpperBoundPerWindow,
    /// Points that may still be on their way are taken for settled.
    NothingSettles,
    /// The later of the two clocks counts.
    LaterClock,
    /// A cursor beyond the upper bound is left there.
    CursorBeyondNow,
    /// Points of the future are read, and the cursor follows them.
    FuturePoints,
    /// A stretch that no file covers is taken for empty.
    FilesProveEmptiness,
    /// The next window starts one nanosecond after the last one's end.
    HolesBetweenWindows,
    /// A window that a limit refused is skipped.
    RefusedWindowSkipped,
    /// A cursor follows the times of rows.
    CursorOfARow,
    /// A batch without rows ends the answer.
    EmptyBatchEnds,
    /// A batch without rows puts the cursor back to where the sync began.
    EmptyBatchGoesBack,
    /// A stream that breaks off is taken for one that ends.
    BrokenStreamEnds,
    /// A window that is done moves the cursor, though one before it is not.
    IncompletePrefix,
    /// A checkpoint vouches for a window that is still being read.
    CheckpointBeforeRows,
    /// All tables share a cursor.
    OneCursor,
    /// Every measurement lands in the same table.
    OneTable,
    /// Settings that shape rows may change under a cursor.
    FingerprintIgnored,
    /// The old cursor still stands in the state when a table that starts anew is truncated.
    CursorOutlivesTruncate,
    /// Hidden tags are no part of the series.
    HiddenTagsLeftOut,
    /// Null tags are part of the series.
    NullTagsIncluded,
    /// Tags that appear in mid-sync are not noticed.
    NewTagsUnnoticed,
    /// A measurement that was made anew with other types is read on.
    OtherTypesUnnoticed,
    /// Nothing before the cursor is read again.
    NoLookback,
    /// A point that was sent once is not sent again, whatever it has become.
    #[cfg_attr(not(test), expect(dead_code, reason = "what it takes is not even compiled"))]
    OverwritesIgnored,
    /// Tables have no key.
    NoKey,
    /// Points before 1990 are left out.
    NothingBefore1990,
    /// The mark of the files moves on before their ranges are read.
    MarkCommittedEarly,
    /// The files are listed after reading.
    FilesListedLate,
    /// The mark vouches for files of a snapshot that were not listed yet.
    HalfListedForgotten,
    /// A server whose files start again at low numbers is taken for the old one.
    RebuildUnnoticed,
    /// The counts are taken after reading.
    CountedLate,
    /// A day whose count rose is only noted.
    RiseIgnored,
    /// What lies between two counts is never compared.
    UncountedStretch,
    /// Ranges that are read again are not cut off where another window reads.
    RangesOverlap,
    /// Rows of a re-sync come without a `TRUNCATE` before them.
    NoTruncate,
    /// A sync that is resumed truncates again.
    TruncateOnResume,
    /// Points that are gone from the database restart the table.
    AbsenceIsDelete,
    /// A failed table ends the sync as if all were well.
    FailureIsSuccess,
    /// A table that another measurement filled before is taken over, and that one's cursor stays.
    OwnerIgnored,
    /// The same, by a measurement without points alone.
    OwnerIgnoredByEmptyTable,
    /// Another server is taken for the one that was read before.
    IdentityIgnored,
    /// A server that does not say who it is this time is taken for another one.
    MissingIdentityIsAnother,
    /// A server that comes back does not owe what the other one has overwritten.
    ReturnWithoutOverwritten,
    /// A table that was gone is resumed when it is back.
    GoneAndBackResumed,
    /// Rows of another server are sent before the state knows of it.
    ServerChangedUnsaved,
}

#[cfg(test)]
impl Defect {
    /// Every defect.
    pub(crate) const ALL: &[Self] = &[
        Self::UpperBoundPerWindow,
        Self::NothingSettles,
        Self::LaterClock,
        Self::CursorBeyondNow,
        Self::FuturePoints,
        Self::FilesProveEmptiness,
        Self::HolesBetweenWindows,
        Self::RefusedWindowSkipped,
        Self::CursorOfARow,
        Self::EmptyBatchEnds,
        Self::EmptyBatchGoesBack,
        Self::BrokenStreamEnds,
        Self::IncompletePrefix,
        Self::CheckpointBeforeRows,
        Self::OneCursor,
        Self::OneTable,
        Self::FingerprintIgnored,
        Self::CursorOutlivesTruncate,
        Self::HiddenTagsLeftOut,
        Self::NullTagsIncluded,
        Self::NewTagsUnnoticed,
        Self::OtherTypesUnnoticed,
        Self::NoLookback,
        Self::OverwritesIgnored,
        Self::NoKey,
        Self::NothingBefore1990,
        Self::MarkCommittedEarly,
        Self::FilesListedLate,
        Self::HalfListedForgotten,
        Self::RebuildUnnoticed,
        Self::CountedLate,
        Self::RiseIgnored,
        Self::UncountedStretch,
        Self::RangesOverlap,
        Self::NoTruncate,
        Self::TruncateOnResume,
        Self::AbsenceIsDelete,
        Self::FailureIsSuccess,
        Self::OwnerIgnored,
        Self::OwnerIgnoredByEmptyTable,
        Self::IdentityIgnored,
        Self::MissingIdentityIsAnother,
        Self::ReturnWithoutOverwritten,
        Self::GoneAndBackResumed,
        Self::ServerChangedUnsaved,
    ];
}

#[cfg(not(test))]
pub(crate) const fn is_planted(_: Defect) -> bool {
    false
}

#[cfg(test)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Defect>> = const { std::cell::Cell::new(None) };
    /// What was sent, for [`Defect::OverwritesIgnored`].
    static SENT: std::cell::RefCell<std::collections::HashSet<String>> = std::cell::RefCell::default();
}

/// Whether something is sent for the first time since something was planted.
#[cfg(test)]
pub(crate) fn is_first(sent: String) -> bool {
    SENT.with_borrow_mut(|before| before.insert(sent))
}

#[cfg(test)]
pub(crate) fn is_planted(defect: Defect) -> bool {
    PLANTED.get() == Some(defect)
}

/// Plants a defect, or none, for what follows on this thread.
#[cfg(test)]
pub(crate) fn plant(defect: Option<Defect>) {
    PLANTED.set(defect);
    SENT.with_borrow_mut(std::collections::HashSet::clear);
}
