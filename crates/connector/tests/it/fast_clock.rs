//! A thread whose clock runs faster, for tests of long timeouts: 30 s there take a moment here.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::advance;

/// How often the clock of the thread is advanced.
const TICK: Duration = Duration::from_millis(5);

/// Work in a thread with a fast clock. It is aborted when this is dropped.
pub(crate) struct FastClock {
    _until: mpsc::Sender<()>,
}

impl FastClock {
    /// Runs `work` with a clock that runs `speed` times as fast.
    pub(crate) fn start(speed: u32, work: impl Future<Output = ()> + Send + 'static) -> Self {
        let (until, ended) = mpsc::channel::<()>();
        thread::spawn(move || {
            let runtime =
                Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
            runtime.block_on(async move {
                let (ticks, mut ticked) = tokio::sync::mpsc::unbounded_channel();
                // A paused clock of tokio advances by itself when all tasks wait, except while a
                // blocking task runs. With this one running, the clock advances only as we say, and
                // sockets work as usual.
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
