//! The errors of queries, with the texts and codes of InfluxDB 3 Core.

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use thiserror::Error;
use tonic::{Code, Status};

/// The server cuts messages after this many bytes.
const MAX_MESSAGE_BYTES: usize = 2000;

/// An error of the server's own, raised within DataFusion's planning or running.
#[derive(Debug, Error)]
#[error("{message}")]
pub(super) struct Refusal {
    code: Code,
    message: String,
}

impl Refusal {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<Refusal> for DataFusionError {
    fn from(refusal: Refusal) -> Self {
        Self::External(Box::new(refusal))
    }
}

/// A query that failed: the gRPC code, and the message.
#[derive(Clone, Debug)]
pub(crate) struct QueryError {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl QueryError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The statement is invalid, or names something that does not exist.
    pub(crate) fn logical(error: DataFusionError) -> Self {
        Self::of("Error while logically planning query", &error)
    }

    /// The statement has no physical plan.
    pub(crate) fn planning(error: DataFusionError) -> Self {
        Self::of("Error while planning query", &error)
    }

    /// The query failed after its answer had begun.
    pub(crate) fn running(error: DataFusionError) -> Self {
        Self::of("Error while execution Flight SQL stream", &error)
    }

    fn of(step: &str, error: &DataFusionError) -> Self {
        // DataFusion 55 breaks the line here, where the server has a space that clients match.
        let mut message =
            format!("{step}: {error}").replace(".\nValid fields are", ". Valid fields are");
        let end = (0..=message.len().min(MAX_MESSAGE_BYTES))
            .rev()
            .find(|end| message.is_char_boundary(*end));
        message.truncate(end.unwrap_or(0));
        Self::new(code(error), message)
    }
}

/// Core blames the caller for nearly everything. Only bugs of the engine are `INTERNAL`. A refusal
/// has a code of its own.
fn code(error: &DataFusionError) -> Code {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => Code::ResourceExhausted,
        DataFusionError::Internal(_) => Code::Internal,
        DataFusionError::External(error) => {
            let refusal = error.downcast_ref::<Refusal>();
            refusal.map_or(Code::InvalidArgument, |refusal| refusal.code)
        }
        DataFusionError::ArrowError(error, _) if matches!(**error, ArrowError::MemoryError(_)) => {
            Code::ResourceExhausted
        }
        _ => Code::InvalidArgument,
    }
}

impl From<QueryError> for Status {
    fn from(error: QueryError) -> Self {
        Status::new(error.code, error.message)
    }
}
