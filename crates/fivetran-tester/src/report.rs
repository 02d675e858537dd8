//! The report of a sync.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Breach, TableName};

/// The report of a sync.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// What was received, by table.
    pub tables: BTreeMap<TableName, Counts>,
    /// Checkpoints that were stored.
    pub checkpoints: u64,
    /// Records and truncates after the last checkpoint, which no state covers.
    pub after_last_checkpoint: u64,
    /// The texts of the first warnings, up to [`TEXTS_KEPT`].
    pub warnings: Vec<String>,
    /// How many warnings there were.
    pub warning_count: u64,
    /// The tasks for the customer: none or one.
    pub tasks: Vec<String>,
    /// The rules that were broken, once for each place.
    pub breaches: Vec<Breach>,
    /// How the stream ended.
    pub end: End,
    /// From the request to the end of the stream, by the tester's clock.
    pub duration: Duration,
}

impl Report {
    /// All records that are rows, of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.values().map(Counts::rows).sum()
    }

    /// Whether the sync ended as it was asked to, and broke no rule.
    pub fn succeeded(&self) -> bool {
        matches!(self.end, End::Completed | End::Stopped) && self.breaches.is_empty()
    }

    /// The report for a program.
    pub fn to_json(&self) -> Value {
        let tables = self.tables.iter().map(|(name, counts)| {
            (name.to_string(), json!({ "rows": counts.rows(), "truncates": counts.truncates }))
        });
        json!({
            "end": self.end.to_string(),
            "rows": self.rows(),
            "tables": tables.collect::<serde_json::Map<_, _>>(),
            "checkpoints": self.checkpoints,
            "warnings": self.warnings,
            "tasks": self.tasks,
            "breaches": self.breaches.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "seconds": self.duration.as_secs_f64(),
        })
    }
}

/// How many texts of warnings a [`Report`] keeps, so that memory does not grow with the stream.
pub const TEXTS_KEPT: usize = 1000;

/// What was received for one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Rows sent whole. Rows that are sent again count again.
    pub upserts: u64,
    /// Rows sent in part.
    pub updates: u64,
    /// Rows marked as deleted.
    pub deletes: u64,
    /// Times that all rows were marked as deleted.
    pub truncates: u64,
    /// How many of the records above were skipped: their key is missing or NULL, or they are
    /// updates of a table without a key.
    pub without_key: u64,
}

impl Counts {
    /// All records that are rows: upserts, updates and deletes.
    pub fn rows(&self) -> u64 {
        self.upserts + self.updates + self.deletes
    }
}

/// How the stream of an update ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// The connector ended the stream without an error.
    Completed,
    /// The connector ended the stream after a task.
    Task,
    /// The connector ended the stream with a gRPC status.
    Status {
        /// The status's code.
        code: tonic::Code,
        /// The status's text.
        message: String,
    },
    /// We dropped the stream, as [`Stop`](crate::Stop) says.
    Stopped,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => f.write_str("completed"),
            Self::Task => f.write_str("ended with a task"),
            Self::Status { code, message } => write!(f, "failed with {code:?}: {message}"),
            Self::Stopped => f.write_str("stopped by us"),
        }
    }
}

/// Some lines for people: the end, the tables, warnings, tasks and broken rules.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        let Self { end, checkpoints, duration, .. } = self;
        write!(f, "{end}: {rows} rows, {checkpoints} checkpoints, {duration:?}")?;
        for (table, counts) in &self.tables {
            write!(f, "\n{table}: {counts}")?;
        }
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}")?;
        }
        let not_kept = self.warning_count - self.warnings.len() as u64;
        if not_kept > 0 {
            write!(f, "\nand {not_kept} more warnings")?;
        }
        for task in &self.tasks {
            write!(f, "\ntask: {task}")?;
        }
        for breach in &self.breaches {
            write!(f, "\nbreach: {breach}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (count, what) in [
            (self.truncates, "truncate"),
            (self.upserts, "upsert"),
            (self.updates, "update"),
            (self.deletes, "delete"),
        ] {
            match count {
                0 => {}
                1 => parts.push(format!("1 {what}")),
                _ => parts.push(format!("{count} {what}s")),
            }
        }
        if self.without_key > 0 {
            parts.push(format!("{} without a key", self.without_key));
        }
        f.write_str(&if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") })
    }
}
