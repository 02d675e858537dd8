//! A text that must not be shown.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A token or password. It has no `Display` and a masked `Debug`, and wipes its memory when it is
/// dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Makes a secret of a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn is_never_printed() {
        let secret = Secret::new("s3cret");
        assert_eq!(format!("{secret:?} {secret:#?}"), "Secret(***) Secret(***)");
        assert_eq!(secret.expose(), "s3cret");
    }
}
