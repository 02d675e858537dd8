//! Who may ask: one check for HTTP and gRPC.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::options::Options;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Granted,
    /// No token, or one that nobody has.
    Unknown,
    Expired,
}

/// Checks the `authorization` header. A server without a token ignores it.
pub(crate) fn check(options: &Options, headers: &HeaderMap) -> Access {
    let Some(expected) = &options.token else { return Access::Granted };
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match header.and_then(token) {
        Some(token) if token == *expected => Access::Granted,
        Some(token) if options.expired_token.as_deref() == Some(&token) => Access::Expired,
        _ => Access::Unknown,
    }
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
        assert_eq!(check(&options, &headers), expected, "{header}");
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
        assert_eq!(check(&Options::default().token("secret"), &HeaderMap::new()), Access::Unknown);
        assert_eq!(check(&Options::default(), &HeaderMap::new()), Access::Granted);
    }
}
