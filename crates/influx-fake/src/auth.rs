//! Authorization: one check for HTTP and gRPC.

use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blake3::Hash;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use uuid::Uuid;

use crate::options::Options;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Granted,
    /// No token, or an unknown one.
    Unknown,
    Expired,
}

/// The known tokens. As in InfluxDB, only a hash of the valid one is kept.
#[derive(Debug)]
pub(crate) struct Tokens {
    /// `None`: no token is needed.
    admin: RwLock<Option<Hash>>,
    expired: Option<String>,
}

impl Tokens {
    pub(crate) fn new(options: &Options) -> Self {
        let admin = options.token.as_ref().map(|token| blake3::hash(token.as_bytes()));
        Self { admin: RwLock::new(admin), expired: options.expired_token.clone() }
    }

    fn admin(&self) -> Option<Hash> {
        *self.admin.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether calls need a token.
    pub(crate) fn are_needed(&self) -> bool {
        self.admin().is_some()
    }

    /// Makes this the only valid token.
    pub(crate) fn replace(&self, hash: Hash) {
        *self.admin.write().unwrap_or_else(PoisonError::into_inner) = Some(hash);
    }

    /// Checks the `authorization` header. A server without a token ignores it.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Access {
        let Some(expected) = self.admin() else { return Access::Granted };
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        match header.and_then(token) {
            Some(token) if blake3::hash(token.as_bytes()) == expected => Access::Granted,
            Some(token) if self.expired.as_deref() == Some(&token) => Access::Expired,
            _ => Access::Unknown,
        }
    }
}

/// Makes a random token, in the form of InfluxDB's.
pub(crate) fn new_token() -> String {
    format!("apiv3_{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// The token in a header. The case of the scheme matters here, unlike in RFC 9110.
fn token(header: &str) -> Option<String> {
    let (scheme, credentials) = header.split_once(' ')?;
    match scheme {
        "Bearer" | "Token" => Some(credentials.to_owned()),
        "Basic" => {
            let decoded = BASE64_STANDARD.decode(credentials).ok()?;
            let (_, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
            Some(password.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_header(header: &str, expected: Access) {
        let options = Options::default().token("secret").expired_token("old");
        let headers = HeaderMap::from_iter([(AUTHORIZATION, header.parse().unwrap())]);
        assert_eq!(Tokens::new(&options).check(&headers), expected, "{header}");
    }

    #[test]
    fn schemes() {
        check_header("Bearer secret", Access::Granted);
        check_header("Token secret", Access::Granted);
        check_header(
            &format!("Basic {}", BASE64_STANDARD.encode("anyone:secret")),
            Access::Granted,
        );
        check_header("bearer secret", Access::Unknown);
        check_header("TOKEN secret", Access::Unknown);
        check_header("secret", Access::Unknown);
        check_header("Basic ?", Access::Unknown);
    }

    #[test]
    fn tokens() {
        check_header("Bearer wrong", Access::Unknown);
        check_header("Bearer old", Access::Expired);
        let without = |options| Tokens::new(&options).check(&HeaderMap::new());
        assert_eq!(without(Options::default().token("secret")), Access::Unknown);
        assert_eq!(without(Options::default()), Access::Granted);
    }
}
