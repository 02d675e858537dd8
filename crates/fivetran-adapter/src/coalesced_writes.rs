//! Write coalescing: joins small writes to a connection into large ones.
//!
//! HTTP/2 sends an answer in frames of 16 KiB, unless the client asks for larger ones, and hyper
//! writes each frame by itself. A system call, a packet and a wake-up of the client for every 16
//! KiB cost more than all the work of the connector. Copying the frames into one buffer costs
//! little.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

/// The size of the buffer.
const BUFFER_BYTES: usize = 128 * 1024;

/// A connection that coalesces writes.
///
/// The HTTP/2 library flushes after each frame. The first flush after a write is deferred, since
/// another frame may follow. A second flush in a row, which the library makes when it has nothing
/// more to write, writes the buffer.
pub(crate) struct CoalescedWrites<C> {
    connection: C,
    buffer: Vec<u8>,
    /// How many bytes of the buffer were written to the connection.
    written: usize,
    flush_is_deferred: bool,
}

impl<C: AsyncWrite + Unpin> CoalescedWrites<C> {
    pub(crate) fn new(connection: C) -> Self {
        Self { connection, buffer: Vec::new(), written: 0, flush_is_deferred: false }
    }

    /// Writes the rest of the buffer to the connection.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.buffer.len() {
            let rest = &self.buffer[self.written..];
            let written = ready!(Pin::new(&mut self.connection).poll_write(context, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        self.buffer.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for CoalescedWrites<C> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes: usize = slices.iter().map(|slice| slice.len()).sum();
        if self.buffer.len() + bytes > BUFFER_BYTES {
            ready!(self.poll_drain(context))?;
        }
        self.flush_is_deferred = false;
        if bytes > BUFFER_BYTES {
            return Pin::new(&mut self.connection).poll_write_vectored(context, slices);
        }
        for slice in slices {
            self.buffer.extend_from_slice(slice);
        }
        Poll::Ready(Ok(bytes))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.flush_is_deferred && !self.buffer.is_empty() {
            self.flush_is_deferred = true;
            // Wake the task, so that it flushes again after everything else that is ready: then
            // either another frame has followed, or the buffer is written.
            context.waker().wake_by_ref();
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_drain(context))?;
        self.flush_is_deferred = false;
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for CoalescedWrites<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_read(context, buffer)
    }
}

impl<C: Connected> Connected for CoalescedWrites<C> {
    type ConnectInfo = C::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.connection.connect_info()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::Pin;

    use futures::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};

    use super::{BUFFER_BYTES, CoalescedWrites};

    /// How many bytes have arrived, without waiting for more.
    fn received(peer: &mut tokio::io::DuplexStream) -> usize {
        let mut bytes = vec![0; 4 * BUFFER_BYTES];
        peer.read(&mut bytes).now_or_never().map_or(0, Result::unwrap)
    }

    async fn flush(coalesced: &mut CoalescedWrites<tokio::io::DuplexStream>) {
        poll_fn(|context| Pin::new(&mut *coalesced).poll_flush(context)).await.unwrap();
    }

    #[tokio::test]
    async fn frames_that_follow_each_other_are_written_together() {
        let (ours, mut peer) = duplex(4 * BUFFER_BYTES);
        let mut coalesced = CoalescedWrites::new(ours);
        for _ in 0..3 {
            coalesced.write_all(&[7; 1_000]).await.unwrap();
            flush(&mut coalesced).await;
        }
        assert_eq!(received(&mut peer), 0);
        flush(&mut coalesced).await;
        assert_eq!(received(&mut peer), 3_000);
    }

    #[tokio::test]
    async fn the_buffer_is_bounded_and_nothing_is_lost() {
        let (ours, mut peer) = duplex(1_000);
        let mut coalesced = CoalescedWrites::new(ours);
        let sent: Vec<u8> = (0..3 * BUFFER_BYTES + 17).map(|byte| byte as u8).collect();
        let send = async {
            for (index, part) in sent.chunks(10_000).enumerate() {
                coalesced.write_all(part).await.unwrap();
                assert!(coalesced.buffer.len() <= BUFFER_BYTES, "{index}");
                flush(&mut coalesced).await;
            }
            coalesced.shutdown().await.unwrap();
        };
        let mut received = Vec::new();
        let receive = peer.read_to_end(&mut received);
        let ((), end) = tokio::join!(send, receive);
        assert_eq!(end.unwrap(), sent.len());
        assert_eq!(received, sent);
    }

    /// A task that flushes once is woken to flush again: nothing waits for a frame that never
    /// comes.
    #[tokio::test]
    async fn a_deferred_flush_is_not_forgotten() {
        let (ours, mut peer) = duplex(1_000);
        let mut coalesced = CoalescedWrites::new(ours);
        coalesced.write_all(&[7; 10]).await.unwrap();
        let mut polls = 0;
        poll_fn(|context| {
            polls += 1;
            match Pin::new(&mut coalesced).poll_flush(context) {
                // A task that goes to sleep after one flush.
                std::task::Poll::Ready(Ok(())) if polls == 1 => std::task::Poll::Pending,
                other => other,
            }
        })
        .await
        .unwrap();
        assert_eq!((polls, received(&mut peer)), (2, 10));
    }
}
