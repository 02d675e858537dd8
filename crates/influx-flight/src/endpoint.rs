//! The address of an InfluxDB, parsed once from the text that people write for a host.

use std::fmt;
use std::str::FromStr;

use http::uri::PathAndQuery;
use thiserror::Error;
use url::Host;

/// The port that InfluxDB 3 listens on unless told otherwise; the default for `http`.
///
/// Not the well-known port 80: an InfluxDB without TLS is usually run as it comes, and listens
/// here.
const INFLUXDB_PORT: u16 = 8181;
/// The default for `https`: the port of the cloud products.
const HTTPS_PORT: u16 = 443;

/// Whether the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Plain text.
    Http,
    /// TLS.
    Https,
}

impl Scheme {
    /// The scheme as a URL spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Scheme::Http => INFLUXDB_PORT,
            Scheme::Https => HTTPS_PORT,
        }
    }
}

/// The address of an InfluxDB: scheme, host, port and the path that a proxy may put before it.
///
/// Parsed from `https://host[:port][/path]`, `http://host[:port][/path]`, `host:port` or `host`.
/// Without a scheme it is `https`, except for a loopback host (`localhost`, `127.0.0.0/8`,
/// `[::1]`), which is `http`. Without a port it is 443 for `https` and 8181 for `http`.
///
/// ```
/// # use influx_flight::Endpoint;
/// let endpoint: Endpoint = "eu-central-1-1.aws.cloud2.influxdata.com".parse()?;
/// assert_eq!(endpoint.to_string(), "https://eu-central-1-1.aws.cloud2.influxdata.com:443");
/// let endpoint: Endpoint = "localhost".parse()?;
/// assert_eq!(endpoint.to_string(), "http://localhost:8181");
/// # Ok::<(), influx_flight::EndpointError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    scheme: Scheme,
    host: Host<String>,
    port: u16,
    /// Empty, or starts with a slash and does not end with one.
    path: String,
}

/// A text that is not an address.
///
/// The text is repeated without whatever might be a credential in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "\"{text}\" is not an address of an InfluxDB: {problem}; write https://host[:port][/path], \
     http://host[:port][/path], host:port or host"
)]
pub struct EndpointError {
    text: String,
    problem: EndpointProblem,
}

impl EndpointError {
    /// What is wrong with the text.
    pub fn problem(&self) -> &EndpointProblem {
        &self.problem
    }
}

/// What is wrong with a text that should be an address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndpointProblem {
    /// Nothing was written.
    #[error("it is empty")]
    Empty,
    /// A scheme other than `http` and `https`.
    #[error("it starts with \"{0}://\"")]
    Scheme(String),
    /// A user name or a password before the host.
    #[error("it holds a user name or a password, which belong in the token")]
    Credentials,
    /// A query (`?`) or a fragment (`#`).
    #[error("it holds a \"?\" or a \"#\"")]
    Query,
    /// No host, or one that no host can be called.
    #[error("its host is not valid")]
    Host,
    /// An IPv6 address whose end cannot be told from a port.
    #[error("an IPv6 address needs brackets, as in [::1]:8181")]
    Brackets,
    /// A port that is not a number from 1 to 65535.
    #[error("its port is not a number from 1 to 65535")]
    Port,
    /// A path with characters that a URL cannot hold.
    #[error("its path is not valid")]
    Path,
}

impl Endpoint {
    /// Plain text or TLS.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host, an IPv6 address in brackets.
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// The host as TLS names it: an IPv6 address without brackets.
    pub(crate) fn server_name(&self) -> String {
        match &self.host {
            Host::Ipv6(address) => address.to_string(),
            host => host.to_string(),
        }
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The network address `host:port`, in lower case, always with the port.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// What a proxy expects before the path of a service: empty, or `/prefix`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// True when the server can only be on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// The same address with another scheme.
    pub(crate) fn with_scheme(&self, scheme: Scheme) -> Self {
        Self { scheme, ..self.clone() }
    }
}

fn is_loopback(host: &Host<String>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port, path } = self;
        write!(f, "{}://{host}:{port}{path}", scheme.as_str())
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        // Pasted text often brings blanks along.
        let text = text.trim();
        parse(text).map_err(|problem| EndpointError { text: without_credentials(text), problem })
    }
}

fn parse(text: &str) -> Result<Endpoint, EndpointProblem> {
    let (scheme, rest) = match text.split_once("://") {
        None => (None, text),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(Scheme::Https), rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(Scheme::Http), rest),
        Some((scheme, _)) if is_scheme(scheme) => {
            return Err(EndpointProblem::Scheme(scheme.to_owned()));
        }
        Some((before, after)) => return Err(problem_of_odd_text(before, after)),
    };
    if rest.is_empty() {
        return Err(EndpointProblem::Empty);
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(EndpointProblem::Credentials);
    }
    if path.contains(['?', '#']) {
        return Err(EndpointProblem::Query);
    }
    let (host, port) = split_port(authority)?;
    let host = Host::parse(host).map_err(|_| EndpointProblem::Host)?;
    // Refuse a lone port number, which would parse as an IPv4 address (8181 is 0.0.31.245).
    if matches!(host, Host::Ipv4(_)) && !authority.contains('.') {
        return Err(EndpointProblem::Host);
    }
    let scheme = scheme.unwrap_or(if is_loopback(&host) { Scheme::Http } else { Scheme::Https });
    let path = path.trim_end_matches('/');
    if !path.is_empty() && PathAndQuery::from_str(path).is_err() {
        return Err(EndpointProblem::Path);
    }
    let port = match port {
        None => scheme.default_port(),
        Some(port) => parse_port(port)?,
    };
    Ok(Endpoint { scheme, host, port, path: path.to_owned() })
}

/// True for a valid name of a scheme (RFC 3986). Other text is not repeated: it may end in a
/// password that holds `://`.
fn is_scheme(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// The problem of a text that has `://` behind something that is no scheme.
fn problem_of_odd_text(before: &str, after: &str) -> EndpointProblem {
    if before.contains('@') || after.contains('@') {
        EndpointProblem::Credentials
    } else if before.contains(['?', '#']) {
        EndpointProblem::Query
    } else if before.contains('/') {
        EndpointProblem::Path
    } else {
        EndpointProblem::Host
    }
}

/// Splits `host:port`; the host keeps the brackets of an IPv6 address.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), EndpointProblem> {
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or(EndpointProblem::Brackets)? + 1;
        return match authority.split_at(end) {
            (host, "") => Ok((host, None)),
            (host, port) => match port.strip_prefix(':') {
                Some(port) => Ok((host, Some(port))),
                None => Err(EndpointProblem::Host),
            },
        };
    }
    match authority.split_once(':') {
        None => Ok((authority, None)),
        Some((_, port)) if port.contains(':') => Err(EndpointProblem::Brackets),
        Some((host, port)) => Ok((host, Some(port))),
    }
}

fn parse_port(text: &str) -> Result<u16, EndpointProblem> {
    // `u16::from_str` takes a plus sign, a URL does not.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EndpointProblem::Port);
    }
    match text.parse() {
        Ok(0) | Err(_) => Err(EndpointProblem::Port),
        Ok(port) => Ok(port),
    }
}

/// The text as far as it is safe to repeat: no user, no password, no query.
fn without_credentials(text: &str) -> String {
    let (scheme, rest) = match text.find("://") {
        Some(end) if text[..end].bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            text.split_at(end + "://".len())
        }
        _ => ("", text),
    };
    let (mask, rest) = match rest.rfind('@') {
        None => ("", rest),
        // A password with a question mark, or a query with an at sign: show neither.
        Some(at) if rest[..at].contains(['?', '#']) => ("***", ""),
        Some(at) => ("***", &rest[at..]),
    };
    match rest.split_once(['?', '#']) {
        None => format!("{scheme}{mask}{rest}"),
        Some((shown, _)) => format!("{scheme}{mask}{shown}?***"),
    }
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn a_repeated_text_holds_no_credential() {
        for (text, shown) in [
            ("ftp://host", "ftp://host"),
            ("https://user:secret@host/x", "https://***@host/x"),
            ("user:secret@host", "***@host"),
            ("https://user:sec?ret@host", "https://***"),
            ("https://user:sec#ret@host/?q=1", "https://***"),
            ("https://host/?token=secret", "https://host/?***"),
            ("https://host/?token=sec@ret", "https://***"),
            ("https://host#secret", "https://host?***"),
            ("user:secret@https://host", "***@https://host"),
        ] {
            assert_eq!(without_credentials(text), shown, "{text}");
        }
    }
}
