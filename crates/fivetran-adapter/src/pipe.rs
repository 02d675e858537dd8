//! The way from a sync to its call: frames in order, bounded in bytes.
//!
//! A bound on the number of frames would not bound memory, since one frame may be anything from a few bytes to 128 MiB.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use sync_core::SinkError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Bytes that may wait. A larger frame waits until it can go alone.
pub(crate) const BUDGET_BYTES: u32 = 2 * 1024 * 1024;
/// What a frame takes of the budget at least, so that their number is bounded too.
const LEAST_BYTES: u32 = 1024;

/// A new pipe.
pub(crate) fn pipe() -> (Inlet, Outlet) {
    let budget = Arc::new(Semaphore::new(BUDGET_BYTES as usize));
    let (sender, receiver) = mpsc::unbounded_channel();
    (Inlet { budget: Arc::clone(&budget), sender }, Outlet { budget, receiver })
}

/// Where frames go in.
#[derive(Debug)]
pub(crate) struct Inlet {
    budget: Arc<Semaphore>,
    sender: mpsc::UnboundedSender<Waiting>,
}

/// Where frames come out; it ends when the inlet is gone.
#[derive(Debug)]
pub(crate) struct Outlet {
    budget: Arc<Semaphore>,
    receiver: mpsc::UnboundedReceiver<Waiting>,
}

/// A frame on its way, and the share of the budget that it gives back when it is taken out.
#[derive(Debug)]
struct Waiting {
    frame: Bytes,
    _share: OwnedSemaphorePermit,
}

impl Inlet {
    /// Waits for room, then puts in what takes as much memory as it has bytes.
    pub(crate) async fn send(&self, frame: Bytes) -> Result<(), SinkError> {
        let memory = frame.len();
        self.send_as(frame, memory).await
    }

    /// Waits for so much room, then puts in what takes as much memory.
    pub(crate) async fn send_as(&self, frame: Bytes, memory: usize) -> Result<(), SinkError> {
        let memory = u32::try_from(memory).unwrap_or(u32::MAX);
        let share = memory.clamp(LEAST_BYTES, BUDGET_BYTES);
        let share = Arc::clone(&self.budget).acquire_many_owned(share).await;
        let share = share.map_err(|_closed| SinkError::Closed)?;
        let waiting = Waiting { frame, _share: share };
        self.sender.send(waiting).map_err(|_closed| SinkError::Closed)
    }
}

impl Stream for Outlet {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.receiver.poll_recv(context).map(|waiting| waiting.map(|waiting| waiting.frame))
    }
}

impl Drop for Outlet {
    /// Wakes those who wait for room that nobody will make.
    fn drop(&mut self) {
        self.budget.close();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::{FutureExt, StreamExt};
    use sync_core::SinkError;

    use super::{BUDGET_BYTES, LEAST_BYTES, pipe};

    fn frame(bytes: u32) -> Bytes {
        Bytes::from(vec![0; bytes as usize])
    }

    #[test]
    fn bytes_are_bounded() {
        let (inlet, mut outlet) = pipe();
        let half = BUDGET_BYTES / 2;
        assert!(inlet.send(frame(half)).now_or_never().is_some());
        assert!(inlet.send(frame(half)).now_or_never().is_some());
        assert!(inlet.send(frame(1)).now_or_never().is_none());
        assert!(outlet.next().now_or_never().is_some());
        assert!(inlet.send(frame(1)).now_or_never().is_some());
    }

    #[test]
    fn small_frames_are_bounded_in_number() {
        let (inlet, _outlet) = pipe();
        let sent = std::iter::from_fn(|| inlet.send(frame(0)).now_or_never()).count();
        assert_eq!(sent, (BUDGET_BYTES / LEAST_BYTES) as usize);
    }

    #[test]
    fn a_frame_beyond_the_budget_goes_alone() {
        let (inlet, mut outlet) = pipe();
        assert!(inlet.send(frame(BUDGET_BYTES * 2)).now_or_never().is_some());
        assert!(inlet.send(frame(1)).now_or_never().is_none());
        assert!(outlet.next().now_or_never().is_some());
        assert!(inlet.send(frame(1)).now_or_never().is_some());
    }

    #[test]
    fn who_waits_learns_that_the_outlet_is_gone() {
        let (inlet, outlet) = pipe();
        assert!(inlet.send(frame(BUDGET_BYTES)).now_or_never().is_some());
        let waiting = inlet.send(frame(1));
        drop(outlet);
        assert!(matches!(waiting.now_or_never(), Some(Err(SinkError::Closed))));
        assert!(matches!(inlet.send(frame(1)).now_or_never(), Some(Err(SinkError::Closed))));
    }

    #[test]
    fn ends_when_the_inlet_is_gone() {
        let (inlet, mut outlet) = pipe();
        assert!(inlet.send(frame(7)).now_or_never().is_some());
        drop(inlet);
        assert_eq!(outlet.next().now_or_never(), Some(Some(frame(7))));
        assert_eq!(outlet.next().now_or_never(), Some(None));
    }
}
