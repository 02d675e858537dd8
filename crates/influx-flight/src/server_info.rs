//! What a server says of itself, over HTTP: its answers to queries say none of it.

use http::{HeaderMap, HeaderName};
use semver::Version;

pub(crate) const VERSION: HeaderName = HeaderName::from_static("x-influxdb-version");
const BUILD: HeaderName = HeaderName::from_static("x-influxdb-build");
const CLUSTER: HeaderName = HeaderName::from_static("cluster-uuid");

/// What a server says of itself. Whatever it does not say is `None`: the cloud products say
/// little, and who has no valid token is told the cluster alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerInfo {
    /// Which server it is: chosen when its store was made, and kept with it. Another server that
    /// answers at the same address has another one.
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

/// What a header says, where it says anything that is text.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then_some(text)
}

/// A version, with or without the `v` that some releases write before it.
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
