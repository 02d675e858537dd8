//! Writers that keep writing, and write again what InfluxDB has not acknowledged.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use fastrand::Rng;

use crate::generator::Generator;
use crate::influx::Influx;

/// How many write at once.
const WRITERS: u64 = 2;
/// Before a batch that was refused is written again.
const AGAIN: Duration = Duration::from_millis(250);

/// How writers write.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// How late a point may come.
    pub(crate) late: Duration,
    /// Between two batches of one writer, in milliseconds.
    pub(crate) pause: Range<u64>,
}

impl Default for Pace {
    fn default() -> Self {
        // The connector reads the last hour again, whatever its server shows.
        Self { late: Duration::from_secs(40 * 60), pause: 60..160 }
    }
}

pub(crate) struct Writers {
    /// Dropped to stop them.
    stop: Vec<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    points: AtomicU64,
    refused: AtomicU64,
}

impl Writers {
    pub(crate) fn start(influx: &Influx, seed: u64, pace: &Pace) -> Self {
        let counts = Arc::new(Counts::default());
        let mut writers = Self { stop: Vec::new(), threads: Vec::new(), counts: counts.clone() };
        for writer in 0..WRITERS {
            let (stop, stopped) = channel();
            let (influx, counts) = (influx.clone(), counts.clone());
            let mut generator = Generator::new(seed ^ writer, pace.late);
            let (mut rng, pause) = (Rng::with_seed(seed ^ !writer), pace.pause.clone());
            writers.stop.push(stop);
            writers.threads.push(std::thread::spawn(move || {
                let is_stopped =
                    |pause| !matches!(stopped.recv_timeout(pause), Err(RecvTimeoutError::Timeout));
                let mut batch = generator.batch();
                loop {
                    let pause = match influx.write(&batch) {
                        Ok(()) => {
                            counts
                                .points
                                .fetch_add(batch.lines().count() as u64, Ordering::Relaxed);
                            batch = generator.batch();
                            Duration::from_millis(rng.u64(pause.clone()))
                        }
                        // It may be down, cut off, or have another token by now.
                        Err(_) => {
                            counts.refused.fetch_add(1, Ordering::Relaxed);
                            AGAIN
                        }
                    };
                    if is_stopped(pause) {
                        return;
                    }
                }
            }));
        }
        writers
    }

    /// Points that were acknowledged so far, and writes that were not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (load(&self.counts.points), load(&self.counts.refused))
    }

    /// Stops them, and waits until nothing of theirs is on its way.
    pub(crate) async fn stop(mut self) {
        self.stop.clear();
        let threads = std::mem::take(&mut self.threads);
        // A thread that failed has said so.
        let _ = tokio::task::spawn_blocking(move || {
            threads.into_iter().for_each(|thread| drop(thread.join()));
        })
        .await;
    }
}
