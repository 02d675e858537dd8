//! How one selected table is read: what is asked for, and how its record batches get their key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use sync_core::{Projection, Selection, Table};

use crate::settings::PrimaryKey;
use crate::table::series_ids::SeriesIds;
use crate::table::{KeyColumns, SERIES_ID, SourceTable, TIME_NS};
use crate::time_series::{Columns, Item, TIME};

/// A selected table.
#[derive(Debug)]
pub(crate) struct SelectedTable {
    pub(crate) source: SourceTable,
    /// The selected part of the table.
    pub(crate) table: Table,
    /// The columns to ask for.
    pub(crate) asked: Columns,
    primary_key: PrimaryKey,
    /// The series that the windows of this table have met. They share what they remember, or else
    /// `parallel_queries` windows of each of `parallel_queries` tables would remember the same
    /// series once each.
    ids: Arc<Mutex<SeriesIds>>,
}

/// What is to become of a table in a sync.
#[derive(Debug)]
pub(crate) enum Choice {
    /// It is read.
    Read(Box<SelectedTable>),
    /// It is not selected, or none of its columns is: there is nothing to send for it.
    Excluded,
    /// The platform has not heard of it, or of one of its columns: the next sync reads it.
    Unknown,
}

impl Choice {
    pub(crate) fn of(source: SourceTable, selection: &Selection, primary_key: PrimaryKey) -> Self {
        match selection.project(&source.table) {
            Projection::Selected(table) if !table.columns.is_empty() => {
                Self::Read(Box::new(SelectedTable::new(source, table, primary_key)))
            }
            Projection::Selected(_) | Projection::Excluded => Self::Excluded,
            Projection::Unknown => {
                let measurement = &source.measurement;
                tracing::info!(measurement, "the platform has not heard of all columns yet");
                Self::Unknown
            }
        }
    }
}

impl SelectedTable {
    fn new(source: SourceTable, table: Table, primary_key: PrimaryKey) -> Self {
        // An answer with all columns tells of itself which there are. What is not selected is not
        // asked for, though; and tags that are a key come without nulls.
        let asks_for_all = table == source.table && primary_key != PrimaryKey::TagsAndTime;
        let asked = match asks_for_all {
            true => Columns::All,
            false => Columns::Listed(items(&source, &table, primary_key)),
        };
        let ids = Arc::new(Mutex::new(SeriesIds::new(&source.tags)));
        Self { source, table, asked, primary_key, ids }
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

    /// The selected columns that are values: neither tags, nor the time, nor added.
    pub(crate) fn fields(&self) -> Vec<String> {
        let is_field = |name: &&str| {
            let is_tag = self.source.tags.iter().any(|tag| tag == name);
            !is_tag && ![TIME, SERIES_ID, TIME_NS].contains(name)
        };
        let names = self.table.columns.iter().map(|column| column.name.as_str());
        names.filter(is_field).map(str::to_owned).collect()
    }

    /// What adds the key columns to the record batches of this table.
    pub(crate) fn keys(&self) -> KeyColumns {
        match self.primary_key {
            // Every tag is part of the series, also one that the selection hides.
            PrimaryKey::Series => {
                KeyColumns::Series { tags: self.source.tags.clone(), ids: Arc::clone(&self.ids) }
            }
            PrimaryKey::TagsAndTime => KeyColumns::Time,
            PrimaryKey::None => KeyColumns::None,
        }
    }
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
            // A null in a key would be refused; a null tag and an empty one are the same.
            PrimaryKey::TagsAndTime if is_tag(name) => Item::TagOrEmpty(name.to_owned()),
            PrimaryKey::Series | PrimaryKey::TagsAndTime | PrimaryKey::None => {
                Item::Column(name.to_owned())
            }
        })
        .collect();
    let needed = match primary_key {
        // Every tag is part of the series, also one that the selection hides.
        PrimaryKey::Series => [source.tags.as_slice(), &[TIME.to_owned()]].concat(),
        // Without a key the time is asked for all the same, so that there is always something to
        // select.
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
