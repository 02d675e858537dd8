//! Errors for the caller of this crate. What a connector does wrong is no error but a
//! [`Breach`](crate::Breach).

use std::io;
use std::path::PathBuf;

use crate::TableName;

/// Why a call could not be completed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is not one that a connector can listen on.
    #[error(
        "`{address}` is not a connector's address: {reason}; \
         write `host:port`, as in `localhost:50051`"
    )]
    Address {
        /// The address as it was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answered at the address.
    #[error(
        "no connector answers at {address} after {tries} tries; is it started, and on this port?"
    )]
    Connect {
        /// The address as it was given.
        address: String,
        /// How often it was tried.
        tries: usize,
        /// The last failure.
        source: tonic::transport::Error,
    },
    /// The connector answered with a gRPC status where an answer was due.
    #[error(
        "the connector answered {method} with status {}: {}",
        status_name(.status), .status.message()
    )]
    Call {
        /// Which of the four methods.
        method: &'static str,
        /// The status.
        #[source]
        status: Box<tonic::Status>,
    },
    /// A file of the project cannot be read or written.
    #[error("cannot {action} {}", .path.display())]
    File {
        /// What was tried: "read", "write", "remove".
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The warehouse does not exist yet.
    #[error("there is no warehouse at {}; run a sync first", .path.display())]
    NoWarehouse {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The warehouse refused.
    #[error(
        "the warehouse cannot {action}; if another sync runs in this project, let it end first"
    )]
    Warehouse {
        /// What was tried.
        action: String,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
    /// Another sync writes to the warehouse.
    #[error("the warehouse is in use; let the other sync of this project end first")]
    WarehouseInUse,
    /// The file is a database, but not a warehouse of this version.
    #[error(
        "{} is not a warehouse of this version; move it away, or choose another project directory",
        .path.display()
    )]
    ForeignWarehouse {
        /// The file.
        path: PathBuf,
    },
    /// The table was never synced into this warehouse.
    #[error("the warehouse has no table `{table}`")]
    UnknownTable {
        /// The table.
        table: TableName,
    },
    /// A selection names what the schema does not have.
    #[error("the schema has no {what}; see the schema's answer for its names")]
    NotInSchema {
        /// The table or column.
        what: String,
    },
    /// The runtime shut down in the middle of a sync; everything up to the last checkpoint is kept.
    #[error("the sync was cut off by the end of the program")]
    CutOff,
}

impl Error {
    /// For `map_err`: names what the warehouse was asked to do.
    pub(crate) fn warehouse(action: impl Into<String>) -> impl FnOnce(rusqlite::Error) -> Self {
        let action = action.into();
        move |source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy) => Self::WarehouseInUse,
            _ => Self::Warehouse { action, source },
        }
    }

    /// For `map_err`: names what was done to which file.
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}

fn status_name(status: &tonic::Status) -> String {
    format!("{:?}", status.code())
}
