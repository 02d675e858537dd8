//! What answers at an address, asked in HTTP/1.1, which almost everything speaks.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::endpoint::{Endpoint, Scheme};
use crate::error::{ErrorKind, TlsProblem};
use crate::server_info::{ServerInfo, VERSION};
use crate::transport;

/// What answers at an address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// An InfluxDB 3, or a later one.
    InfluxDb3 { version: String },
    /// An InfluxDB 1 or 2.
    OldInfluxDb { version: String },
    /// A web server that sends a page.
    WebPage,
    /// A server, or a gateway, that asks to come back later.
    Busy,
    /// The two sides do not agree on TLS.
    Tls(TlsProblem),
    /// Another HTTP server.
    OtherHttp,
    /// Nothing that tells: a closed port, a cloud product that has no `/ping`, an InfluxDB 3 that
    /// wants a valid token for this too.
    Unclear,
}

/// Why there is no answer.
#[derive(Debug)]
enum NoAnswer {
    /// TLS failed, with a reason.
    Tls(TlsProblem),
    /// A connection came to be, but what came back was not what was spoken.
    Garbled,
    /// No connection, or silence.
    Nothing,
}

/// Asks `GET /ping` of whatever is at the endpoint; waits for `limit` at most for each try.
pub(crate) async fn probe(
    endpoint: &Endpoint,
    authorization: Option<&HeaderValue>,
    tls: &Arc<ClientConfig>,
    limit: Duration,
) -> Finding {
    let answer = ping(endpoint, authorization, tls, limit).await;
    match (endpoint.scheme(), answer) {
        (Scheme::Http, Ok(response)) => match interpret(&response) {
            // Some servers answer plain text on their TLS port, with a hint and this status.
            Finding::OtherHttp | Finding::WebPage
                if response.status() == StatusCode::BAD_REQUEST
                    && speaks_tls(endpoint, tls, limit).await =>
            {
                Finding::Tls(TlsProblem::ServerIsTls)
            }
            finding => finding,
        },
        (Scheme::Https, Ok(response)) => match interpret(&response) {
            // The cloud products answer queries alone, and say so to all else, some with a page.
            // A web server in their place gives itself away as it answers the query, or refuses
            // HTTP/2.
            Finding::OtherHttp | Finding::WebPage => Finding::Unclear,
            finding => finding,
        },
        (Scheme::Http, Err(NoAnswer::Garbled)) if speaks_tls(endpoint, tls, limit).await => {
            Finding::Tls(TlsProblem::ServerIsTls)
        }
        (Scheme::Https, Err(NoAnswer::Garbled)) => {
            // Never with the token: this wire is one that nobody asked for.
            match ping(&endpoint.with_scheme(Scheme::Http), None, tls, limit).await {
                Ok(_) => Finding::Tls(TlsProblem::ServerIsPlain),
                Err(_) => Finding::Unclear,
            }
        }
        (_, Err(NoAnswer::Tls(problem))) => Finding::Tls(problem),
        (_, Err(NoAnswer::Garbled | NoAnswer::Nothing)) => Finding::Unclear,
    }
}

/// What whoever is at the endpoint says of itself: in one try, and nothing if there is no answer.
pub(crate) async fn server_info(
    endpoint: &Endpoint,
    authorization: Option<&HeaderValue>,
    tls: &Arc<ClientConfig>,
    limit: Duration,
) -> ServerInfo {
    match ping(endpoint, authorization, tls, limit).await {
        // The status does not count: a refusal says who refuses.
        Ok(response) => ServerInfo::of(response.headers()),
        Err(_) => ServerInfo::default(),
    }
}

/// What the headers of an answer to `/ping` say; every InfluxDB names its version there.
fn interpret<T>(response: &Response<T>) -> Finding {
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(version) = header(VERSION.as_str()) {
        let version = version.trim_start_matches('v').to_owned();
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        return match major {
            Some(0..=2) => Finding::OldInfluxDb { version },
            Some(_) => Finding::InfluxDb3 { version },
            None => Finding::Unclear,
        };
    }
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        Finding::Busy
    } else if header(CONTENT_TYPE.as_str()).is_some_and(|content| content.starts_with("text/html"))
    {
        Finding::WebPage
    } else if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        Finding::Unclear
    } else {
        Finding::OtherHttp
    }
}

async fn ping(
    endpoint: &Endpoint,
    authorization: Option<&HeaderValue>,
    tls: &Arc<ClientConfig>,
    limit: Duration,
) -> Result<Response<Incoming>, NoAnswer> {
    let exchange = async {
        let tcp = connect(endpoint).await?;
        match endpoint.scheme() {
            Scheme::Http => get(endpoint, authorization, tcp).await,
            Scheme::Https => {
                let stream = handshake(endpoint, tls, tcp).await?;
                get(endpoint, authorization, stream).await
            }
        }
    };
    timeout(limit, exchange).await.unwrap_or(Err(NoAnswer::Nothing))
}

/// True when a TLS server listens there, whatever may be wrong with its certificate.
async fn speaks_tls(endpoint: &Endpoint, tls: &Arc<ClientConfig>, limit: Duration) -> bool {
    let attempt = async {
        let tcp = connect(endpoint).await?;
        handshake(endpoint, tls, tcp).await
    };
    match timeout(limit, attempt).await {
        Ok(Ok(_)) => true,
        Ok(Err(NoAnswer::Tls(problem))) => problem != TlsProblem::ServerIsPlain,
        Ok(Err(_)) | Err(_) => false,
    }
}

async fn connect(endpoint: &Endpoint) -> Result<TcpStream, NoAnswer> {
    TcpStream::connect((endpoint.server_name(), endpoint.port()))
        .await
        .map_err(|_| NoAnswer::Nothing)
}

async fn handshake(
    endpoint: &Endpoint,
    tls: &Arc<ClientConfig>,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, NoAnswer> {
    let name = ServerName::try_from(endpoint.server_name()).map_err(|_| NoAnswer::Nothing)?;
    TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await.map_err(|error| {
        match transport::explain(&error) {
            Some(ErrorKind::Tls(problem)) => NoAnswer::Tls(problem),
            _ => NoAnswer::Garbled,
        }
    })
}

async fn get<Stream>(
    endpoint: &Endpoint,
    authorization: Option<&HeaderValue>,
    stream: Stream,
) -> Result<Response<Incoming>, NoAnswer>
where
    Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|_| NoAnswer::Garbled)?;
    // Ends with the sender, which lives for one request.
    tokio::spawn(connection);
    let mut request =
        Request::get(format!("{}/ping", endpoint.path())).header(HOST, endpoint.address());
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|_| NoAnswer::Nothing)?;
    sender.send_request(request).await.map_err(|_| NoAnswer::Garbled)
}
