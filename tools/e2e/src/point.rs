//! Points of InfluxDB, and rows of the warehouse, in the form in which they are compared.

use std::collections::{BTreeMap, HashMap};

use crate::cell::Cell;
use crate::present::Present;

/// What makes a point: its time, and the tags that it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) time: i64,
    pub(crate) tags: BTreeMap<String, String>,
}

/// The fields of a point, as InfluxDB has them.
pub(crate) type Point = BTreeMap<String, Present>;

/// The rest of a row of the warehouse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) fields: BTreeMap<String, Cell>,
    pub(crate) series: String,
    pub(crate) time: String,
}

/// A table of either side. A key should have one point, or one row.
#[derive(Debug)]
pub(crate) struct Table<P> {
    pub(crate) tags: Vec<String>,
    pub(crate) points: HashMap<Key, Vec<P>>,
}

impl<P> Table<P> {
    pub(crate) fn new(tags: Vec<String>) -> Self {
        Self { tags, points: HashMap::new() }
    }
}
