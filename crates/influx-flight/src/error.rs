//! What can go wrong, named by what it means for whoever asked.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A question that was not answered, or not to its end.
///
/// `Display` is one sentence for the customer: what is wrong, where, and what to do. It never
/// holds the token. The library's own error is the `source`.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    place: Arc<Place>,
    /// What the server or the library said, for the kinds whose sentence repeats it.
    said: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Where a question was asked: what an error names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) endpoint: String,
    pub(crate) database: String,
    pub(crate) has_token: bool,
}

/// What an error means for whoever asked.
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
    /// The server cannot plan the query, or it fails on a row: asking again changes nothing.
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
    /// Too many questions.
    RateLimited {
        /// How long to wait, where the server says it.
        retry_after: Option<Duration>,
    },
    /// No connection to begin with.
    Connect(ConnectProblem),
    /// The two sides do not agree on TLS.
    Tls(TlsProblem),
    /// Something answers, but it is no InfluxDB 3.
    NotInfluxDb3(Found),
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
    /// Nobody we trust has signed the server's certificate.
    UnknownAuthority,
    /// The certificate is for another name.
    WrongName,
    /// The certificate is expired, or not valid yet.
    Expired,
    /// Any other fault of the certificate.
    BadCertificate,
    /// The server wants a certificate of ours, or has no version or cipher in common with us.
    Handshake,
}

/// What answers in place of an InfluxDB 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
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
    OtherGrpc,
}

impl ErrorKind {
    /// True when the very same question may be answered later: wait, and ask again.
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

    /// True when the question is too big: a shorter time range may be answered, the same one not.
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

impl Error {
    pub(crate) fn new(kind: ErrorKind, place: &Arc<Place>) -> Self {
        let inner = Inner { kind, place: Arc::clone(place), said: String::new(), source: None };
        Self { inner: Box::new(inner) }
    }

    pub(crate) fn saying(mut self, said: &str) -> Self {
        self.inner.said = one_line(said);
        self
    }

    pub(crate) fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.inner.source = Some(Box::new(source));
        self
    }

    /// The same event, better understood.
    pub(crate) fn reclassified(mut self, kind: ErrorKind) -> Self {
        self.inner.kind = kind;
        self
    }

    /// What the error means for whoever asked.
    pub fn kind(&self) -> &ErrorKind {
        &self.inner.kind
    }
}

/// An error that no server has sent: for whoever stands in for one in a test.
impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        let place = Place {
            endpoint: "http://stand-in".to_owned(),
            database: "stand-in".to_owned(),
            has_token: true,
        };
        Self::new(kind, &Arc::new(place))
    }
}

/// The first 400 characters, without line breaks: a server may send a whole page.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 400;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, place, said, source } = &*self.inner;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("place", place)
            .field("said", said)
            .field("source", source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.inner.source.as_deref()?;
        Some(source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, place, said, .. } = &*self.inner;
        crate::sentence::write(f, kind, place, said)
    }
}
