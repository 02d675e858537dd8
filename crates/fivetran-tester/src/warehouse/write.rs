//! Writes records: upserts, updates, soft deletes and truncates, in transactions that the caller
//! ends.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fivetran_wire::RecordType;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Result, Statement};

use super::catalog::{self, FileKind, StoredTable};
use super::pending::{ColumnMapping, Pending};
use super::{cell, statement};
use crate::declared::{ColumnType, DeclaredTable};
use crate::message::{Batch, RecordHead, Row};
use crate::{Error, TableName};

/// How long to wait for another connection that writes. Not long, since two syncs of one project at
/// a time are a mistake.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// The page size of a new warehouse. With SQLite's default of 4 KiB, rows of a few dozen bytes
/// would split pages all the time.
const PAGE_BYTES: i64 = 16 * 1024;
/// After how many pages SQLite copies the write-ahead log into the database: 64 MiB. Keys in no
/// order touch the same pages with every commit, and this saves copying them each time.
const LOG_PAGES: i64 = 4096;
/// How much memory pending upserts may take: enough for a large checkpoint, or for a part of it
/// that is worth sorting.
const PENDING_BYTES: usize = 32 * 1024 * 1024;
/// How many prepared statements are kept. A table needs up to three, and one for each set of
/// columns that its updates have.
const STATEMENTS: usize = 256;

/// The writing side of a warehouse.
#[derive(Debug)]
pub(crate) struct Writer {
    connection: Connection,
    tables: BTreeMap<TableName, StoredTable>,
    pending: BTreeMap<TableName, Pending>,
    pending_bytes: usize,
    scratch: String,
}

/// How a declaration differs from what the warehouse has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// The key differs. The table keeps the one it was created with.
    Key { was: Vec<String>, is: Vec<String> },
    /// A type differs. The column keeps its SQLite type, and is listed with its new type.
    Type { column: String, was: String, is: String },
}

/// How much of a table a declaration lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All of it, as the answer of `Schema` does.
    Whole,
    /// Some of it, as a schema change may.
    Part,
}

impl Writer {
    /// Opens or creates a warehouse.
    ///
    /// The journal is a write-ahead log, so that others can read while a sync writes. A commit
    /// waits for the disk (`synchronous = FULL`): the state, which is written after it, must not
    /// claim rows that a power cut could lose. There is one commit a checkpoint, so the wait costs
    /// little.
    pub(crate) fn open(path: &Path) -> std::result::Result<Self, Error> {
        let opened =
            Self::try_open(path).map_err(Error::warehouse(format!("open {}", path.display())))?;
        opened.ok_or_else(|| Error::ForeignWarehouse { path: path.to_owned() })
    }

    fn try_open(path: &Path) -> Result<Option<Self>> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        match catalog::file_kind(&connection)? {
            FileKind::Warehouse => {}
            FileKind::Empty => {
                // It cannot be changed once the file has content.
                connection.pragma_update(None, "page_size", PAGE_BYTES)?;
                catalog::create(&connection)?;
            }
            FileKind::Foreign => return Ok(None),
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        // 64 MiB of pages, since keys come in no order when series are mixed.
        connection.pragma_update(None, "cache_size", -65_536)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        let tables = catalog::load(&connection)?;
        Ok(Some(Self {
            connection,
            tables,
            pending: BTreeMap::new(),
            pending_bytes: 0,
            scratch: String::new(),
        }))
    }

    /// Writes pending upserts, and commits everything since the last commit.
    pub(crate) fn commit(&mut self) -> std::result::Result<(), Error> {
        self.flush_all()
            .and_then(|()| self.end("COMMIT"))
            .map_err(Error::warehouse("commit a checkpoint"))
    }

    /// Rolls back everything since the last commit. It takes the writer, whose tables may be gone
    /// then.
    pub(crate) fn roll_back(mut self) -> std::result::Result<(), Error> {
        self.end("ROLLBACK").map_err(Error::warehouse("roll back"))
    }

    fn begin(&mut self) -> Result<()> {
        if self.connection.is_autocommit() {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
        }
        Ok(())
    }

    fn end(&mut self, how: &str) -> Result<()> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.connection.execute_batch(how)
    }

    /// Creates the table and the columns that do not exist yet. Returns how the declaration differs
    /// from those that exist.
    pub(crate) fn declare(
        &mut self,
        declared: &DeclaredTable,
        scope: Scope,
    ) -> std::result::Result<Vec<Changed>, Error> {
        self.try_declare(declared, scope)
            .map_err(Error::warehouse(format!("create table `{}`", declared.name)))
    }

    fn try_declare(&mut self, declared: &DeclaredTable, scope: Scope) -> Result<Vec<Changed>> {
        self.begin()?;
        self.flush(&declared.name)?;
        let Some(table) = self.tables.get_mut(&declared.name) else {
            let mut table = catalog::add_table(&self.connection, &declared.name)?;
            for column in &declared.columns {
                let column_type = column.column_type.to_string();
                catalog::add_column(
                    &self.connection,
                    &mut table,
                    &column.name,
                    &column_type,
                    column.key,
                )?;
            }
            self.connection.execute_batch(&statement::create(&table))?;
            self.tables.insert(declared.name.clone(), table);
            return Ok(Vec::new());
        };
        let mut changes = Vec::from_iter(changed_key(table, declared, scope));
        for column in &declared.columns {
            let is = column.column_type.to_string();
            match table.position(&column.name) {
                Err(_) => add_column(&self.connection, table, &column.name, column.column_type)?,
                Ok(at) if table.columns[at].column_type == is => {}
                Ok(at) => {
                    let was = table.columns[at].column_type.clone();
                    catalog::set_type(&self.connection, &mut table.columns[at], is.clone())?;
                    changes.push(Changed::Type { column: column.name.clone(), was, is });
                }
            }
        }
        Ok(changes)
    }

    /// Writes consecutive records of one table and one type. Upserts may stay pending, until the
    /// commit at the latest. Returns how many records were skipped because a column of the key is
    /// missing or NULL.
    pub(crate) fn records(
        &mut self,
        table: &TableName,
        kind: RecordType,
        batch: &Arc<Batch>,
        records: &[RecordHead],
        synced: &str,
    ) -> std::result::Result<u64, Error> {
        self.try_records(table, kind, batch, records, synced)
            .map_err(Error::warehouse(format!("load records of table `{table}`")))
    }

    fn try_records(
        &mut self,
        name: &TableName,
        kind: RecordType,
        batch: &Arc<Batch>,
        records: &[RecordHead],
        synced: &str,
    ) -> Result<u64> {
        self.begin()?;
        if !self.tables.contains_key(name) {
            // It was not declared: create a table without a key. Columns are added with their first
            // values.
            let table = DeclaredTable { name: name.clone(), columns: Vec::new() };
            self.try_declare(&table, Scope::Whole)?;
        }
        if kind == RecordType::Upsert {
            return self.upserts(name, batch, records, synced);
        }
        self.flush(name)?;
        let Self { connection, tables, scratch, .. } = self;
        let Some(table) = tables.get_mut(name) else { return Ok(0) };
        let mut writer = TableWriter { connection, table, scratch, synced };
        match kind {
            RecordType::Upsert => Ok(0),
            RecordType::Update => writer.each(batch, records, TableWriter::update),
            RecordType::Delete => writer.each(batch, records, TableWriter::delete),
            RecordType::Truncate => {
                connection.prepare_cached(&statement::truncate(table))?.execute([])?;
                Ok(0)
            }
        }
    }

    /// Adds upserts to the pending ones.
    fn upserts(
        &mut self,
        name: &TableName,
        batch: &Arc<Batch>,
        records: &[RecordHead],
        synced: &str,
    ) -> Result<u64> {
        let mut without_key = 0;
        for alike in records.chunk_by(|a, b| a.column_set == b.column_set) {
            let mut rest = alike;
            while !rest.is_empty() {
                let (taken, skipped) = self.upserts_alike(name, batch, rest, synced)?;
                without_key += skipped;
                rest = &rest[taken..];
                if let Some(record) = rest.first() {
                    // Write the pending rows first: they were added for the columns as they are
                    // now.
                    self.flush(name)?;
                    let Self { connection, tables, scratch, .. } = self;
                    let Some(table) = tables.get_mut(name) else { break };
                    let row = batch.row(record);
                    TableWriter { connection, table, scratch, synced }.add_columns(row)?;
                }
            }
        }
        self.pending_bytes += batch.footprint() + records.len() * Pending::ROW_BYTES;
        if self.pending_bytes > PENDING_BYTES {
            self.flush_all()?;
        }
        Ok(without_key)
    }

    /// Adds upserts with the same columns, up to the first that has a value for a column that the
    /// table lacks. Returns how many it took, and how many of those it skipped for lack of a key.
    fn upserts_alike(
        &mut self,
        name: &TableName,
        batch: &Arc<Batch>,
        records: &[RecordHead],
        synced: &str,
    ) -> Result<(usize, u64)> {
        let Self { connection, tables, pending, scratch, .. } = self;
        let (Some(table), Some(first)) = (tables.get(name), records.first()) else {
            return Ok((records.len(), 0));
        };
        let mapping = ColumnMapping::of(table, batch.column_set(first));
        let pending = match pending.get_mut(name) {
            Some(pending) => pending,
            None => pending.entry(name.clone()).or_insert(Pending::new(connection, table)?),
        };
        pending.start_batch(batch, synced);
        let mut without_key = 0;
        for (taken, record) in records.iter().enumerate() {
            let row = batch.row(record);
            if mapping.unmapped.iter().any(|value| !row.value(*value).is_null()) {
                return Ok((taken, without_key));
            }
            if !pending.push(&mapping, record, scratch) {
                without_key += 1;
            }
        }
        Ok((records.len(), without_key))
    }

    /// Writes the pending upserts of a table.
    fn flush(&mut self, name: &TableName) -> Result<()> {
        let Self { connection, tables, pending, scratch, .. } = self;
        match (pending.remove(name), tables.get(name)) {
            (Some(pending), Some(table)) => pending.write(connection, table, scratch),
            _ => Ok(()),
        }
    }

    /// Writes all pending upserts.
    fn flush_all(&mut self) -> Result<()> {
        while let Some((name, pending)) = self.pending.pop_first() {
            if let Some(table) = self.tables.get(&name) {
                pending.write(&self.connection, table, &mut self.scratch)?;
            }
        }
        self.pending_bytes = 0;
        Ok(())
    }
}

fn changed_key(table: &StoredTable, declared: &DeclaredTable, scope: Scope) -> Option<Changed> {
    let was: BTreeSet<&str> = table
        .columns
        .iter()
        .filter(|column| column.key)
        .map(|column| column.name.as_str())
        .collect();
    let mut is = match scope {
        Scope::Whole => BTreeSet::new(),
        Scope::Part => was.clone(),
    };
    for column in &declared.columns {
        match column.key {
            true => is.insert(&column.name),
            false => is.remove(column.name.as_str()),
        };
    }
    let owned = |key: BTreeSet<&str>| key.into_iter().map(str::to_owned).collect();
    (was != is).then(|| Changed::Key { was: owned(was), is: owned(is) })
}

fn add_column(
    connection: &Connection,
    table: &mut StoredTable,
    name: &str,
    column_type: ColumnType,
) -> Result<()> {
    // Not as a part of the key, which stays as it was created.
    catalog::add_column(connection, table, name, &column_type.to_string(), false)?;
    match table.position(name) {
        Ok(at) => connection.execute_batch(&statement::add_column(table, &table.columns[at])),
        Err(_) => Ok(()),
    }
}

/// Writes updates and deletes of one table.
struct TableWriter<'a> {
    connection: &'a Connection,
    table: &'a mut StoredTable,
    scratch: &'a mut String,
    synced: &'a str,
}

/// What happened to a record.
enum Outcome {
    Written,
    /// A column of its key is missing or NULL.
    NoKey,
}

impl TableWriter<'_> {
    fn each(
        &mut self,
        batch: &Batch,
        records: &[RecordHead],
        write: impl Fn(&mut Self, Row<'_>) -> Result<Outcome>,
    ) -> Result<u64> {
        let mut without_key = 0;
        for record in records {
            if matches!(write(self, batch.row(record))?, Outcome::NoKey) {
                without_key += 1;
            }
        }
        Ok(without_key)
    }

    fn update(&mut self, row: Row<'_>) -> Result<Outcome> {
        // Without a key, a row is found by all its values, so there is none to update.
        if !self.table.has_key() {
            return Ok(Outcome::NoKey);
        }
        self.add_columns(row)?;
        let changed: Vec<usize> = row
            .names()
            .iter()
            .filter_map(|name| self.table.position(name).ok())
            .filter(|at| !self.table.columns[*at].key)
            .collect();
        let mut update =
            self.connection.prepare_cached(&statement::update(self.table, &changed))?;
        for (parameter, at) in changed.iter().enumerate() {
            let Some(value) = row.get(&self.table.columns[*at].name) else { continue };
            let cell = ToSqlOutput::Borrowed(cell::stored(&value, self.scratch));
            update.raw_bind_parameter(parameter + 1, cell)?;
        }
        update.raw_bind_parameter(changed.len() + 1, self.synced)?;
        self.execute_by_key(&mut update, changed.len() + 2, row)
    }

    fn delete(&mut self, row: Row<'_>) -> Result<Outcome> {
        let mut delete = self.connection.prepare_cached(&statement::delete(self.table))?;
        delete.raw_bind_parameter(1, self.synced)?;
        if self.table.has_key() {
            return self.execute_by_key(&mut delete, 2, row);
        }
        delete.raw_bind_parameter(2, cell::row_id(row, self.scratch))?;
        delete.raw_execute()?;
        Ok(Outcome::Written)
    }

    /// Binds the key from `parameter` on, and runs the statement. It does nothing if there is no
    /// such row.
    fn execute_by_key(
        &mut self,
        statement: &mut Statement<'_>,
        mut parameter: usize,
        row: Row<'_>,
    ) -> Result<Outcome> {
        for column in self.table.columns.iter().filter(|column| column.key) {
            let cell = match row.get(&column.name) {
                Some(value) => cell::stored(&value, self.scratch),
                None => ValueRef::Null,
            };
            if cell == ValueRef::Null {
                return Ok(Outcome::NoKey);
            }
            statement.raw_bind_parameter(parameter, ToSqlOutput::Borrowed(cell))?;
            parameter += 1;
        }
        statement.raw_execute()?;
        Ok(Outcome::Written)
    }

    /// Adds columns that were not declared, with their first value that is not NULL, as Fivetran
    /// does.
    fn add_columns(&mut self, row: Row<'_>) -> Result<()> {
        for (name, value) in row.iter() {
            if !value.is_null() && self.table.position(name).is_err() {
                let column_type = ColumnType::plain(value.data_type());
                add_column(self.connection, self.table, name, column_type)?;
            }
        }
        Ok(())
    }
}
