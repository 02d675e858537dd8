//! Turns errors of a source into gRPC statuses and words for the log.

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use sync_core::{Fault, SyncError};
use tonic::{Code, Status};

use crate::text::cut;

/// A status with this text, cut to what HTTP headers can carry.
pub(crate) fn status(code: Code, text: &str) -> Status {
    Status::new(code, cut(text))
}

/// The status for an error, in calls whose answer cannot tell an error otherwise.
pub(crate) fn from_error(error: &SyncError) -> Status {
    let code = match error.fault() {
        Fault::Setup => Code::FailedPrecondition,
        Fault::Transient => Code::Unavailable,
        Fault::Bug => Code::Internal,
    };
    status(code, &error.to_string())
}

/// The last frame of an answer, which carries the status.
pub(crate) fn trailers(status: &Status) -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    // It can fail only on details, which our statuses do not have. The code is added even then.
    let _ = status.add_header(&mut trailers);
    Frame::trailers(trailers)
}

/// The name of an error's kind, which is all that the log says of an error.
///
/// The text of an error may hold what is the customer's: hosts, tables, values, words of their
/// server. It is sent in the answer only. Warnings of `Test` and `Schema` are logged in full, since
/// these answers have no field for them. They name tables and columns that collide, and unknown
/// keys of a configuration.
pub(crate) fn fault_name(error: &SyncError) -> &'static str {
    match error.fault() {
        Fault::Setup => "setup",
        Fault::Transient => "transient",
        Fault::Bug => "bug",
    }
}

#[cfg(test)]
mod tests {
    use sync_core::SyncError;
    use tonic::Code;

    use super::{fault_name, from_error};

    #[test]
    fn every_fault_has_its_code() {
        let check = |error: SyncError, code, text: &str| {
            let status = from_error(&error);
            assert_eq!((status.code(), status.message()), (code, text));
        };
        check(SyncError::setup("No", "Do"), Code::FailedPrecondition, "No. Do.");
        check(SyncError::transient("Away"), Code::Unavailable, "Away.");
        check(SyncError::bug("Broke"), Code::Internal, "Broke.");
        let cut = "x".repeat(2_000) + " (cut)";
        check(SyncError::transient("x".repeat(5_000)), Code::Unavailable, &cut);
    }

    #[test]
    fn the_log_holds_nothing_of_the_customers_data() {
        let errors = [
            SyncError::setup("Table \"payroll\" is missing", "Name another"),
            SyncError::transient("https://payroll.example.com is away"),
            SyncError::bug("It broke").caused_by("payroll"),
        ];
        for error in errors {
            assert!(!fault_name(&error).contains("payroll"));
        }
    }
}
