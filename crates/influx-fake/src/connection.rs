//! A connection that a fault can end.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::Notify;

/// The connection of a request. It travels with the request, so that a fault can end it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection(Arc<Notify>);

impl Connection {
    /// Returns when somebody cuts the connection.
    pub(crate) async fn has_been_cut(&self) {
        self.0.notified().await;
    }

    /// Cuts the connection. The caller ends with it: this never returns.
    pub(crate) async fn cut(&self) {
        self.0.notify_one();
        pending().await
    }
}
