//! The server: from a listening socket until shutdown.

use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::time::Duration;

use futures::TryStreamExt;
use sync_config::Config;
use sync_core::Source;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::gathered::Gathered;
use crate::grpc::Calls;
use crate::service::Connector;

/// What a client may take of the server. The default is meant for Fivetran.
///
/// Flow control is not among it: how far the server may run ahead of a client is decided by the *client's* HTTP/2 windows, and what waits for
/// them is bounded at 2 MiB for each sync. The server's own windows concern requests, which are small; HTTP/2's default serves them.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How often an idle connection is asked whether it is still there: 60 s.
    pub keep_alive_interval: Duration,
    /// How long it may take to answer before it is closed, and its syncs stopped: 30 s.
    pub keep_alive_timeout: Duration,
    /// Calls that one connection may have open at a time: 64.
    pub concurrent_calls: u32,
    /// Bytes of headers that a call may have: 16 KiB.
    pub header_bytes: u32,
    /// How long a shutdown waits for clients to take the last of what was said: 10 s. Orchestrators commonly kill after 30 s.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            keep_alive_interval: Duration::from_secs(60),
            keep_alive_timeout: Duration::from_secs(30),
            concurrent_calls: 64,
            header_bytes: 16 * 1024,
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

/// Why the server ended before it was asked to.
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
/// Then it accepts no more connections, and running calls stop where they are: each ends with `UNAVAILABLE`, and of a sync Fivetran
/// goes on from its last checkpoint. A client that does not take its answers is left after [`Limits::shutdown_grace`].
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
        .with_keepalive(Some(limits.keep_alive_interval))
        .map_ok(Gathered::new);

    let stop = CancellationToken::new();
    // Calls stop as well if this future is dropped instead of shut down.
    let _stopped_at_the_latest_here = stop.clone().drop_guard();
    let service = Calls::new(Connector::new(source, stop.clone()));
    let server = Server::builder()
        .http2_keepalive_interval(Some(limits.keep_alive_interval))
        .http2_keepalive_timeout(Some(limits.keep_alive_timeout))
        .max_concurrent_streams(limits.concurrent_calls)
        .http2_max_header_list_size(limits.header_bytes)
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
