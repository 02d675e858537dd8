//! How one selected table is read: what is asked for, and how its record batches get their key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};
use sync_core::{Selection, Table};

use crate::config::PrimaryKey;
use crate::database::Columns;
use crate::plant::{Defect, is_planted};
use crate::series::{self, SeriesIds};
use crate::sql::{Item, TIME};
use crate::table::{SERIES_ID, SourceTable, TIME_NS};

/// A selected table.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) source: SourceTable,
    /// The selected part of the table.
    pub(crate) table: Table,
    /// The columns to ask for.
    pub(crate) asked: Columns,
    primary_key: PrimaryKey,
    /// The series that the windows of this table have met. They share what they remember, or else `parallel_queries` windows of each of
    /// `parallel_queries` tables would remember the same series once each.
    ids: Arc<Mutex<SeriesIds>>,
}

impl Reading {
    /// `None` if the table is not selected, or none of its columns is: there is nothing to send for it then.
    pub(crate) fn new(
        source: SourceTable,
        selection: &Selection,
        primary_key: PrimaryKey,
    ) -> Option<Self> {
        let mut table =
            selection.project(&source.table).filter(|table| !table.columns.is_empty())?;
        // An answer with all columns tells of itself which there are. What is not selected is not asked for, though; and tags that are
        // a key come without nulls.
        let asks_for_all = table == source.table && primary_key != PrimaryKey::TagsAndTime;
        let asked = match asks_for_all {
            true => Columns::All,
            false => Columns::Listed(items(&source, &table, primary_key)),
        };
        if is_planted(Defect::NoKey) {
            table.columns.iter_mut().for_each(|column| column.primary_key = false);
        }
        let ids = Arc::new(Mutex::new(SeriesIds::new(&key_tags(&source, &table))));
        Some(Self { source, table, asked, primary_key, ids })
    }

    /// The selected columns with their types.
    pub(crate) fn columns(&self) -> BTreeMap<String, String> {
        let columns = self.table.columns.iter();
        columns.map(|column| (column.name.clone(), column.data_type.to_string())).collect()
    }

    /// The columns that are not selected.
    pub(crate) fn hidden(&self) -> BTreeSet<String> {
        let all =
            self.source.table.columns.iter().filter(|column| !self.table.columns.contains(column));
        all.map(|column| column.name.clone()).collect()
    }

    /// What adds the key columns to the record batches of this table.
    pub(crate) fn keys(&self) -> Keys {
        match self.primary_key {
            PrimaryKey::Series => Keys::Series {
                tags: key_tags(&self.source, &self.table),
                ids: Arc::clone(&self.ids),
            },
            PrimaryKey::TagsAndTime => Keys::Time,
            PrimaryKey::None => Keys::None,
        }
    }
}

/// The tags that make a series: all of them, also those that the selection hides.
fn key_tags(source: &SourceTable, table: &Table) -> Vec<String> {
    let mut tags = source.tags.clone();
    if is_planted(Defect::HiddenTagsLeftOut) {
        tags.retain(|tag| table.columns.iter().any(|column| column.name == *tag));
    }
    tags
}

/// The columns to ask for: what is selected, and what the key is made of.
fn items(source: &SourceTable, table: &Table, primary_key: PrimaryKey) -> Vec<Item> {
    let is_tag = |name: &str| source.tags.iter().any(|tag| tag == name);
    let is_added = |name: &str| match primary_key {
        PrimaryKey::Series => name == SERIES_ID || name == TIME_NS,
        PrimaryKey::TagsAndTime => name == TIME_NS,
        PrimaryKey::None => false,
    };
    let mut items: Vec<_> = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .filter(|name| !is_added(name))
        .map(|name| match primary_key {
            // A null in a key would be refused; in InfluxDB a null tag and an empty one are the same.
            PrimaryKey::TagsAndTime if is_tag(name) => Item::TagOrEmpty(name.to_owned()),
            PrimaryKey::Series | PrimaryKey::TagsAndTime | PrimaryKey::None => {
                Item::Column(name.to_owned())
            }
        })
        .collect();
    let needed = match primary_key {
        // Every tag is part of the series, also one that the selection hides.
        PrimaryKey::Series => [source.tags.as_slice(), &[TIME.to_owned()]].concat(),
        // Without a key the time is asked for all the same, so that there is always something to select.
        PrimaryKey::TagsAndTime | PrimaryKey::None => vec![TIME.to_owned()],
    };
    for name in needed {
        let item = Item::Column(name);
        if !items.contains(&item) {
            items.push(item);
        }
    }
    items
}

/// Adds the key columns to record batches.
#[derive(Debug)]
pub(crate) enum Keys {
    /// `_series_id` and `_time_ns`.
    Series { tags: Vec<String>, ids: Arc<Mutex<SeriesIds>> },
    /// `_time_ns`.
    Time,
    /// None.
    None,
}

impl Keys {
    /// The schema of the batches that [`add`](Self::add) makes of batches with `schema`.
    pub(crate) fn schema(&self, schema: &Schema) -> Result<SchemaRef, ArrowError> {
        let mut fields = schema.fields().to_vec();
        match self {
            Self::Series { .. } => {
                fields.push(Arc::new(Field::new(SERIES_ID, series::data_type(), false)));
                fields.push(time_ns(schema)?);
            }
            Self::Time => fields.push(time_ns(schema)?),
            Self::None => {}
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    /// The batch with its key columns; `schema` is what [`schema`](Self::schema) gave for it.
    pub(crate) fn add(
        &mut self,
        batch: &RecordBatch,
        schema: &SchemaRef,
    ) -> Result<RecordBatch, ArrowError> {
        let mut columns = batch.columns().to_vec();
        // The same array serves as time and as key: only its declared type differs in the warehouse.
        let time = || column(batch, TIME);
        match self {
            Self::Series { tags, ids } => {
                let tags: Vec<_> =
                    tags.iter().map(|tag| column(batch, tag)).collect::<Result<_, _>>()?;
                // A batch is hashed without a pause. What a panic would leave behind counts for no batch but its own.
                let mut ids = ids.lock().unwrap_or_else(PoisonError::into_inner);
                columns.push(ids.of(&tags, batch.num_rows())?);
                columns.push(time()?);
            }
            Self::Time => columns.push(time()?),
            Self::None => {}
        }
        RecordBatch::try_new(Arc::clone(schema), columns)
    }
}

fn time_ns(schema: &Schema) -> Result<Arc<Field>, ArrowError> {
    Ok(Arc::new(schema.field_with_name(TIME)?.clone().with_name(TIME_NS)))
}

fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef, ArrowError> {
    batch
        .column_by_name(name)
        .cloned()
        .ok_or_else(|| ArrowError::SchemaError(format!("the answer has no column {name:?}")))
}
