//! Closes a connection that is not used: one that does not start HTTP/2 in time, has no calls, or
//! does not read what it is sent.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};
use tonic::transport::server::Connected;

use crate::limits::Limits;

/// The length of the connection preface, the first bytes that an HTTP/2 client sends
/// (<https://www.rfc-editor.org/rfc/rfc9113#section-3.4>).
///
/// The HTTP/2 library waits for the preface without a timeout. After it, the library pings the
/// client, and closes the connection on anything that is not HTTP/2.
const PREFACE_BYTES: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// A connection that is closed when it is not used. It counts as one of [`Limits::connections`]
/// until it is dropped.
pub(crate) struct Connection<Io> {
    io: Io,
    /// How many bytes of the preface have not arrived yet.
    preface_left: usize,
    calls: Arc<Calls>,
    idle_timeout: Duration,
    /// When to check again whether the connection is used.
    next_check: Pin<Box<Sleep>>,
    write_timeout: Duration,
    /// When the write that waits for the socket has waited too long; `None` if no write waits.
    ///
    /// The HTTP/2 library does not read while it has an answer to write, such as that to a ping. A
    /// client that reads nothing would thus never meet the idle timeout nor the keep-alive, and
    /// stay forever.
    write_deadline: Option<Pin<Box<Sleep>>>,
    _permit: OwnedSemaphorePermit,
}

impl<Io> Connection<Io> {
    pub(crate) fn new(io: Io, permit: OwnedSemaphorePermit, limits: &Limits) -> Self {
        Self {
            io,
            preface_left: PREFACE_BYTES,
            calls: Arc::default(),
            idle_timeout: limits.idle_timeout,
            next_check: Box::pin(sleep(limits.preface_timeout)),
            write_timeout: limits.write_timeout,
            write_deadline: None,
            _permit: permit,
        }
    }

    /// Completes when the connection has been unused for too long.
    fn poll_unused(&mut self, context: &mut Context<'_>) -> Poll<Unused> {
        loop {
            ready!(self.next_check.as_mut().poll(context));
            if self.preface_left > 0 {
                return Poll::Ready(Unused::NoPreface);
            }
            let now = Instant::now();
            let last_used = self.calls.last_used().unwrap_or(now);
            if now >= last_used + self.idle_timeout {
                return Poll::Ready(Unused::Idle);
            }
            self.next_check.as_mut().reset(last_used + self.idle_timeout);
        }
    }

    /// Counts bytes that were read, as long as the preface is not complete.
    fn received(&mut self, bytes: usize) {
        if self.preface_left > 0 {
            self.preface_left = self.preface_left.saturating_sub(bytes);
            if self.preface_left == 0 {
                self.calls.started();
                self.next_check.as_mut().reset(Instant::now() + self.idle_timeout);
            }
        }
    }

    /// Turns a write that has waited too long into an error.
    fn with_write_timeout<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_deadline = None;
            return written;
        }
        let timeout = self.write_timeout;
        let deadline = self.write_deadline.get_or_insert_with(|| Box::pin(sleep(timeout)));
        deadline.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// In which way a connection was unused.
enum Unused {
    NoPreface,
    Idle,
}

impl<Io: AsyncRead + Unpin> AsyncRead for Connection<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut self.io).poll_read(context, buffer) {
            self.received(buffer.filled().len() - before);
            return Poll::Ready(result);
        }
        match ready!(self.poll_unused(context)) {
            Unused::NoPreface => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            // Report an end of file, as if the client had closed the connection. That is no error
            // when there are no calls.
            Unused::Idle => Poll::Ready(Ok(())),
        }
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Connection<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.with_write_timeout(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(context);
        self.with_write_timeout(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut_down = Pin::new(&mut self.io).poll_shutdown(context);
        self.with_write_timeout(context, shut_down)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(context, bytes);
        self.with_write_timeout(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

/// Adds the open calls of the connection to each of its requests.
impl<Io> Connected for Connection<Io> {
    type ConnectInfo = Arc<Calls>;

    fn connect_info(&self) -> Arc<Calls> {
        Arc::clone(&self.calls)
    }
}

/// The open calls of a connection.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<Activity>);

#[derive(Debug, Default)]
struct Activity {
    open: usize,
    /// When the last call ended. Before the first call: when the connection started.
    last_used: Option<Instant>,
}

/// An open call; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct OpenCall(Arc<Calls>);

impl Calls {
    pub(crate) fn open(self: &Arc<Self>) -> OpenCall {
        self.change(|calls| calls.open += 1);
        OpenCall(Arc::clone(self))
    }

    /// When the connection was last used; `None` if it is in use now.
    fn last_used(&self) -> Option<Instant> {
        self.change(|calls| if calls.open == 0 { calls.last_used } else { None })
    }

    fn started(&self) {
        self.change(|calls| calls.last_used = Some(Instant::now()));
    }

    fn change<T>(&self, change: impl FnOnce(&mut Activity) -> T) -> T {
        // The closures above only count, which cannot panic: a poisoned lock holds a valid value.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.0.change(|calls| {
            calls.open -= 1;
            calls.last_used = Some(Instant::now());
        });
    }
}
