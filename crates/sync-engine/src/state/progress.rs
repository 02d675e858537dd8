//! The state of a running sync, shared by the windows that are read at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sync_core::{CheckpointKind, Sink, SinkError};
use sync_state::{Cursor, Fingerprint};
use tokio::time::Instant;

use crate::state::{Notes, State, TableProgress, origin};
use crate::window::Window;

/// Checkpoints come no closer than this: each carries the whole state.
const NO_SOONER: Duration = Duration::from_secs(1);
/// How much of states is written in a second at most: one of thousands of tables takes megabytes,
/// and few of its tables have changed since the last one.
const STATE_BYTES_A_SECOND: usize = 256 * 1024;
/// And no further apart, though nothing else be done: a platform gives up on a sync that it does
/// not hear of.
const NO_LATER: Duration = Duration::from_secs(3 * 60);

/// The state of a running sync.
///
/// A checkpoint vouches for everything before it. It may be sent at any moment all the same: a
/// cursor is moved only after the rows before it have gone into the sink, and the sink keeps the
/// order of what it is told.
#[derive(Debug)]
pub(crate) struct Progress {
    database: String,
    shared: Mutex<Shared>,
    /// Held while a checkpoint is sent, so that an older one never follows a newer one.
    sending: tokio::sync::Mutex<Sent>,
}

#[derive(Debug)]
struct Shared {
    state: State,
    /// Counts what was said that a checkpoint should follow.
    said: u64,
    /// How much had been said when something was taken back for the last time.
    taken_back: u64,
}

#[derive(Debug)]
struct Sent {
    /// What had been said before the last checkpoint.
    said: u64,
    /// How long the next one waits for more.
    pause: Duration,
    /// When the last checkpoint was sent; at first, nothing keeps one from being sent.
    at: Option<Instant>,
}

/// Where a table stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Position {
    pub(crate) cursor: i64,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) notes: Notes,
}

impl Progress {
    pub(crate) fn new(state: State, database: &str) -> Self {
        Self {
            database: database.to_owned(),
            shared: Mutex::new(Shared { state, said: 0, taken_back: 0 }),
            sending: tokio::sync::Mutex::new(Sent { said: 0, pause: NO_SOONER, at: None }),
        }
    }

    /// Where a measurement stands, or `None` if it has not been started.
    pub(crate) fn position(&self, measurement: &str) -> Option<Position> {
        let shared = self.lock();
        let progress = shared.state.table(&self.database, measurement)?;
        Some(Position {
            cursor: progress.cursor().0,
            fingerprint: progress.fingerprint().clone(),
            notes: progress.notes.clone(),
        })
    }

    /// Starts a measurement, or starts it anew. That takes something back where it stood further
    /// on.
    pub(crate) fn start(&self, measurement: &str, position: Position) {
        let mut shared = self.lock();
        let Position { cursor, fingerprint, notes } = position;
        let before = self.stored(&mut shared.state, measurement).map(|before| before.cursor());
        let progress = TableProgress::new(Cursor(cursor), fingerprint, notes);
        shared.state.start(&self.database, measurement, progress);
        shared.said += 1;
        if before.is_some_and(|before| before > Cursor(cursor)) {
            shared.taken_back = shared.said;
        }
    }

    /// Looks at the state of all tables.
    pub(crate) fn with_state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock().state)
    }

    /// Changes the state of all tables; `change` gives whether it has changed anything.
    pub(crate) fn amend(&self, change: impl FnOnce(&mut State) -> bool) -> bool {
        let mut shared = self.lock();
        let is_changed = change(&mut shared.state);
        shared.said += u64::from(is_changed);
        is_changed
    }

    /// Changes the state of all tables so that earlier checkpoints are not true any more. Whatever
    /// relies on that has to wait for [`flush`](Self::flush).
    pub(crate) fn take_back(&self, change: impl FnOnce(&mut State) -> bool) -> bool {
        let mut shared = self.lock();
        let is_changed = change(&mut shared.state);
        if is_changed {
            shared.said += 1;
            shared.taken_back = shared.said;
        }
        is_changed
    }

    /// Notes that rows go into a window of a measurement, before they go: a server that comes back
    /// has to know, also when this sync ends right after.
    pub(crate) async fn claim<S: Sink>(
        &self,
        measurement: &str,
        window: Window,
        sink: &S,
    ) -> Result<(), SinkError> {
        let mut is_any_away = false;
        self.take_back(|state| {
            let Some(progress) = self.stored(state, measurement) else { return false };
            is_any_away = !progress.notes.away.is_empty();
            origin::claim(&mut progress.notes, window)
        });
        // Also where another window has just noted the same, and its checkpoint is not out yet.
        if is_any_away {
            self.flush(sink).await?;
        }
        Ok(())
    }

    /// Changes what is remembered of a measurement; `change` gives whether it has changed anything.
    pub(crate) fn note(&self, measurement: &str, change: impl FnOnce(&mut Notes) -> bool) {
        self.amend(|state| {
            self.stored(state, measurement).is_some_and(|progress| change(&mut progress.notes))
        });
    }

    /// Writes down anew what shapes the rows of a measurement, where it says the same in other
    /// words.
    pub(crate) fn fingerprint(&self, measurement: &str, fingerprint: Fingerprint) {
        self.amend(|state| {
            let stored = self.stored(state, measurement);
            let Some(progress) = stored.filter(|stored| *stored.fingerprint() != fingerprint)
            else {
                return false;
            };
            progress.describe(fingerprint);
            true
        });
    }

    /// Notes that something was sent: it needs a checkpoint behind it.
    pub(crate) fn sent(&self) {
        self.lock().said += 1;
    }

    /// Notes that everything of a measurement before `to` was sent.
    pub(crate) fn advance(&self, measurement: &str, to: i64) {
        self.amend(|state| {
            let stored = self.stored(state, measurement);
            let Some(progress) = stored.filter(|stored| stored.cursor() < Cursor(to)) else {
                return false;
            };
            progress.advance(Cursor(to));
            true
        });
    }

    /// Sends a checkpoint if there is something to vouch for, unless the last one has only just
    /// been sent.
    pub(crate) async fn checkpoint_in_time<S: Sink>(&self, sink: &S) -> Result<(), SinkError> {
        let mut sent = self.sending.lock().await;
        if sent.at.is_some_and(|at| at.elapsed() < sent.pause) {
            return Ok(());
        }
        self.send(&mut sent, sink).await
    }

    /// Sends a checkpoint if something was taken back and is not out yet: whatever follows may rely
    /// on it. Tables that wait for one share it, at most one a second.
    pub(crate) async fn flush<S: Sink>(&self, sink: &S) -> Result<(), SinkError> {
        let wanted = self.lock().taken_back;
        let mut sent = self.sending.lock().await;
        if sent.said >= wanted {
            return Ok(());
        }
        if let Some(at) = sent.at {
            tokio::time::sleep_until(at + NO_SOONER).await;
        }
        self.send(&mut sent, sink).await
    }

    /// Sends a checkpoint if there is something to vouch for: the last one of a sync.
    pub(crate) async fn checkpoint<S: Sink>(&self, sink: &S) -> Result<(), SinkError> {
        self.send(&mut *self.sending.lock().await, sink).await
    }

    /// Sends a checkpoint whenever none was sent for some minutes, also one that vouches for
    /// nothing new. It ends with the sink.
    pub(crate) async fn keep_alive<S: Sink>(&self, sink: &S) -> SinkError {
        let start = Instant::now();
        loop {
            let last = self.sending.lock().await.at.unwrap_or(start);
            tokio::time::sleep_until(last + NO_LATER).await;
            let mut sent = self.sending.lock().await;
            if sent.at.unwrap_or(start).elapsed() < NO_LATER {
                continue;
            }
            self.sent();
            if let Err(error) = self.send(&mut sent, sink).await {
                return error;
            }
        }
    }

    async fn send<S: Sink>(&self, sent: &mut Sent, sink: &S) -> Result<(), SinkError> {
        let (said, takes_back, state) = {
            let shared = self.lock();
            if shared.said == sent.said {
                return Ok(());
            }
            (shared.said, shared.taken_back > sent.said, shared.state.to_json())
        };
        let kind = match takes_back {
            true => CheckpointKind::TakesBack,
            false => CheckpointKind::Advances,
        };
        let pause = Duration::from_secs((state.len() / STATE_BYTES_A_SECOND) as u64);
        sink.checkpoint(state, kind).await?;
        // Only now: a checkpoint that was not sent to its end has to be sent again.
        *sent = Sent { said, pause: pause.clamp(NO_SOONER, NO_LATER), at: Some(Instant::now()) };
        Ok(())
    }

    /// What a state holds of a measurement.
    fn stored<'a>(&self, state: &'a mut State, measurement: &str) -> Option<&'a mut TableProgress> {
        state.table_mut(&self.database, measurement)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // No code that can panic runs under the lock.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
