//! The client: one connection, any number of questions.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow_flight::Ticket;
use arrow_flight::flight_service_client::FlightServiceClient;
use http::{HeaderValue, Uri};
use rustls::ClientConfig;
use secrecy::ExposeSecret;
use serde::Serialize;
use tokio::time::timeout;
use tonic::Request;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, ClientTlsConfig};

use crate::endpoint::Scheme;
use crate::error::{Error, ErrorKind, Found};
use crate::guard::GrpcOnly;
use crate::probe::{self, Finding, probe};
use crate::report::{Fault, Reporter};
use crate::server_info::ServerInfo;
use crate::stream::BatchStream;
use crate::target::Target;
use crate::trust;

/// The largest message taken. InfluxDB aims at 2 MiB and splits by rows, so a few long strings
/// make a message of many times that; gRPC's usual 4 MiB would refuse it.
const LARGEST_MESSAGE: usize = 128 * 1024 * 1024;

/// What the server may send of one stream before we have read it. HTTP/2 starts at 64 KiB, which
/// caps a stream at 64 KiB for each round trip; four streams of this bring 35 MB/s over 60 ms and
/// 200 MB/s over 10 ms, and memory is theirs to fill where InfluxDB is the faster side.
const STREAM_WINDOW: u32 = 512 * 1024;
/// The same for all the streams of the connection together: room for 32 streams that nobody reads
/// at the moment, so that they do not starve the others. What a caller reads in parallel bounds
/// the memory.
const CONNECTION_WINDOW: u32 = 33 * STREAM_WINDOW;
/// A batch is often larger than the usual frame of 16 KiB; fewer frames are less work.
const LARGEST_FRAME: u32 = 1024 * 1024;

/// How often to ask whether the server is there, and how long to wait for it to say so: a proxy
/// or a firewall then sees traffic also while a query is slow or its reader is.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to an InfluxDB 3 and a database on it.
///
/// Cheap to clone; clones share the connection, which is made by the first question and made anew
/// after a loss.
#[derive(Clone)]
pub struct Client {
    flight: FlightServiceClient<GrpcOnly>,
    shared: Arc<Shared>,
    reporter: Arc<Reporter>,
}

struct Shared {
    target: Target,
    authorization: Option<HeaderValue>,
    tls: Arc<ClientConfig>,
    /// Set by the first answer: from then on a fault is an outage, not a wrong address.
    has_answered: AtomicBool,
}

/// The ticket of InfluxDB 3's own `DoGet`, which asks and answers in one call.
#[derive(Serialize)]
struct QueryTicket<'a> {
    database: &'a str,
    sql_query: &'a str,
    query_type: &'static str,
}

impl Client {
    /// Prepares a connection: reads the trusted certificates and checks the token's form.
    ///
    /// The network is not touched before the first question; [`Client::check`] is a good one.
    ///
    /// # Errors
    /// When the token must not be sent over the wire asked for ([`ErrorKind::PlaintextToken`]) or
    /// cannot be ([`ErrorKind::Token`]).
    pub async fn connect(target: Target) -> Result<Self, Error> {
        let reporter = Arc::new(Reporter::new(
            target.endpoint.to_string(),
            target.database.clone(),
            target.token.clone(),
        ));
        if target.would_expose_token() {
            return Err(reporter.error(ErrorKind::PlaintextToken));
        }
        let authorization = authorization(&target).map_err(|()| {
            reporter
                .error(ErrorKind::Token)
                .saying("it holds characters that no token has, such as a line break")
        })?;

        let extra_roots = target.extra_roots.clone();
        let roots = tokio::task::spawn_blocking(move || trust::load_roots(&extra_roots))
            .await
            .map_err(|error| reporter.error(ErrorKind::Internal).caused_by(error))?;
        let anchors = roots.roots.clone();
        let tls = trust::http1_config(roots)
            .map_err(|error| reporter.error(ErrorKind::Internal).caused_by(error))?;

        let (channel, origin) = channel(&target, anchors)
            .map_err(|error| reporter.error(ErrorKind::Internal).saying(&error.to_string()))?;
        let flight = FlightServiceClient::with_origin(GrpcOnly(channel), origin)
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(LARGEST_MESSAGE);
        let has_answered = AtomicBool::new(false);
        let shared = Arc::new(Shared { target, authorization, tls, has_answered });
        Ok(Self { flight, shared, reporter })
    }

    /// The same connection, asking another database.
    #[must_use]
    pub fn on_database(&self, database: impl Into<String>) -> Self {
        let reporter = Arc::new(self.reporter.on_database(database.into()));
        Self { reporter, ..self.clone() }
    }

    /// The database that is asked.
    pub fn database(&self) -> &str {
        self.reporter.database()
    }

    /// Asks a question in SQL; returns when the answer begins, with its schema known.
    ///
    /// Faults that may pass are retried as the target's [`RetryPolicy`](crate::RetryPolicy) says,
    /// until the answer begins. A stream that breaks off later is the caller's to restart, since
    /// only the caller knows what to do with the rows that came.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn query(&self, sql: &str) -> Result<BatchStream, Error> {
        self.shared.target.retry.run(|| self.ask(sql)).await
    }

    /// Tests the whole way to the database, once and without retries: host, TLS, gRPC, token and
    /// the database's name.
    ///
    /// # Errors
    /// See [`ErrorKind`]; the sentence of the error tells what to mend.
    pub async fn check(&self) -> Result<ServerInfo, Error> {
        let mut answer = self.ask("SELECT 1").await?;
        while answer.try_next().await?.is_some() {}
        Ok(self.server_info().await)
    }

    /// What the server says of itself in one answer over HTTP, at the same address and with the
    /// same token as queries. Never fails: what is not said, for whatever reason, and within the
    /// time for a connection ([`Timeouts::connect`](crate::Timeouts::connect)), is `None`.
    pub async fn server_info(&self) -> ServerInfo {
        let Shared { target, authorization, tls, .. } = &*self.shared;
        let limit = target.timeouts.connect;
        probe::server_info(&target.endpoint, authorization.as_ref(), tls, limit).await
    }

    /// Asks once. A first question that fails for no clear reason is looked into.
    async fn ask(&self, sql: &str) -> Result<BatchStream, Error> {
        match self.open(sql).await {
            Ok(stream) => {
                self.shared.has_answered.store(true, Ordering::Relaxed);
                Ok(stream)
            }
            Err(error) if self.shared.has_answered.load(Ordering::Relaxed) => {
                Err(match error.kind() {
                    // What has answered as InfluxDB 3 is one: a proxy stands in for it while it is away.
                    ErrorKind::NotInfluxDb3(_) => error.reclassified(ErrorKind::Unavailable),
                    _ => error,
                })
            }
            Err(error) if is_unclear(&error) => Err(explained(error, self.probe().await)),
            Err(error) => Err(error),
        }
    }

    async fn open(&self, sql: &str) -> Result<BatchStream, Error> {
        let timeouts = self.shared.target.timeouts;
        // TCP and TLS have their own limits; this one is for a server that says nothing at all.
        let limit = timeouts.connect * 2 + timeouts.idle;
        let mut flight = self.flight.clone();
        let response = match timeout(limit, flight.do_get(self.request(sql)?)).await {
            Ok(Ok(response)) => response,
            Ok(Err(status)) => return Err(self.reporter.fault(status.into())),
            Err(_) => return Err(self.reporter.fault(Fault::Silence(limit))),
        };
        let messages = response.into_inner();
        BatchStream::open(messages, timeouts, Arc::clone(&self.reporter))
            .await
            .map_err(|fault| self.reporter.fault(fault))
    }

    fn request(&self, sql: &str) -> Result<Request<Ticket>, Error> {
        let ticket = QueryTicket { database: self.database(), sql_query: sql, query_type: "sql" };
        let ticket = serde_json::to_vec(&ticket)
            .map_err(|error| self.reporter.error(ErrorKind::Internal).caused_by(error))?;
        let mut request = Request::new(Ticket::new(ticket));
        if let Some(authorization) = &self.shared.authorization {
            let value = MetadataValue::try_from(authorization.as_bytes())
                .map_err(|error| self.reporter.error(ErrorKind::Token).caused_by(error))?;
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        self.reporter.error(kind)
    }

    async fn probe(&self) -> Finding {
        let Shared { target, authorization, tls, .. } = &*self.shared;
        probe(&target.endpoint, authorization.as_ref(), tls, target.timeouts.connect).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("target", &self.shared.target)
            .field("database", &self.database())
            .finish_non_exhaustive()
    }
}

/// The header that carries the token, marked so that no log shows it.
///
/// The scheme is spelt as InfluxDB 3 Core wants it: it refuses `bearer`.
fn authorization(target: &Target) -> Result<Option<HeaderValue>, ()> {
    let Some(token) = &target.token else { return Ok(None) };
    let header = format!("Bearer {}", token.expose_secret());
    let mut value = HeaderValue::try_from(header).map_err(|_| ())?;
    // Bytes above ASCII pass as a header, but not as gRPC metadata.
    value.to_str().map_err(|_| ())?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The channel, and the address that the paths of its calls are put behind.
fn channel(
    target: &Target,
    anchors: Vec<rustls::pki_types::TrustAnchor<'static>>,
) -> Result<(Channel, Uri), Box<dyn StdError + Send + Sync>> {
    let origin: Uri = target.endpoint.to_string().parse()?;
    let mut endpoint = tonic::transport::Endpoint::from(origin.clone())
        .user_agent(concat!("influx-flight/", env!("CARGO_PKG_VERSION")))?
        .connect_timeout(target.timeouts.connect)
        .tcp_keepalive(Some(KEEP_ALIVE_INTERVAL))
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(LARGEST_FRAME);
    if target.endpoint.scheme() == Scheme::Https {
        let tls = ClientTlsConfig::new()
            .domain_name(target.endpoint.server_name())
            .trust_anchors(anchors)
            .timeout(target.timeouts.connect);
        endpoint = endpoint.tls_config(tls)?;
    }
    Ok((endpoint.connect_lazy(), origin))
}

/// True for a fault that a wrong address has as well as a server in trouble.
fn is_unclear(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::NotInfluxDb3(_) | ErrorKind::Stalled => true,
        // A status with a cause is the transport's; without one it came from the server.
        ErrorKind::Unavailable => error.source().and_then(StdError::source).is_some(),
        _ => false,
    }
}

/// The error, in the light of what the probe found.
fn explained(error: Error, finding: Finding) -> Error {
    let was_no_grpc = matches!(error.kind(), ErrorKind::NotInfluxDb3(_));
    let is_grpc = matches!(error.kind(), ErrorKind::NotInfluxDb3(Found::OtherGrpc));
    match finding {
        Finding::OldInfluxDb { version } => {
            error.reclassified(ErrorKind::NotInfluxDb3(Found::OldInfluxDb { version }))
        }
        Finding::Tls(problem) => error.reclassified(ErrorKind::Tls(problem)),
        Finding::WebPage => error.reclassified(ErrorKind::NotInfluxDb3(Found::WebPage)),
        Finding::OtherHttp if !is_grpc => error.reclassified(ErrorKind::NotInfluxDb3(Found::Http)),
        Finding::Busy if was_no_grpc => error.reclassified(ErrorKind::Unavailable),
        Finding::InfluxDb3 { version } => error.saying(&format!(
            "it answers as InfluxDB {version} over HTTP/1.1, but not over HTTP/2, which a proxy in between may not pass on"
        )),
        Finding::Busy | Finding::OtherHttp | Finding::Unclear => error,
    }
}
