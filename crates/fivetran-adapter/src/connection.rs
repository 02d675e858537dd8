//! A connection that has to be used: it begins HTTP/2 in time, then has calls, and takes what it is sent.

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

/// What a client of HTTP/2 says first (<https://www.rfc-editor.org/rfc/rfc9113#section-3.4>). The HTTP/2 library waits for it without end;
/// from then on it asks for signs of life by itself, and refuses all that is not HTTP/2.
const PREFACE_BYTES: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// A connection that is closed when it is not used. It holds its place among the connections until it is gone.
pub(crate) struct Connection<Io> {
    io: Io,
    /// Bytes of the preface that have not come.
    missing: usize,
    calls: Arc<Calls>,
    idle_timeout: Duration,
    /// When to look whether the connection is used.
    alarm: Pin<Box<Sleep>>,
    write_timeout: Duration,
    /// When what waits to be written has waited for too long; `None` if nothing waits.
    ///
    /// The HTTP/2 library reads nothing while an answer to what it has read waits for room in the socket. So a client that reads nothing at all would get
    /// around both the alarm and the request for a sign of life, and be kept for ever.
    stalled: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl<Io> Connection<Io> {
    pub(crate) fn new(io: Io, place: OwnedSemaphorePermit, limits: &Limits) -> Self {
        Self {
            io,
            missing: PREFACE_BYTES,
            calls: Arc::default(),
            idle_timeout: limits.idle_timeout,
            alarm: Box::pin(sleep(limits.preface_timeout)),
            write_timeout: limits.write_timeout,
            stalled: None,
            _place: place,
        }
    }

    /// Ready when the connection has not been used for too long.
    fn poll_unused(&mut self, context: &mut Context<'_>) -> Poll<Unused> {
        loop {
            ready!(self.alarm.as_mut().poll(context));
            if self.missing > 0 {
                return Poll::Ready(Unused::NoPreface);
            }
            let now = Instant::now();
            let used = self.calls.used().unwrap_or(now);
            if now >= used + self.idle_timeout {
                return Poll::Ready(Unused::Idle);
            }
            self.alarm.as_mut().reset(used + self.idle_timeout);
        }
    }

    fn received(&mut self, bytes: usize) {
        if self.missing > 0 {
            self.missing = self.missing.saturating_sub(bytes);
            if self.missing == 0 {
                self.calls.touch();
                self.alarm.as_mut().reset(Instant::now() + self.idle_timeout);
            }
        }
    }

    /// What came of a write, or that it has waited for too long.
    fn in_time<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let timeout = self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(timeout)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Why a connection is closed.
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
            // As if the client had closed it, which ends a connection without calls in peace.
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
        self.in_time(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(context);
        self.in_time(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut_down = Pin::new(&mut self.io).poll_shutdown(context);
        self.in_time(context, shut_down)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(context, bytes);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

/// Each request carries the calls of its connection.
impl<Io> Connected for Connection<Io> {
    type ConnectInfo = Arc<Calls>;

    fn connect_info(&self) -> Arc<Calls> {
        Arc::clone(&self.calls)
    }
}

/// The open calls of a connection.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<Use>);

#[derive(Debug, Default)]
struct Use {
    open: usize,
    /// When the last call ended, or the connection began.
    ended: Option<Instant>,
}

/// An open call; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct OpenCall(Arc<Calls>);

impl Calls {
    pub(crate) fn open(self: &Arc<Self>) -> OpenCall {
        self.change(|calls| calls.open += 1);
        OpenCall(Arc::clone(self))
    }

    /// When the connection was last used; `None` means now.
    fn used(&self) -> Option<Instant> {
        self.change(|calls| if calls.open == 0 { calls.ended } else { None })
    }

    fn touch(&self) {
        self.change(|calls| calls.ended = Some(Instant::now()));
    }

    fn change<T>(&self, change: impl FnOnce(&mut Use) -> T) -> T {
        // Counting cannot panic.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.0.change(|calls| {
            calls.open -= 1;
            calls.ended = Some(Instant::now());
        });
    }
}
