//! A fake that serves in the background.

use std::net::SocketAddr;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A served [`Fake`](crate::Fake). It ends when this is dropped, and all its connections with it.
#[derive(Debug)]
pub struct Running {
    scheme: &'static str,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn new(
        scheme: &'static str,
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        task: JoinHandle<()>,
    ) -> Self {
        Self { scheme, address, stop: Some(stop), task }
    }

    /// Where it answers, without a slash at the end: `http://127.0.0.1:40123`, or https with TLS.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The socket address alone.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more connections, and returns when the answers in progress have ended.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended already.
            let _ = stop.send(());
        }
        // A panic of the task has been reported by the runtime.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}
