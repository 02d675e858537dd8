//! A connection that a fault can end.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

/// The connection of a request. It travels with the request, so that a fault can end it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    cut: Notify,
    number: OnceLock<usize>,
}

impl Connection {
    /// Returns when somebody cuts the connection.
    pub(crate) async fn has_been_cut(&self) {
        self.0.cut.notified().await;
    }

    /// Cuts the connection. The caller ends with it: this never returns.
    pub(crate) async fn cut(&self) -> Infallible {
        self.0.cut.notify_one();
        pending().await
    }

    /// Its number among those that a balancer has seen, which it keeps.
    pub(crate) fn number(&self, new: impl FnOnce() -> usize) -> usize {
        *self.0.number.get_or_init(new)
    }
}
