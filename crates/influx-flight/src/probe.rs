//! Finds out what answers at an address, over HTTP/1.1, which almost every server speaks.

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
use crate::error_kind::{ErrorKind, TlsProblem};
use crate::server_info::{ServerInfo, VERSION};
use crate::transport;

/// What answers at an address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ProbeOutcome {
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
    /// Nothing conclusive: a closed port, a cloud product without `/ping`, or an InfluxDB 3 that
    /// wants a valid token here too.
    Unclear,
}

/// Why a ping has no answer.
#[derive(Debug)]
enum PingError {
    /// TLS failed, with a reason.
    Tls(TlsProblem),
    /// A connection was made, but the answer was in another protocol.
    Garbled,
    /// No connection, or silence.
    Nothing,
}

/// Sends `GET /ping`, and waits for at most `limit` in each try.
pub(crate) async fn probe(
    endpoint: &Endpoint,
    authorization: Option<&HeaderValue>,
    tls: &Arc<ClientConfig>,
    limit: Duration,
) -> ProbeOutcome {
    let answer = ping(endpoint, authorization, tls, limit).await;
    match (endpoint.scheme(), answer) {
        (Scheme::Http, Ok(response)) => match interpret(&response) {
            // Some servers answer plain text on their TLS port, with a hint and this status.
            ProbeOutcome::OtherHttp | ProbeOutcome::WebPage
                if response.status() == StatusCode::BAD_REQUEST
                    && speaks_tls(endpoint, tls, limit).await =>
            {
                ProbeOutcome::Tls(TlsProblem::ServerIsTls)
            }
            outcome => outcome,
        },
        (Scheme::Https, Ok(response)) => match interpret(&response) {
            // The cloud products refuse everything but queries, some with a web page. A real web
            // server is recognized by its answer to the query, or because it refuses HTTP/2.
            ProbeOutcome::OtherHttp | ProbeOutcome::WebPage => ProbeOutcome::Unclear,
            outcome => outcome,
        },
        (Scheme::Http, Err(PingError::Garbled)) if speaks_tls(endpoint, tls, limit).await => {
            ProbeOutcome::Tls(TlsProblem::ServerIsTls)
        }
        (Scheme::Https, Err(PingError::Garbled)) => {
            // Without the token: nobody allowed plain text.
            match ping(&endpoint.with_scheme(Scheme::Http), None, tls, limit).await {
                Ok(_) => ProbeOutcome::Tls(TlsProblem::ServerIsPlain),
                Err(_) => ProbeOutcome::Unclear,
            }
        }
        (_, Err(PingError::Tls(problem))) => ProbeOutcome::Tls(problem),
        (_, Err(PingError::Garbled | PingError::Nothing)) => ProbeOutcome::Unclear,
    }
}

/// Reads what the server tells about itself, in one try. Empty if there is no answer.
pub(crate) async fn server_info(
    endpoint: &Endpoint,
    authorization: Option<&HeaderValue>,
    tls: &Arc<ClientConfig>,
    limit: Duration,
) -> ServerInfo {
    match ping(endpoint, authorization, tls, limit).await {
        // A refusal names the server too, so the status does not matter.
        Ok(response) => ServerInfo::of(response.headers()),
        Err(_) => ServerInfo::default(),
    }
}

/// Interprets the headers of an answer to `/ping`, where every InfluxDB names its version.
fn interpret<T>(response: &Response<T>) -> ProbeOutcome {
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(version) = header(VERSION.as_str()) {
        let version = version.trim_start_matches('v').to_owned();
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        return match major {
            Some(0..=2) => ProbeOutcome::OldInfluxDb { version },
            Some(_) => ProbeOutcome::InfluxDb3 { version },
            None => ProbeOutcome::Unclear,
        };
    }
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        ProbeOutcome::Busy
    } else if header(CONTENT_TYPE.as_str()).is_some_and(|content| content.starts_with("text/html"))
    {
        ProbeOutcome::WebPage
    } else if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        ProbeOutcome::Unclear
    } else {
        ProbeOutcome::OtherHttp
    }
}

async fn ping(
    endpoint: &Endpoint,
    authorization: Option<&HeaderValue>,
    tls: &Arc<ClientConfig>,
    limit: Duration,
) -> Result<Response<Incoming>, PingError> {
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
    timeout(limit, exchange).await.unwrap_or(Err(PingError::Nothing))
}

/// True when a TLS server listens there, whatever may be wrong with its certificate.
async fn speaks_tls(endpoint: &Endpoint, tls: &Arc<ClientConfig>, limit: Duration) -> bool {
    let attempt = async {
        let tcp = connect(endpoint).await?;
        handshake(endpoint, tls, tcp).await
    };
    match timeout(limit, attempt).await {
        Ok(Ok(_)) => true,
        Ok(Err(PingError::Tls(problem))) => problem != TlsProblem::ServerIsPlain,
        Ok(Err(_)) | Err(_) => false,
    }
}

async fn connect(endpoint: &Endpoint) -> Result<TcpStream, PingError> {
    TcpStream::connect((endpoint.server_name(), endpoint.port()))
        .await
        .map_err(|_| PingError::Nothing)
}

async fn handshake(
    endpoint: &Endpoint,
    tls: &Arc<ClientConfig>,
    tcp: TcpStream,
) -> Result<TlsStream<TcpStream>, PingError> {
    let name = ServerName::try_from(endpoint.server_name()).map_err(|_| PingError::Nothing)?;
    TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await.map_err(|error| {
        match transport::explain(&error) {
            Some(ErrorKind::Tls(problem)) => PingError::Tls(problem),
            _ => PingError::Garbled,
        }
    })
}

async fn get<Stream>(
    endpoint: &Endpoint,
    authorization: Option<&HeaderValue>,
    stream: Stream,
) -> Result<Response<Incoming>, PingError>
where
    Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|_| PingError::Garbled)?;
    // Ends when the sender is dropped, after one request.
    tokio::spawn(connection);
    let mut request =
        Request::get(format!("{}/ping", endpoint.path())).header(HOST, endpoint.address());
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|_| PingError::Nothing)?;
    sender.send_request(request).await.map_err(|_| PingError::Garbled)
}
