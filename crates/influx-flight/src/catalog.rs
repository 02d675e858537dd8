//! The tables of a database and their columns.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::cast::AsArray;
use arrow_array::{RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;

use crate::client::Client;
use crate::error::Error;

/// Lists all tables in one query. The schema `iox` holds what was written; `system` and
/// `information_schema` are the server's own.
const COLUMNS: &str = "SELECT table_name, column_name, data_type \
     FROM information_schema.columns WHERE table_schema = 'iox'";

/// Lists the tables that are dropped and wait for their deletion. Nothing else tells.
const DROPPED_TABLES: &str = "SELECT database_name, table_name, deleted FROM system.tables";
/// The database in which InfluxDB 3 describes itself.
const INTERNAL_DATABASE: &str = "_internal";

/// A table and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableInfo {
    /// Its name, as written: case, blanks and quotes count.
    pub name: String,
    /// Its columns, in the byte order of their names, which is the order of `SELECT *`.
    pub columns: Vec<ColumnInfo>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name, as written.
    pub name: String,
    /// What it is to the table.
    pub role: Role,
    /// Its type, as the server stores it: a tag is a dictionary of strings, which it sends as
    /// plain strings.
    pub data_type: ColumnType,
}

/// What a column is to its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Part of the key of a row.
    Tag,
    /// A value.
    Field,
    /// The time of the row.
    Time,
}

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnType {
    /// A type of Arrow's.
    Arrow(DataType),
    /// A type that this release does not know, as the server spells it.
    Unknown(String),
}

impl Client {
    /// Lists the tables of the database with their columns, in the byte order of their names.
    ///
    /// Dropped tables are among them until they are deleted for good: see
    /// [`Client::dropped_tables`].
    ///
    /// # Errors
    /// As [`Client::query`]; and [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) when the
    /// server lists columns in a form that cannot be read.
    pub async fn tables(&self) -> Result<Vec<TableInfo>, Error> {
        let mut answer = self.query(COLUMNS).await?;
        let mut tables: BTreeMap<String, Vec<ColumnInfo>> = BTreeMap::new();
        while let Some(batch) = answer.try_next().await? {
            let table_names = self.text_column(&batch, "table_name")?;
            let column_names = self.text_column(&batch, "column_name")?;
            let types = self.text_column(&batch, "data_type")?;
            for ((table, column), data_type) in
                table_names.iter().zip(column_names.iter()).zip(types.iter())
            {
                let (Some(table), Some(column), Some(data_type)) = (table, column, data_type)
                else {
                    return Err(self.unreadable("the list of columns has a null in it"));
                };
                let column = ColumnInfo::new(column, data_type);
                match tables.get_mut(table) {
                    Some(columns) => columns.push(column),
                    None => _ = tables.insert(table.to_owned(), vec![column]),
                }
            }
        }
        let in_order = |(name, mut columns): (String, Vec<ColumnInfo>)| {
            columns.sort_by(|a, b| a.name.cmp(&b.name));
            TableInfo { name, columns }
        };
        Ok(tables.into_iter().map(in_order).collect())
    }

    /// The names under which dropped tables of this database stay listed and readable until they
    /// are deleted for good, as in `census-20250601T000000`.
    ///
    /// # Errors
    /// As [`Client::query`]. The cloud products do not tell, and a token that may read only one
    /// database may not ask.
    pub async fn dropped_tables(&self) -> Result<BTreeSet<String>, Error> {
        let mut answer = self.on_database(INTERNAL_DATABASE).query(DROPPED_TABLES).await?;
        let mut names = BTreeSet::new();
        while let Some(batch) = answer.try_next().await? {
            let databases = self.text_column(&batch, "database_name")?;
            let tables = self.text_column(&batch, "table_name")?;
            let deleted = batch
                .column_by_name("deleted")
                .and_then(|column| column.as_boolean_opt())
                .ok_or_else(|| self.unreadable("system.tables has no flag \"deleted\""))?;
            for ((database, table), deleted) in
                databases.iter().zip(tables.iter()).zip(deleted.iter())
            {
                if let (Some(database), Some(table), Some(true)) = (database, table, deleted)
                    && database == self.database()
                {
                    names.insert(table.to_owned());
                }
            }
        }
        Ok(names)
    }

    /// A column of strings, in whichever of Arrow's forms the server sends it.
    pub(crate) fn text_column(
        &self,
        batch: &RecordBatch,
        name: &str,
    ) -> Result<StringArray, Error> {
        let column = batch
            .column_by_name(name)
            .ok_or_else(|| self.unreadable(&format!("the answer has no column \"{name}\"")))?;
        let text = cast(column, &DataType::Utf8)
            .map_err(|error| self.unreadable(&format!("column \"{name}\": {error}")))?;
        Ok(text.as_string().clone())
    }
}

impl ColumnInfo {
    /// A column as `information_schema` describes it.
    ///
    /// Only a tag is stored as a dictionary; a field with strings is plain `Utf8`.
    fn new(name: &str, data_type: &str) -> Self {
        let data_type = ColumnType::parse(data_type);
        let role = match &data_type {
            ColumnType::Arrow(DataType::Dictionary(..)) => Role::Tag,
            ColumnType::Arrow(DataType::Timestamp(..)) if name == "time" => Role::Time,
            ColumnType::Arrow(_) | ColumnType::Unknown(_) => Role::Field,
        };
        Self { name: name.to_owned(), role, data_type }
    }
}

impl ColumnType {
    /// Reads both spellings, `Timestamp(ns)` since 3.9 and `Timestamp(Nanosecond, None)` before.
    fn parse(text: &str) -> Self {
        match text.parse() {
            Ok(data_type) => Self::Arrow(data_type),
            Err(_) => Self::Unknown(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, TimeUnit};

    use super::{ColumnInfo, ColumnType, Role};

    fn check(name: &str, data_type: &str, role: Role, expect: DataType) {
        let column = ColumnInfo::new(name, data_type);
        assert_eq!(
            (column.role, column.data_type),
            (role, ColumnType::Arrow(expect)),
            "{data_type}"
        );
    }

    #[test]
    fn every_release_marks_tags_and_time() {
        let tag = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let nanoseconds = DataType::Timestamp(TimeUnit::Nanosecond, None);
        check("room", "Dictionary(Int32, Utf8)", Role::Tag, tag);
        check("time", "Timestamp(ns)", Role::Time, nanoseconds.clone());
        check("time", "Timestamp(Nanosecond, None)", Role::Time, nanoseconds.clone());
        check("seen", "Timestamp(ns)", Role::Field, nanoseconds);
        check("room", "Utf8", Role::Field, DataType::Utf8);
        check("time", "Int64", Role::Field, DataType::Int64);
        check("u", "UInt64", Role::Field, DataType::UInt64);
        check("d", "Decimal128(20, 0)", Role::Field, DataType::Decimal128(20, 0));
    }

    #[test]
    fn a_type_from_the_future_keeps_its_name() {
        let column = ColumnInfo::new("shape", "Geometry(WKB)");
        assert_eq!(column.data_type, ColumnType::Unknown("Geometry(WKB)".to_owned()));
        assert_eq!(column.role, Role::Field);
    }
}
