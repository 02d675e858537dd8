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
    /// Known here so that it can be kept out.
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
        let status = self.without_token(status);
        let said = match status.source() {
            None => status.message().to_owned(),
            Some(source) => self.censored(&innermost(source)),
        };
        self.error(classify(&status)).saying(&said).caused_by(status)
    }

    /// The status, or its code and text alone if any of it repeats the token, as the page of a
    /// proxy might.
    fn without_token(&self, status: Status) -> Status {
        let Some(token) = &self.token else { return status };
        if !format!("{status:?}").contains(token.expose_secret()) {
            return status;
        }
        Status::new(status.code(), self.censored(status.message()))
    }

    fn censored(&self, text: &str) -> String {
        match &self.token {
            Some(token) if !token.expose_secret().is_empty() => {
                text.replace(token.expose_secret(), "***")
            }
            _ => text.to_owned(),
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
