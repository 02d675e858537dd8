//! The channel from a sync to its call, bounded in bytes.
//!
//! A bound on the number of items would not bound memory, since an item has anything from a few
//! bytes to 128 MiB.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use sync_core::SinkError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// How many bytes the channel holds. A larger item waits until the channel is empty.
pub(crate) const BUDGET_BYTES: u32 = 2 * 1024 * 1024;
/// The least that an item counts for, so that the number of items is bounded too.
const LEAST_BYTES: u32 = 1024;

/// Makes a channel.
pub(crate) fn channel() -> (Sender, Receiver) {
    let budget = Arc::new(Semaphore::new(BUDGET_BYTES as usize));
    let (sender, receiver) = mpsc::unbounded_channel();
    (Sender { budget: Arc::clone(&budget), sender }, Receiver { budget, receiver })
}

/// The sending half.
#[derive(Debug)]
pub(crate) struct Sender {
    budget: Arc<Semaphore>,
    sender: mpsc::UnboundedSender<Item>,
}

/// The receiving half: a stream that ends when the sender is dropped and the channel is empty.
#[derive(Debug)]
pub(crate) struct Receiver {
    budget: Arc<Semaphore>,
    receiver: mpsc::UnboundedReceiver<Item>,
}

/// An item in the channel, with its share of the budget, which it returns when it is received.
#[derive(Debug)]
struct Item {
    bytes: Bytes,
    _share: OwnedSemaphorePermit,
}

impl Sender {
    /// Sends `bytes` when the channel has room for them.
    pub(crate) async fn send(&self, bytes: Bytes) -> Result<(), SinkError> {
        let memory = bytes.len();
        self.send_as(bytes, memory).await
    }

    /// Sends `bytes` that keep `memory` bytes allocated, when the channel has room for as many.
    pub(crate) async fn send_as(&self, bytes: Bytes, memory: usize) -> Result<(), SinkError> {
        let memory = u32::try_from(memory).unwrap_or(u32::MAX);
        let share = memory.clamp(LEAST_BYTES, BUDGET_BYTES);
        let share = Arc::clone(&self.budget).acquire_many_owned(share).await;
        let share = share.map_err(|_closed| SinkError::Closed)?;
        let item = Item { bytes, _share: share };
        self.sender.send(item).map_err(|_closed| SinkError::Closed)
    }
}

impl Stream for Receiver {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.receiver.poll_recv(context).map(|item| item.map(|item| item.bytes))
    }
}

impl Drop for Receiver {
    /// Wakes senders, which would wait for room that nobody makes any more.
    fn drop(&mut self) {
        self.budget.close();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::{FutureExt, StreamExt};
    use sync_core::SinkError;

    use super::{BUDGET_BYTES, LEAST_BYTES, channel};

    fn item(bytes: u32) -> Bytes {
        Bytes::from(vec![0; bytes as usize])
    }

    #[test]
    fn bytes_are_bounded() {
        let (sender, mut receiver) = channel();
        let half = BUDGET_BYTES / 2;
        assert!(sender.send(item(half)).now_or_never().is_some());
        assert!(sender.send(item(half)).now_or_never().is_some());
        assert!(sender.send(item(1)).now_or_never().is_none());
        assert!(receiver.next().now_or_never().is_some());
        assert!(sender.send(item(1)).now_or_never().is_some());
    }

    #[test]
    fn small_items_are_bounded_in_number() {
        let (sender, _receiver) = channel();
        let sent = std::iter::from_fn(|| sender.send(item(0)).now_or_never()).count();
        assert_eq!(sent, (BUDGET_BYTES / LEAST_BYTES) as usize);
    }

    #[test]
    fn an_item_beyond_the_budget_goes_alone() {
        let (sender, mut receiver) = channel();
        assert!(sender.send(item(BUDGET_BYTES * 2)).now_or_never().is_some());
        assert!(sender.send(item(1)).now_or_never().is_none());
        assert!(receiver.next().now_or_never().is_some());
        assert!(sender.send(item(1)).now_or_never().is_some());
    }

    #[test]
    fn a_waiting_sender_learns_that_the_receiver_is_gone() {
        let (sender, receiver) = channel();
        assert!(sender.send(item(BUDGET_BYTES)).now_or_never().is_some());
        let waiting = sender.send(item(1));
        drop(receiver);
        assert!(matches!(waiting.now_or_never(), Some(Err(SinkError::Closed))));
        assert!(matches!(sender.send(item(1)).now_or_never(), Some(Err(SinkError::Closed))));
    }

    #[test]
    fn ends_when_the_sender_is_gone() {
        let (sender, mut receiver) = channel();
        assert!(sender.send(item(7)).now_or_never().is_some());
        drop(sender);
        assert_eq!(receiver.next().now_or_never(), Some(Some(item(7))));
        assert_eq!(receiver.next().now_or_never(), Some(None));
    }
}
