//! The schema `system`: what the server tells about itself.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, RecordBatch, StringViewArray, TimestampSecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{MemTable, SchemaProvider, TableProvider};
use datafusion::error::Result;
use tonic::async_trait;

use super::parquet_files::{self, ParquetFiles};
use super::table::Provided;
use crate::options::FileListing;
use crate::store::{INTERNAL, Store};

pub(super) const SCHEMA: &str = "system";

/// The tables of `system` in a database that holds points.
const TABLES: [&str; 8] = [
    "distinct_caches",
    "influxdb_schema",
    "last_caches",
    parquet_files::NAME,
    "processing_engine_logs",
    "processing_engine_trigger_arguments",
    "processing_engine_triggers",
    "queries",
];
/// The tables of `system` in the internal database.
const INTERNAL_TABLES: [&str; 1] = ["tables"];

#[derive(Debug)]
pub(super) struct SystemSchema {
    store: Arc<Store>,
    database: String,
    listing: FileListing,
}

impl SystemSchema {
    pub(super) fn new(store: &Arc<Store>, database: &str, listing: FileListing) -> Self {
        Self { store: Arc::clone(store), database: database.to_owned(), listing }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        let names: &[_] = if self.database == INTERNAL { &INTERNAL_TABLES } else { &TABLES };
        let hidden = (self.listing == FileListing::Absent).then_some(parquet_files::NAME);
        names.iter().copied().filter(move |name| Some(*name) != hidden)
    }
}

#[async_trait]
impl SchemaProvider for SystemSchema {
    fn table_names(&self) -> Vec<String> {
        self.names().map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if !self.table_exist(name) {
            return Ok(None);
        }
        let (schema, rows) = match name {
            "influxdb_schema" => influxdb_schema(&self.store, &self.database)?,
            "tables" => tables(&self.store)?,
            parquet_files::NAME if self.listing == FileListing::Listed => {
                return Ok(Some(Arc::new(Provided(ParquetFiles::new(
                    &self.store,
                    &self.database,
                )))));
            }
            name => (recorded_schema(name), Vec::new()),
        };
        Ok(Some(Arc::new(MemTable::try_new(schema, vec![rows])?)))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }
}

type Rows = (SchemaRef, Vec<RecordBatch>);

fn rows(fields: Vec<Field>, columns: Vec<ArrayRef>) -> Result<Rows> {
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    Ok((schema, vec![batch]))
}

/// Every column of the database's tables with its kind, in one list.
fn influxdb_schema(store: &Store, database: &str) -> Result<Rows> {
    let columns = store.columns(database);
    let fields =
        ["measurement", "key", "data_type"].map(|name| Field::new(name, DataType::Utf8View, false));
    rows(
        fields.into(),
        vec![
            Arc::new(StringViewArray::from_iter_values(columns.iter().map(|(table, _, _)| table))),
            Arc::new(StringViewArray::from_iter_values(
                columns.iter().map(|(_, column, _)| column),
            )),
            Arc::new(StringViewArray::from_iter_values(
                columns.iter().map(|(_, _, kind)| kind.short()),
            )),
        ],
    )
}

/// Lists every table of every database. Only the flag `deleted` tells a dropped table from one that
/// merely has such a name.
fn tables(store: &Store) -> Result<Rows> {
    let entries = store.entries();
    let none = || Arc::new(UInt64Array::from_value(0, entries.len()));
    let fields = vec![
        Field::new("database_name", DataType::Utf8View, false),
        Field::new("table_name", DataType::Utf8View, false),
        Field::new("column_count", DataType::UInt64, false),
        Field::new("series_key_columns", DataType::Utf8View, false),
        Field::new("last_cache_count", DataType::UInt64, false),
        Field::new("distinct_cache_count", DataType::UInt64, false),
        Field::new("deleted", DataType::Boolean, false),
        Field::new("hard_deletion_time", DataType::Timestamp(TimeUnit::Second, None), true),
    ];
    let deletion = entries.iter().map(|entry| entry.hard_deletion);
    rows(
        fields,
        vec![
            Arc::new(StringViewArray::from_iter_values(
                entries.iter().map(|entry| &entry.database),
            )),
            Arc::new(StringViewArray::from_iter_values(entries.iter().map(|entry| &entry.table))),
            Arc::new(UInt64Array::from_iter_values(
                entries.iter().map(|entry| entry.columns as u64),
            )),
            Arc::new(StringViewArray::from_iter_values(
                entries.iter().map(|entry| entry.tags.join(", ")),
            )),
            none(),
            none(),
            Arc::new(deletion.clone().map(|time| Some(time.is_some())).collect::<BooleanArray>()),
            Arc::new(
                deletion.map(|time| Some(time?.timestamp())).collect::<TimestampSecondArray>(),
            ),
        ],
    )
}

/// The columns of the tables that are empty here.
fn recorded_schema(table: &str) -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let count = |name: &str| Field::new(name, DataType::UInt64, false);
    let fields = match table {
        parquet_files::NAME => return parquet_files::schema(),
        "last_caches" => vec![text("table"), text("name"), count("count"), count("ttl")],
        "distinct_caches" => {
            vec![text("table"), text("name"), count("max_cardinality"), count("max_age_seconds")]
        }
        "processing_engine_logs" => vec![text("trigger_name"), text("log_level"), text("log_text")],
        "processing_engine_triggers" => {
            vec![text("trigger_name"), text("plugin_filename"), text("trigger_specification")]
        }
        "processing_engine_trigger_arguments" => {
            vec![text("trigger_name"), text("argument_key"), text("argument_value")]
        }
        _ => vec![text("id"), text("phase"), text("query_type"), text("query_text")],
    };
    Arc::new(Schema::new(fields))
}
