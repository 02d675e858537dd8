//! What a server tells about itself over HTTP. Answers to queries do not hold it.

use http::{HeaderMap, HeaderName};
use semver::Version;

pub(crate) const VERSION: HeaderName = HeaderName::from_static("x-influxdb-version");
const BUILD: HeaderName = HeaderName::from_static("x-influxdb-build");
const CLUSTER: HeaderName = HeaderName::from_static("cluster-uuid");

/// What a server tells about itself; `None` for what it does not tell. The cloud products tell
/// little, and without a valid token a server tells its cluster only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// Identifies the server. It is chosen when the store is created, and kept with it: another
    /// server at the same address has another one.
    pub cluster_uuid: Option<String>,
    /// Its version, as in `3.10.1`. By the order of versions, `3.11.4-nightly` is before `3.11.4`.
    pub version: Option<Version>,
    /// Its edition, as in `Core`.
    pub build: Option<String>,
}

impl ServerInfo {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            cluster_uuid: text(headers, &CLUSTER).map(str::to_owned),
            version: text(headers, &VERSION).and_then(version),
            build: text(headers, &BUILD).map(str::to_owned),
        }
    }
}

/// The value of a header, if it is text and not blank.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then_some(text)
}

/// Parses a version, with or without the `v` that some releases write before it.
fn version(text: &str) -> Option<Version> {
    Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<Version>) {
        let headers = HeaderMap::from_iter([(VERSION, HeaderValue::from_str(text).unwrap())]);
        assert_eq!(ServerInfo::of(&headers).version, expect, "{text}");
    }

    #[test]
    fn versions() {
        check("3.10.1", Some(Version::new(3, 10, 1)));
        check("v3.11.4", Some(Version::new(3, 11, 4)));
        check("3.10.0-nightly", Version::parse("3.10.0-nightly").ok());
        for text in ["", "nightly", "3.10", "vv3.10.1", "3.10.1.2"] {
            check(text, None);
        }
        assert!(version("3.11.4-nightly") < version("3.11.4"));
        assert!(version("3.9.9") < version("3.10.0-nightly"));
    }

    #[test]
    fn what_is_not_text_is_not_said() {
        let headers = HeaderMap::from_iter([
            (CLUSTER, HeaderValue::from_bytes(b"\xff").unwrap()),
            (BUILD, HeaderValue::from_static("  ")),
        ]);
        assert_eq!(ServerInfo::of(&headers), ServerInfo::default());
    }
}
