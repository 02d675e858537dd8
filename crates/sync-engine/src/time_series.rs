//! The port: what the engine asks of a database of timed points.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, SchemaRef};

use crate::error::Failure;
use crate::state::Server;
use crate::window::Window;

/// The column that holds the time of every point, in questions and in answers.
pub const TIME: &str = "time";

/// A database of timed points, as typed questions.
///
/// A *measurement* is a named set of points. A point is known by its time and its tags, and has
/// fields. The engine knows no query language, no socket and no wire format: whoever has a database
/// answers these questions, and the simulation answers them from a model with a clock of its own.
///
/// A question is asked once; it is the engine that asks again, or for less. Times are nanoseconds
/// since 1970-01-01T00:00:00Z.
pub trait TimeSeries: Send + Sync {
    /// What the engine has to know of this kind of database.
    const PROFILE: Profile;

    /// The rows of a window, as they come.
    type Answer: Answer;

    /// Who the server is. Asked once; what a server does not say is not known.
    fn about(&self) -> impl Future<Output = About> + Send;

    /// The database's own clock: the cheapest question there is. Whether it is answered
    /// tells an outage from a question that is too big.
    fn now(&self) -> impl Future<Output = Result<i64, Failure>> + Send;

    /// All measurements with their columns, without those that are dropped.
    fn tables(&self) -> impl Future<Output = Result<Vec<TableInfo>, Failure>> + Send;

    /// Whether a measurement has a point in a window.
    fn has_points(
        &self,
        measurement: &str,
        window: Window,
    ) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// The columns that [`Columns::All`] would give at this moment.
    fn columns(&self, measurement: &str)
    -> impl Future<Output = Result<SchemaRef, Failure>> + Send;

    /// The files that hold a measurement's points; what is in none of them may be there all the
    /// same. Of a node that is named in `since`, the files of that sequence and of higher ones; of
    /// any other node all of them. A database that has no files, or does not show them, answers
    /// [`Refused`](crate::ErrorKind::Refused).
    fn files(
        &self,
        measurement: &str,
        since: &BTreeMap<String, u64>,
    ) -> impl Future<Output = Result<Vec<File>, Failure>> + Send;

    /// What there is in each bin of a window that holds any point, by the bin's start: bins as long
    /// as `bin`, counted from 1970-01-01T00:00:00Z; what of them lies beyond the window does not
    /// count. Values are those of `fields`.
    fn counts(
        &self,
        measurement: &str,
        fields: &[String],
        window: Window,
        bin: Bin,
    ) -> impl Future<Output = Result<BTreeMap<i64, Count>, Failure>> + Send;

    /// Asks once for the points in a window. An answer that has begun is of one moment: its schema
    /// and its rows fit together.
    fn read(
        &self,
        measurement: &str,
        columns: &Columns,
        window: Window,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;

    /// What a column of an answer is, where the answer tells.
    fn role(&self, field: &Field) -> Option<Role>;
}

/// The rows of a window: record batches of one schema. The column [`TIME`] has nanoseconds.
pub trait Answer: Send {
    /// The columns of every batch.
    fn schema(&self) -> &SchemaRef;

    /// The next batch, or `None` after the last. A batch without rows means nothing. A stream that
    /// breaks off is a failure. A future that is dropped loses no batch.
    fn next(&mut self) -> impl Future<Output = Result<Option<RecordBatch>, Failure>> + Send;
}

/// What the engine has to know of a kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What the customer calls it, in sentences.
    pub name: &'static str,
    /// A file holds points of one stretch of this length, in nanoseconds counted from
    /// 1970-01-01T00:00:00Z: windows that end with a file do not have it read twice.
    pub file_span: i64,
    /// How many files one question may read.
    pub most_files: usize,
}

/// What the database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Which server it is.
    pub server: Server,
    /// Its release, where it tells.
    pub release: Option<String>,
    /// What that release is known to do to answers, each a sentence for the customer.
    pub caveats: Vec<String>,
}

/// A measurement and its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInfo {
    /// Its name, as written.
    pub name: String,
    /// Its columns, in byte order of their names.
    pub columns: Vec<ColumnInfo>,
}

/// A column of a measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name, as written.
    pub name: String,
    /// What it is to the measurement.
    pub role: Role,
    /// Its type, as the database stores it.
    pub data_type: ColumnType,
}

/// What a column is to its measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Part of what a point is known by.
    Tag,
    /// A value.
    Field,
    /// The time of the point.
    Time,
}

/// The type of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A type of Arrow's.
    Arrow(DataType),
    /// A type that has no name there, in the database's words.
    Unknown(String),
}

/// A file with points of one measurement. Files do not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The node that wrote it.
    pub node: String,
    /// The number of the snapshot that made it: all files of a snapshot share it, and later
    /// snapshots of the same node have higher ones.
    pub sequence: u64,
    /// The time of its first point.
    pub first: i64,
    /// The time of its last point.
    pub last: i64,
    /// Its number of rows; a point that was overwritten counts again.
    pub rows: u64,
}

/// The columns that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Columns {
    /// All that there are when the question is answered, also those that nobody knew of when it was
    /// asked.
    All,
    /// These.
    Listed(Vec<Item>),
}

/// One column that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A column as it is.
    Column(String),
    /// A tag in which no value becomes an empty text.
    TagOrEmpty(String),
}

/// How long a bin of a count is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bin {
    /// 24 hours.
    Day,
    /// 60 minutes.
    Hour,
}

impl Bin {
    /// Its length in nanoseconds.
    #[must_use]
    pub fn length(self) -> i64 {
        const HOUR: i64 = 3_600_000_000_000;
        match self {
            Self::Day => 24 * HOUR,
            Self::Hour => HOUR,
        }
    }
}

/// What a bin holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Count {
    /// How many points.
    pub points: u64,
    /// How many values that are not null, in all columns together that were asked for.
    pub cells: u64,
}

impl Count {
    /// A count of points and of values.
    #[must_use]
    pub fn new(points: u64, cells: u64) -> Self {
        Self { points, cells }
    }

    /// The sum of both.
    pub(crate) fn and(self, more: Self) -> Self {
        Self { points: self.points + more.points, cells: self.cells + more.cells }
    }
}
