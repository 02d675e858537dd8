//! Turns what a library or the server reports into an [`Error`], and keeps the token out of it.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::error::FlightError;
use secrecy::{ExposeSecret, SecretString};
use tonic::Status;

use crate::classify::classify;
use crate::error::Error;
use crate::error_kind::ErrorKind;
use crate::message::ErrorContext;

/// Makes the errors of a client and of its streams.
pub(crate) struct Reporter {
    context: Arc<ErrorContext>,
    /// Masked in every text. Never empty: every text contains the empty one.
    token: Option<SecretString>,
}

/// Why an answer does not begin, or breaks off.
pub(crate) enum QueryFailure {
    /// No message for this long.
    Silence(Duration),
    /// Only keep-alives for this long.
    NoRows(Duration),
    /// A gRPC status, or messages that are no Arrow stream.
    Flight(FlightError),
}

impl From<Status> for QueryFailure {
    fn from(status: Status) -> Self {
        QueryFailure::Flight(status.into())
    }
}

impl Reporter {
    pub(crate) fn new(endpoint: String, database: String, token: Option<SecretString>) -> Self {
        let context = Arc::new(ErrorContext { endpoint, database, has_token: token.is_some() });
        let token = token.filter(|token| !token.expose_secret().is_empty());
        Self { context, token }
    }

    /// Reports on another database of the same server.
    pub(crate) fn on_database(&self, database: String) -> Self {
        let context = Arc::new(ErrorContext { database, ..ErrorContext::clone(&self.context) });
        Self { context, token: self.token.clone() }
    }

    pub(crate) fn database(&self) -> &str {
        &self.context.database
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, &self.context)
    }

    pub(crate) fn failure(&self, failure: QueryFailure) -> Error {
        match failure {
            QueryFailure::Silence(limit) => {
                self.error(ErrorKind::Stalled).with_detail(&format!("no message for {limit:?}"))
            }
            QueryFailure::NoRows(limit) => self
                .error(ErrorKind::Deadline)
                .with_detail(&format!("still at work after {limit:?} without a row")),
            QueryFailure::Flight(FlightError::Tonic(status)) => self.status(*status),
            QueryFailure::Flight(error) => {
                self.error(ErrorKind::Protocol).with_detail(&self.censored(&error.to_string()))
            }
        }
    }

    fn status(&self, status: Status) -> Error {
        // Classify first: a short token may be part of the words that tell the kinds apart.
        let kind = self.without_token_in_names(classify(&status));
        let detail = match status.source() {
            None => self.censored(status.message()),
            Some(source) => self.censored(&innermost(source)),
        };
        self.error(kind).with_detail(&detail).with_source(self.without_token(status))
    }

    /// Masks the token in the names of a kind, which the server wrote.
    fn without_token_in_names(&self, kind: ErrorKind) -> ErrorKind {
        match kind {
            ErrorKind::TableMissing { table: Some(table) } => {
                ErrorKind::TableMissing { table: Some(self.censored(&table)) }
            }
            ErrorKind::ColumnMissing { column } => {
                ErrorKind::ColumnMissing { column: self.censored(&column) }
            }
            kind => kind,
        }
    }

    /// Keeps of a status that repeats the token, as the page of a proxy might, only the code and
    /// the masked texts.
    fn without_token(&self, status: Status) -> Status {
        let Some(token) = &self.token else { return status };
        if !format!("{status:?}").contains(token.expose_secret()) {
            return status;
        }
        let mut clean = Status::new(status.code(), self.censored(status.message()));
        if let Some(source) = status.source() {
            // Keep a cause: it tells a failure of the transport from one that the server reports.
            let cause: Box<dyn StdError + Send + Sync> = self.censored(&innermost(source)).into();
            clean.set_source(cause.into());
        }
        clean
    }

    fn censored(&self, text: &str) -> String {
        match &self.token {
            Some(token) => text.replace(token.expose_secret(), "***"),
            None => text.to_owned(),
        }
    }
}

/// Follows a chain of errors to its end, which names the cause. The links before it only say
/// "transport error".
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
