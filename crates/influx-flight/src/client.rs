//! The client: one connection, any number of queries.

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
use crate::error::Error;
use crate::error_kind::{ErrorKind, OtherServer};
use crate::grpc_only::GrpcOnly;
use crate::probe::{self, ProbeOutcome, probe};
use crate::report::{QueryFailure, Reporter};
use crate::server_info::ServerInfo;
use crate::stream::BatchStream;
use crate::target::Target;
use crate::tls;

/// The largest message accepted. InfluxDB aims at 2 MiB and splits by rows, so a few long strings
/// make a message of many times that; gRPC's usual 4 MiB would refuse it.
const LARGEST_MESSAGE: usize = 128 * 1024 * 1024;

/// How much of a stream the server may send ahead of our reading. HTTP/2's 64 KiB would cap a
/// stream at 64 KiB for each round trip; four streams of this size bring 35 MB/s over 60 ms and 200
/// MB/s over 10 ms. They fill as much memory where InfluxDB is the faster side.
const STREAM_WINDOW: u32 = 512 * 1024;
/// The same for all streams of a connection together: 32 streams that nobody reads at the moment do
/// not starve another. How many streams a caller opens bounds the memory.
const CONNECTION_WINDOW: u32 = 33 * STREAM_WINDOW;
/// A batch is often larger than the usual frame of 16 KiB; fewer frames are less work.
const LARGEST_FRAME: u32 = 1024 * 1024;

/// How often to ping the server, and how long to wait for its answer. Proxies and firewalls then
/// see traffic while a query, or its reader, is slow.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to a database of an InfluxDB 3.
///
/// Clones are cheap and share the connection. The first query opens it; the next one after a loss
/// opens it again.
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
    /// Set by the first answer. From then on a failure is an outage, not a wrong address.
    has_answered: AtomicBool,
}

/// The ticket of InfluxDB 3's own `DoGet`, which queries and answers in one call.
#[derive(Serialize)]
struct QueryTicket<'a> {
    database: &'a str,
    sql_query: &'a str,
    query_type: &'static str,
}

impl Client {
    /// Prepares a connection: reads the trusted certificates and checks the token's form.
    ///
    /// Does not touch the network. [`Client::check`] tests the connection.
    ///
    /// # Errors
    /// [`ErrorKind::PlaintextToken`] when the token would travel unencrypted, [`ErrorKind::Token`]
    /// when it cannot be sent at all.
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
                .with_detail("it holds characters that no token has, such as a line break")
        })?;

        let extra_roots = target.extra_roots.clone();
        let roots = tokio::task::spawn_blocking(move || tls::load_roots(&extra_roots))
            .await
            .map_err(|error| reporter.error(ErrorKind::Internal).with_source(error))?;
        let anchors = roots.roots.clone();
        let tls = tls::http1_config(roots)
            .map_err(|error| reporter.error(ErrorKind::Internal).with_source(error))?;

        let (channel, origin) = channel(&target, anchors)
            .map_err(|error| reporter.error(ErrorKind::Internal).with_detail(&error.to_string()))?;
        let flight = FlightServiceClient::with_origin(GrpcOnly(channel), origin)
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(LARGEST_MESSAGE);
        let has_answered = AtomicBool::new(false);
        let shared = Arc::new(Shared { target, authorization, tls, has_answered });
        Ok(Self { flight, shared, reporter })
    }

    /// Queries another database over the same connection.
    #[must_use]
    pub fn on_database(&self, database: impl Into<String>) -> Self {
        let reporter = Arc::new(self.reporter.on_database(database.into()));
        Self { reporter, ..self.clone() }
    }

    /// The database that is queried.
    pub fn database(&self) -> &str {
        self.reporter.database()
    }

    /// Sends a query in SQL, and returns when the answer begins, with its schema known.
    ///
    /// It is not retried: a stream may break off as well, and only the caller knows what to do with
    /// the rows that came. If the first query fails for no clear reason, a probe looks for it.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub async fn query(&self, sql: &str) -> Result<BatchStream, Error> {
        match self.open(sql).await {
            Ok(stream) => {
                self.shared.has_answered.store(true, Ordering::Relaxed);
                Ok(stream)
            }
            Err(error) if self.shared.has_answered.load(Ordering::Relaxed) => {
                Err(match error.kind() {
                    // It answered as InfluxDB 3 before: a proxy stands in while it is away.
                    ErrorKind::NotInfluxDb3(_) => error.with_kind(ErrorKind::Unavailable),
                    _ => error,
                })
            }
            Err(error) if is_ambiguous(&error) => {
                Err(with_probe_outcome(error, self.probe().await))
            }
            Err(error) => Err(error),
        }
    }

    /// Tests the whole way to the database: host, TLS, gRPC, token and the database's name.
    ///
    /// # Errors
    /// See [`ErrorKind`]. The message tells what to change.
    pub async fn check(&self) -> Result<ServerInfo, Error> {
        let mut answer = self.query("SELECT 1").await?;
        while answer.try_next().await?.is_some() {}
        Ok(self.server_info().await)
    }

    /// Reads the server's identity and version over HTTP, at the same address and with the same
    /// token as queries. Never fails: what the server does not tell within
    /// [`Timeouts::connect`](crate::Timeouts::connect) is `None`.
    pub async fn server_info(&self) -> ServerInfo {
        let Shared { target, authorization, tls, .. } = &*self.shared;
        let limit = target.timeouts.connect;
        probe::server_info(&target.endpoint, authorization.as_ref(), tls, limit).await
    }

    async fn open(&self, sql: &str) -> Result<BatchStream, Error> {
        let timeouts = self.shared.target.timeouts;
        // TCP and TLS have limits of their own. This one is for a server that stays silent.
        let limit = timeouts.connect * 2 + timeouts.idle;
        let mut flight = self.flight.clone();
        let response = match timeout(limit, flight.do_get(self.request(sql)?)).await {
            Ok(Ok(response)) => response,
            Ok(Err(status)) => return Err(self.reporter.failure(status.into())),
            Err(_) => return Err(self.reporter.failure(QueryFailure::Silence(limit))),
        };
        let messages = response.into_inner();
        BatchStream::open(messages, timeouts, Arc::clone(&self.reporter))
            .await
            .map_err(|failure| self.reporter.failure(failure))
    }

    fn request(&self, sql: &str) -> Result<Request<Ticket>, Error> {
        let ticket = QueryTicket { database: self.database(), sql_query: sql, query_type: "sql" };
        let ticket = serde_json::to_vec(&ticket)
            .map_err(|error| self.reporter.error(ErrorKind::Internal).with_source(error))?;
        let mut request = Request::new(Ticket::new(ticket));
        if let Some(authorization) = &self.shared.authorization {
            let value = MetadataValue::try_from(authorization.as_bytes())
                .map_err(|error| self.reporter.error(ErrorKind::Token).with_source(error))?;
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }

    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        self.reporter.error(kind)
    }

    async fn probe(&self) -> ProbeOutcome {
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

/// Makes the header that carries the token, marked as sensitive so that no log shows it.
///
/// The scheme needs its capital letter: InfluxDB 3 Core refuses `bearer`.
fn authorization(target: &Target) -> Result<Option<HeaderValue>, ()> {
    let Some(token) = &target.token else { return Ok(None) };
    let header = format!("Bearer {}", token.expose_secret());
    let mut value = HeaderValue::try_from(header).map_err(|_| ())?;
    // Bytes above ASCII pass as an HTTP header, but not as gRPC metadata.
    value.to_str().map_err(|_| ())?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// Makes the channel, and the origin of its calls' paths.
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

/// True for a failure that may come from a wrong address as well as from a server in trouble.
fn is_ambiguous(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::NotInfluxDb3(_) | ErrorKind::Stalled => true,
        // A status with a cause comes from the transport, one without from the server.
        ErrorKind::Unavailable => error.source().and_then(StdError::source).is_some(),
        _ => false,
    }
}

/// Refines an error by what the probe found.
fn with_probe_outcome(error: Error, outcome: ProbeOutcome) -> Error {
    let was_no_grpc = matches!(error.kind(), ErrorKind::NotInfluxDb3(_));
    let is_grpc = matches!(error.kind(), ErrorKind::NotInfluxDb3(OtherServer::Grpc));
    match outcome {
        ProbeOutcome::OldInfluxDb { version } => {
            error.with_kind(ErrorKind::NotInfluxDb3(OtherServer::OldInfluxDb { version }))
        }
        ProbeOutcome::Tls(problem) => error.with_kind(ErrorKind::Tls(problem)),
        ProbeOutcome::WebPage => error.with_kind(ErrorKind::NotInfluxDb3(OtherServer::WebPage)),
        ProbeOutcome::OtherHttp if !is_grpc => {
            error.with_kind(ErrorKind::NotInfluxDb3(OtherServer::Http))
        }
        ProbeOutcome::Busy if was_no_grpc => error.with_kind(ErrorKind::Unavailable),
        ProbeOutcome::InfluxDb3 { version } => error.with_detail(&format!(
            "it answers as InfluxDB {version} over HTTP/1.1, but not over HTTP/2, \
             which a proxy in between may not pass on"
        )),
        ProbeOutcome::Busy | ProbeOutcome::OtherHttp | ProbeOutcome::Unclear => error,
    }
}
