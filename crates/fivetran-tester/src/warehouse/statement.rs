//! The SQL statements. Every name in them is quoted.

use super::catalog::{DELETED, ID, SYNCED, StoredColumn, StoredTable};

/// A name in double quotes, with those inside doubled.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Creates the table, without a rowid: rows are found by their key only, so one tree is enough.
pub(super) fn create(table: &StoredTable) -> String {
    let columns = table.in_order();
    let mut parts: Vec<String> = columns.iter().map(|column| definition(column)).collect();
    if !table.has_key() {
        parts.push(format!("{} TEXT NOT NULL", quoted(ID)));
    }
    parts.push(format!("{} TEXT NOT NULL", quoted(SYNCED)));
    parts.push(format!("{} INTEGER NOT NULL", quoted(DELETED)));
    let mut key: Vec<_> = columns
        .iter()
        .filter(|column| column.key)
        .map(|column| quoted(&column.stored_as))
        .collect();
    if key.is_empty() {
        key.push(quoted(ID));
    }
    parts.push(format!("PRIMARY KEY ({})", key.join(", ")));
    format!("CREATE TABLE {} ({}) WITHOUT ROWID", quoted(&table.stored_as), parts.join(", "))
}

pub(super) fn add_column(table: &StoredTable, column: &StoredColumn) -> String {
    format!("ALTER TABLE {} ADD COLUMN {}", quoted(&table.stored_as), definition(column))
}

/// Parameters: all columns by source name, `_fivetran_synced`, then `_fivetran_id` where there is
/// no key.
///
/// It replaces the whole row. A column that is left out becomes NULL, and a row that was marked as
/// deleted is not any more.
pub(super) fn upsert(table: &StoredTable) -> String {
    let mut names: Vec<_> = table.columns.iter().map(|column| quoted(&column.stored_as)).collect();
    names.push(quoted(SYNCED));
    if !table.has_key() {
        names.push(quoted(ID));
    }
    format!(
        "INSERT OR REPLACE INTO {} ({}, {}) VALUES ({}0)",
        quoted(&table.stored_as),
        names.join(", "),
        quoted(DELETED),
        "?, ".repeat(names.len()),
    )
}

/// Parameters: the `changed` columns, `_fivetran_synced`, then the key by source name. It does not
/// change a row that is marked as deleted.
pub(super) fn update(table: &StoredTable, changed: &[usize]) -> String {
    let mut set: Vec<_> =
        changed.iter().map(|index| assigned(&table.columns[*index].stored_as)).collect();
    set.push(assigned(SYNCED));
    format!(
        "UPDATE {} SET {} WHERE {} AND {} = 0",
        quoted(&table.stored_as),
        set.join(", "),
        matches_key(table),
        quoted(DELETED),
    )
}

/// Parameters: `_fivetran_synced`, then the key by source name, or `_fivetran_id`.
pub(super) fn delete(table: &StoredTable) -> String {
    format!(
        "UPDATE {} SET {} = ?, {} = 1 WHERE {}",
        quoted(&table.stored_as),
        quoted(SYNCED),
        quoted(DELETED),
        matches_key(table),
    )
}

/// Marks every row as deleted. All of them came before the truncate, since messages are loaded in
/// their order. `_fivetran_synced` stays, since the rows themselves were not sent.
pub(super) fn truncate(table: &StoredTable) -> String {
    let (table, deleted) = (quoted(&table.stored_as), quoted(DELETED));
    format!("UPDATE {table} SET {deleted} = 1 WHERE {deleted} = 0")
}

/// In which order rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// By the key, or by all values where there is none.
    Key,
    /// The rows that were written last come first. Rows of the same time are in the order of
    /// [`Order::Key`].
    Latest,
}

/// Rows with the columns in the order of creation, then whether they are deleted. Parameter: how
/// many at most.
pub(super) fn rows(table: &StoredTable, order: Order) -> String {
    let columns = table.in_order();
    let name = |column: &StoredColumn| quoted(&column.stored_as);
    let mut selected: Vec<_> = columns.iter().map(|column| name(column)).collect();
    let mut ordered: Vec<_> =
        columns.iter().filter(|column| column.key).map(|column| name(column)).collect();
    if ordered.is_empty() {
        ordered.clone_from(&selected);
        ordered.push(quoted(ID));
    }
    if order == Order::Latest {
        ordered.insert(0, format!("{} DESC", quoted(SYNCED)));
    }
    selected.push(quoted(DELETED));
    format!(
        "SELECT {} FROM {} ORDER BY {} LIMIT ?",
        selected.join(", "),
        quoted(&table.stored_as),
        ordered.join(", "),
    )
}

pub(super) fn count(table: &StoredTable) -> String {
    format!("SELECT count(*) FROM {} WHERE {} = ?", quoted(&table.stored_as), quoted(DELETED))
}

fn matches_key(table: &StoredTable) -> String {
    if !table.has_key() {
        return assigned(ID);
    }
    let keys = table.columns.iter().filter(|column| column.key);
    keys.map(|column| assigned(&column.stored_as)).collect::<Vec<_>>().join(" AND ")
}

/// `"name" = ?`, which assigns after SET and compares after WHERE.
fn assigned(name: &str) -> String {
    format!("{} = ?", quoted(name))
}

/// The definition of a column, with an SQLite type that keeps values as they come. `DECIMAL` for
/// example would turn digits into floats.
fn definition(column: &StoredColumn) -> String {
    let source_type = column.column_type.split('(').next().unwrap_or_default();
    let stored_type = match source_type {
        "BOOLEAN" | "SHORT" | "INT" | "LONG" => "INTEGER",
        "FLOAT" | "DOUBLE" => "REAL",
        // A BLOB column stores every value as it comes, which undeclared columns need.
        "BINARY" | "UNSPECIFIED" => "BLOB",
        _ => "TEXT",
    };
    let not_null = if column.key { " NOT NULL" } else { "" };
    format!("{} {stored_type}{not_null}", quoted(&column.stored_as))
}
