//! The kinds of errors, and what a caller can do about each.

use std::time::Duration;

/// What an error means for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// The token would travel in plain text to another machine, which was not allowed.
    PlaintextToken,
    /// The token is missing, unknown, expired, or may not read the database.
    Token,
    /// There is no such database.
    DatabaseMissing,
    /// There is no such table.
    TableMissing {
        /// Its name, where the server says it.
        table: Option<String>,
    },
    /// No table of the query has such a column.
    ColumnMissing {
        /// Its name.
        column: String,
    },
    /// The server cannot plan the query, or it fails on a row. A retry changes nothing.
    InvalidQuery,
    /// The query would read more Parquet files than the server allows.
    FileLimit,
    /// The query would read more partitions than the server allows.
    PartitionLimit,
    /// The server has not enough memory for the query.
    Memory,
    /// The query took longer than the server, or [`Timeouts::rows`](crate::Timeouts::rows), allows.
    Deadline,
    /// One message of the answer is larger than this client takes.
    MessageTooLarge,
    /// The server cannot answer now, or the connection broke.
    Unavailable,
    /// Silence for longer than [`Timeouts::idle`](crate::Timeouts::idle).
    Stalled,
    /// Too many queries.
    RateLimited {
        /// How long to wait, where the server says it.
        retry_after: Option<Duration>,
    },
    /// No connection to begin with.
    Connect(ConnectProblem),
    /// The two sides do not agree on TLS.
    Tls(TlsProblem),
    /// Another server answers, not an InfluxDB 3.
    NotInfluxDb3(OtherServer),
    /// The server does not implement what this client needs.
    Unsupported,
    /// The answer is not an Arrow stream that this client can read.
    Protocol,
    /// The server failed in a way that it does not explain.
    Internal,
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectProblem {
    /// The name of the host is unknown.
    UnknownHost,
    /// The host is there, the port is closed.
    Refused,
    /// No route to the host.
    Unreachable,
    /// No answer within [`Timeouts::connect`](crate::Timeouts::connect).
    TimedOut,
}

/// What the two sides do not agree on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsProblem {
    /// `https` was asked for, and the server speaks plain text.
    ServerIsPlain,
    /// `http` was asked for, and the server speaks TLS.
    ServerIsTls,
    /// The server's certificate is signed by an authority that we do not trust.
    UnknownAuthority,
    /// The certificate is for another name.
    WrongName,
    /// The certificate is expired, or not valid yet.
    Expired,
    /// Anything else that is wrong with the certificate.
    BadCertificate,
    /// The server wants a certificate of ours, or has no version or cipher in common with us.
    Handshake,
}

/// What answers where an InfluxDB 3 was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherServer {
    /// An InfluxDB 1 or 2, by its own word.
    OldInfluxDb {
        /// Its version, as in `2.7.1`.
        version: String,
    },
    /// A web server that sends a page.
    WebPage,
    /// Something that speaks HTTP, but not gRPC.
    Http,
    /// A gRPC server without Arrow Flight.
    Grpc,
}

impl ErrorKind {
    /// True when the same query may succeed later: wait, then retry.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable | Self::Stalled | Self::RateLimited { .. } | Self::Connect(_) => true,
            Self::PlaintextToken
            | Self::Token
            | Self::DatabaseMissing
            | Self::TableMissing { .. }
            | Self::ColumnMissing { .. }
            | Self::InvalidQuery
            | Self::FileLimit
            | Self::PartitionLimit
            | Self::Memory
            | Self::Deadline
            | Self::MessageTooLarge
            | Self::Tls(_)
            | Self::NotInfluxDb3(_)
            | Self::Unsupported
            | Self::Protocol
            | Self::Internal => false,
        }
    }

    /// True when the query is too large: a retry fails again, a shorter time range may succeed.
    pub fn wants_smaller_query(&self) -> bool {
        match self {
            Self::FileLimit
            | Self::PartitionLimit
            | Self::Memory
            | Self::Deadline
            | Self::MessageTooLarge => true,
            Self::PlaintextToken
            | Self::Token
            | Self::DatabaseMissing
            | Self::TableMissing { .. }
            | Self::ColumnMissing { .. }
            | Self::InvalidQuery
            | Self::Unavailable
            | Self::Stalled
            | Self::RateLimited { .. }
            | Self::Connect(_)
            | Self::Tls(_)
            | Self::NotInfluxDb3(_)
            | Self::Unsupported
            | Self::Protocol
            | Self::Internal => false,
        }
    }

    /// True when only the customer can mend it: the host, the token, the database.
    pub fn is_setup(&self) -> bool {
        match self {
            Self::PlaintextToken
            | Self::Token
            | Self::DatabaseMissing
            | Self::Tls(_)
            | Self::NotInfluxDb3(_) => true,
            Self::TableMissing { .. }
            | Self::ColumnMissing { .. }
            | Self::InvalidQuery
            | Self::FileLimit
            | Self::PartitionLimit
            | Self::Memory
            | Self::Deadline
            | Self::MessageTooLarge
            | Self::Unavailable
            | Self::Stalled
            | Self::RateLimited { .. }
            | Self::Connect(_)
            | Self::Unsupported
            | Self::Protocol
            | Self::Internal => false,
        }
    }
}
