//! A sink that may pass on something else than it is told.

use sync_core::{CheckpointKind, Rows, Sink, SinkError, Table};

use super::{Lie, Lies};
use crate::fivetran::Fivetran;

/// A sink that may pass on something else than it is told.
pub(crate) struct WrongSink<'a> {
    pub(crate) sink: &'a Fivetran,
    pub(crate) lies: Lies,
}

impl WrongSink<'_> {
    fn table(&self, table: &Table) -> Table {
        let mut table = table.clone();
        if self.lies.is(Lie::NoKey) {
            table.columns.iter_mut().for_each(|column| column.primary_key = false);
        }
        table
    }
}

impl Sink for WrongSink<'_> {
    async fn truncate(&self, table: &Table) -> Result<(), SinkError> {
        if self.lies.is(Lie::NoTruncate) {
            return Ok(());
        }
        self.sink.truncate(table).await
    }

    async fn upsert(&self, table: &Table, rows: &mut (dyn Rows + Send)) -> Result<u64, SinkError> {
        self.sink.upsert(&self.table(table), rows).await
    }

    async fn schema_change(&self, tables: &[Table]) -> Result<(), SinkError> {
        let tables: Vec<_> = tables.iter().map(|table| self.table(table)).collect();
        self.sink.schema_change(&tables).await
    }

    async fn checkpoint(&self, state: String, kind: CheckpointKind) -> Result<(), SinkError> {
        self.sink.checkpoint(state, kind).await
    }

    fn most_state_bytes(&self) -> usize {
        self.sink.most_state_bytes()
    }

    async fn warn(&self, message: String) -> Result<(), SinkError> {
        self.sink.warn(message).await
    }
}
