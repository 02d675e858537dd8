//! The state of a running sync, shared by the tables that are read at once.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use sync_core::{Sink, SinkError};
use sync_state::{Cursor, State};

/// The note of a table's announced columns.
const COLUMNS: &str = "columns";

/// The state of a running sync.
///
/// A checkpoint vouches for everything before it. It may be sent at any moment all the same: a cursor is moved only after the rows before
/// it have gone into the sink, and the sink keeps the order of what it is told.
#[derive(Debug)]
pub(crate) struct Progress {
    database: String,
    shared: Mutex<Shared>,
    /// Held while a checkpoint is sent, so that an older one never follows a newer one.
    sending: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Shared {
    state: State,
    /// Whether something was said since the last checkpoint.
    pending: bool,
}

/// Where a table stood when the sync began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) cursor: i64,
    pub(crate) fingerprint: String,
}

impl Progress {
    pub(crate) fn new(state: State, database: &str) -> Self {
        Self {
            database: database.to_owned(),
            shared: Mutex::new(Shared { state, pending: false }),
            sending: tokio::sync::Mutex::new(()),
        }
    }

    /// Where a measurement stands, or `None` if it has not been started.
    pub(crate) fn position(&self, measurement: &str) -> Option<Position> {
        self.lock().state.table(&self.database, measurement).map(|progress| Position {
            cursor: progress.cursor().0,
            fingerprint: progress.fingerprint().to_owned(),
        })
    }

    /// Starts a measurement, or starts it anew.
    pub(crate) fn start(&self, measurement: &str, fingerprint: String, from: i64) {
        let mut shared = self.lock();
        shared.state.start(&self.database, measurement, fingerprint, Cursor(from));
        shared.pending = true;
    }

    /// Whether a measurement's table was announced with these columns.
    pub(crate) fn is_announced(&self, measurement: &str, columns: &str) -> bool {
        let shared = self.lock();
        let progress = shared.state.table(&self.database, measurement);
        progress.and_then(|progress| progress.notes.get(COLUMNS)).and_then(Value::as_str)
            == Some(columns)
    }

    /// Notes that a measurement's table was announced with these columns.
    pub(crate) fn announced(&self, measurement: &str, columns: &str) {
        let mut shared = self.lock();
        let Shared { state, pending } = &mut *shared;
        if let Some(progress) = state.table_mut(&self.database, measurement) {
            progress.notes.insert(COLUMNS.to_owned(), columns.into());
            *pending = true;
        }
    }

    /// Notes that rows were sent: they need a checkpoint behind them.
    pub(crate) fn sent(&self) {
        self.lock().pending = true;
    }

    /// Notes that everything of a measurement before `to` was sent.
    pub(crate) fn advance(&self, measurement: &str, to: i64) {
        let mut shared = self.lock();
        let Shared { state, pending } = &mut *shared;
        if let Some(progress) = state.table_mut(&self.database, measurement)
            && progress.cursor() < Cursor(to)
        {
            progress.advance(Cursor(to));
            *pending = true;
        }
    }

    /// Sends a checkpoint, if anything was said since the last one.
    pub(crate) async fn checkpoint<S: Sink>(&self, sink: &S) -> Result<(), SinkError> {
        let _turn = self.sending.lock().await;
        let state = {
            let mut shared = self.lock();
            if !std::mem::take(&mut shared.pending) {
                return Ok(());
            }
            shared.state.to_json()
        };
        sink.checkpoint(state).await
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // No code that can panic runs under the lock.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
