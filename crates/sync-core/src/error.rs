//! Why a sync, a test or a schema failed, and who can mend it.

use std::error::Error;
use std::fmt;

/// Who can mend a failure: this alone decides how a platform reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The customer: a token, a name, a permission, a setting.
    Setup,
    /// Time: the system was away or overloaded, and retries are used up.
    Transient,
    /// We.
    Bug,
}

/// A failure that ends a sync, a test or a schema call.
///
/// Its message says what is wrong, in one sentence without its full stop, and names the thing
/// (field, table, column, value), but never a secret. A remedy says what to do about it, in another
/// such sentence. Both are displayed, with their full stops; what caused it is in
/// [`source`](Error::source).
#[derive(Debug)]
pub struct SyncError {
    fault: Fault,
    message: String,
    remedy: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SyncError {
    /// A failure whose message says all, the remedy too where there is one.
    #[must_use]
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self { fault, message: message.into(), remedy: None, source: None }
    }

    /// A failure that the customer can mend.
    #[must_use]
    pub fn setup(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..Self::new(Fault::Setup, message) }
    }

    /// A failure that time can mend.
    #[must_use]
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(Fault::Transient, message)
    }

    /// A failure of ours.
    #[must_use]
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Fault::Bug, message)
    }

    /// The same failure, with its cause.
    #[must_use]
    pub fn caused_by(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// The same failure, with what it kept from being done before its message.
    #[must_use]
    pub fn in_context(self, context: impl fmt::Display) -> Self {
        Self { message: format!("{context}: {}", self.message), ..self }
    }

    /// Who can mend it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for SyncError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.", self.message)?;
        match &self.remedy {
            Some(remedy) => write!(formatter, " {remedy}."),
            None => Ok(()),
        }
    }
}

impl Error for SyncError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::SyncError;

    #[test]
    fn reads_as_sentences() {
        let error = SyncError::setup("The token was refused", "Paste a token that can read it");
        assert_eq!(error.to_string(), "The token was refused. Paste a token that can read it.");
        let error = error.in_context("No row was read");
        let text = "No row was read: The token was refused. Paste a token that can read it.";
        assert_eq!(error.to_string(), text);
        assert_eq!(SyncError::bug("It broke").to_string(), "It broke.");
    }
}
