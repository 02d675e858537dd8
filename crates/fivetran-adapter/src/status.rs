//! What a failure is to Fivetran.

use std::error::Error;

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

/// The failure and what caused it, in one line for the log.
///
/// A fault of the setup is not repeated there: the customer is told, and its text may name what is theirs (hosts, tables, values), which a
/// log must not hold.
pub(crate) fn for_log(error: &SyncError) -> String {
    if error.fault == Fault::Setup {
        return "a fault of the setup, which the customer was told".to_owned();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(" Because: ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
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
    fn the_log_names_causes_but_nothing_of_the_customers() {
        let error = SyncError::bug("It broke").caused_by("a wheel came off");
        assert_eq!(for_log(&error), "It broke. Because: a wheel came off");
        let error = SyncError::setup("Table \"payroll\" is missing", "Name another");
        assert!(!for_log(&error).contains("payroll"));
    }
}
