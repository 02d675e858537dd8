//! One sync, as the stream of one `Update` call.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use http_body::Frame;
use sync_core::{Fault, Sink, Source, SyncError, SyncRequest};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::message;
use crate::pipe::pipe;
use crate::sink::{FrameSink, Tally};
use crate::status;
use crate::task::Contained;

/// The body of an answer: finished messages behind their prefixes, and trailers with the status that the call ends with.
pub(crate) type UpdateStream = BoxStream<'static, Frame<Bytes>>;

/// A sync that tells the customer what to mend, and nothing else.
pub(crate) fn refused(text: &str) -> UpdateStream {
    stream::iter(with_task(text)).boxed()
}

fn with_task(text: &str) -> Vec<Frame<Bytes>> {
    vec![Frame::data(message::task(text)), status::trailers(&Status::new(Code::Ok, ""))]
}

/// Runs a sync until it ends, until `stop` is cancelled, or until the stream is dropped because the client has gone.
///
/// In the last two cases what was said since the last checkpoint counts for nothing: the next sync says it again.
pub(crate) fn run<S: Source>(
    source: Arc<S>,
    config: S::Config,
    warnings: Vec<String>,
    request: SyncRequest,
    stop: CancellationToken,
) -> UpdateStream {
    let (inlet, outlet) = pipe();
    let tally = Arc::<Tally>::default();
    let sink = FrameSink::new(inlet, Arc::clone(&tally));
    let work = Contained::spawn(async move {
        let sync = async {
            for warning in warnings {
                // Nobody to warn: the sync will find that out.
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
    let call = Call { tally, started: Instant::now(), over: false };
    let last = stream::once(end(work, call)).flat_map(stream::iter);
    outlet.map(Frame::data).chain(last).boxed()
}

/// How a sync ended, if not in an error.
enum Ending {
    Finished,
    /// The process is shutting down.
    Stopped,
}

/// What is said after all frames: a task or nothing, and a status.
///
/// If the stream is dropped, this future is too: the work stops, and the call says so in the log.
async fn end(work: Contained<Ending>, mut call: Call) -> Vec<Frame<Bytes>> {
    let result = work.join().await;
    call.log(&result);
    let status = match result {
        Ok(Ending::Finished) => Status::new(Code::Ok, ""),
        Ok(Ending::Stopped) => status::status(
            Code::Unavailable,
            "The connector is shutting down; the sync goes on from its last checkpoint next time.",
        ),
        Err(error) if error.fault == Fault::Setup => return with_task(&error.to_string()),
        Err(error) => status::of_failure(&error),
    };
    vec![status::trailers(&status)]
}

/// A call as the log knows it.
struct Call {
    tally: Arc<Tally>,
    started: Instant,
    over: bool,
}

impl Call {
    fn log(&mut self, result: &Result<Ending, SyncError>) {
        self.over = true;
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
                let what = match error.fault {
                    Fault::Setup => "Sync ended with a task for the customer",
                    Fault::Transient => "Sync failed: the source was not available",
                    Fault::Bug => "Sync failed: a bug of the connector",
                };
                match error.fault {
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
        let tally = &self.tally;
        (tally.rows(), tally.checkpoints(), tally.warnings(), seconds_since(self.started))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.over {
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

/// Seconds with three digits, for the log.
pub(crate) fn seconds_since(started: Instant) -> f64 {
    started.elapsed().as_millis() as f64 / 1_000.0
}
