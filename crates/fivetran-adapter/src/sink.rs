//! The sink of one sync: what a source says becomes frames.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fivetran_wire::limit::MESSAGE_BYTES;
use sync_core::{Rows, Sink, SinkError, Table};

use crate::encode::{Pool, TableEncoder};
use crate::merging::Names;
use crate::message;
use crate::pipe::Inlet;

/// A message must hold a state with what is around it, for which this leaves plenty.
const LONGEST_STATE: usize = MESSAGE_BYTES - 1024;

/// What was said so far, for the log.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    rows: AtomicU64,
    checkpoints: AtomicU64,
    warnings: AtomicU64,
}

impl Tally {
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

/// Encodes what a source says, and waits where the client is slower than the source.
#[derive(Debug)]
pub(crate) struct FrameSink {
    inlet: Inlet,
    encoders: Encoders,
    /// Shared by all encoders, so that memory is bounded once.
    pool: Arc<Pool>,
    names: Mutex<Names>,
    tally: Arc<Tally>,
}

impl FrameSink {
    pub(crate) fn new(inlet: Inlet, tally: Arc<Tally>) -> Self {
        Self {
            inlet,
            encoders: Encoders::default(),
            pool: Arc::default(),
            names: Mutex::default(),
            tally,
        }
    }

    /// Warns of names that merge, when a table is met for the first time in this sync.
    async fn meet(&self, table: &Table) -> Result<(), SinkError> {
        // The lock is given back before anything is awaited; a panic elsewhere at worst leaves a warning out.
        let warnings = self.names.lock().unwrap_or_else(PoisonError::into_inner).meet(table);
        for warning in warnings {
            self.warn(warning).await?;
        }
        Ok(())
    }
}

impl Sink for FrameSink {
    async fn truncate(&self, table: &Table) -> Result<(), SinkError> {
        self.meet(table).await?;
        self.inlet.send(message::truncate(table)).await
    }

    async fn upsert(&self, table: &Table, rows: &mut (dyn Rows + Send)) -> Result<u64, SinkError> {
        let mut encoder = match self.encoders.take(table) {
            Some(encoder) => encoder,
            // Names are looked at where an encoder is made, and not for each batch.
            None => {
                self.meet(table).await?;
                TableEncoder::with_pool(table, Arc::clone(&self.pool))
            }
        };
        let mut taken = 0;
        for chunk in encoder.chunks(rows) {
            let chunk = chunk?;
            self.inlet.send_as(chunk.bytes, chunk.memory).await?;
            let records = chunk.records as u64;
            self.tally.rows.fetch_add(records, Ordering::Relaxed);
            taken += records;
        }
        self.encoders.give_back(encoder);
        Ok(taken)
    }

    async fn schema_change(&self, tables: &[Table]) -> Result<(), SinkError> {
        match message::schema_change(tables) {
            Some(frame) => self.inlet.send(frame).await,
            None => Ok(()),
        }
    }

    async fn checkpoint(&self, state: String) -> Result<(), SinkError> {
        if state.len() > LONGEST_STATE {
            return Err(SinkError::StateTooLarge { bytes: state.len(), limit: LONGEST_STATE });
        }
        self.inlet.send(message::checkpoint(state)).await?;
        self.tally.checkpoints.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn warn(&self, message: String) -> Result<(), SinkError> {
        self.inlet.send(message::warning(&message)).await?;
        self.tally.warnings.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Encoders of the tables that are being read: each batch of a table finds the one of the batch before, with its buffers.
#[derive(Debug, Default)]
struct Encoders {
    idle: Mutex<VecDeque<TableEncoder>>,
}

impl Encoders {
    /// Tables that are read in turns are few; an encoder that is dropped too early is made again in microseconds.
    const IDLE: usize = 16;

    /// An idle encoder for exactly these columns, which nobody else uses meanwhile.
    fn take(&self, table: &Table) -> Option<TableEncoder> {
        let mut idle = self.idle();
        let found = idle.iter().rposition(|encoder| encoder.table() == table);
        found.and_then(|index| idle.remove(index))
    }

    fn give_back(&self, encoder: TableEncoder) {
        let mut idle = self.idle();
        if idle.len() == Self::IDLE {
            idle.pop_front();
        }
        idle.push_back(encoder);
    }

    /// A panic elsewhere leaves nothing half done in a list of idle encoders.
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
        for number in 0..2 * Encoders::IDLE {
            encoders.give_back(TableEncoder::new(&Table::new(number.to_string(), vec![])));
        }
        assert_eq!(encoders.idle().len(), Encoders::IDLE);
    }
}
