//! The points, in memory: databases of tables of series.

mod column;
mod series;
mod snapshot;
mod table;
mod write;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use column::ColumnKind;
pub(crate) use snapshot::Snapshot;
pub(crate) use write::{Acceptance, Precision};
pub use write::{LineError, WriteError};

use table::Table;

/// The database in which InfluxDB keeps what it knows about the others.
pub(crate) const INTERNAL: &str = "_internal";

/// How long a dropped table can still be read under its new name.
const HARD_DELETION: TimeDelta = TimeDelta::hours(72);

/// All databases. Cheap to share; each call locks for as long as it lasts.
#[derive(Debug, Default)]
pub(crate) struct Store {
    databases: Mutex<BTreeMap<String, Database>>,
}

#[derive(Debug, Default)]
struct Database {
    tables: BTreeMap<String, Table>,
    /// Dropped tables under the names that they were given, with the time at which they go for good.
    dropped: BTreeMap<String, DateTime<Utc>>,
}

/// What `_internal.system.tables` says of one table.
#[derive(Debug)]
pub(crate) struct TableEntry {
    pub(crate) database: String,
    pub(crate) table: String,
    pub(crate) columns: usize,
    pub(crate) tags: Vec<String>,
    pub(crate) hard_deletion: Option<DateTime<Utc>>,
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Database>> {
        // A panic elsewhere leaves whole values behind: every change under the lock is a plain insertion.
        self.databases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn create_database(&self, name: &str) {
        self.lock().entry(name.to_owned()).or_default();
    }

    pub(crate) fn has_database(&self, name: &str) -> bool {
        name == INTERNAL || self.lock().contains_key(name)
    }

    /// The names of the databases, without the internal one.
    pub(crate) fn databases(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    pub(crate) fn tables(&self, database: &str) -> Vec<String> {
        self.lock()
            .get(database)
            .map(|database| database.tables.keys().cloned().collect())
            .unwrap_or_default()
    }

    pub(crate) fn has_table(&self, database: &str, table: &str) -> bool {
        self.lock().get(database).is_some_and(|database| database.tables.contains_key(table))
    }

    pub(crate) fn schema(&self, database: &str, table: &str) -> Option<SchemaRef> {
        Some(self.lock().get_mut(database)?.tables.get_mut(table)?.schema())
    }

    pub(crate) fn snapshot(&self, database: &str, table: &str) -> Option<Arc<Snapshot>> {
        Some(self.lock().get_mut(database)?.tables.get_mut(table)?.snapshot())
    }

    /// Every column of every table of a database: table, column, kind.
    pub(crate) fn columns(&self, database: &str) -> Vec<(String, String, ColumnKind)> {
        let databases = self.lock();
        let tables = databases.get(database).into_iter().flat_map(|database| &database.tables);
        let columns = tables.flat_map(|(name, table)| {
            table.kinds().into_iter().map(|(column, kind)| (name.clone(), column.to_owned(), kind))
        });
        columns.collect()
    }

    /// Every table of every database, the dropped ones too.
    pub(crate) fn entries(&self) -> Vec<TableEntry> {
        let databases = self.lock();
        let entries = databases.iter().flat_map(|(database_name, database)| {
            database.tables.iter().map(|(name, table)| TableEntry {
                database: database_name.clone(),
                table: name.clone(),
                columns: table.kinds().len(),
                tags: table.tags().to_vec(),
                hard_deletion: database.dropped.get(name).copied(),
            })
        });
        entries.collect()
    }

    /// Drops a table the soft way: at once it bears its old name and the time of the drop, and stays readable so.
    /// Returns that name, or nothing where there was no such table.
    pub(crate) fn drop_table(
        &self,
        database: &str,
        table: &str,
        now: DateTime<Utc>,
    ) -> Option<String> {
        let mut databases = self.lock();
        let database = databases.get_mut(database)?;
        let dropped = database.tables.remove(table)?;
        let name = format!("{table}-{}", now.format("%Y%m%dT%H%M%S"));
        database.tables.insert(name.clone(), dropped);
        database.dropped.insert(name.clone(), now + HARD_DELETION);
        Some(name)
    }

    /// Adds the points of some line protocol to a database, which need not exist yet.
    pub(crate) fn write(
        &self,
        database: &str,
        lines: &str,
        precision: Precision,
        acceptance: Acceptance,
        now: DateTime<Utc>,
    ) -> Result<(), WriteError> {
        let lines = write::parse(lines, precision, now);
        let mut databases = self.lock();
        if acceptance == Acceptance::AllOrNothing {
            let tables = databases.get(database).into_iter().flat_map(|database| &database.tables);
            let tables = tables.map(|(name, table)| (name.clone(), table.without_rows())).collect();
            write::rehearse(tables, &lines).map_err(WriteError::Refused)?;
        }
        let database = databases.entry(database.to_owned()).or_default();
        match write::apply(&mut database.tables, &lines) {
            errors if errors.is_empty() => Ok(()),
            errors => Err(WriteError::Partial(errors)),
        }
    }
}
