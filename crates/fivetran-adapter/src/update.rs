//! Runs one sync, and streams what it sends as the answer of an `Update` call.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use http_body::Frame;
use sync_core::{Fault, Sink, Source, SyncError, SyncRequest};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::channel::channel;
use crate::message;
use crate::sink::{Counters, MessageSink};
use crate::status;
use crate::task::IsolatedTask;

/// The body of an answer: messages behind their prefixes, and trailers with the status at the end.
pub(crate) type UpdateStream = BoxStream<'static, Frame<Bytes>>;

/// An answer with a task for the customer and nothing else.
pub(crate) fn task_only(text: &str) -> UpdateStream {
    stream::iter(task_frames(text)).boxed()
}

fn task_frames(text: &str) -> Vec<Frame<Bytes>> {
    vec![Frame::data(message::task(text)), status::trailers(&Status::new(Code::Ok, ""))]
}

/// Runs a sync until it ends, until `stop` is cancelled, or until the stream is dropped because the
/// client has gone.
///
/// In the last two cases, what was sent after the last checkpoint does not count: the next sync
/// sends it again.
pub(crate) fn run<S: Source>(
    source: Arc<S>,
    config: S::Config,
    warnings: Vec<String>,
    request: SyncRequest,
    stop: CancellationToken,
) -> UpdateStream {
    let (sender, receiver) = channel();
    let counters = Arc::<Counters>::default();
    let sink = MessageSink::new(sender, Arc::clone(&counters));
    let work = IsolatedTask::spawn(async move {
        let sync = async {
            for warning in warnings {
                // If the client is gone, the sync below ends with the same error.
                let _ = sink.warn(warning).await;
            }
            source.sync(&config, request, &sink).await
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => Ok(Ending::Stopped),
            result = sync => result.map(|()| Ending::Finished),
        }
    });
    let log = SyncLog { counters, started: Instant::now(), is_ended: false };
    let last = stream::once(end(work, log)).flat_map(stream::iter);
    receiver.map(Frame::data).chain(last).boxed()
}

/// How a sync ended without an error.
enum Ending {
    Finished,
    /// The process is shutting down.
    Stopped,
}

/// Waits for the sync, and returns the last frames of the answer: a task or none, and the status.
///
/// If the client closes the call, this future is dropped: the sync is aborted, and `log` writes so.
async fn end(work: IsolatedTask<Ending>, mut log: SyncLog) -> Vec<Frame<Bytes>> {
    let result = work.join().await;
    log.ended(&result);
    let status = match result {
        Ok(Ending::Finished) => Status::new(Code::Ok, ""),
        Ok(Ending::Stopped) => status::status(
            Code::Unavailable,
            "The connector is shutting down; the sync goes on from its last checkpoint next time.",
        ),
        Err(error) if error.fault() == Fault::Setup => return task_frames(&error.to_string()),
        Err(error) => status::from_error(&error),
    };
    vec![status::trailers(&status)]
}

/// Logs how a sync ended, also when it is dropped before its end.
struct SyncLog {
    counters: Arc<Counters>,
    started: Instant,
    is_ended: bool,
}

impl SyncLog {
    fn ended(&mut self, result: &Result<Ending, SyncError>) {
        self.is_ended = true;
        let (rows, checkpoints, warnings, seconds) = self.figures();
        match result {
            Ok(Ending::Finished) => {
                tracing::info!(rows, checkpoints, warnings, seconds, "Sync finished");
            }
            Ok(Ending::Stopped) => {
                tracing::warn!(
                    rows,
                    checkpoints,
                    warnings,
                    seconds,
                    "Sync stopped: the process is shutting down"
                );
            }
            Err(error) => {
                let what = match error.fault() {
                    Fault::Setup => "Sync ended with a task for the customer",
                    Fault::Transient => "Sync failed: the source was not available",
                    Fault::Bug => "Sync failed: a bug of the connector",
                };
                match error.fault() {
                    Fault::Setup => {
                        tracing::warn!(rows, checkpoints, warnings, seconds, "{what}");
                    }
                    Fault::Transient | Fault::Bug => {
                        tracing::error!(rows, checkpoints, warnings, seconds, "{what}");
                    }
                }
            }
        }
    }

    fn figures(&self) -> (u64, u64, u64, f64) {
        let counters = &self.counters;
        (counters.rows(), counters.checkpoints(), counters.warnings(), seconds_since(self.started))
    }
}

impl Drop for SyncLog {
    fn drop(&mut self) {
        if !self.is_ended {
            let (rows, checkpoints, warnings, seconds) = self.figures();
            tracing::warn!(
                rows,
                checkpoints,
                warnings,
                seconds,
                "Sync cancelled: the client closed the call"
            );
        }
    }
}

/// The seconds since `started`, to the millisecond, for the log.
pub(crate) fn seconds_since(started: Instant) -> f64 {
    started.elapsed().as_millis() as f64 / 1_000.0
}
