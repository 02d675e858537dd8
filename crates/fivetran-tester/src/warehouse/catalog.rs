//! The catalog: for each table and column its name in the source, its type and key, and its name in
//! SQLite.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Result, params};

use crate::TableName;

/// The version of the catalog, stored as SQLite's `user_version`. A new version gets the next
/// number.
const VERSION: i64 = 1;

const CREATE: &str = r#"
    CREATE TABLE "_tester_tables" (
        "id" INTEGER PRIMARY KEY,
        "schema_name" TEXT,
        "table_name" TEXT NOT NULL,
        "stored_as" TEXT NOT NULL
    );
    CREATE TABLE "_tester_columns" (
        "id" INTEGER PRIMARY KEY,
        "table_id" INTEGER NOT NULL REFERENCES "_tester_tables" ("id"),
        "column_name" TEXT NOT NULL,
        "column_type" TEXT NOT NULL,
        "is_key" INTEGER NOT NULL,
        "stored_as" TEXT NOT NULL
    );
"#;

// Columns that we add to tables. No column of the source is stored under these names.
pub(super) const SYNCED: &str = "_fivetran_synced";
pub(super) const DELETED: &str = "_fivetran_deleted";
pub(super) const ID: &str = "_fivetran_id";

#[derive(Debug)]
pub(super) struct StoredTable {
    pub(super) id: i64,
    pub(super) name: TableName,
    /// Its name in SQLite.
    pub(super) stored_as: String,
    /// Sorted by name in the source, as the values of a record are, so that one pass matches them.
    pub(super) columns: Vec<StoredColumn>,
}

#[derive(Debug)]
pub(super) struct StoredColumn {
    /// Counts up in the order of creation, over all tables.
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) stored_as: String,
    pub(super) column_type: String,
    pub(super) key: bool,
}

impl StoredTable {
    pub(super) fn has_key(&self) -> bool {
        self.columns.iter().any(|column| column.key)
    }

    pub(super) fn position(&self, column: &str) -> std::result::Result<usize, usize> {
        self.columns.binary_search_by(|known| known.name.as_str().cmp(column))
    }

    /// Columns in the order in which they were created.
    pub(super) fn in_order(&self) -> Vec<&StoredColumn> {
        let mut columns: Vec<_> = self.columns.iter().collect();
        columns.sort_by_key(|column| column.id);
        columns
    }
}

/// What an SQLite file holds.
pub(super) enum FileKind {
    Warehouse,
    Empty,
    /// Another program's database, or another version's warehouse.
    Foreign,
}

pub(super) fn file_kind(connection: &Connection) -> Result<FileKind> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (version, objects) {
        (VERSION, 1..) => FileKind::Warehouse,
        (0, 0) => FileKind::Empty,
        _ => FileKind::Foreign,
    })
}

pub(super) fn create(connection: &Connection) -> Result<()> {
    let set_version = format!("PRAGMA user_version = {VERSION};");
    connection.execute_batch(&format!("BEGIN IMMEDIATE; {CREATE} {set_version} COMMIT"))
}

pub(super) fn load(connection: &Connection) -> Result<BTreeMap<TableName, StoredTable>> {
    let mut statement = connection.prepare(
        r#"SELECT "id", "schema_name", "table_name", "stored_as" FROM "_tester_tables""#,
    )?;
    let tables = statement.query_map([], |row| {
        let (schema, table): (Option<String>, String) = (row.get(1)?, row.get(2)?);
        let name = TableName::from_parts(schema.as_deref(), &table);
        Ok(StoredTable { id: row.get(0)?, name, stored_as: row.get(3)?, columns: Vec::new() })
    })?;
    let mut loaded = BTreeMap::new();
    for table in tables {
        let mut table = table?;
        table.columns = load_columns(connection, table.id)?;
        loaded.insert(table.name.clone(), table);
    }
    Ok(loaded)
}

fn load_columns(connection: &Connection, table: i64) -> Result<Vec<StoredColumn>> {
    let mut statement = connection.prepare_cached(
        r#"SELECT "id", "column_name", "stored_as", "column_type", "is_key"
           FROM "_tester_columns" WHERE "table_id" = ?1"#,
    )?;
    let columns = statement.query_map([table], |row| {
        Ok(StoredColumn {
            id: row.get(0)?,
            name: row.get(1)?,
            stored_as: row.get(2)?,
            column_type: row.get(3)?,
            key: row.get(4)?,
        })
    })?;
    let mut columns = columns.collect::<Result<Vec<_>>>()?;
    columns.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(columns)
}

/// Adds a table to the catalog. The caller creates it.
pub(super) fn add_table(connection: &Connection, name: &TableName) -> Result<StoredTable> {
    let mut taken = BTreeSet::new();
    let mut statement = connection.prepare_cached("SELECT name FROM sqlite_schema")?;
    for name in statement.query_map([], |row| row.get::<_, String>(0))? {
        taken.insert(name?.to_ascii_lowercase());
    }
    let stored_as = free_name(&name.to_string(), &taken);
    connection.execute(
        r#"INSERT INTO "_tester_tables" ("schema_name", "table_name", "stored_as")
           VALUES (?1, ?2, ?3)"#,
        params![name.schema(), name.table(), stored_as],
    )?;
    let id = connection.last_insert_rowid();
    Ok(StoredTable { id, name: name.clone(), stored_as, columns: Vec::new() })
}

/// Adds a column to the catalog. The caller creates it.
pub(super) fn add_column(
    connection: &Connection,
    table: &mut StoredTable,
    name: &str,
    column_type: &str,
    key: bool,
) -> Result<()> {
    let Err(position) = table.position(name) else { return Ok(()) };
    let mut taken: BTreeSet<String> =
        table.columns.iter().map(|column| column.stored_as.to_ascii_lowercase()).collect();
    taken.extend([SYNCED, DELETED, ID].map(str::to_owned));
    let stored_as = free_name(name, &taken);
    connection.execute(
        r#"INSERT INTO "_tester_columns"
               ("table_id", "column_name", "column_type", "is_key", "stored_as")
           VALUES (?1, ?2, ?3, ?4, ?5)"#,
        params![table.id, name, column_type, key, stored_as],
    )?;
    let column = StoredColumn {
        id: connection.last_insert_rowid(),
        name: name.to_owned(),
        stored_as,
        column_type: column_type.to_owned(),
        key,
    };
    table.columns.insert(position, column);
    Ok(())
}

pub(super) fn set_type(
    connection: &Connection,
    column: &mut StoredColumn,
    column_type: String,
) -> Result<()> {
    connection.execute(
        r#"UPDATE "_tester_columns" SET "column_type" = ?1 WHERE "id" = ?2"#,
        params![column_type, column.id],
    )?;
    column.column_type = column_type;
    Ok(())
}

/// A name that SQLite accepts beside the `taken` ones: the wanted one, or else that with a number.
///
/// `taken` is in lowercase, since SQLite compares names without regard to case.
fn free_name(wanted: &str, taken: &BTreeSet<String>) -> String {
    // SQLite ends a statement at a NUL.
    let wanted = wanted.replace('\0', "\u{fffd}");
    let is_free = |name: &str| {
        let name = name.to_ascii_lowercase();
        !name.is_empty() && !name.starts_with("sqlite_") && !taken.contains(&name)
    };
    if is_free(&wanted) {
        return wanted;
    }
    // Put the number first if SQLite refuses the start of the name.
    let numbered = |number: u64| match wanted.to_ascii_lowercase().starts_with("sqlite_") {
        true => format!("_{number}_{wanted}"),
        false => format!("{wanted}_{number}"),
    };
    let mut number = 2;
    while !is_free(&numbered(number)) {
        number += 1;
    }
    numbered(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &str, taken: &[&str], expect: &str) {
        let taken = taken.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(free_name(wanted, &taken), expect);
    }

    #[test]
    fn names_that_sqlite_cannot_have_get_a_number() {
        check("cpu", &[], "cpu");
        check("CPU", &["cpu"], "CPU_2");
        check("CPU", &["cpu", "cpu_2"], "CPU_3");
        check("SQLite_stat", &[], "_2_SQLite_stat");
        check("", &[], "_2");
        check("a\0b", &[], "a\u{fffd}b");
        check("_fivetran_id", &["_fivetran_id"], "_fivetran_id_2");
    }
}
