//! A server that has gone down, and comes back after a while.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Until when the server is down, if it is.
#[derive(Debug, Default)]
pub(crate) struct Downtime(watch::Sender<Option<Instant>>);

impl Downtime {
    /// Brings the server down for so long. The caller ends with its connection: this never returns.
    pub(crate) async fn begin(&self, lasting: Duration) -> Infallible {
        self.0.send_replace(Some(Instant::now() + lasting));
        pending().await
    }

    /// Brings the server back.
    pub(crate) fn end(&self) {
        self.0.send_replace(None);
    }

    pub(crate) fn is_now(&self) -> bool {
        self.0.borrow().is_some_and(|end| Instant::now() < end)
    }

    /// Changes whenever the server goes down.
    pub(crate) fn watch(&self) -> watch::Receiver<Option<Instant>> {
        self.0.subscribe()
    }
}
