//! The state of a running sync, shared by the windows that are read at once.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sync_core::{Sink, SinkError};
use sync_state::{Cursor, State};
use tokio::time::Instant;

use crate::state::{Notes, origin};
use crate::window::Window;

/// Checkpoints come no closer than this: each carries the whole state, which is large for thousands
/// of tables.
const NO_SOONER: Duration = Duration::from_secs(1);
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
}

#[derive(Debug)]
struct Sent {
    /// What had been said before the last checkpoint.
    said: u64,
    /// When the last checkpoint was sent; at first, nothing keeps one from being sent.
    at: Option<Instant>,
}

/// Where a table stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Position {
    pub(crate) cursor: i64,
    pub(crate) fingerprint: String,
    pub(crate) notes: Notes,
}

impl Progress {
    pub(crate) fn new(state: State, database: &str) -> Self {
        Self {
            database: database.to_owned(),
            shared: Mutex::new(Shared { state, said: 0 }),
            sending: tokio::sync::Mutex::new(Sent { said: 0, at: None }),
        }
    }

    /// Where a measurement stands, or `None` if it has not been started.
    pub(crate) fn position(&self, measurement: &str) -> Option<Position> {
        let shared = self.lock();
        let progress = shared.state.table(&self.database, measurement)?;
        Some(Position {
            cursor: progress.cursor().0,
            fingerprint: progress.fingerprint().to_owned(),
            notes: Notes::read(&progress.notes),
        })
    }

    /// Starts a measurement, or starts it anew.
    pub(crate) fn start(&self, measurement: &str, position: Position) {
        let mut shared = self.lock();
        let Position { cursor, fingerprint, notes } = position;
        let progress = shared.state.start(&self.database, measurement, fingerprint, Cursor(cursor));
        progress.notes = notes.write();
        shared.said += 1;
    }

    /// Looks at the state of all tables.
    pub(crate) fn with_state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock().state)
    }

    /// Changes the state of all tables; `change` gives whether it has changed anything.
    pub(crate) fn amend(&self, change: impl FnOnce(&mut State) -> bool) -> bool {
        let mut shared = self.lock();
        let Shared { state, said } = &mut *shared;
        let is_changed = change(state);
        *said += u64::from(is_changed);
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
        let mut is_new = false;
        self.note(measurement, |notes| is_new = origin::claim(notes, window));
        if is_new {
            self.take_back(sink).await?;
        }
        Ok(())
    }

    /// Changes what is remembered of a measurement.
    pub(crate) fn note(&self, measurement: &str, change: impl FnOnce(&mut Notes)) {
        let mut shared = self.lock();
        let Shared { state, said } = &mut *shared;
        if let Some(progress) = self.stored(state, measurement) {
            let mut notes = Notes::read(&progress.notes);
            let before = notes.clone();
            change(&mut notes);
            if notes != before {
                progress.notes = notes.write();
                *said += 1;
            }
        }
    }

    /// Writes down anew what shapes the rows of a measurement, where it says the same in other
    /// words.
    pub(crate) fn fingerprint(&self, measurement: &str, fingerprint: String) {
        let mut shared = self.lock();
        let Shared { state, said } = &mut *shared;
        if let Some(progress) = self.stored(state, measurement)
            && progress.fingerprint() != fingerprint
        {
            progress.describe(fingerprint);
            *said += 1;
        }
    }

    /// Notes that something was sent: it needs a checkpoint behind it.
    pub(crate) fn sent(&self) {
        self.lock().said += 1;
    }

    /// Notes that everything of a measurement before `to` was sent.
    pub(crate) fn advance(&self, measurement: &str, to: i64) {
        let mut shared = self.lock();
        let Shared { state, said } = &mut *shared;
        if let Some(progress) = self.stored(state, measurement)
            && progress.cursor() < Cursor(to)
        {
            progress.advance(Cursor(to));
            *said += 1;
        }
    }

    /// Sends a checkpoint if there is something to vouch for, unless the last one has only just
    /// been sent.
    pub(crate) async fn checkpoint_in_time<S: Sink>(&self, sink: &S) -> Result<(), SinkError> {
        let mut sent = self.sending.lock().await;
        if sent.at.is_some_and(|at| at.elapsed() < NO_SOONER) {
            return Ok(());
        }
        self.send(&mut sent, sink).await
    }

    /// Sends a checkpoint that takes something back. What was changed before this call is out when
    /// it returns: whatever follows may rely on it. Tables that wait for one share it.
    pub(crate) async fn take_back<S: Sink>(&self, sink: &S) -> Result<(), SinkError> {
        let wanted = self.lock().said;
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
        let (said, state) = {
            let shared = self.lock();
            if shared.said == sent.said {
                return Ok(());
            }
            (shared.said, shared.state.to_json())
        };
        sink.checkpoint(state).await?;
        // Only now: a checkpoint that was not sent to its end has to be sent again.
        *sent = Sent { said, at: Some(Instant::now()) };
        Ok(())
    }

    /// What a state holds of a measurement.
    fn stored<'a>(
        &self,
        state: &'a mut State,
        measurement: &str,
    ) -> Option<&'a mut sync_state::Progress> {
        state.table_mut(&self.database, measurement)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // No code that can panic runs under the lock.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
