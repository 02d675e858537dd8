//! Why a question was not answered, in terms of what the engine does about it.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// A question that the database did not answer, or not to its end.
///
/// It is displayed as its sentence for the customer.
#[derive(Debug)]
pub struct Failure {
    kind: ErrorKind,
    sentence: String,
    reason: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What the engine does about a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The same question may be answered later: wait, and ask again.
    Retry {
        /// For how long at least, where the database says it.
        after: Option<Duration>,
    },
    /// The question is too big: ask for less.
    TooLarge(Refusal),
    /// The measurement does not have the columns that were asked for: list them again.
    ColumnsChanged,
    /// There is no such measurement: the others go on.
    TableGone,
    /// There is no such database: the sync ends.
    DatabaseGone,
    /// Only the customer can mend it (a host, a token, a permission): the sync ends.
    Setup,
    /// The database cannot answer this question, now or later: the table is left out.
    Refused,
    /// The database cannot answer any question as the engine needs it: the sync ends.
    Bug,
}

/// Why a question is too big.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A limit that stays: windows of that length are not tried again.
    Limit,
    /// Memory or time that the server has not now, and may have later.
    Pressure,
}

impl Failure {
    /// A failure with its sentence for the customer: what is wrong and what to do about it.
    #[must_use]
    pub fn new(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Self { reason: format!("{kind:?}"), kind, sentence: sentence.into(), source: None }
    }

    /// The same failure, as logs are to name it: without hosts, names and values.
    #[must_use]
    pub fn logged_as(self, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..self }
    }

    /// The same failure, with its cause.
    #[must_use]
    pub fn caused_by(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// What the engine does about it.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// How logs name it.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether the same question may be answered later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, ErrorKind::Retry { .. })
    }

    /// The same failure, with the text of its cause.
    pub(crate) fn copied(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            sentence: self.sentence.clone(),
            reason: self.reason.clone(),
            source: self.source.as_ref().map(|source| source.to_string().into()),
        }
    }

    /// Why the question is too big, if it is.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self.kind {
            ErrorKind::TooLarge(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether it failed for a reason that every other question would meet as well.
    pub(crate) fn concerns_all(&self) -> bool {
        matches!(self.kind, ErrorKind::Retry { .. } | ErrorKind::Setup | ErrorKind::DatabaseGone)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
