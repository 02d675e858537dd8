//! The sink of one sync: turns what a source emits into messages, and sends them to the call.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fivetran_wire::limit::MESSAGE_BYTES;
use sync_core::{CheckpointKind, Rows, Sink, SinkError, Table};

use crate::channel::Sender;
use crate::encode::{Pool, TableEncoder};
use crate::message;
use crate::name_collisions::NameCollisions;

/// The longest state that fits into a message, with some bytes for what is around it.
const LONGEST_STATE: usize = MESSAGE_BYTES - 1024;

/// What was sent so far, for the log.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    rows: AtomicU64,
    checkpoints: AtomicU64,
    warnings: AtomicU64,
}

impl Counters {
    pub(crate) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    pub(crate) fn checkpoints(&self) -> u64 {
        self.checkpoints.load(Ordering::Relaxed)
    }

    pub(crate) fn warnings(&self) -> u64 {
        self.warnings.load(Ordering::Relaxed)
    }
}

/// Encodes and sends what a source emits. Waits if the client is slower than the source.
#[derive(Debug)]
pub(crate) struct MessageSink {
    sender: Sender,
    encoders: Encoders,
    /// Shared by all encoders, so that it bounds their memory together.
    pool: Arc<Pool>,
    collisions: Mutex<NameCollisions>,
    counters: Arc<Counters>,
}

impl MessageSink {
    pub(crate) fn new(sender: Sender, counters: Arc<Counters>) -> Self {
        Self {
            sender,
            encoders: Encoders::default(),
            pool: Arc::default(),
            collisions: Mutex::default(),
            counters,
        }
    }

    /// Warns of name collisions, when a table is sent for the first time in this sync.
    async fn warn_of_collisions(&self, table: &Table) -> Result<(), SinkError> {
        // The lock is released before the first `await`. After a panic elsewhere, a warning may be
        // missing at worst.
        let warnings = {
            let mut collisions = self.collisions.lock().unwrap_or_else(PoisonError::into_inner);
            collisions.check(table)
        };
        for warning in warnings {
            self.warn(warning).await?;
        }
        Ok(())
    }
}

impl Sink for MessageSink {
    async fn truncate(&self, table: &Table) -> Result<(), SinkError> {
        self.warn_of_collisions(table).await?;
        self.sender.send(message::truncate(table)).await
    }

    async fn upsert(&self, table: &Table, rows: &mut (dyn Rows + Send)) -> Result<u64, SinkError> {
        let mut encoder = match self.encoders.take(table) {
            Some(encoder) => encoder,
            // Check names when an encoder is made, and not for each batch.
            None => {
                self.warn_of_collisions(table).await?;
                TableEncoder::with_pool(table, Arc::clone(&self.pool))
            }
        };
        let mut sent = 0;
        for chunk in encoder.chunks(rows) {
            let chunk = chunk?;
            self.sender.send_as(chunk.bytes, chunk.memory).await?;
            let records = chunk.records as u64;
            self.counters.rows.fetch_add(records, Ordering::Relaxed);
            sent += records;
        }
        self.encoders.give_back(encoder);
        Ok(sent)
    }

    async fn schema_change(&self, tables: &[Table]) -> Result<(), SinkError> {
        match message::schema_change(tables) {
            Some(message) => self.sender.send(message).await,
            None => Ok(()),
        }
    }

    /// Holds nothing back: what the client gets, it gets in order.
    async fn checkpoint(&self, state: String, _: CheckpointKind) -> Result<(), SinkError> {
        if state.len() > LONGEST_STATE {
            return Err(SinkError::StateTooLarge { bytes: state.len(), limit: LONGEST_STATE });
        }
        self.sender.send(message::checkpoint(state)).await?;
        self.counters.checkpoints.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn most_state_bytes(&self) -> usize {
        LONGEST_STATE
    }

    async fn warn(&self, message: String) -> Result<(), SinkError> {
        self.sender.send(message::warning(&message)).await?;
        self.counters.warnings.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Encoders that wait for the next batch of their table. They keep their buffers from batch to
/// batch.
#[derive(Debug, Default)]
struct Encoders {
    idle: Mutex<VecDeque<TableEncoder>>,
}

impl Encoders {
    /// How many encoders are kept. Few tables are read at a time, and making an encoder takes
    /// microseconds.
    const MAX_IDLE: usize = 16;

    /// Takes out an idle encoder for exactly these columns.
    fn take(&self, table: &Table) -> Option<TableEncoder> {
        let mut idle = self.idle();
        let found = idle.iter().rposition(|encoder| encoder.table() == table);
        found.and_then(|index| idle.remove(index))
    }

    fn give_back(&self, encoder: TableEncoder) {
        let mut idle = self.idle();
        if idle.len() == Self::MAX_IDLE {
            idle.pop_front();
        }
        idle.push_back(encoder);
    }

    /// The list is valid even if a thread panicked while it held the lock.
    fn idle(&self) -> MutexGuard<'_, VecDeque<TableEncoder>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use sync_core::{Column, DataType, Table};

    use super::Encoders;
    use crate::encode::TableEncoder;

    #[test]
    fn an_encoder_comes_back_for_the_same_columns_only() {
        let encoders = Encoders::default();
        let narrow = Table::new("t", vec![Column::key("id", DataType::Long)]);
        let mut wide = narrow.clone();
        wide.columns.push(Column::new("more", DataType::String));

        encoders.give_back(TableEncoder::new(&narrow));
        assert!(encoders.take(&wide).is_none());
        assert_eq!(encoders.idle().len(), 1);
        assert_eq!(encoders.take(&narrow).unwrap().table(), &narrow);
        assert!(encoders.idle().is_empty());
    }

    #[test]
    fn idle_encoders_are_bounded() {
        let encoders = Encoders::default();
        for number in 0..2 * Encoders::MAX_IDLE {
            encoders.give_back(TableEncoder::new(&Table::new(number.to_string(), vec![])));
        }
        assert_eq!(encoders.idle().len(), Encoders::MAX_IDLE);
    }
}
