//! The connector that a command talks to, over gRPC as Fivetran does.

use anyhow::Context;
use fivetran_adapter::listen;
use fivetran_tester::Tester;
use tokio::task::JoinHandle;

use super::Connection;
use crate::serve_influx;

/// A connection to a connector, which may have been started for it.
pub(crate) struct Peer {
    pub(crate) tester: Tester,
    /// The connector, if it was started here. It is stopped with this value.
    own: Option<JoinHandle<()>>,
}

impl Peer {
    pub(crate) async fn connect(connection: &Connection) -> anyhow::Result<Self> {
        if let Some(address) = &connection.connector {
            return Ok(Self { tester: Tester::connect(address).await?, own: None });
        }
        let listener = listen(0)?;
        let port = listener.local_addr().context("the socket has no address")?.port();
        let served = serve_influx(listener, std::future::pending());
        let own = tokio::spawn(async { drop(served.await) });
        Ok(Self { tester: Tester::connect(&format!("127.0.0.1:{port}")).await?, own: Some(own) })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Some(own) = &self.own {
            own.abort();
        }
    }
}
