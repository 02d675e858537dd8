//! Each status that an edition of InfluxDB 3, or something in between, is known to send.

use std::time::Duration;

use influx_flight::{ErrorKind, OtherServer, classify};
use tonic::{Code, Status};

#[track_caller]
fn check(code: Code, text: &str, expect: ErrorKind) {
    assert_eq!(classify(&Status::new(code, text)), expect, "{code:?} {text}");
}

fn table(name: &str) -> ErrorKind {
    ErrorKind::TableMissing { table: Some(name.to_owned()) }
}

fn column(name: &str) -> ErrorKind {
    ErrorKind::ColumnMissing { column: name.to_owned() }
}

#[test]
fn tokens() {
    check(Code::Unauthenticated, "Unauthenticated", ErrorKind::Token);
    check(Code::PermissionDenied, "Permission denied", ErrorKind::Token);
    check(Code::Unauthenticated, "read:orgs/0a1b2c3d/buckets is unauthorized", ErrorKind::Token);
}

#[test]
fn databases() {
    let core = "Cannot retrieve database: External error: database not found: nope";
    check(Code::Internal, core, ErrorKind::DatabaseMissing);
    check(Code::NotFound, "Database 'nope' not found", ErrorKind::DatabaseMissing);
    check(Code::InvalidArgument, "bucket \"nope\" not found", ErrorKind::DatabaseMissing);
    check(Code::NotFound, "no such prepared statement", ErrorKind::Internal);
}

#[test]
fn tables() {
    let text = |name: &str| {
        format!(
            "Error while logically planning query: Error during planning: table \
             'public.iox.{name}' not found"
        )
    };
    for name in ["nosuch", "Mixed Case-Table", "it's", "a' not found", "bucket \"x\" not found", ""]
    {
        check(Code::InvalidArgument, &text(name), table(name));
    }
    let plain = "Error during planning: table 'public.system.parquet_files' not found";
    check(Code::InvalidArgument, plain, table("system.parquet_files"));
    let audit = "Join Error (panic) task 17 panicked with message \"table exists\"";
    check(Code::Internal, audit, ErrorKind::TableMissing { table: None });
}

#[test]
fn columns() {
    let text = |path: &str| {
        format!(
            "Error while logically planning query: Schema error: No field named {path}. Valid \
             fields are census.ants, census.time."
        )
    };
    check(Code::InvalidArgument, &text("nosuch"), column("nosuch"));
    check(Code::InvalidArgument, &text("census.nosuch"), column("nosuch"));
    check(Code::InvalidArgument, &text("\"No Such\""), column("No Such"));
    check(Code::InvalidArgument, &text("\"Mixed Case\".\"a.b\""), column("a.b"));
    check(Code::InvalidArgument, &text("\"a \"\"b\"\"\""), column("a \"b\""));
    check(Code::InvalidArgument, "Schema error: No field named nosuch.", column("nosuch"));
    check(Code::InvalidArgument, "Schema error: No field named nosuch", column("nosuch"));
    let near = "Schema error: No field named ant. Did you mean 'ants'?";
    check(Code::InvalidArgument, near, column("ant"));
}

#[test]
fn queries() {
    for text in [
        "Error while logically planning query: SQL error: ParserError(\"Expected: an SQL \
         statement, found: SELEC at Line: 1, Column: 1\")",
        "Error while logically planning query: Error during planning: DDL not supported: DropTable",
        "Error while planning query: Optimizer rule 'simplify_expressions' failed",
        "Error while planning query: type_coercion: Error during planning: Cannot infer common \
         argument type for comparison operation Timestamp(ns) >= UInt64",
        "Error while execution Flight SQL stream: External error: Arrow error: Divide by zero \
         error",
        "Invalid ticket. Error: Invalid ticket",
        "no 'database' header in request",
    ] {
        check(Code::InvalidArgument, text, ErrorKind::InvalidQuery);
    }
    let empty_range = "Internal error: did not produce a valid set of boundaries";
    check(Code::Internal, empty_range, ErrorKind::InvalidQuery);
    check(Code::OutOfRange, "offset past the end", ErrorKind::InvalidQuery);
}

#[test]
fn limits() {
    let since_3_8 = "External error: Query would scan 432 Parquet files, exceeding the file limit. \
                     InfluxDB 3 Core caps file access to prevent performance degradation";
    check(Code::Internal, since_3_8, ErrorKind::FileLimit);
    let until_3_7 = "External error: Query would exceed file limit of 432 parquet files";
    check(Code::Internal, until_3_7, ErrorKind::FileLimit);
    let cloud = "Query would process more than 1000 parquet files";
    check(Code::ResourceExhausted, cloud, ErrorKind::FileLimit);
    let partitions = "Query would process more than 500 partitions";
    check(Code::ResourceExhausted, partitions, ErrorKind::PartitionLimit);
}

#[test]
fn resources() {
    for text in [
        "Resources exhausted: Failed to allocate additional 128.0 MB for ExternalSorter[0]",
        "Resources exhausted: Memory Exhausted while Sorting (DiskManager is disabled)",
        "Error while execution Flight SQL stream: Resources exhausted: Failed to allocate",
    ] {
        check(Code::ResourceExhausted, text, ErrorKind::Memory);
    }
    check(Code::ResourceExhausted, "grpc-timeout elapsed", ErrorKind::Deadline);
    check(Code::DeadlineExceeded, "", ErrorKind::Deadline);
    let large = "Error, decoded message length too large: found 200000000 bytes, the limit is: \
                 134217728 bytes";
    check(Code::OutOfRange, large, ErrorKind::MessageTooLarge);
    let inflated =
        "Error decompressing: size limit, of 134217728 bytes, exceeded while decompressing message";
    check(Code::ResourceExhausted, inflated, ErrorKind::MessageTooLarge);
}

#[test]
fn rate_limits() {
    let plan = "org 0a1b2c3d has exceeded limited_query plan limit";
    for code in [Code::ResourceExhausted, Code::Unavailable, Code::InvalidArgument] {
        check(code, plan, ErrorKind::RateLimited { retry_after: None });
    }
    let http = "grpc-status header missing, mapped from HTTP status code 429";
    check(Code::Unavailable, http, ErrorKind::RateLimited { retry_after: None });

    for (value, expect) in [("30", Some(30)), (" 7 ", Some(7)), ("soon", None), ("-1", None)] {
        let mut status = Status::resource_exhausted(plan);
        status.metadata_mut().insert("retry-after", value.parse().unwrap());
        let retry_after = expect.map(Duration::from_secs);
        assert_eq!(classify(&status), ErrorKind::RateLimited { retry_after }, "{value}");
    }
    let mut status = Status::resource_exhausted("slow down");
    status.metadata_mut().insert("retry-after", "5".parse().unwrap());
    let retry_after = Some(Duration::from_secs(5));
    assert_eq!(classify(&status), ErrorKind::RateLimited { retry_after });
}

#[test]
fn outages() {
    check(Code::Unavailable, "tcp connect error", ErrorKind::Unavailable);
    check(Code::Unavailable, "Authz verification error", ErrorKind::Unavailable);
    check(Code::Cancelled, "operation was canceled", ErrorKind::Unavailable);
    check(Code::Aborted, "", ErrorKind::Unavailable);
    for code in [Code::Unavailable, Code::Internal, Code::Unknown] {
        check(
            code,
            "stream terminated by RST_STREAM with error code: INTERNAL_ERROR",
            ErrorKind::Unavailable,
        );
        check(code, "Received http2 header with status: 504", ErrorKind::Unavailable);
        check(code, "h2 protocol error: http2 error", ErrorKind::Unavailable);
    }
    check(Code::Internal, "Unexpected EOF decoding stream.", ErrorKind::Unavailable);
    let cut =
        "protocol error: missing grpc-status trailer, stream was terminated without a final status";
    check(Code::Unknown, cut, ErrorKind::Unavailable);
    for code in [500, 502, 503, 504] {
        let text = format!("grpc-status header missing, mapped from HTTP status code {code}");
        check(Code::Unavailable, &text, ErrorKind::Unavailable);
    }
}

#[test]
fn other_servers() {
    let not_grpc = ErrorKind::NotInfluxDb3(OtherServer::Http);
    for code in [400, 404, 405, 415] {
        let text = format!("grpc-status header missing, mapped from HTTP status code {code}");
        check(Code::Unknown, &text, not_grpc.clone());
        check(
            Code::Unknown,
            &format!("Received http2 header with status: {code}"),
            not_grpc.clone(),
        );
    }
    let proxied = "unexpected HTTP content-type: text/html";
    check(Code::Unknown, proxied, ErrorKind::NotInfluxDb3(OtherServer::WebPage));
    let denied = "grpc-status header missing, mapped from HTTP status code 403";
    check(Code::PermissionDenied, denied, ErrorKind::Token);
    check(Code::Unimplemented, "", ErrorKind::NotInfluxDb3(OtherServer::Grpc));
    check(Code::Unimplemented, "unknown service", ErrorKind::NotInfluxDb3(OtherServer::Grpc));
}

#[test]
fn faults_of_ours() {
    let gzip = "Content is compressed with `gzip` which isn't supported";
    check(Code::Unimplemented, gzip, ErrorKind::Unsupported);
    check(Code::Unimplemented, "Not yet implemented", ErrorKind::Unsupported);
    check(Code::Internal, "Arrow error: something new", ErrorKind::Internal);
    check(Code::Unknown, "something new", ErrorKind::Internal);
    check(Code::DataLoss, "", ErrorKind::Internal);
}

#[test]
fn a_kind_is_either_to_wait_for_or_to_ask_less_or_neither() {
    let transient =
        [ErrorKind::Unavailable, ErrorKind::Stalled, ErrorKind::RateLimited { retry_after: None }];
    for kind in transient {
        assert!(kind.is_transient() && !kind.wants_smaller_query() && !kind.is_setup(), "{kind:?}");
    }
    let smaller = [
        ErrorKind::FileLimit,
        ErrorKind::PartitionLimit,
        ErrorKind::Memory,
        ErrorKind::Deadline,
        ErrorKind::MessageTooLarge,
    ];
    for kind in smaller {
        assert!(kind.wants_smaller_query() && !kind.is_transient() && !kind.is_setup(), "{kind:?}");
    }
    for kind in [ErrorKind::Token, ErrorKind::DatabaseMissing, ErrorKind::PlaintextToken] {
        assert!(kind.is_setup() && !kind.is_transient() && !kind.wants_smaller_query(), "{kind:?}");
    }
}
