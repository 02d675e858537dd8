//! How a failure in one table bears on the sync.

use std::error::Error;

use sync_core::{Fault, SinkError, SyncError};

use crate::error::{ErrorKind, Failure};

/// How a failure in one table bears on the sync.
#[derive(Debug)]
pub(crate) enum TableFailure {
    /// The table is gone: the customer is told, and the sync goes on.
    Dropped,
    /// It has a column that the platform has not heard of: the sync goes on, and the next one reads
    /// the table.
    Unknown,
    /// None of its windows was answered, however small, while other questions were: the others
    /// finish, unless it happens to many.
    Unanswered(SyncError),
    /// The table's own fault: the others finish.
    Parked(SyncError),
    /// The database is gone, and every table with it: the sync ends.
    DatabaseGone(SyncError),
    /// No table could be read: the sync ends.
    Ends(SyncError),
}

impl TableFailure {
    /// Whether it ends the sync for every table.
    pub(crate) fn ends_all(&self) -> bool {
        matches!(self, Self::Ends(_) | Self::DatabaseGone(_))
    }
}

impl From<SinkError> for TableFailure {
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::Closed | SinkError::StateTooLarge { .. } => Self::Ends(sink_error(error)),
            SinkError::Row(_) | SinkError::RowTooLarge { .. } => Self::Parked(sink_error(error)),
        }
    }
}

impl From<Failure> for TableFailure {
    fn from(failure: Failure) -> Self {
        match failure.kind() {
            ErrorKind::TableGone => Self::Dropped,
            ErrorKind::ColumnsChanged => Self::Parked(with_cause(Fault::Transient, failure)),
            ErrorKind::TooLarge(_) => Self::Parked(failure.into()),
            ErrorKind::Refused => Self::Unanswered(failure.into()),
            ErrorKind::DatabaseGone => Self::DatabaseGone(failure.into()),
            ErrorKind::Retry { .. } | ErrorKind::Setup | ErrorKind::Bug => {
                Self::Ends(failure.into())
            }
        }
    }
}

/// A failure as the end of a sync, a test or a schema call.
impl From<Failure> for SyncError {
    fn from(failure: Failure) -> Self {
        let fault = match failure.kind() {
            ErrorKind::Setup | ErrorKind::DatabaseGone => Fault::Setup,
            ErrorKind::Retry { .. } | ErrorKind::TooLarge(_) => Fault::Transient,
            ErrorKind::ColumnsChanged
            | ErrorKind::TableGone
            | ErrorKind::Refused
            | ErrorKind::Bug => Fault::Bug,
        };
        with_cause(fault, failure)
    }
}

/// A sink that takes no more, as the end of a sync.
pub(crate) fn sink_error(error: SinkError) -> SyncError {
    match error {
        SinkError::Closed => with_cause(Fault::Transient, error),
        SinkError::Row(_) | SinkError::RowTooLarge { .. } => with_cause(Fault::Setup, error),
        SinkError::StateTooLarge { .. } => {
            SyncError::setup(sentence(&error), "Sync fewer measurements with one connection")
        }
    }
}

fn with_cause(fault: Fault, error: impl Error) -> SyncError {
    let ended = SyncError::new(fault, sentence(&error));
    // The error itself is the message, so its cause is ours.
    match error.source() {
        Some(cause) => ended.caused_by(cause.to_string()),
        None => ended,
    }
}

/// The text of an error below the engine: a whole sentence with what to do in it. It comes without
/// its full stop, since ours have their own.
pub(crate) fn sentence(error: &impl Error) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}
