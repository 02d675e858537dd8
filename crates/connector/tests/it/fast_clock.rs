//! A thread in which time passes faster, for limits of minutes: what waits there for 30 s waits for a moment here.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::advance;

/// How often the clock of the thread is moved.
const TICK: Duration = Duration::from_millis(5);

/// Work in a thread with a clock of its own. It ends when this is dropped.
pub(crate) struct Hurried {
    _until: mpsc::Sender<()>,
}

impl Hurried {
    /// Runs `work` where each tick of ours is `speed` ticks.
    pub(crate) fn start(speed: u32, work: impl Future<Output = ()> + Send + 'static) -> Self {
        let (until, ended) = mpsc::channel::<()>();
        thread::spawn(move || {
            let runtime =
                Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
            runtime.block_on(async move {
                let (ticks, mut ticked) = tokio::sync::mpsc::unbounded_channel();
                // While a blocking task runs, tokio does not move a clock that stands by itself: so it moves as we say, and
                // sockets are waited for as ever.
                tokio::task::spawn_blocking(move || {
                    while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                        if ticks.send(()).is_err() {
                            return;
                        }
                    }
                });
                let work = tokio::spawn(work);
                while ticked.recv().await.is_some() {
                    advance(TICK * speed).await;
                }
                work.abort();
            });
        });
        Self { _until: until }
    }
}
