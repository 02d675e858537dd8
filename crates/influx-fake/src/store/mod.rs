//! The points in memory, as databases of tables of series, and the list of the files that the real
//! server would keep them in.

mod column;
mod columns;
mod database;
mod either_value;
mod files;
mod node;
mod overwritten;
mod past;
mod read_view;
mod series;
mod table;
mod values;
mod write;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use column::ColumnKind;
pub(crate) use files::FileEntry;
pub(crate) use read_view::ReadView;
pub(crate) use table::Persisting;
pub(crate) use write::{Acceptance, Precision};
pub use write::{LineError, WriteError};

use crate::journal::{Entry, Journal};
use database::Database;
use files::{Stamp, Window};
use node::Nodes;
use past::Past;
use table::Table;

/// The database in which InfluxDB keeps what it knows about the others.
pub(crate) const INTERNAL: &str = "_internal";

/// How long a dropped table can still be read under its new name.
const HARD_DELETION: TimeDelta = TimeDelta::hours(72);

/// All databases. Each call holds the lock until it returns.
#[derive(Debug, Default)]
pub(crate) struct Store {
    state: Mutex<State>,
    /// `None`: no node lags.
    past: Mutex<Option<Past<State>>>,
    journal: Journal,
}

#[derive(Clone, Debug, Default)]
struct State {
    databases: BTreeMap<String, Database>,
    nodes: Nodes,
    /// The seed of the choice among the values of points that were overwritten in the buffer.
    /// `None`: the last value is answered.
    either: Option<u64>,
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

impl State {
    fn table(&self, database: &str, table: &str) -> Option<&Table> {
        Some(self.databases.get(database)?.tables.get(table)?)
    }

    fn table_mut(&mut self, database: &str, table: &str) -> Option<&mut Table> {
        self.databases.get_mut(database)?.tables.get_mut(table).map(Arc::make_mut)
    }

    /// The database of a name, created if there is none. The internal one is number 0.
    fn database(&mut self, name: &str) -> &mut Database {
        let id = self.databases.len() as u32 + 1;
        let either = self.either;
        self.databases.entry(name.to_owned()).or_insert_with(|| Database {
            id,
            either,
            ..Database::default()
        })
    }
}

impl Store {
    /// Makes a store without databases. With a seed it answers either value of points that were
    /// overwritten in the buffer.
    pub(crate) fn new(either: Option<u64>) -> Self {
        Self::of(State { either, ..State::default() })
    }

    fn of(state: State) -> Self {
        Self { state: Mutex::new(state), ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic leaves no broken values behind: every change under the lock is an insertion.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn past(&self) -> MutexGuard<'_, Option<Past<State>>> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world, and remembers how it is then for a node that lags.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let outcome = change(&mut state);
        // Under the lock, so that the past has the order of the changes.
        if let Some(past) = &mut *self.past() {
            past.add(Instant::now(), state.clone());
        }
        outcome
    }

    /// Remembers from now on what a node still sees that lags so far behind; `None` forgets it.
    pub(crate) fn remember(&self, lag: Option<Duration>) {
        let state = self.lock();
        *self.past() = lag.map(|lag| Past::new(lag, state.clone()));
    }

    /// What such a node sees now.
    pub(crate) fn seen_by_lagging_node(&self) -> Option<Self> {
        let past = self.past().as_mut()?.seen(Instant::now());
        Some(Self::of(past))
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(crate) fn create_database(&self, name: &str) {
        self.change(|state| {
            state.database(name);
        });
    }

    pub(crate) fn has_database(&self, name: &str) -> bool {
        name == INTERNAL || self.lock().databases.contains_key(name)
    }

    /// The names of the databases, without the internal one.
    pub(crate) fn databases(&self) -> Vec<String> {
        self.lock().databases.keys().cloned().collect()
    }

    pub(crate) fn tables(&self, database: &str) -> Vec<String> {
        self.lock()
            .databases
            .get(database)
            .map(|database| database.tables.keys().cloned().collect())
            .unwrap_or_default()
    }

    pub(crate) fn has_table(&self, database: &str, table: &str) -> bool {
        self.lock().table(database, table).is_some()
    }

    pub(crate) fn schema(&self, database: &str, table: &str) -> Option<SchemaRef> {
        Some(self.lock().table_mut(database, table)?.schema())
    }

    /// The rows of a table as they are now, for one query to read.
    pub(crate) fn view(
        &self,
        database: &str,
        table: &str,
    ) -> Option<Result<Arc<ReadView>, ArrowError>> {
        Some(self.lock().table_mut(database, table)?.view())
    }

    /// Every column of every table of a database: table, column, kind.
    pub(crate) fn columns(&self, database: &str) -> Vec<(String, String, ColumnKind)> {
        let state = self.lock();
        let tables =
            state.databases.get(database).into_iter().flat_map(|database| &database.tables);
        let columns = tables.flat_map(|(name, table)| {
            table
                .columns()
                .kinds()
                .into_iter()
                .map(|(column, kind)| (name.clone(), column.to_owned(), kind))
        });
        columns.collect()
    }

    /// Every table of every database, the dropped ones too.
    pub(crate) fn entries(&self) -> Vec<TableEntry> {
        let state = self.lock();
        let entries = state.databases.iter().flat_map(|(database_name, database)| {
            database.tables.iter().map(|(name, table)| TableEntry {
                database: database_name.clone(),
                table: name.clone(),
                columns: table.columns().kinds().len(),
                tags: table.columns().tags().to_vec(),
                hard_deletion: database.dropped.get(name).copied(),
            })
        });
        entries.collect()
    }

    /// Drops a table softly: it gets a name with the time of the drop, and stays readable. Returns
    /// that name, or `None` if there is no such table.
    pub(crate) fn drop_table(
        &self,
        database: &str,
        table: &str,
        now: DateTime<Utc>,
    ) -> Option<String> {
        self.change(|state| {
            let database = state.databases.get_mut(database)?;
            let dropped = database.tables.remove(table)?;
            let name = format!("{table}-{}", now.format("%Y%m%dT%H%M%S"));
            database.tables.insert(name.clone(), dropped);
            database.dropped.insert(name.clone(), now + HARD_DELETION);
            Some(name)
        })
    }

    /// Writes line protocol to a database, which need not exist yet.
    pub(crate) fn write(
        &self,
        database: &str,
        lines: &str,
        precision: Precision,
        acceptance: Acceptance,
        now: DateTime<Utc>,
    ) -> Result<(), WriteError> {
        let text = lines;
        let lines = write::parse(text, precision, now);
        self.change(|state| {
            if acceptance == Acceptance::AllOrNothing {
                let database = state.databases.get(database);
                let tables = database.into_iter().flat_map(|database| &database.tables);
                let tables = tables.map(|(name, table)| (name.clone(), table.without_rows()));
                write::rehearse(tables.collect(), &lines).map_err(WriteError::Refused)?;
            }
            let errors = write::apply(state.database(database), &lines);
            if errors.len() < lines.len() {
                state.nodes.flush();
                // Append under the lock, so that the journal has the order of the points.
                let entry = Entry::Write {
                    database: database.into(),
                    precision,
                    at: now.timestamp_nanos_opt().unwrap_or_default(),
                    lines: text.into(),
                };
                let kept = self.journal.append(&entry);
                kept.map_err(|error| WriteError::NotKept(error.to_string()))?;
            }
            if errors.is_empty() { Ok(()) } else { Err(WriteError::Partial(errors)) }
        })
    }

    /// Moves the buffered points of a database into files, without those in or after the 10-minute
    /// window of a time. Returns the sequence of the new files, or `None` if there are none.
    pub(crate) fn snapshot(&self, database: &str, before: Option<i64>) -> Option<u64> {
        self.file(database, before, Table::snapshot)
    }

    /// Does the same, but lists only the first file of each table.
    pub(crate) fn begin_snapshot(&self, database: &str, persisting: Persisting) -> Option<u64> {
        self.file(database, None, |table, stamp| table.begin_snapshot(stamp, persisting))
    }

    fn file(
        &self,
        database: &str,
        before: Option<i64>,
        snapshot: impl Fn(&mut Table, &Stamp),
    ) -> Option<u64> {
        self.change(|State { databases, nodes, .. }| {
            let database = databases.get_mut(database)?;
            let before = before.map(Window::of);
            if !database.tables.values().any(|table| table.is_buffered(before)) {
                return None;
            }
            let (node, sequence) = nodes.snapshot();
            let stamp = Stamp { node, sequence, before };
            let tables = database.tables.values_mut().map(Arc::make_mut);
            tables.for_each(|table| snapshot(table, &stamp));
            Some(sequence)
        })
    }

    /// Lists the next file of each table of a database whose snapshot is being persisted. Returns
    /// whether there was one.
    pub(crate) fn list_next_files(&self, database: &str) -> bool {
        self.change(|state| {
            let database = state.databases.get_mut(database);
            let tables = database.into_iter().flat_map(|database| database.tables.values_mut());
            // Of all tables, so not only until one has had a file.
            tables.map(Arc::make_mut).fold(false, |any, table| table.list_next_file() | any)
        })
    }

    /// Lets a node replace the files of each day by one. Returns the sequence of the new files, or
    /// `None` if there was nothing to replace.
    pub(crate) fn compact(&self, database: &str, node: &str) -> Option<u64> {
        self.change(|State { databases, nodes, .. }| {
            let database = databases.get_mut(database)?;
            let node = Arc::from(node);
            let stamp = Stamp { sequence: nodes.compaction(&node), node, before: None };
            let tables = database.tables.values_mut().map(Arc::make_mut);
            let any = tables.fold(false, |any, table| table.compact(&stamp) | any);
            any.then_some(stamp.sequence)
        })
    }

    /// Makes the last value of each overwritten point its only one.
    pub(crate) fn settle_values(&self) {
        self.change(|state| {
            let tables = state.databases.values_mut();
            let tables = tables.flat_map(|database| database.tables.values_mut());
            tables.map(Arc::make_mut).for_each(Table::settle_values);
        });
    }

    /// Makes another node the one that writes.
    pub(crate) fn switch_node(&self, node: &str) {
        self.change(|state| state.nodes.switch(node));
    }

    /// Writes all points anew to a node that starts counting.
    pub(crate) fn rebuild(&self, node: &str) {
        self.change(|State { databases, nodes, .. }| {
            *nodes = Nodes::new(node);
            let (node, sequence) = nodes.snapshot();
            let stamp = Stamp { node, sequence, before: None };
            let tables = databases.values_mut().flat_map(|database| database.tables.values_mut());
            for table in tables.map(Arc::make_mut) {
                table.unfile();
                table.snapshot(&stamp);
            }
        });
    }

    /// How many files of a table a range of time leaves to be read.
    pub(crate) fn files_within(&self, database: &str, table: &str, times: &Range<i128>) -> usize {
        let state = self.lock();
        let files = state.table(database, table).map(Table::files).unwrap_or_default();
        files.iter().filter(|file| file.overlaps(times)).count()
    }

    /// The files of a table, or nothing where there is no such table.
    pub(crate) fn files(&self, database: &str, table: &str) -> Option<Vec<FileEntry>> {
        let state = self.lock();
        let of_database = state.databases.get(database)?.id;
        let table = state.table(database, table)?;
        Some(table.files().iter().map(|file| file.entry(of_database, table.id())).collect())
    }

    /// The time of the oldest point that queries of a database may still see.
    pub(crate) fn retained_from(&self, database: &str) -> Option<i64> {
        self.lock().databases.get(database)?.retained_from
    }

    pub(crate) fn retain_from(&self, database: &str, oldest: i64) {
        self.change(|state| state.database(database).retained_from = Some(oldest));
    }
}
