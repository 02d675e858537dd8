//! What the platform's warehouse has: an SQLite file, read without any code of those who wrote it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use crate::cell::Cell;
use crate::point::{Key, Point, Row, Table};

const SERIES: &str = "_series_id";
const TIME: &str = "_time_ns";

struct Column {
    name: String,
    stored_as: String,
}

/// Every live row of every table. Which columns are tags is for the database to say.
pub(crate) fn read(
    file: &Path,
    truth: &BTreeMap<String, Table<Point>>,
) -> Result<BTreeMap<String, Table<Row>>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = Connection::open_with_flags(file, flags)
        .with_context(|| format!("cannot open {}", file.display()))?;
    let mut statement =
        connection.prepare("SELECT id, table_name, stored_as FROM _tester_tables")?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let mut tables = BTreeMap::new();
    for table in found {
        let (id, name, stored_as): (i64, String, String) = table?;
        let tags = truth.get(&name).map(|table| table.tags.clone()).unwrap_or_default();
        tables.insert(name, rows(&connection, id, &stored_as, tags)?);
    }
    Ok(tables)
}

fn rows(
    connection: &Connection,
    id: i64,
    stored_as: &str,
    tags: Vec<String>,
) -> Result<Table<Row>> {
    let mut statement = connection
        .prepare("SELECT column_name, stored_as FROM _tester_columns WHERE table_id = ?1")?;
    let columns = statement
        .query_map([id], |row| Ok(Column { name: row.get(0)?, stored_as: row.get(1)? }))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut table = Table::new(tags);
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let names: Vec<_> = columns.iter().map(|column| quote(&column.stored_as)).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE _fivetran_deleted = 0",
        names.join(", "),
        quote(stored_as)
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut key = Key { time: 0, tags: BTreeMap::new() };
        let mut stored = Row::default();
        for (index, column) in columns.iter().enumerate() {
            let value = row.get_ref(index)?;
            match (column.name.as_str(), value) {
                (_, ValueRef::Null) => {}
                (TIME, ValueRef::Integer(time)) => key.time = time,
                (SERIES, ValueRef::Text(text)) => {
                    stored.series = String::from_utf8_lossy(text).into_owned();
                }
                ("time", ValueRef::Text(text)) => {
                    stored.time = String::from_utf8_lossy(text).into_owned();
                }
                (name, ValueRef::Text(text)) if table.tags.iter().any(|tag| tag == name) => {
                    let text = String::from_utf8_lossy(text).into_owned();
                    key.tags.insert(name.to_owned(), text);
                }
                (name, value) => {
                    stored.fields.insert(name.to_owned(), cell(value));
                }
            }
        }
        table.points.entry(key).or_default().push(stored);
    }
    Ok(table)
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Integer(value) => Cell::Integer(value),
        ValueRef::Real(value) => Cell::float(value),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Cell::Text(String::from_utf8_lossy(bytes).into_owned())
        }
        ValueRef::Null => Cell::Text(String::new()),
    }
}
