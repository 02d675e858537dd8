//! What a failure is to Fivetran.

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use sync_core::{Fault, SyncError};
use tonic::{Code, Status};

/// A status travels in HTTP/2 headers, of which clients commonly take 8 KiB in all; escaping can triple a text.
const TEXT_BYTES: usize = 2_000;

/// A status of this text, cut to what headers can carry.
pub(crate) fn status(code: Code, text: &str) -> Status {
    if text.len() <= TEXT_BYTES {
        return Status::new(code, text);
    }
    Status::new(code, format!("{} (cut)", &text[..text.floor_char_boundary(TEXT_BYTES)]))
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
/// Its text and its causes may name what is the customer's (hosts, tables, values, the words of a server), which a log must not hold;
/// they travel in the answer instead.
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

    use super::{for_log, of_failure, status};

    #[test]
    fn every_fault_has_its_code() {
        let check = |error: SyncError, code, text: &str| {
            let status = of_failure(&error);
            assert_eq!((status.code(), status.message()), (code, text));
        };
        check(SyncError::setup("No", "Do"), Code::FailedPrecondition, "No. Do.");
        check(SyncError::transient("Away"), Code::Unavailable, "Away.");
        check(SyncError::bug("Broke"), Code::Internal, "Broke.");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let status = status(Code::Internal, &"ä".repeat(5_000));
        assert_eq!(status.message().chars().filter(|&letter| letter == 'ä').count(), 1_000);
        assert!(status.message().ends_with(" (cut)"));
    }

    #[test]
    fn the_log_holds_nothing_of_the_customers() {
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
