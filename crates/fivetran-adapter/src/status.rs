//! What a failure is to Fivetran.

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use sync_core::{Fault, SyncError};
use tonic::{Code, Status};

use crate::text::cut;

/// A status of this text, cut to what headers can carry.
pub(crate) fn status(code: Code, text: &str) -> Status {
    Status::new(code, cut(text))
}

/// The status of a failure in a call that has no other way to say it.
pub(crate) fn of_failure(error: &SyncError) -> Status {
    let code = match error.fault {
        Fault::Setup => Code::FailedPrecondition,
        Fault::Transient => Code::Unavailable,
        Fault::Bug => Code::Internal,
    };
    status(code, &error.to_string())
}

/// The end of an answer.
pub(crate) fn trailers(status: &Status) -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    // It fails on details that are no header, which a status of ours does not have; its code would be there all the same.
    let _ = status.add_header(&mut trailers);
    Frame::trailers(trailers)
}

/// The failure in the log: its kind, and nothing more.
///
/// Its text and its causes may name what is the customer's (hosts, tables, values, the words of a server), and travel in the answer alone. Warnings are
/// another matter: those of `Test` and `Schema` have no place but the log, and name tables and columns that merge, and unknown keys of a configuration.
pub(crate) fn for_log(error: &SyncError) -> &'static str {
    match error.fault {
        Fault::Setup => "setup",
        Fault::Transient => "transient",
        Fault::Bug => "bug",
    }
}

#[cfg(test)]
mod tests {
    use sync_core::SyncError;
    use tonic::Code;

    use super::{for_log, of_failure};

    #[test]
    fn every_fault_has_its_code() {
        let check = |error: SyncError, code, text: &str| {
            let status = of_failure(&error);
            assert_eq!((status.code(), status.message()), (code, text));
        };
        check(SyncError::setup("No", "Do"), Code::FailedPrecondition, "No. Do.");
        check(SyncError::transient("Away"), Code::Unavailable, "Away.");
        check(SyncError::bug("Broke"), Code::Internal, "Broke.");
        let cut = "x".repeat(2_000) + " (cut)";
        check(SyncError::transient("x".repeat(5_000)), Code::Unavailable, &cut);
    }

    #[test]
    fn a_failure_in_the_log_holds_nothing_of_the_customers() {
        let errors = [
            SyncError::setup("Table \"payroll\" is missing", "Name another"),
            SyncError::transient("https://payroll.example.com is away"),
            SyncError::bug("It broke").caused_by("payroll"),
        ];
        for error in errors {
            assert!(!for_log(&error).contains("payroll"));
        }
    }
}
