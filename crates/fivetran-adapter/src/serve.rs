//! Runs the server on a listening socket until shutdown.

use std::io;
use std::net::TcpListener;
use std::pin::pin;

use futures::TryStreamExt;
use sync_config::Config;
use sync_core::Source;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::admission::Admission;
use crate::coalesced_writes::CoalescedWrites;
use crate::grpc::ConnectorService;
use crate::incoming::connections;
use crate::limits::Limits;
use crate::service::Connector;

/// HTTP/2 windows: how many bytes a client may send before they are read, on one connection and in
/// one request. They are small, since requests are, and since any client that reaches the port can
/// fill them.
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;

/// Why the server ended before the shutdown.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket cannot be used.
    #[error("the listening socket cannot be used")]
    Listener(#[source] io::Error),
    /// The server failed.
    #[error("the gRPC server failed")]
    Server(#[source] tonic::transport::Error),
}

/// Serves `source` as a Fivetran connector on `listener` until `shutdown` completes.
///
/// Then it accepts no more connections, and aborts running calls with `UNAVAILABLE`. Fivetran
/// resumes an aborted sync from its last checkpoint. A client that does not read its answers is
/// left after [`Limits::shutdown_grace`].
///
/// # Errors
///
/// The socket or the server failed.
pub async fn serve<S>(
    source: S,
    listener: TcpListener,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError>
where
    S: Source,
    S::Config: Config,
{
    listener.set_nonblocking(true).map_err(ServeError::Listener)?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(ServeError::Listener)?;
    let port = listener.local_addr().map_err(ServeError::Listener)?.port();
    let incoming = TcpIncoming::from(listener)
        .with_nodelay(Some(true))
        .with_keepalive(Some(limits.keep_alive_interval));
    let incoming = connections(incoming, limits.clone()).map_ok(CoalescedWrites::new);

    let stop = CancellationToken::new();
    // Abort calls if this future is dropped without a shutdown, too.
    let _stop_on_drop = stop.clone().drop_guard();
    let service = Admission::new(service(source, stop.clone()), limits.clone());
    let server = Server::builder()
        .http2_keepalive_interval(Some(limits.keep_alive_interval))
        .http2_keepalive_timeout(Some(limits.keep_alive_timeout))
        .max_concurrent_streams(limits.concurrent_calls)
        .http2_max_header_list_size(limits.header_bytes)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .serve_with_incoming_shutdown(service, incoming, stop.cancelled());
    let mut server = pin!(server);
    tracing::info!(port, "Serving");

    tokio::select! {
        ended = &mut server => return ended.map_err(ServeError::Server),
        () = shutdown => stop.cancel(),
    }
    match tokio::time::timeout(limits.shutdown_grace, server).await {
        Ok(ended) => {
            tracing::info!("Shut down");
            ended.map_err(ServeError::Server)
        }
        Err(_) => {
            tracing::warn!("Shut down, though a client had not closed its connection");
            Ok(())
        }
    }
}

/// The gRPC service for `source`. Each connection gets a clone of it.
pub(crate) fn service<S>(source: S, stop: CancellationToken) -> ConnectorService<S>
where
    S: Source,
    S::Config: Config,
{
    ConnectorService::new(Connector::new(source, stop))
}
