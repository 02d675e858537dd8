//! The message of each error: what is wrong, where, and what to do about it.

use std::fmt::{Formatter, Result};

use crate::error_kind::{ConnectProblem, ErrorKind, OtherServer, TlsProblem};

/// What a message names: where the query was sent, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorContext {
    pub(crate) endpoint: String,
    pub(crate) database: String,
    pub(crate) has_token: bool,
}

/// Writes the message of an error. `detail` is what the server or the library reported.
pub(crate) fn write(
    f: &mut Formatter<'_>,
    kind: &ErrorKind,
    context: &ErrorContext,
    detail: &str,
) -> Result {
    let ErrorContext { endpoint, database, has_token } = context;
    match kind {
        ErrorKind::PlaintextToken => write!(
            f,
            "the token would travel unencrypted to {endpoint}: use https, or allow plain text if \
             the network is trusted"
        ),
        ErrorKind::Token if !has_token => write!(
            f,
            "InfluxDB at {endpoint} asks for a token{}: give one that may read database \
             \"{database}\"",
            Detail(detail)
        ),
        ErrorKind::Token => write!(
            f,
            "InfluxDB at {endpoint} does not accept the token{}: give a valid one that may read \
             database \"{database}\"",
            Detail(detail)
        ),
        ErrorKind::DatabaseMissing => write!(
            f,
            "InfluxDB at {endpoint} has no database \"{database}\": check its name, and that the \
             token may see it"
        ),
        ErrorKind::TableMissing { table: Some(table) } => write!(
            f,
            "database \"{database}\" at {endpoint} has no table \"{table}\": check its name, or \
             whether it was dropped"
        ),
        ErrorKind::TableMissing { table: None } => write!(
            f,
            "database \"{database}\" at {endpoint} has no such table{}: check whether it was \
             dropped",
            Detail(detail)
        ),
        ErrorKind::ColumnMissing { column } => write!(
            f,
            "no table of the query in database \"{database}\" at {endpoint} has a column \
             \"{column}\": check its name, or whether its table was dropped and made again"
        ),
        ErrorKind::InvalidQuery => write!(
            f,
            "InfluxDB at {endpoint} cannot answer the query in database \"{database}\"{}: please \
             report this as a bug",
            Detail(detail)
        ),
        ErrorKind::FileLimit => write!(
            f,
            "the query would read more files of database \"{database}\" than InfluxDB at \
             {endpoint} allows{}: ask for a shorter time range, or raise the server's query file \
             limit",
            Detail(detail)
        ),
        ErrorKind::PartitionLimit => write!(
            f,
            "the query would read more partitions of database \"{database}\" than InfluxDB at \
             {endpoint} allows{}: ask for a shorter time range",
            Detail(detail)
        ),
        ErrorKind::Memory => write!(
            f,
            "InfluxDB at {endpoint} has not enough memory for the query in database \
             \"{database}\"{}: ask for a shorter time range, or give the server more memory",
            Detail(detail)
        ),
        ErrorKind::Deadline => write!(
            f,
            "the query in database \"{database}\" at {endpoint} took too long{}: ask for a shorter \
             time range",
            Detail(detail)
        ),
        ErrorKind::MessageTooLarge => write!(
            f,
            "InfluxDB at {endpoint} sent a message that is too large{}: ask for a shorter time \
             range of database \"{database}\"",
            Detail(detail)
        ),
        ErrorKind::Unavailable => write!(
            f,
            "InfluxDB at {endpoint} is not available{}: check that it runs and can be reached, \
             then try again",
            Detail(detail)
        ),
        ErrorKind::Stalled => write!(
            f,
            "InfluxDB at {endpoint} went silent{}: check the server and the network in between, \
             then try again",
            Detail(detail)
        ),
        ErrorKind::RateLimited { retry_after: Some(wait) } => write!(
            f,
            "InfluxDB at {endpoint} limits how much may be asked of it{}: try again in {} seconds",
            Detail(detail),
            wait.as_secs()
        ),
        ErrorKind::RateLimited { retry_after: None } => write!(
            f,
            "InfluxDB at {endpoint} limits how much may be asked of it{}: try again later",
            Detail(detail)
        ),
        ErrorKind::Connect(problem) => write_connect(f, *problem, endpoint),
        ErrorKind::Tls(problem) => write_tls(f, *problem, endpoint, detail),
        ErrorKind::NotInfluxDb3(server) => write_other_server(f, server, endpoint, detail),
        ErrorKind::Unsupported => write!(
            f,
            "InfluxDB at {endpoint} does not offer what this client needs{}: please report this as \
             a bug",
            Detail(detail)
        ),
        ErrorKind::Protocol => write!(
            f,
            "the answer of InfluxDB at {endpoint} cannot be read{}: please report this as a bug",
            Detail(detail)
        ),
        ErrorKind::Internal => write!(
            f,
            "InfluxDB at {endpoint} failed on the query in database \"{database}\"{}: see the \
             server's log",
            Detail(detail)
        ),
    }
}

fn write_connect(f: &mut Formatter<'_>, problem: ConnectProblem, endpoint: &str) -> Result {
    match problem {
        ConnectProblem::UnknownHost => write!(
            f,
            "cannot connect to {endpoint}: the host's name is unknown, so check its spelling"
        ),
        ConnectProblem::Refused => write!(
            f,
            "cannot connect to {endpoint}: nothing listens there, so check the port and that \
             InfluxDB runs"
        ),
        ConnectProblem::Unreachable => write!(
            f,
            "cannot connect to {endpoint}: there is no way to the host, so check the network and \
             the firewall"
        ),
        ConnectProblem::TimedOut => write!(
            f,
            "cannot connect to {endpoint}: it does not answer in time, so check the host, the port \
             and the firewall"
        ),
    }
}

fn write_tls(f: &mut Formatter<'_>, problem: TlsProblem, endpoint: &str, detail: &str) -> Result {
    match problem {
        TlsProblem::ServerIsPlain => write!(
            f,
            "the server at {endpoint} does not speak TLS: write http:// before the host, or check \
             the port"
        ),
        TlsProblem::ServerIsTls => {
            write!(f, "the server at {endpoint} speaks TLS: write https:// before the host")
        }
        TlsProblem::UnknownAuthority => write!(
            f,
            "the TLS certificate of {endpoint} is signed by an unknown authority: give that \
             authority's certificate as the CA certificate"
        ),
        TlsProblem::WrongName => write!(
            f,
            "the TLS certificate of {endpoint} is for another name: use the host name that it was \
             made for"
        ),
        TlsProblem::Expired => write!(
            f,
            "the TLS certificate of {endpoint} is expired or not valid yet: renew it, or check the \
             clocks"
        ),
        TlsProblem::BadCertificate => write!(
            f,
            "the TLS certificate of {endpoint} cannot be trusted{}: replace it",
            Detail(detail)
        ),
        TlsProblem::Handshake => write!(
            f,
            "the TLS handshake with {endpoint} failed{}: check the server's TLS settings",
            Detail(detail)
        ),
    }
}

fn write_other_server(
    f: &mut Formatter<'_>,
    server: &OtherServer,
    endpoint: &str,
    detail: &str,
) -> Result {
    match server {
        OtherServer::OldInfluxDb { version } => write!(
            f,
            "the server at {endpoint} is InfluxDB {version}, and only InfluxDB 3 can be read: give \
             the address of an InfluxDB 3"
        ),
        OtherServer::WebPage => write!(
            f,
            "{endpoint} answers with a web page, not as InfluxDB 3: check the host, the port and \
             the path"
        ),
        OtherServer::Http => write!(
            f,
            "{endpoint} speaks HTTP, but not the gRPC of InfluxDB 3{}: check the host, the port \
             and the path, and that a proxy in between passes gRPC on",
            Detail(detail)
        ),
        OtherServer::Grpc => write!(
            f,
            "{endpoint} is a gRPC server, but not InfluxDB 3{}: check the host, the port and the \
             path",
            Detail(detail)
        ),
    }
}

/// Writes a detail in parentheses, or nothing if there is none.
struct Detail<'a>(&'a str);

impl std::fmt::Display for Detail<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " ({})", self.0) }
    }
}
