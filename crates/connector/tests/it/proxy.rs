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

/// What befalls a connection when so many bytes of the server's have passed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Break {
    /// Both sides see it end.
    Cut { after_bytes: usize },
    /// Nothing passes any more, and nobody is told.
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
    /// The connections from the first on break as listed, and those after them are whole.
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

    /// How many bytes of the server's have been handed on so far, over all connections.
    pub(crate) fn passed(&self) -> u64 {
        *self.passed.borrow()
    }

    /// The same, for whoever wants to know when more have passed.
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

/// Passes bytes on until one side ends, or until the break. What ends here ends both connections.
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
            // Where the server itself has ended, there is nothing left to freeze.
            std::io::Result::Ok(())
        } => if let Some(Break::Freeze { .. }) = breaks {
            pending().await
        }
    }
}

/// As `copy`, counting.
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
