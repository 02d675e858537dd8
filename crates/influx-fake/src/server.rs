//! One listener for HTTP/1.1, HTTP/2 and gRPC, with or without TLS.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tower::ServiceExt;

use crate::connection::Connection;
use crate::options::Tls;
use crate::proxy::Proxy;
use crate::state::ServerState;
use crate::{flight, http_api};

/// How long answers in progress may take after a shutdown.
const GRACE: Duration = Duration::from_secs(30);
const MAX_STREAMS: u32 = 200;
const WINDOW_BYTES: u32 = 1024 * 1024;
const FRAME_BYTES: u32 = 16 * 1024;
const HEADER_BYTES: u32 = 16 * 1024;

pub(crate) async fn serve(
    state: Arc<ServerState>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let tls = state.options.tls.as_ref().map(acceptor).transpose()?;
    accept(state, listener, tls, shutdown).await;
    Ok(())
}

pub(crate) fn acceptor(tls: &Tls) -> io::Result<TlsAcceptor> {
    let invalid = |error: &dyn std::fmt::Display| {
        io::Error::new(io::ErrorKind::InvalidInput, error.to_string())
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&tls.certificate)
        .collect::<Result<_, _>>()
        .map_err(|error| invalid(&format_args!("the TLS certificate is not PEM: {error}")))?;
    let key = PrivateKeyDer::from_pem_slice(&tls.key).map_err(|error| {
        invalid(&format_args!("the TLS key is not a private key in PEM: {error}"))
    })?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| {
        invalid(&format_args!("the TLS certificate and key cannot be used: {error}"))
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Accepts connections until the shutdown, then waits for those that are still busy.
pub(crate) async fn accept(
    state: Arc<ServerState>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shutdown: impl Future<Output = ()>,
) {
    let grpc = tonic::service::Routes::new(flight::service(Arc::clone(&state)));
    let routes = Routes {
        http: http_api::router(Arc::clone(&state)),
        grpc: grpc.prepare().into_axum_router(),
    };
    let mut downtime = state.downtime.watch();
    let graceful = GracefulShutdown::new();
    // Dropped with this future, and all connections with it.
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Transient, such as a peer that left or too many open files: try the next one.
                Err(error) => {
                    tracing::debug!(%error, "no connection");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
            Ok(()) = downtime.changed() => {
                connections.abort_all();
                continue;
            }
            () = &mut shutdown => break,
        };
        if state.downtime.is_now() {
            // Close it at once: to the port of a listener that is gone another program could bind.
            continue;
        }
        connections.spawn(connect(stream, tls.clone(), routes.clone(), graceful.watcher()));
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::debug!("connections were still busy at the end");
    }
}

async fn connect(stream: TcpStream, tls: Option<TlsAcceptor>, routes: Routes, watcher: Watcher) {
    // Small messages, such as a schema, go out at once. A socket that refuses still works.
    let _ = stream.set_nodelay(true);
    match tls {
        None => serve_connection(stream, routes, watcher).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => serve_connection(stream, routes, watcher).await,
            Err(error) => tracing::debug!(%error, "no TLS"),
        },
    }
}

async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    routes: Routes,
    watcher: Watcher,
) {
    let connection = Connection::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        let proxy = Proxy::default();
        request.extensions_mut().insert(connection.clone());
        request.extensions_mut().insert(proxy.clone());
        proxy.pass(routes.of(&request).oneshot(request.map(Body::new)))
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .max_header_list_size(HEADER_BYTES);
    let conversation = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    tokio::select! {
        // Poll the connection first: what was sent before a cut is then handed to the socket.
        biased;
        ended = watcher.watch(conversation) => {
            if let Err(error) = ended {
                tracing::debug!(error, "a connection ended early");
            }
        }
        () = connection.has_been_cut() => {}
    }
}

#[derive(Clone)]
struct Routes {
    http: Router,
    grpc: Router,
}

impl Routes {
    /// A call is gRPC by its content type, and only over HTTP/2. Over HTTP/1.1 its path is unknown.
    fn of(&self, request: &Request<Incoming>) -> Router {
        let grpc = request.version() == Version::HTTP_2 && is_grpc(request.headers());
        if grpc { self.grpc.clone() } else { self.http.clone() }
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes());
    content_type.is_some_and(|value| value.starts_with(b"application/grpc"))
}
