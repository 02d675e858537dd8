//! A server that says whatever a test wants it to, in HTTP/1.1 or HTTP/2, with or without TLS.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use bytes::{BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, Request, Response, Version};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use influx_flight::{Client, Endpoint, Error, Target, Timeouts};
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A server in a task, which ends with this value, and its connections with it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) fn http(&self) -> Endpoint {
        format!("http://{}", self.address).parse().unwrap()
    }

    pub(crate) fn https(&self) -> Endpoint {
        format!("https://localhost:{}", self.address.port()).parse().unwrap()
    }
}

/// Hands every connection to `connection`.
pub(crate) async fn listen<F>(connection: impl Fn(TcpStream) -> F + Send + 'static) -> Server
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        // Dropped with the task, and the connections with it.
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            connections.spawn(connection(tcp));
        }
    });
    Server { address, task }
}

/// Answers every request as `answer` says, in whichever HTTP the client speaks.
pub(crate) async fn serve(
    answer: impl Fn(Request<Incoming>) -> Response<Body> + Clone + Send + Sync + 'static,
) -> Server {
    listen(move |tcp| speak(tcp, answer.clone(), Speaks::Both)).await
}

/// As [`serve`], in HTTP/1.1 alone.
pub(crate) async fn serve_http1(
    answer: impl Fn(Request<Incoming>) -> Response<Body> + Clone + Send + Sync + 'static,
) -> Server {
    listen(move |tcp| speak(tcp, answer.clone(), Speaks::Http1)).await
}

/// As [`serve`], over TLS.
pub(crate) async fn serve_tls(
    tls: TlsAcceptor,
    answer: impl Fn(Request<Incoming>) -> Response<Body> + Clone + Send + Sync + 'static,
) -> Server {
    listen(move |tcp| {
        let (tls, answer) = (tls.clone(), answer.clone());
        async move {
            // A handshake that fails is what the test is about; its other side sees it.
            if let Ok(stream) = tls.accept(tcp).await {
                speak(stream, answer, Speaks::Both).await;
            }
        }
    })
    .await
}

#[derive(Clone, Copy)]
enum Speaks {
    Http1,
    Both,
}

async fn speak<Io>(
    io: Io,
    answer: impl Fn(Request<Incoming>) -> Response<Body> + Clone + Send + Sync + 'static,
    speaks: Speaks,
) where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let response = answer(request);
        async move { Ok::<_, Infallible>(response) }
    });
    let server = auto::Builder::new(TokioExecutor::new());
    let server = match speaks {
        Speaks::Http1 => server.http1_only(),
        Speaks::Both => server,
    };
    // The client hangs up when it has seen enough.
    _ = server.serve_connection(TokioIo::new(io), service).await;
}

/// One thing that a server does in an answer.
pub(crate) enum Step {
    /// Sends the messages of a Flight stream.
    Send(Vec<arrow_flight::FlightData>),
    /// Sends them, compressed.
    SendGzip(Vec<arrow_flight::FlightData>),
    /// Sends bytes that are no messages.
    SendBytes(Bytes),
    /// Says no more and keeps the stream open.
    Hang,
    /// Resets the stream.
    Reset,
    /// Ends with a gRPC status.
    Status(i32, String),
}

impl Step {
    pub(crate) fn ok() -> Self {
        Step::Status(0, String::new())
    }
}

/// The schema, then the batches.
pub(crate) fn messages(schema: &Schema, batches: &[RecordBatch]) -> Vec<arrow_flight::FlightData> {
    arrow_flight::utils::batches_to_flight_data(schema, batches.to_vec()).unwrap()
}

/// An answer in gRPC. An answer whose last step is not a status ends without one.
pub(crate) fn grpc(steps: Vec<Step>) -> Response<Body> {
    let gzip = steps.iter().any(|step| matches!(step, Step::SendGzip(_)));
    let frames = stream::iter(steps).flat_map(|step| -> Pin<Box<dyn Stream<Item = _> + Send>> {
        match step {
            Step::Send(messages) => Box::pin(
                stream::iter(messages)
                    .map(|message| Ok(Frame::data(framed(0, &message.encode_to_vec())))),
            ),
            Step::SendGzip(messages) => Box::pin(
                stream::iter(messages)
                    .map(|message| Ok(Frame::data(framed(1, &gzipped(&message.encode_to_vec()))))),
            ),
            Step::SendBytes(bytes) => Box::pin(stream::iter([Ok(Frame::data(bytes))])),
            Step::Hang => Box::pin(stream::pending()),
            Step::Reset => Box::pin(stream::iter([Err(io::Error::other("reset"))])),
            Step::Status(code, message) => {
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", code.into());
                trailers.insert("grpc-message", message.parse().unwrap());
                Box::pin(stream::iter([Ok(Frame::trailers(trailers))]))
            }
        }
    });
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    if gzip {
        response.headers_mut().insert("grpc-encoding", "gzip".parse().unwrap());
    }
    response
}

/// A message as gRPC frames it: whether it is compressed, its length, its bytes.
fn framed(compressed: u8, message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(5 + message.len());
    frame.put_u8(compressed);
    frame.put_u32(message.len().try_into().unwrap());
    frame.put_slice(message);
    frame.freeze()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An answer in plain HTTP.
pub(crate) fn plain(
    status: u16,
    headers: &[(&'static str, &str)],
    body: &'static str,
) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Full::from(body).map_err(|never| match never {}).boxed_unsync()).unwrap()
}

pub(crate) fn is_grpc(request: &Request<Incoming>) -> bool {
    request.version() == Version::HTTP_2
        && request
            .headers()
            .get("content-type")
            .is_some_and(|content| content == "application/grpc")
}

/// Limits that no healthy answer over the loopback interface reaches.
pub(crate) fn timeouts() -> Timeouts {
    let long = std::time::Duration::from_secs(20);
    Timeouts { connect: long, idle: long, rows: long }
}

pub(crate) fn target(endpoint: Endpoint) -> Target {
    Target::new(endpoint, "home").with_timeouts(timeouts())
}

pub(crate) async fn client(endpoint: Endpoint) -> Client {
    Client::connect(target(endpoint)).await.unwrap()
}

/// All the batches of an answer, or what it failed with.
pub(crate) async fn collect(client: &Client, sql: &str) -> Result<Vec<RecordBatch>, Error> {
    let mut stream = client.query(sql).await?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.try_next().await? {
        batches.push(batch);
    }
    Ok(batches)
}

/// A certificate authority that clients trust only when they are told to.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: rcgen::Issuer::new(params, key) }
    }

    /// A certificate for `names`, and its key.
    pub(crate) fn certificate(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut rcgen::CertificateParams),
    ) -> (rcgen::Certificate, rcgen::KeyPair) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = rcgen::KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// The server's side of TLS with such a certificate, offering these protocols.
    pub(crate) fn acceptor(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut rcgen::CertificateParams),
        protocols: &[&str],
    ) -> TlsAcceptor {
        let (certificate, key) = self.certificate(names, change);
        let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A body that sends a word when it is dropped.
pub(crate) fn tells_its_end(body: Body, dropped: tokio::sync::mpsc::Sender<()>) -> Body {
    struct Last(tokio::sync::mpsc::Sender<()>);
    impl Drop for Last {
        fn drop(&mut self) {
            _ = self.0.try_send(());
        }
    }
    let last = Last(dropped);
    body.map_frame(move |frame| {
        let _alive = &last;
        frame
    })
    .boxed_unsync()
}
