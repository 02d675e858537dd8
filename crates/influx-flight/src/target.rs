//! What to connect to, and how long to wait for it.

use std::fmt;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::SecretString;
use thiserror::Error;

use crate::endpoint::{Endpoint, Scheme};

/// A database on a server, and how to reach it.
///
/// ```
/// use influx_flight::Target;
/// let target = Target::new("db.example.com".parse()?, "home")
///     .with_token("apiv3_secret".into());
/// assert!(!format!("{target:?}").contains("apiv3_secret"));
/// # Ok::<(), influx_flight::EndpointError>(())
/// ```
#[derive(Clone)]
pub struct Target {
    pub(crate) endpoint: Endpoint,
    pub(crate) database: String,
    pub(crate) token: Option<SecretString>,
    pub(crate) extra_roots: Vec<CertificateDer<'static>>,
    pub(crate) allow_plaintext: bool,
    pub(crate) timeouts: Timeouts,
}

impl Target {
    /// A database on a server, without a token, with the platform's root certificates, and with the
    /// default timeouts.
    pub fn new(endpoint: Endpoint, database: impl Into<String>) -> Self {
        Self {
            endpoint,
            database: database.into(),
            token: None,
            extra_roots: Vec::new(),
            allow_plaintext: false,
            timeouts: Timeouts::default(),
        }
    }

    /// The token, sent as `authorization: Bearer <token>` with each query.
    pub fn with_token(self, token: SecretString) -> Self {
        Self { token: Some(token), ..self }
    }

    /// Certificates of authorities to trust besides the platform's, in PEM; other sections of the
    /// text, such as a private key, are not kept.
    ///
    /// # Errors
    /// When the text is not PEM, holds no certificate, or one that no chain can end in.
    pub fn with_ca_certificates(mut self, pem: &[u8]) -> Result<Self, CaCertificateError> {
        let mut certificates = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| CaCertificateError::NotPem(error.to_string()))?;
        if certificates.is_empty() {
            return Err(CaCertificateError::Empty);
        }
        let mut scratch = RootCertStore::empty();
        for (index, certificate) in certificates.iter().enumerate() {
            scratch.add(certificate.clone()).map_err(|error| CaCertificateError::Unusable {
                number: index + 1,
                reason: error.to_string(),
            })?;
        }
        self.extra_roots.append(&mut certificates);
        Ok(self)
    }

    /// Allows or forbids to send the token unencrypted to another machine.
    pub fn allow_plaintext(self, allow_plaintext: bool) -> Self {
        Self { allow_plaintext, ..self }
    }

    /// Replaces the timeouts.
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        Self { timeouts, ..self }
    }

    /// The server.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// True when the token would travel unencrypted to another machine.
    pub(crate) fn would_expose_token(&self) -> bool {
        self.token.is_some()
            && self.endpoint.scheme() == Scheme::Http
            && !self.endpoint.is_loopback()
            && !self.allow_plaintext
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("endpoint", &format_args!("{}", self.endpoint))
            .field("database", &self.database)
            .field("token", &self.token.as_ref().map(|_| "***"))
            .field("extra_roots", &self.extra_roots.len())
            .field("allow_plaintext", &self.allow_plaintext)
            .field("timeouts", &self.timeouts)
            .finish()
    }
}

/// How long to wait for each thing that can fail to come.
///
/// A whole query has no limit: its stream is only as fast as its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection: TCP, and then again for TLS. Default: 10 s.
    pub connect: Duration,
    /// For any message of a stream. A server at work sends an empty batch every 5 s, so a longer
    /// silence is a lost connection. Default: 30 s.
    pub idle: Duration,
    /// For the next batch with rows while the server only says that it is still at work.
    /// Default: 5 min.
    pub rows: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            rows: Duration::from_secs(5 * 60),
        }
    }
}

/// A text that should hold the certificates of authorities, and does not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CaCertificateError {
    /// Broken PEM.
    #[error(
        "the CA certificate is not valid PEM ({0}): give the file that starts with \
         -----BEGIN CERTIFICATE-----"
    )]
    NotPem(String),
    /// PEM without a certificate, or no PEM at all.
    #[error(
        "the CA certificate holds no certificate: give the file that starts with \
         -----BEGIN CERTIFICATE-----"
    )]
    Empty,
    /// A certificate that cannot be read as one of an authority.
    #[error(
        "certificate {number} of the CA certificate cannot be used ({reason}): give the \
         certificate of the authority that signed the server's"
    )]
    Unusable {
        /// Its place in the text, from 1.
        number: usize,
        /// What the TLS library says.
        reason: String,
    },
}
