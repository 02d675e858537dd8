//! A connection whose small writes are gathered.
//!
//! HTTP/2 sends an answer in frames of 16 KiB, unless the client asks for larger ones, and hyper writes each of them by itself. A system call and a packet for
//! each 16 KiB, and a client that is woken as often, cost more than the connector's own work; one copy to gather some of them costs little.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

/// How much is gathered before it is written.
const GATHERED_BYTES: usize = 128 * 1024;

/// A connection that gathers what is written.
///
/// What writes into it flushes after each frame. The first flush after a write is put off, since another frame may follow; a second one in a row, which
/// hyper makes when it has nothing more to write, is done.
pub(crate) struct Gathered<C> {
    connection: C,
    /// What is not written yet, from `written` on.
    waiting: Vec<u8>,
    written: usize,
    is_put_off: bool,
}

impl<C: AsyncWrite + Unpin> Gathered<C> {
    pub(crate) fn new(connection: C) -> Self {
        Self { connection, waiting: Vec::new(), written: 0, is_put_off: false }
    }

    /// Writes all that waits.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.waiting.len() {
            let rest = &self.waiting[self.written..];
            let written = ready!(Pin::new(&mut self.connection).poll_write(context, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        self.waiting.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Gathered<C> {
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
        if self.waiting.len() + bytes > GATHERED_BYTES {
            ready!(self.poll_drain(context))?;
        }
        self.is_put_off = false;
        if bytes > GATHERED_BYTES {
            return Pin::new(&mut self.connection).poll_write_vectored(context, slices);
        }
        for slice in slices {
            self.waiting.extend_from_slice(slice);
        }
        Poll::Ready(Ok(bytes))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_put_off && !self.waiting.is_empty() {
            self.is_put_off = true;
            // Whoever does not flush twice in a row is asked to, as soon as everything else that is ready has been done.
            context.waker().wake_by_ref();
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_drain(context))?;
        self.is_put_off = false;
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for Gathered<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_read(context, buffer)
    }
}

impl<C: Connected> Connected for Gathered<C> {
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

    use super::{GATHERED_BYTES, Gathered};

    /// What has come so far, without waiting for more.
    fn come(peer: &mut tokio::io::DuplexStream) -> usize {
        let mut bytes = vec![0; 4 * GATHERED_BYTES];
        peer.read(&mut bytes).now_or_never().map_or(0, Result::unwrap)
    }

    async fn flush(gathered: &mut Gathered<tokio::io::DuplexStream>) {
        poll_fn(|context| Pin::new(&mut *gathered).poll_flush(context)).await.unwrap();
    }

    #[tokio::test]
    async fn frames_that_follow_each_other_go_together() {
        let (ours, mut peer) = duplex(4 * GATHERED_BYTES);
        let mut gathered = Gathered::new(ours);
        for _ in 0..3 {
            gathered.write_all(&[7; 1_000]).await.unwrap();
            flush(&mut gathered).await;
        }
        assert_eq!(come(&mut peer), 0);
        flush(&mut gathered).await;
        assert_eq!(come(&mut peer), 3_000);
    }

    #[tokio::test]
    async fn what_is_gathered_is_bounded_and_nothing_is_lost() {
        let (ours, mut peer) = duplex(1_000);
        let mut gathered = Gathered::new(ours);
        let sent: Vec<u8> = (0..3 * GATHERED_BYTES + 17).map(|byte| byte as u8).collect();
        let send = async {
            for (index, part) in sent.chunks(10_000).enumerate() {
                gathered.write_all(part).await.unwrap();
                assert!(gathered.waiting.len() <= GATHERED_BYTES, "{index}");
                flush(&mut gathered).await;
            }
            gathered.shutdown().await.unwrap();
        };
        let mut received = Vec::new();
        let receive = peer.read_to_end(&mut received);
        let ((), end) = tokio::join!(send, receive);
        assert_eq!(end.unwrap(), sent.len());
        assert_eq!(received, sent);
    }

    /// Whoever flushes once is asked to flush again, so that nothing waits for a frame that never comes.
    #[tokio::test]
    async fn what_is_put_off_is_not_forgotten() {
        let (ours, mut peer) = duplex(1_000);
        let mut gathered = Gathered::new(ours);
        gathered.write_all(&[7; 10]).await.unwrap();
        let mut polls = 0;
        poll_fn(|context| {
            polls += 1;
            match Pin::new(&mut gathered).poll_flush(context) {
                // As a connection that goes to sleep after one flush.
                std::task::Poll::Ready(Ok(())) if polls == 1 => std::task::Poll::Pending,
                other => other,
            }
        })
        .await
        .unwrap();
        assert_eq!((polls, come(&mut peer)), (2, 10));
    }
}
