//! A sync: the stream on one side, the warehouse on the other.
//!
//! SQLite blocks, so it has a thread of its own; a short queue stands between, and when it is full the connector is not read from
//! (HTTP/2 holds it back). Memory is bounded by the queue, whatever the stream's length. Decoding and landing then run side by side.

use std::sync::Arc;

use fivetran_wire::{RecordType, Selection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tonic::{Status, Streaming};

use crate::client::is_message_too_large;
use crate::landing::{Flow, Landing};
use crate::message::Message;
use crate::rules::Rule;
use crate::{End, Error, Report, TableName};

/// Memory for messages between the stream and the warehouse, in KiB: enough to go on reading while a commit waits for the disk. A
/// message that is larger passes alone.
const QUEUE_KIB: u32 = 16 * 1024;
/// Messages between the two, however small.
const QUEUE: usize = 4096;

/// How a sync is to be run. The default is all of everything, to the end.
#[derive(Clone, Debug, Default)]
pub struct SyncOptions {
    /// What the customer selected; see [`SelectionBuilder`](crate::SelectionBuilder). `None` selects everything.
    pub selection: Option<Selection>,
    /// When to drop the stream.
    pub stop: Stop,
    /// What becomes of rows that no checkpoint vouches for.
    pub trailing: Trailing,
}

/// When to drop the stream in the middle, as a lost worker would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stop {
    /// Not before its end.
    #[default]
    Never,
    /// As soon as this many rows (upserts, updates and deletes) were taken, in the middle of a batch if need be.
    AfterRows(u64),
    /// As soon as this many checkpoints were kept.
    AfterCheckpoints(u64),
    /// As soon as this many messages of any kind were taken. With none, the stream is dropped when its first message comes.
    AfterMessages(u64),
}

/// What becomes of rows after the last checkpoint when a sync ends without vouching for them.
///
/// In Fivetran they may have landed or not. A connector has to come out right either way, so a test of its recovery runs both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trailing {
    /// They have landed: the next sync, from the older state, sends them again.
    #[default]
    Keep,
    /// They are lost: the next sync has to send them again.
    RollBack,
}

/// What happens in a sync, as it happens; for a progress bar or a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Consecutive records of one table and one type were landed.
    Records {
        /// The table.
        table: &'a TableName,
        /// Their type.
        kind: RecordType,
        /// How many.
        count: u64,
    },
    /// A checkpoint was kept: the rows are committed and the state is written.
    Checkpoint {
        /// Counts from 1 in this sync.
        number: u64,
        /// Rows of this sync so far.
        rows: u64,
    },
    /// The connector warns.
    Warning(&'a str),
    /// The connector asks the customer to do something, and stops.
    Task(&'a str),
}

/// What passes through the queue.
enum Arrival {
    /// With its share of the memory, which is given back when the message is taken.
    Message(Message, OwnedSemaphorePermit),
    End(End),
    TooLarge(End),
}

/// Runs a stream into a landing, which is opened on the thread where it works.
pub(crate) async fn run<O>(
    stream: Result<Streaming<Message>, Status>,
    open: impl FnOnce() -> Result<Landing<O>, Error> + Send + 'static,
) -> Result<Report, Error>
where
    O: FnMut(Event<'_>) + Send + 'static,
{
    let (queue, arrivals) = mpsc::channel(QUEUE);
    let landing = tokio::task::spawn_blocking(move || land(open()?, arrivals));
    match stream {
        Ok(stream) => read(stream, &queue).await,
        // A connector may refuse before it streams: it is the same end.
        Err(status) => {
            queue.send(ended(&status)).await.ok();
        }
    }
    drop(queue);
    match landing.await {
        Ok(report) => report,
        Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
        Err(_) => Err(Error::CutOff),
    }
}

/// Reads until the stream ends or nobody wants more; then the stream is dropped, which tells the connector.
async fn read(mut stream: Streaming<Message>, queue: &mpsc::Sender<Arrival>) {
    let memory = Arc::new(Semaphore::new(QUEUE_KIB as usize));
    loop {
        let arrival = tokio::select! {
            // The landing has stopped, or failed, while the connector is silent.
            () = queue.closed() => return,
            message = stream.message() => match message {
                Ok(Some(message)) => {
                    let share = u32::try_from(message.footprint() / 1024).unwrap_or(QUEUE_KIB);
                    let share = memory.clone().acquire_many_owned(share.clamp(1, QUEUE_KIB)).await;
                    // Nobody closes the semaphore.
                    let Ok(share) = share else { return };
                    Arrival::Message(message, share)
                }
                Ok(None) => Arrival::End(End::Completed),
                Err(status) => ended(&status),
            },
        };
        let is_last = !matches!(arrival, Arrival::Message(..));
        if queue.send(arrival).await.is_err() || is_last {
            return;
        }
    }
}

fn ended(status: &Status) -> Arrival {
    let end = End::Status { code: status.code(), message: status.message().to_owned() };
    if is_message_too_large(status) { Arrival::TooLarge(end) } else { Arrival::End(end) }
}

fn land<O: FnMut(Event<'_>)>(
    mut landing: Landing<O>,
    mut arrivals: mpsc::Receiver<Arrival>,
) -> Result<Report, Error> {
    while let Some(arrival) = arrivals.blocking_recv() {
        match arrival {
            Arrival::Message(message, _share) => {
                if landing.take(message)? == Flow::Break(()) {
                    break;
                }
            }
            Arrival::End(end) => return landing.end(end),
            Arrival::TooLarge(end) => {
                landing.note(Rule::MessageTooLarge, || end.to_string());
                return landing.end(end);
            }
        }
    }
    // We have enough, or the caller lost interest in the sync: to the connector it is the same.
    landing.end(End::Stopped)
}
