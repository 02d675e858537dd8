//! The one sentence of each error: what is wrong, where, and what to do about it.

use std::fmt::{Formatter, Result};

use crate::error::{ConnectProblem, ErrorKind, Found, Place, TlsProblem};

/// Writes the sentence of a kind of error; `said` is what the server or the library said of it.
pub(crate) fn write(f: &mut Formatter<'_>, kind: &ErrorKind, place: &Place, said: &str) -> Result {
    let Place { endpoint, database, has_token } = place;
    match kind {
        ErrorKind::PlaintextToken => write!(
            f,
            "the token would travel unencrypted to {endpoint}: use https, or allow plain text if the network is trusted"
        ),
        ErrorKind::Token if !has_token => write!(
            f,
            "InfluxDB at {endpoint} asks for a token{}: give one that may read database \"{database}\"",
            Said(said)
        ),
        ErrorKind::Token => write!(
            f,
            "InfluxDB at {endpoint} does not accept the token{}: give a valid one that may read database \"{database}\"",
            Said(said)
        ),
        ErrorKind::DatabaseMissing => write!(
            f,
            "InfluxDB at {endpoint} has no database \"{database}\": check its name, and that the token may see it"
        ),
        ErrorKind::TableMissing { table: Some(table) } => write!(
            f,
            "database \"{database}\" at {endpoint} has no table \"{table}\": check its name, or whether it was dropped"
        ),
        ErrorKind::TableMissing { table: None } => write!(
            f,
            "database \"{database}\" at {endpoint} has no such table{}: check whether it was dropped",
            Said(said)
        ),
        ErrorKind::ColumnMissing { column } => write!(
            f,
            "no table of the query in database \"{database}\" at {endpoint} has a column \"{column}\": check its name, or whether its table was dropped and made again"
        ),
        ErrorKind::InvalidQuery => write!(
            f,
            "InfluxDB at {endpoint} cannot answer the query in database \"{database}\"{}: please report this as a bug",
            Said(said)
        ),
        ErrorKind::FileLimit => write!(
            f,
            "the query would read more files of database \"{database}\" than InfluxDB at {endpoint} allows{}: ask for a shorter time range, or raise the server's query file limit",
            Said(said)
        ),
        ErrorKind::PartitionLimit => write!(
            f,
            "the query would read more partitions of database \"{database}\" than InfluxDB at {endpoint} allows{}: ask for a shorter time range",
            Said(said)
        ),
        ErrorKind::Memory => write!(
            f,
            "InfluxDB at {endpoint} has not enough memory for the query in database \"{database}\"{}: ask for a shorter time range, or give the server more memory",
            Said(said)
        ),
        ErrorKind::Deadline => write!(
            f,
            "the query in database \"{database}\" at {endpoint} took too long{}: ask for a shorter time range",
            Said(said)
        ),
        ErrorKind::MessageTooLarge => write!(
            f,
            "InfluxDB at {endpoint} sent a message that is too large{}: ask for a shorter time range of database \"{database}\"",
            Said(said)
        ),
        ErrorKind::Unavailable => write!(
            f,
            "InfluxDB at {endpoint} is not available{}: check that it runs and can be reached, then try again",
            Said(said)
        ),
        ErrorKind::Stalled => write!(
            f,
            "InfluxDB at {endpoint} went silent{}: check the server and the network in between, then try again",
            Said(said)
        ),
        ErrorKind::RateLimited { retry_after: Some(wait) } => write!(
            f,
            "InfluxDB at {endpoint} limits how much may be asked of it{}: try again in {} seconds",
            Said(said),
            wait.as_secs()
        ),
        ErrorKind::RateLimited { retry_after: None } => write!(
            f,
            "InfluxDB at {endpoint} limits how much may be asked of it{}: try again later",
            Said(said)
        ),
        ErrorKind::Connect(problem) => write_connect(f, *problem, endpoint),
        ErrorKind::Tls(problem) => write_tls(f, *problem, endpoint, said),
        ErrorKind::NotInfluxDb3(found) => write_found(f, found, endpoint, said),
        ErrorKind::Unsupported => write!(
            f,
            "InfluxDB at {endpoint} does not offer what this client needs{}: please report this as a bug",
            Said(said)
        ),
        ErrorKind::Protocol => write!(
            f,
            "the answer of InfluxDB at {endpoint} cannot be read{}: please report this as a bug",
            Said(said)
        ),
        ErrorKind::Internal => write!(
            f,
            "InfluxDB at {endpoint} failed on the query in database \"{database}\"{}: see the server's log",
            Said(said)
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
            "cannot connect to {endpoint}: nothing listens there, so check the port and that InfluxDB runs"
        ),
        ConnectProblem::Unreachable => write!(
            f,
            "cannot connect to {endpoint}: there is no way to the host, so check the network and the firewall"
        ),
        ConnectProblem::TimedOut => write!(
            f,
            "cannot connect to {endpoint}: it does not answer in time, so check the host, the port and the firewall"
        ),
    }
}

fn write_tls(f: &mut Formatter<'_>, problem: TlsProblem, endpoint: &str, said: &str) -> Result {
    match problem {
        TlsProblem::ServerIsPlain => write!(
            f,
            "the server at {endpoint} does not speak TLS: write http:// before the host, or check the port"
        ),
        TlsProblem::ServerIsTls => {
            write!(f, "the server at {endpoint} speaks TLS: write https:// before the host")
        }
        TlsProblem::UnknownAuthority => write!(
            f,
            "the TLS certificate of {endpoint} is signed by an unknown authority: give that authority's certificate as the CA certificate"
        ),
        TlsProblem::WrongName => write!(
            f,
            "the TLS certificate of {endpoint} is for another name: use the host name that it was made for"
        ),
        TlsProblem::Expired => write!(
            f,
            "the TLS certificate of {endpoint} is expired or not valid yet: renew it, or check the clocks"
        ),
        TlsProblem::BadCertificate => write!(
            f,
            "the TLS certificate of {endpoint} cannot be trusted{}: replace it",
            Said(said)
        ),
        TlsProblem::Handshake => write!(
            f,
            "the TLS handshake with {endpoint} failed{}: check the server's TLS settings",
            Said(said)
        ),
    }
}

fn write_found(f: &mut Formatter<'_>, found: &Found, endpoint: &str, said: &str) -> Result {
    match found {
        Found::OldInfluxDb { version } => write!(
            f,
            "the server at {endpoint} is InfluxDB {version}, and only InfluxDB 3 can be read: give the address of an InfluxDB 3"
        ),
        Found::WebPage => write!(
            f,
            "{endpoint} answers with a web page, not as InfluxDB 3: check the host, the port and the path"
        ),
        Found::Http => write!(
            f,
            "{endpoint} speaks HTTP, but not the gRPC of InfluxDB 3{}: check the host, the port and the path, and that a proxy in between passes gRPC on",
            Said(said)
        ),
        Found::OtherGrpc => write!(
            f,
            "{endpoint} is a gRPC server, but not InfluxDB 3{}: check the host, the port and the path",
            Said(said)
        ),
    }
}

/// What the server said, in brackets, when it said anything.
struct Said<'a>(&'a str);

impl std::fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " ({})", self.0) }
    }
}
