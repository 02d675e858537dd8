//! Reads a warehouse, for tests and for people.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Result};

use super::catalog::{self, FileKind, StoredTable};
use super::statement::{self, Order};
use crate::{Error, TableName};

/// A warehouse, open for reading. While a sync writes, it shows the last checkpoint.
#[derive(Debug)]
pub struct Warehouse {
    connection: Connection,
    tables: BTreeMap<TableName, StoredTable>,
}

/// A table of the warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WarehouseTable {
    /// Its name, as the source spells it.
    pub name: TableName,
    /// Its name in SQLite: the same, where SQLite allows it.
    pub stored_as: String,
    /// Its columns, in the order in which they were declared or came.
    pub columns: Vec<WarehouseColumn>,
}

/// A column of the warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WarehouseColumn {
    /// Its name, as the source spells it.
    pub name: String,
    /// Its type as declared, such as `LONG` or `DECIMAL(20,0)`.
    pub column_type: String,
    /// Whether it is part of the key.
    pub key: bool,
}

/// A row of the warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The values as text, in the order of the table's columns: numbers in their shortest form
    /// (`1`, `0.5`, `1e300`), bytes in hex, `None` for NULL.
    pub cells: Vec<Option<String>>,
    /// Whether it is marked as deleted.
    pub deleted: bool,
}

impl Warehouse {
    /// Opens a warehouse that a sync has made.
    ///
    /// # Errors
    /// [`Error::NoWarehouse`] if there is none; [`Error::ForeignWarehouse`] if the file is another
    /// database; [`Error::Warehouse`] if SQLite cannot read it.
    pub fn open(path: &Path) -> std::result::Result<Self, Error> {
        if !path.exists() {
            return Err(Error::NoWarehouse { path: path.to_owned() });
        }
        let opened =
            Self::try_open(path).map_err(Error::warehouse(format!("open {}", path.display())))?;
        opened.ok_or_else(|| Error::ForeignWarehouse { path: path.to_owned() })
    }

    fn try_open(path: &Path) -> Result<Option<Self>> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let tables = match catalog::file_kind(&connection)? {
            FileKind::Warehouse => catalog::load(&connection)?,
            FileKind::Empty => BTreeMap::new(),
            FileKind::Foreign => return Ok(None),
        };
        Ok(Some(Self { connection, tables }))
    }

    /// The tables, by name.
    pub fn tables(&self) -> Vec<WarehouseTable> {
        let table = |table: &StoredTable| WarehouseTable {
            name: table.name.clone(),
            stored_as: table.stored_as.clone(),
            columns: table
                .in_order()
                .into_iter()
                .map(|column| WarehouseColumn {
                    name: column.name.clone(),
                    column_type: column.column_type.clone(),
                    key: column.key,
                })
                .collect(),
        };
        self.tables.values().map(table).collect()
    }

    /// All rows of a table, deleted ones included, in the order of its key; without a key, of its
    /// values.
    ///
    /// # Errors
    /// [`Error::UnknownTable`] if it was never synced; [`Error::Warehouse`] if SQLite fails.
    pub fn rows(&self, table: impl Into<TableName>) -> std::result::Result<Vec<Row>, Error> {
        self.first_rows(table, u32::MAX)
    }

    /// The first rows of a table, in the order of [`rows`](Self::rows).
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub fn first_rows(
        &self,
        table: impl Into<TableName>,
        most: u32,
    ) -> std::result::Result<Vec<Row>, Error> {
        self.ordered_rows(&table.into(), Order::Key, most)
    }

    /// The rows of a table that were written last, the latest first. Rows of one message are in the
    /// order of [`rows`](Self::rows).
    ///
    /// A delete counts as writing a row. A truncate does not.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub fn latest_rows(
        &self,
        table: impl Into<TableName>,
        most: u32,
    ) -> std::result::Result<Vec<Row>, Error> {
        self.ordered_rows(&table.into(), Order::Latest, most)
    }

    fn ordered_rows(
        &self,
        name: &TableName,
        order: Order,
        most: u32,
    ) -> std::result::Result<Vec<Row>, Error> {
        let table = self.table(name)?;
        self.try_rows(table, order, most).map_err(Error::warehouse(format!("read table `{name}`")))
    }

    fn try_rows(&self, table: &StoredTable, order: Order, most: u32) -> Result<Vec<Row>> {
        let mut statement = self.connection.prepare(&statement::rows(table, order))?;
        let columns = table.columns.len();
        let rows = statement.query_map([most], |row| {
            let cells = (0..columns).map(|index| Ok(display(row.get_ref(index)?)));
            Ok(Row { cells: cells.collect::<Result<_>>()?, deleted: row.get(columns)? })
        })?;
        rows.collect()
    }

    /// How many rows of a table are not marked as deleted.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub fn live_rows(&self, table: impl Into<TableName>) -> std::result::Result<u64, Error> {
        self.count(&table.into(), false)
    }

    /// How many rows of a table are marked as deleted.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub fn deleted_rows(&self, table: impl Into<TableName>) -> std::result::Result<u64, Error> {
        self.count(&table.into(), true)
    }

    fn count(&self, name: &TableName, deleted: bool) -> std::result::Result<u64, Error> {
        let table = self.table(name)?;
        let count: i64 = self
            .connection
            .query_row(&statement::count(table), [deleted], |row| row.get(0))
            .map_err(Error::warehouse(format!("count table `{name}`")))?;
        Ok(count.unsigned_abs())
    }

    fn table(&self, name: &TableName) -> std::result::Result<&StoredTable, Error> {
        self.tables.get(name).ok_or_else(|| Error::UnknownTable { table: name.clone() })
    }
}

fn display(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(value.to_string()),
        ValueRef::Real(value) => Some(shortest(value)),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}

/// The shortest text of a number, as `{:?}` writes it: with an exponent if it is very large or very
/// small. Whole numbers are without `.0`.
fn shortest(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}
