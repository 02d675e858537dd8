//! The questions that a sync asks, and the one place where they meet the wire.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use influx_flight::{DroppedTables, Error, ParquetFiles, TableInfo};

use crate::server::About;
use crate::sql::Item;
use crate::window::Window;

/// What a sync asks of a database, as typed questions.
///
/// [`Influx`](crate::influx::Influx) asks an InfluxDB 3. The simulation asks a model with a clock of its own, which is why nothing in
/// the engine knows of SQL, sockets or Flight.
///
/// Every question but [`read`](Database::read) is answered whole, after as many tries as it takes; an error is final.
pub(crate) trait Database: Send + Sync {
    /// The rows of a window, as they come.
    type Answer: Answer;

    /// Who the server is. Asked once; what a server does not say is not known.
    fn about(&self) -> impl Future<Output = About> + Send;

    /// The database's own clock, in nanoseconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> impl Future<Output = Result<i64, Error>> + Send;

    /// All tables with their columns, also those that are dropped and still listed.
    fn tables(&self) -> impl Future<Output = Result<Vec<TableInfo>, Error>> + Send;

    /// Which of the listed tables are dropped.
    fn dropped_tables(&self) -> impl Future<Output = DroppedTables> + Send;

    /// The time of a measurement's first point, or `None` if it has no point. Reads every file, which a server with many refuses.
    fn first_time(
        &self,
        measurement: &str,
    ) -> impl Future<Output = Result<Option<i64>, Error>> + Send;

    /// Whether a measurement has a point in a window.
    fn has_points(
        &self,
        measurement: &str,
        window: Window,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// The columns that `SELECT *` would give at this moment. Reads no file.
    fn columns(&self, measurement: &str) -> impl Future<Output = Result<SchemaRef, Error>> + Send;

    /// The files that hold a measurement's points. What is still in the write buffer is in none of them.
    fn files(&self, measurement: &str) -> impl Future<Output = ParquetFiles> + Send;

    /// How many points a measurement has in each bin that holds any, by the bin's start: bins as long as `bin` nanoseconds, counted
    /// from 1970-01-01T00:00:00Z and cut off by the window.
    fn counts(
        &self,
        measurement: &str,
        window: Window,
        bin: Bin,
    ) -> impl Future<Output = Result<BTreeMap<i64, u64>, Error>> + Send;

    /// Asks once for the points in a window. An answer that has begun is of one moment: its schema and its rows fit together.
    fn read(
        &self,
        measurement: &str,
        columns: &Columns,
        window: Window,
    ) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// The rows of a window: record batches of one schema.
pub(crate) trait Answer: Send {
    /// The columns of every batch.
    fn schema(&self) -> &SchemaRef;

    /// The next batch, or `None` after the last. A batch without rows means nothing. A stream that breaks off is an error. A future that is dropped loses
    /// no batch.
    fn next(&mut self) -> impl Future<Output = Result<Option<RecordBatch>, Error>> + Send;
}

/// The columns that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Columns {
    /// All that there are when the question is answered, also those that nobody knew of when it was asked.
    All,
    /// These.
    Listed(Vec<Item>),
}

/// How long a bin of a count is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bin {
    Day,
    Hour,
}
