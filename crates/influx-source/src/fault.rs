//! From what InfluxDB says to who can mend it.

use influx_flight::{Error, ErrorKind};
use sync_core::{Fault, SinkError, SyncError};

/// An error of the client as the end of a sync, a test or a schema call.
pub(crate) fn influx(error: Error) -> SyncError {
    let fault = if error.kind().is_setup() {
        Fault::Setup
    } else if error.kind().is_transient() || error.kind().wants_smaller_query() {
        Fault::Transient
    } else {
        Fault::Bug
    };
    with_cause(fault, error)
}

/// A sink that takes no more.
pub(crate) fn sink(error: SinkError) -> SyncError {
    match error {
        SinkError::Closed => with_cause(Fault::Transient, error),
        SinkError::Row(_) | SinkError::RowTooLarge { .. } => with_cause(Fault::Setup, error),
        SinkError::StateTooLarge { .. } => SyncError {
            remedy: Some("Sync fewer measurements with one connection".to_owned()),
            ..with_cause(Fault::Setup, error)
        },
    }
}

/// How a failure in one table bears on the sync.
#[derive(Debug)]
pub(crate) enum TableFailure {
    /// The table is gone: the customer is told, and the sync goes on.
    Dropped,
    /// The table's own fault: the others finish.
    Parked(SyncError),
    /// The database is gone, and every table with it: the sync ends.
    DatabaseGone(SyncError),
    /// No table could be read: the sync ends.
    Ends(SyncError),
}

impl From<SinkError> for TableFailure {
    fn from(error: SinkError) -> Self {
        match error {
            SinkError::Closed | SinkError::StateTooLarge { .. } => Self::Ends(sink(error)),
            SinkError::Row(_) | SinkError::RowTooLarge { .. } => Self::Parked(sink(error)),
        }
    }
}

impl From<Error> for TableFailure {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::TableMissing { .. } => Self::Dropped,
            ErrorKind::ColumnMissing { .. } => Self::Parked(with_cause(Fault::Transient, error)),
            ErrorKind::InvalidQuery
            | ErrorKind::FileLimit
            | ErrorKind::PartitionLimit
            | ErrorKind::Memory
            | ErrorKind::Deadline
            | ErrorKind::MessageTooLarge
            | ErrorKind::Protocol
            | ErrorKind::Internal => Self::Parked(influx(error)),
            ErrorKind::DatabaseMissing => Self::DatabaseGone(influx(error)),
            ErrorKind::PlaintextToken
            | ErrorKind::Token
            | ErrorKind::Unavailable
            | ErrorKind::Stalled
            | ErrorKind::RateLimited { .. }
            | ErrorKind::Connect(_)
            | ErrorKind::Tls(_)
            | ErrorKind::NotInfluxDb3(_)
            | ErrorKind::Unsupported => Self::Ends(influx(error)),
        }
    }
}

fn with_cause(fault: Fault, error: impl std::error::Error) -> SyncError {
    SyncError {
        fault,
        message: sentence(&error),
        remedy: None,
        // The error itself is the message, so its cause is ours.
        source: error.source().map(|cause| cause.to_string().into()),
    }
}

/// The text of an error below this crate: a whole sentence with what to do in it, without a full stop, since ours have their own.
pub(crate) fn sentence(error: &impl std::error::Error) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}
