//! What goes wrong with a question, each with the sentence that a customer would read.

use sync_engine::{ErrorKind, Failure, Refusal};

pub(super) const UNAVAILABLE: ErrorKind = ErrorKind::Retry { after: None };
pub(super) const TOO_MANY_FILES: ErrorKind = ErrorKind::TooLarge(Refusal::Limit);
pub(super) const NO_MEMORY: ErrorKind = ErrorKind::TooLarge(Refusal::Pressure);

pub(super) fn failure(kind: ErrorKind) -> Failure {
    let sentence = match kind {
        ErrorKind::Retry { .. } => "the model does not answer now",
        ErrorKind::TooLarge(Refusal::Limit) => "the question reads too much for the model",
        ErrorKind::TooLarge(Refusal::Pressure) => "the model is short of memory",
        ErrorKind::ColumnsChanged => "the model has no such column",
        ErrorKind::TableGone => "the model has no such table",
        ErrorKind::DatabaseGone => "the model has no database of that name",
        ErrorKind::Setup => "the model refuses the token",
        ErrorKind::Refused => "the model does not understand the question",
        ErrorKind::Bug => "the model does not know how to answer",
    };
    Failure::new(kind, sentence)
}
