//! Classifies a gRPC status as a kind of error.

use std::error::Error as _;
use std::time::Duration;

use tonic::{Code, Status};

use crate::error_kind::{ErrorKind, OtherServer};
use crate::grpc_only::parse_retry_after;
use crate::transport;

/// Classifies a status by its code, and by the part of its text that all releases share.
///
/// The code alone misleads: InfluxDB 3 Core reports a missing database and too many files as
/// INTERNAL, its cloud siblings report a missing database as NOT_FOUND or INVALID_ARGUMENT, and
/// RESOURCE_EXHAUSTED is memory, a limit on files, a deadline or a rate limit.
pub fn classify(status: &Status) -> ErrorKind {
    // Only a status that this side made has a source. One from the wire has none.
    if let Some(source) = status.source() {
        return transport::explain(source).unwrap_or(ErrorKind::Unavailable);
    }
    let text = status.message();
    if let Some(kind) = by_http_status(status) {
        return kind;
    }
    if text.contains("limited_query plan limit") {
        return ErrorKind::RateLimited { retry_after: retry_after(status) };
    }
    if is_cut_off(text) {
        return ErrorKind::Unavailable;
    }
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => ErrorKind::Token,
        Code::InvalidArgument => by_invalid_argument(text),
        Code::NotFound => by_missing_thing(text).unwrap_or(ErrorKind::Internal),
        Code::Internal => by_internal_error(text),
        Code::ResourceExhausted => by_exhausted_resource(status),
        Code::DeadlineExceeded => ErrorKind::Deadline,
        Code::OutOfRange if text.contains("message length too large") => ErrorKind::MessageTooLarge,
        Code::OutOfRange | Code::FailedPrecondition | Code::AlreadyExists => {
            ErrorKind::InvalidQuery
        }
        Code::Unimplemented if text.contains("isn't supported") || text.contains("implemented") => {
            ErrorKind::Unsupported
        }
        // InfluxDB 3 implements what we call, so this is another gRPC server.
        Code::Unimplemented => ErrorKind::NotInfluxDb3(OtherServer::Grpc),
        Code::Unavailable | Code::Aborted | Code::Cancelled => ErrorKind::Unavailable,
        Code::Unknown if text.contains("text/html") => {
            ErrorKind::NotInfluxDb3(OtherServer::WebPage)
        }
        Code::Unknown | Code::DataLoss | Code::Ok => ErrorKind::Internal,
    }
}

/// Classifies by an HTTP status in the text: of an answer that is not gRPC, or of a proxy.
fn by_http_status(status: &Status) -> Option<ErrorKind> {
    let text = status.message();
    let markers = ["mapped from HTTP status code ", "http2 header with status: "];
    let code = markers.iter().find_map(|marker| {
        let (_, after) = text.split_once(marker)?;
        after.get(..3)?.parse::<u16>().ok()
    })?;
    Some(match code {
        401 | 403 => ErrorKind::Token,
        408 | 500..=599 => ErrorKind::Unavailable,
        429 => ErrorKind::RateLimited { retry_after: retry_after(status) },
        _ => ErrorKind::NotInfluxDb3(OtherServer::Http),
    })
}

/// True for a stream that ended without its final status, or was reset.
fn is_cut_off(text: &str) -> bool {
    [
        "missing grpc-status trailer",
        "Unexpected EOF decoding stream",
        "h2 protocol error",
        "RST_STREAM",
    ]
    .iter()
    .any(|marker| text.contains(marker))
}

fn by_invalid_argument(text: &str) -> ErrorKind {
    if let Some(kind) = by_missing_thing(text) {
        kind
    } else if let Some((_, after)) = text.split_once("No field named ") {
        ErrorKind::ColumnMissing { column: last_identifier(after) }
    } else {
        ErrorKind::InvalidQuery
    }
}

/// Recognizes a missing database or table.
fn by_missing_thing(text: &str) -> Option<ErrorKind> {
    if let Some(table) = quoted(text, "table '", "' not found") {
        let table = table.strip_prefix("public.").unwrap_or(table);
        let table = table.strip_prefix("iox.").unwrap_or(table);
        return Some(ErrorKind::TableMissing { table: Some(table.to_owned()) });
    }
    let missing = text.contains("database not found")
        || quoted(text, "Database '", "' not found").is_some()
        || quoted(text, "bucket \"", "\" not found").is_some();
    missing.then_some(ErrorKind::DatabaseMissing)
}

fn by_internal_error(text: &str) -> ErrorKind {
    if let Some(kind) = by_missing_thing(text) {
        kind
    } else if text.contains("file limit") {
        // "exceeding the file limit" since 3.8, "would exceed file limit of" before.
        ErrorKind::FileLimit
    } else if text.contains("message \"table exists\"") {
        // How `system.parquet_files` answers for a table that is not there.
        ErrorKind::TableMissing { table: None }
    } else if text.contains("valid set of boundaries") {
        // A predicate that no time can satisfy.
        ErrorKind::InvalidQuery
    } else {
        ErrorKind::Internal
    }
}

fn by_exhausted_resource(status: &Status) -> ErrorKind {
    let text = status.message();
    if text.contains("partitions") {
        ErrorKind::PartitionLimit
    } else if text.contains("parquet files") || text.contains("file limit") {
        ErrorKind::FileLimit
    } else if text.contains("grpc-timeout") {
        ErrorKind::Deadline
    } else if text.contains("size limit") && text.contains("decompressing") {
        ErrorKind::MessageTooLarge
    } else if let Some(wait) = retry_after(status) {
        ErrorKind::RateLimited { retry_after: Some(wait) }
    } else {
        ErrorKind::Memory
    }
}

/// Reads the wait that the server asks for, if it is in seconds.
fn retry_after(status: &Status) -> Option<Duration> {
    parse_retry_after(status.metadata().get("retry-after")?.to_str().ok()?)
}

/// The text between `start` and the last `end`: a name may itself hold quotes.
fn quoted<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(start)?;
    let (name, _) = after.rsplit_once(end)?;
    Some(name)
}

/// The last part of a column's path, as in `census.ants` or `"Mixed Case"."a ""b"""`, with which
/// the text starts.
fn last_identifier(text: &str) -> String {
    let mut rest = text;
    loop {
        let (name, after) = identifier(rest);
        match after.strip_prefix('.') {
            // A full stop followed by a blank, or by nothing, ends the sentence.
            Some(more) if !more.is_empty() && !more.starts_with(char::is_whitespace) => rest = more,
            _ => return name,
        }
    }
}

/// One identifier at the start of the text, without its quotes, and what follows it.
fn identifier(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c == '.' || c.is_whitespace()).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut name = String::new();
    let mut rest = quoted;
    while let Some(end) = rest.find('"') {
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return (name, rest),
        }
    }
    name.push_str(rest);
    (name, "")
}
