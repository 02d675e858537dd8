//! From what a library or the server reports to an [`Error`] that names the place.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::error::FlightError;
use secrecy::{ExposeSecret, SecretString};
use tonic::Status;

use crate::classify::classify;
use crate::error::{Error, ErrorKind, Place};

/// Makes the errors of one client and its streams.
pub(crate) struct Reporter {
    place: Arc<Place>,
    /// Known here so that it can be kept out; never empty, since every text holds that.
    token: Option<SecretString>,
}

/// Why there is no answer, or no more of it.
pub(crate) enum Fault {
    /// No message for this long.
    Silence(Duration),
    /// Only keep-alives for this long.
    NoRows(Duration),
    /// A gRPC status, or messages that are no Arrow stream.
    Flight(FlightError),
}

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        Fault::Flight(status.into())
    }
}

impl Reporter {
    pub(crate) fn new(endpoint: String, database: String, token: Option<SecretString>) -> Self {
        let place = Arc::new(Place { endpoint, database, has_token: token.is_some() });
        let token = token.filter(|token| !token.expose_secret().is_empty());
        Self { place, token }
    }

    /// The same server, another database.
    pub(crate) fn on_database(&self, database: String) -> Self {
        let place = Arc::new(Place { database, ..Place::clone(&self.place) });
        Self { place, token: self.token.clone() }
    }

    pub(crate) fn database(&self) -> &str {
        &self.place.database
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, &self.place)
    }

    pub(crate) fn fault(&self, fault: Fault) -> Error {
        match fault {
            Fault::Silence(limit) => {
                self.error(ErrorKind::Stalled).saying(&format!("no message for {limit:?}"))
            }
            Fault::NoRows(limit) => self
                .error(ErrorKind::Deadline)
                .saying(&format!("still at work after {limit:?} without a row")),
            Fault::Flight(FlightError::Tonic(status)) => self.status(*status),
            Fault::Flight(error) => {
                self.error(ErrorKind::Protocol).saying(&self.censored(&error.to_string()))
            }
        }
    }

    fn status(&self, status: Status) -> Error {
        // Before the token is taken out: a short one is part of the words that tell the kinds apart.
        let kind = self.without_token_in_names(classify(&status));
        let said = match status.source() {
            None => self.censored(status.message()),
            Some(source) => self.censored(&innermost(source)),
        };
        self.error(kind).saying(&said).caused_by(self.without_token(status))
    }

    /// The kind, whose names are what the server wrote.
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

    /// The status, or its code and texts alone if any of it repeats the token, as the page of a
    /// proxy might.
    fn without_token(&self, status: Status) -> Status {
        let Some(token) = &self.token else { return status };
        if !format!("{status:?}").contains(token.expose_secret()) {
            return status;
        }
        let mut clean = Status::new(status.code(), self.censored(status.message()));
        if let Some(source) = status.source() {
            // That there is a cause still tells a fault of the transport from the server's word.
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

/// The end of a chain of errors, which names the cause; the links before it say "transport error".
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
