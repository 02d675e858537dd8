//! One connection: two directions, each read and passed on, as far as the rules let it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::route::Route;
use super::rules::{ByteLimits, Rules};

/// What is read at once: small, so that faults fall within messages.
const PIECE: usize = 4 * 1024;

/// Lets a socket end with a reset, and not with a goodbye.
pub(super) fn reset(stream: &TcpStream) {
    // A socket that refuses ends with a goodbye, which is a cut as well.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

/// Why a direction has ended.
enum Ended {
    /// Its reader has said goodbye, or its writer is gone.
    ByItself,
    ByUs,
}

/// What the two directions of a connection share.
struct Connection<'a> {
    route: &'a Route,
    /// Bytes that were read from either side.
    passed: AtomicU64,
    silent: AtomicBool,
}

pub(super) async fn both(client: TcpStream, target: TcpStream, route: &Route, mut rng: Rng) {
    let connection =
        Connection { route, passed: AtomicU64::new(0), silent: AtomicBool::new(false) };
    let limits = route.rules.borrow().limits(&mut rng);
    let (back_rng, there_rng) = (rng.fork(), rng.fork());
    // Small messages are passed on at once.
    let _ = (client.set_nodelay(true), target.set_nodelay(true));
    if route.rules.borrow().cut_after.is_some() {
        [&client, &target].into_iter().for_each(reset);
    }
    let (client_read, client_write) = client.into_split();
    let (target_read, target_write) = target.into_split();
    let mut there = std::pin::pin!(connection.one(client_read, target_write, limits, there_rng));
    let mut back = std::pin::pin!(connection.one(target_read, client_write, limits, back_rng));
    // A cut ends both at once; a goodbye of one side lets the other finish.
    tokio::select! {
        ended = &mut there => if let Ended::ByItself = ended { back.await; },
        ended = &mut back => if let Ended::ByItself = ended { there.await; },
    }
}

impl Connection<'_> {
    /// One direction.
    async fn one(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        mut limits: ByteLimits,
        mut rng: Rng,
    ) -> Ended {
        let Self { route, passed, silent } = self;
        let mut rules = route.rules.subscribe();
        let counters = &route.counters;
        let mut piece = vec![0; PIECE];
        loop {
            let read = tokio::select! {
                read = from.read(&mut piece) => read,
                // New rules hold for this connection too, from here on.
                Ok(()) = rules.changed() => {
                    let drawn = rules.borrow().limits(&mut rng);
                    let so_far = passed.load(Ordering::Relaxed);
                    limits = ByteLimits {
                        cut: drawn.cut.saturating_add(so_far),
                        lose: drawn.lose.saturating_add(so_far),
                    };
                    continue;
                }
            };
            let length = match read {
                Ok(0) | Err(_) => {
                    // Nobody minds a goodbye to one who is gone.
                    let _ = to.shutdown().await;
                    return Ended::ByItself;
                }
                Ok(length) => length,
            };
            let so_far = passed.fetch_add(length as u64, Ordering::Relaxed) + length as u64;
            if so_far >= limits.cut {
                counters.cut.fetch_add(1, Ordering::Relaxed);
                return Ended::ByUs;
            }
            if so_far >= limits.lose && !silent.swap(true, Ordering::Relaxed) {
                counters.lost.fetch_add(1, Ordering::Relaxed);
            }
            // Stay silent whatever the rules become: no network makes a stream with a hole in it.
            if silent.load(Ordering::Relaxed) {
                continue;
            }
            let wait = wait(&rules.borrow(), length, &mut rng);
            if !wait.is_zero() {
                counters.delayed.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(wait).await;
            }
            if to.write_all(&piece[..length]).await.is_err() {
                return Ended::ByItself;
            }
            counters.bytes.fetch_add(length as u64, Ordering::Relaxed);
        }
    }
}

/// How long a piece has to wait.
fn wait(rules: &Rules, length: usize, rng: &mut Rng) -> Duration {
    let delay = rules.delay + rng.u64(0..=rules.jitter);
    let throttled = match rules.bytes_per_second {
        Some(rate) => Duration::from_secs_f64(length as f64 / rate.max(1) as f64),
        None => Duration::ZERO,
    };
    Duration::from_millis(delay) + throttled
}
