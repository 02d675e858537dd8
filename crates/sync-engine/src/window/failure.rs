//! Why a window was not read to its end.

use std::error::Error;

use arrow_schema::ArrowError;
use sync_core::{SinkError, SyncError};

use crate::error::{ErrorKind, Failure};
use crate::table::TableFailure;

/// Why a window was not read to its end.
#[derive(Debug)]
pub(crate) enum WindowFailure {
    /// The database did not answer, or not to the end: another window may do.
    Database(Failure),
    /// The question was not answered, or not to its end, again and again, and others are: it may
    /// take longer than something on the way allows.
    BreaksOff(Failure),
    /// No question is answered.
    Outage(Failure),
    /// The measurement has other columns than it had when they were listed. Nothing was sent.
    Changed,
    /// Anything else.
    Table(TableFailure),
}

impl From<Failure> for WindowFailure {
    fn from(failure: Failure) -> Self {
        match failure.kind() {
            ErrorKind::ColumnsChanged => Self::Changed,
            _ => Self::Database(failure),
        }
    }
}

impl From<SinkError> for WindowFailure {
    fn from(error: SinkError) -> Self {
        Self::Table(error.into())
    }
}

/// An answer that does not have the columns that were asked for.
pub(crate) fn unexpected(error: impl Into<UnexpectedAnswer>) -> WindowFailure {
    let UnexpectedAnswer(source) = error.into();
    let message = format!("An answer has other columns than were asked for: {source}");
    WindowFailure::Table(TableFailure::Parked(SyncError::bug(message).caused_by(source)))
}

/// What is wrong with the columns of an answer.
pub(crate) struct UnexpectedAnswer(Box<dyn Error + Send + Sync>);

impl From<ArrowError> for UnexpectedAnswer {
    fn from(error: ArrowError) -> Self {
        Self(Box::new(error))
    }
}

impl From<arrow_rows::Error> for UnexpectedAnswer {
    fn from(error: arrow_rows::Error) -> Self {
        Self(Box::new(error))
    }
}
