//! The sink of one sync: hands what a source emits to the SDK's operations, on Python's own thread.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::PyTzInfo;
use sync_core::{CheckpointKind, Rows, Sink, SinkError, Table};

use crate::cell::Conversion;
use crate::checkpoints::Checkpoints;
use crate::declared::Declared;
use crate::interruption::is_exiting;
use crate::logs::Lines;
use crate::rows::{RowFailure, TableWriter};
use crate::sdk::Sdk;
use crate::state::{LARGEST_STATE, MOST_STATE_BYTES, dumped_bytes};

/// Calls the SDK for what a source emits.
///
/// It may be called on the one thread that Python gave for this sync, and on no other: the SDK
/// keeps the order of one thread. A source that spawns nothing does just that.
#[derive(Debug)]
pub(crate) struct SdkSink {
    sdk: Sdk,
    declared: Declared,
    lines: Lines,
    checkpoints: Mutex<Checkpoints>,
    writers: Mutex<Vec<TableWriter>>,
    /// What Python raised, which ends the sync.
    raised: Mutex<Option<PyErr>>,
    rows: AtomicU64,
    sent_checkpoints: AtomicU64,
}

impl SdkSink {
    pub(crate) fn new(sdk: Sdk, declared: Declared, lines: Lines) -> Self {
        Self {
            sdk,
            declared,
            lines,
            checkpoints: Mutex::new(Checkpoints::new(Instant::now())),
            writers: Mutex::default(),
            raised: Mutex::default(),
            rows: AtomicU64::new(0),
            sent_checkpoints: AtomicU64::new(0),
        }
    }

    pub(crate) fn sdk(&self) -> &Sdk {
        &self.sdk
    }

    /// What Python raised, if it did.
    pub(crate) fn take_raised(&self) -> Option<PyErr> {
        lock(&self.raised).take()
    }

    /// How many rows and checkpoints the SDK took, for the log.
    pub(crate) fn figures(&self) -> (u64, u64) {
        (self.rows.load(Ordering::Relaxed), self.sent_checkpoints.load(Ordering::Relaxed))
    }

    /// Does what is due while nothing else happens.
    pub(crate) fn tick(&self, py: Python<'_>) -> PyResult<()> {
        self.write_log(py)?;
        let due = lock(&self.checkpoints).due(Instant::now());
        self.send_checkpoint(py, due)
    }

    /// Sends the checkpoint that is held, if there is one: before a truncate, since a position that
    /// is forgotten has to be gone before its rows are, and at the end, also of a sync that failed.
    pub(crate) fn send_held(&self, py: Python<'_>) -> PyResult<()> {
        let held = lock(&self.checkpoints).release(Instant::now());
        self.send_checkpoint(py, held)
    }

    /// Hands waiting lines to the SDK.
    pub(crate) fn write_log(&self, py: Python<'_>) -> PyResult<()> {
        self.lines.take().iter().try_for_each(|line| self.sdk.log(py, line))
    }

    fn send_checkpoint(&self, py: Python<'_>, state: Option<String>) -> PyResult<()> {
        let Some(state) = state else { return Ok(()) };
        self.sdk.checkpoint(py, &state)?;
        self.sent_checkpoints.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Runs one statement of the source with Python. After the first thing that Python raises, all
    /// further statements fail.
    fn with_python<T>(
        &self,
        statement: impl for<'py> FnOnce(Python<'py>) -> Result<T, RowFailure>,
    ) -> Result<T, SinkError> {
        if is_exiting() || lock(&self.raised).is_some() {
            return Err(SinkError::Closed);
        }
        let result = Python::try_attach(|py| {
            self.write_log(py).map_err(RowFailure::Raised)?;
            statement(py)
        });
        match result {
            None => Err(SinkError::Closed),
            Some(Ok(value)) => Ok(value),
            Some(Err(RowFailure::Row(error))) => Err(SinkError::Row(error)),
            Some(Err(RowFailure::Raised(error))) => {
                *lock(&self.raised) = Some(error);
                Err(SinkError::Closed)
            }
        }
    }

    fn write_rows(
        &self,
        py: Python<'_>,
        writer: &TableWriter,
        rows: &mut (dyn Rows + Send),
    ) -> Result<u64, RowFailure> {
        let utc = PyTzInfo::utc(py).map_err(RowFailure::Raised)?;
        let conversion = Conversion { py, sdk: &self.sdk, utc };
        let (upsert, name, schema) = (self.sdk.upsert.bind(py), writer.name(py), writer.schema(py));
        let mut taken = 0;
        // A batch may take minutes when the client is slow, and Python waits for this thread.
        while !is_exiting() {
            let Some(values) = rows.next_row().map_err(RowFailure::Row)? else { break };
            let row = writer.row(&conversion, values)?;
            upsert.call((name, row), schema).map_err(RowFailure::Raised)?;
            self.rows.fetch_add(1, Ordering::Relaxed);
            taken += 1;
        }
        Ok(taken)
    }

    /// Takes out the writer for exactly this table.
    fn writer(&self, py: Python<'_>, table: &Table) -> Result<TableWriter, RowFailure> {
        let mut writers = lock(&self.writers);
        if let Some(index) = writers.iter().position(|writer| writer.table() == table) {
            return Ok(writers.swap_remove(index));
        }
        drop(writers);
        self.declared.check(table).map_err(RowFailure::Row)?;
        TableWriter::new(py, table).map_err(RowFailure::Raised)
    }

    fn give_back(&self, writer: TableWriter) {
        /// Few tables are read at a time, and making a writer takes microseconds.
        const MOST_IDLE: usize = 16;
        let mut writers = lock(&self.writers);
        if writers.len() == MOST_IDLE {
            writers.swap_remove(0);
        }
        writers.push(writer);
    }
}

impl Sink for SdkSink {
    async fn truncate(&self, table: &Table) -> Result<(), SinkError> {
        self.with_python(|py| {
            self.send_held(py).map_err(RowFailure::Raised)?;
            self.sdk.truncate(py, table).map_err(RowFailure::Raised)
        })
    }

    async fn upsert(&self, table: &Table, rows: &mut (dyn Rows + Send)) -> Result<u64, SinkError> {
        let taken = self.with_python(|py| {
            let writer = self.writer(py, table)?;
            let taken = self.write_rows(py, &writer, rows)?;
            self.give_back(writer);
            Ok(taken)
        })?;
        if is_exiting() {
            return Err(SinkError::Closed);
        }
        // A database that is faster than the SDK would never let the tick have its turn.
        tokio::task::yield_now().await;
        Ok(taken)
    }

    /// Says nothing: what is new waits until the next sync has declared it.
    async fn schema_change(&self, _: &[Table]) -> Result<(), SinkError> {
        Ok(())
    }

    async fn checkpoint(&self, state: String, kind: CheckpointKind) -> Result<(), SinkError> {
        let bytes = dumped_bytes(&state);
        if bytes > LARGEST_STATE {
            return Err(SinkError::StateTooLarge { bytes, limit: LARGEST_STATE });
        }
        let due = lock(&self.checkpoints).offer(state, kind, Instant::now());
        if due.is_none() {
            return Ok(());
        }
        self.with_python(|py| self.send_checkpoint(py, due).map_err(RowFailure::Raised))
    }

    fn most_state_bytes(&self) -> usize {
        MOST_STATE_BYTES
    }

    async fn warn(&self, message: String) -> Result<(), SinkError> {
        self.with_python(|py| self.sdk.warn(py, &message).map_err(RowFailure::Raised))
    }
}

/// What is behind these locks is valid even if a thread panicked while it held one. None is held
/// while Python runs.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
