//! Runs a sync: reads the stream, and loads its messages into the warehouse.
//!
//! SQLite blocks, so it has a thread of its own, behind a queue. When the queue is full, the stream
//! is not read, and HTTP/2 makes the connector wait. So the queue bounds memory, however long the
//! stream is, and decoding and loading run in parallel.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tonic::{Status, Streaming};

use crate::client::is_message_too_large;
use crate::event::Event;
use crate::loader::{Flow, Loader};
use crate::message::Message;
use crate::rules::Rule;
use crate::{End, Error, Report};

/// The memory of messages in the queue, in KiB. It suffices to read on while a commit waits for the
/// disk. A larger message waits until the queue is empty.
const QUEUE_KIB: u32 = 16 * 1024;
/// The most messages in the queue, however small they are.
const QUEUE: usize = 4096;

/// An item of the queue.
enum QueueItem {
    /// A message, with its share of the queue's memory, which it returns when it is dropped.
    Message(Message, OwnedSemaphorePermit),
    End(End),
    TooLarge(End),
}

/// Loads a stream. `open` makes the loader, on the thread where it works.
pub(crate) async fn run<O>(
    stream: Result<Streaming<Message>, Status>,
    open: impl FnOnce() -> Result<Loader<O>, Error> + Send + 'static,
) -> Result<Report, Error>
where
    O: FnMut(Event<'_>) + Send + 'static,
{
    let (queue, items) = mpsc::channel(QUEUE);
    let loader = tokio::task::spawn_blocking(move || load(open()?, items));
    match stream {
        Ok(stream) => read(stream, &queue).await,
        // The connector ended the call before the first message.
        Err(status) => {
            queue.send(ended(&status)).await.ok();
        }
    }
    drop(queue);
    match loader.await {
        Ok(report) => report,
        Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
        Err(_) => Err(Error::CutOff),
    }
}

/// Reads until the stream ends or the loader stops. Then the stream is dropped, which closes the
/// call.
async fn read(mut stream: Streaming<Message>, queue: &mpsc::Sender<QueueItem>) {
    let memory = Arc::new(Semaphore::new(QUEUE_KIB as usize));
    loop {
        let item = tokio::select! {
            // The loader has stopped or failed.
            () = queue.closed() => return,
            message = stream.message() => match message {
                Ok(Some(message)) => {
                    let share = u32::try_from(message.footprint() / 1024).unwrap_or(QUEUE_KIB);
                    let share = memory.clone().acquire_many_owned(share.clamp(1, QUEUE_KIB)).await;
                    // The semaphore is never closed.
                    let Ok(share) = share else { return };
                    QueueItem::Message(message, share)
                }
                Ok(None) => QueueItem::End(End::Completed),
                Err(status) => ended(&status),
            },
        };
        let is_last = !matches!(item, QueueItem::Message(..));
        if queue.send(item).await.is_err() || is_last {
            return;
        }
    }
}

fn ended(status: &Status) -> QueueItem {
    let end = End::Status { code: status.code(), message: status.message().to_owned() };
    if is_message_too_large(status) { QueueItem::TooLarge(end) } else { QueueItem::End(end) }
}

fn load<O: FnMut(Event<'_>)>(
    mut loader: Loader<O>,
    mut items: mpsc::Receiver<QueueItem>,
) -> Result<Report, Error> {
    while let Some(item) = items.blocking_recv() {
        match item {
            QueueItem::Message(message, _share) => {
                if loader.take(message)? == Flow::Break(()) {
                    break;
                }
            }
            QueueItem::End(end) => return loader.end(end),
            QueueItem::TooLarge(end) => {
                loader.note(Rule::MessageTooLarge, || end.to_string());
                return loader.end(end);
            }
        }
    }
    // The loader stopped, or the caller dropped the sync.
    loader.end(End::Stopped)
}
