//! The error of every call: its kind, and one message for the customer.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::error_kind::ErrorKind;
use crate::message::{self, ErrorContext};

/// Why a query failed, before or during its answer.
///
/// `Display` is one sentence for the customer: what is wrong, where, and what to do. It never
/// holds the token. `source` is the error of the library that noticed.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    context: Arc<ErrorContext>,
    /// What the server or the library reported. Most kinds repeat it in their message.
    detail: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, context: &Arc<ErrorContext>) -> Self {
        let inner =
            Inner { kind, context: Arc::clone(context), detail: String::new(), source: None };
        Self { inner: Box::new(inner) }
    }

    pub(crate) fn with_detail(mut self, detail: &str) -> Self {
        self.inner.detail = one_line(detail);
        self
    }

    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.inner.source = Some(Box::new(source));
        self
    }

    /// Replaces the kind, when more has become known about the same failure.
    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.inner.kind = kind;
        self
    }

    /// What the caller can do about it.
    pub fn kind(&self) -> &ErrorKind {
        &self.inner.kind
    }
}

/// Makes an error that no server has sent, for tests that stand in for one.
impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        let context = ErrorContext {
            endpoint: "http://stand-in".to_owned(),
            database: "stand-in".to_owned(),
            has_token: true,
        };
        Self::new(kind, &Arc::new(context))
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
        let Inner { kind, context, detail, source } = &*self.inner;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("context", context)
            .field("detail", detail)
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
        let Inner { kind, context, detail, .. } = &*self.inner;
        message::write(f, kind, context, detail)
    }
}
