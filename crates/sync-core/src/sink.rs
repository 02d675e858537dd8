//! Where rows go.

use crate::{RowError, Rows, Table};

/// Where a source puts what it finds: one method for each thing that can be said during a sync.
///
/// Methods take `&self`, so that tables can be read in parallel; each call is one whole statement,
/// and what one task says keeps its order. Awaiting a call is the backpressure: it returns when
/// there is room for more.
///
/// Order matters per table: [`truncate`](Sink::truncate), then
/// [`schema_change`](Sink::schema_change), then rows.
pub trait Sink: Send + Sync {
    /// Marks as deleted every row that the warehouse holds of this table; said once, before the
    /// table's first row.
    fn truncate(&self, table: &Table) -> impl Future<Output = Result<(), SinkError>> + Send;

    /// Adds rows, or replaces those of the same key; a row carries every column of `table`.
    ///
    /// Returns how many rows were taken. On an error some of them may have been: what counts is the
    /// next checkpoint.
    fn upsert(
        &self,
        table: &Table,
        rows: &mut (dyn Rows + Send),
    ) -> impl Future<Output = Result<u64, SinkError>> + Send;

    /// Announces tables or columns that were found after the schema was asked for.
    fn schema_change(&self, tables: &[Table])
    -> impl Future<Output = Result<(), SinkError>> + Send;

    /// Vouches for all that was said before: a sync that is resumed from `state` need not say it
    /// again. `kind` tells whether the sink may hold it back.
    fn checkpoint(
        &self,
        state: String,
        kind: CheckpointKind,
    ) -> impl Future<Output = Result<(), SinkError>> + Send;

    /// How long the text of a state may be, in bytes. A longer one is refused as
    /// [`StateTooLarge`](SinkError::StateTooLarge).
    fn most_state_bytes(&self) -> usize;

    /// Tells the customer something that does not stop the sync.
    fn warn(&self, message: String) -> impl Future<Output = Result<(), SinkError>> + Send;
}

/// What becomes of earlier checkpoints when one is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckpointKind {
    /// They stay true, and a sync that is resumed from one of them says a little again. A sink may
    /// hold this one back, or leave it out when another one follows.
    Advances,
    /// They vouch for something that will not be true any more: a position is forgotten, or put
    /// back. Nothing that is said later may reach the warehouse before this state is kept, so a
    /// sink must not hold it back.
    TakesBack,
}

/// Why a sink took no more.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// Nobody listens any more: the other side went away, or the process is shutting down.
    #[error("the receiver of this sync is gone")]
    Closed,
    /// The rows themselves failed.
    #[error(transparent)]
    Row(#[from] RowError),
    /// One row is larger than a message may be.
    #[error("a row of table {table:?} takes {bytes} bytes, and a message holds at most {limit}")]
    RowTooLarge {
        /// The table's name.
        table: String,
        /// The row's size on the wire, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// A state that no message can hold.
    #[error("the state takes {bytes} bytes, and a message holds at most {limit}")]
    StateTooLarge {
        /// What it takes.
        bytes: usize,
        /// What there is room for.
        limit: usize,
    },
}
