//! A proxy between the connector and InfluxDB, which can cut or freeze connections, and counts
//! bytes.

use std::collections::VecDeque;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What happens to a connection after so many bytes of the server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Break {
    /// It is closed on both sides.
    Cut { after_bytes: usize },
    /// It stays open, and no more bytes pass.
    Freeze { after_bytes: usize },
}

/// A relay in front of a server. It ends when this is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    breaks: Arc<Mutex<VecDeque<Break>>>,
    passed: watch::Sender<u64>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// The first connections break as listed. Those after them do not break.
    pub(crate) async fn start(server: SocketAddr, breaks: impl IntoIterator<Item = Break>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let breaks = Arc::new(Mutex::new(breaks.into_iter().collect::<VecDeque<_>>()));
        let waiting = Arc::clone(&breaks);
        let passed = watch::Sender::new(0);
        let counter = passed.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server).await.unwrap();
                let of_this = waiting.lock().unwrap().pop_front();
                tokio::spawn(relay(client, server, of_this, counter.clone()));
            }
        });
        Self { address, breaks, passed, accepting }
    }

    /// How many bytes of the server have passed so far, over all connections.
    pub(crate) fn passed(&self) -> u64 {
        *self.passed.borrow()
    }

    /// A receiver of that number, which is notified when it grows.
    pub(crate) fn passing(&self) -> watch::Receiver<u64> {
        self.passed.subscribe()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many breaks still wait for a connection.
    pub(crate) fn waiting(&self) -> usize {
        self.breaks.lock().unwrap().len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Passes bytes on until one side ends, or until the break. Then both connections end.
async fn relay(
    mut client: TcpStream,
    mut server: TcpStream,
    breaks: Option<Break>,
    passed: watch::Sender<u64>,
) {
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let most = match breaks {
        Some(Break::Cut { after_bytes } | Break::Freeze { after_bytes }) => after_bytes as u64,
        None => u64::MAX,
    };
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        _ = async {
            counted(&mut (&mut from_server).take(most), &mut to_client, &passed).await?;
            to_client.flush().await?;
            // If the server has ended the connection, do not freeze it.
            std::io::Result::Ok(())
        } => if let Some(Break::Freeze { .. }) = breaks {
            pending().await
        }
    }
}

/// Copies as `tokio::io::copy`, and counts.
async fn counted(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    passed: &watch::Sender<u64>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let bytes = from.read(&mut buffer).await?;
        if bytes == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..bytes]).await?;
        passed.send_modify(|passed| *passed += bytes as u64);
    }
}
