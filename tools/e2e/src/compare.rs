//! The promise, held at rest: each point that a sync had to bring is in the warehouse once, with its present values, and the warehouse
//! has no row that is not a point. Nothing here is shared with the connector or with the platform.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::Result;
use chrono::DateTime;

use crate::influx::{Influx, blocking};
use crate::{truth, warehouse};

/// A value as both sides can say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Integer(i64),
    /// Its bits: every float that is stored is to come out the same.
    Float(u64),
    Text(String),
}

impl Cell {
    pub(crate) fn float(value: f64) -> Self {
        // SQLite keeps a zero without its sign, so both sides lose it here.
        Self::Float((value + 0.0).to_bits())
    }
}

/// What makes a point: its time, and the tags that it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) time: i64,
    pub(crate) tags: BTreeMap<String, String>,
}

/// The rest of a point. What only the warehouse has is empty in the database's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) fields: BTreeMap<String, Cell>,
    pub(crate) series: String,
    pub(crate) time: String,
}

/// A table of either side. A key should have one point.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) tags: Vec<String>,
    pub(crate) points: HashMap<Key, Vec<Point>>,
}

/// What a comparison came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comparison {
    /// Live rows of the warehouse.
    pub(crate) rows: u64,
    /// Points that should be in the warehouse with their present values, and are not.
    pub(crate) missing: u64,
    /// Rows of the warehouse that are no point with these values, or are there twice.
    pub(crate) extra: u64,
    /// The first of both, in words.
    pub(crate) examples: Vec<String>,
}

/// What is not selected, and so need not be there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unselected {
    pub(crate) tables: Vec<String>,
    /// Table and column.
    pub(crate) columns: Vec<(String, String)>,
}

const EXAMPLES: usize = 10;

impl Comparison {
    /// Where there are no rows, there was nothing that could have been wrong.
    pub(crate) fn holds(&self) -> bool {
        self.rows > 0 && self.missing == 0 && self.extra == 0
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.missing += other.missing;
        self.extra += other.extra;
        let room = EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.iter().take(room).cloned());
    }

    fn example(&mut self, what: &str, table: &str, key: &Key, rest: &dyn std::fmt::Debug) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{what}: {table} {:?} at {}: {rest:?}", key.tags, key.time));
        }
    }

    fn table(&mut self, name: &str, truth: &Table, stored: &Table, before: i64, hidden: &[&str]) {
        let mut series = BTreeMap::new();
        for (key, points) in &truth.points {
            let (is_due, found) = (key.time < before, stored.points.get(key));
            if is_due && !found.is_some_and(|rows| same(points, rows, hidden)) {
                self.missing += 1;
                self.example("missing", name, key, &(points, found));
            }
        }
        for (key, rows) in &stored.points {
            self.rows += rows.len() as u64;
            let point = truth.points.get(key);
            // What came after the bound may have changed since it was sent.
            let is_point = point.is_some_and(|points| {
                rows.len() == 1 && (key.time >= before || same(points, rows, hidden))
            });
            let of_series = rows.iter().all(|row| {
                *series.entry(row.series.clone()).or_insert_with(|| key.tags.clone()) == key.tags
                    && is_time(&row.time, key.time)
            });
            if !is_point || !of_series {
                self.extra += 1;
                self.example("extra", name, key, &(point, rows));
            }
        }
        // Two series of one name were found above; two names of one series are found here.
        let tags: BTreeSet<_> = series.values().collect();
        self.extra += (series.len() - tags.len()) as u64;
    }
}

/// Whether these are one point with the same fields.
fn same(points: &[Point], rows: &[Point], hidden: &[&str]) -> bool {
    let ([point], [row]) = (points, rows) else { return false };
    let shown = |fields: &BTreeMap<String, Cell>| {
        let mut fields = fields.clone();
        fields.retain(|name, _| !hidden.contains(&name.as_str()));
        fields
    };
    shown(&point.fields) == row.fields
}

/// The time for people must be the time of the key.
fn is_time(text: &str, nanoseconds: i64) -> bool {
    DateTime::parse_from_rfc3339(text)
        .is_ok_and(|time| time.timestamp_nanos_opt() == Some(nanoseconds))
}

/// Compares two sets of tables, of what was due before a time.
pub(crate) fn tables(
    truth: &BTreeMap<String, Table>,
    stored: &BTreeMap<String, Table>,
    before: i64,
    unselected: &Unselected,
) -> Comparison {
    let mut comparison = Comparison::default();
    let nothing = Table::default();
    let names: BTreeSet<_> = truth.keys().chain(stored.keys()).collect();
    for name in names.into_iter().filter(|name| !unselected.tables.contains(name)) {
        let hidden: Vec<&str> = unselected
            .columns
            .iter()
            .filter(|(table, _)| table == name)
            .map(|(_, column)| column.as_str())
            .collect();
        let truth = truth.get(name).unwrap_or(&nothing);
        let stored = stored.get(name).unwrap_or(&nothing);
        comparison.table(name, truth, stored, before, &hidden);
    }
    comparison
}

/// Compares InfluxDB with a warehouse.
pub(crate) async fn run(
    influx: &Influx,
    file: &Path,
    before: i64,
    unselected: &Unselected,
) -> Result<Comparison> {
    let (influx, file, unselected) = (influx.clone(), file.to_path_buf(), unselected.clone());
    blocking(move || {
        let truth = truth::read(&influx)?;
        let stored = warehouse::read(&file, &truth)?;
        Ok(tables(&truth, &stored, before, &unselected))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_748_846_218_190_260_000;

    fn point(value: i64, series: &str) -> Point {
        let time = DateTime::from_timestamp_nanos(AT).to_rfc3339();
        let fields = BTreeMap::from([("v".to_owned(), Cell::Integer(value))]);
        Point { fields, series: series.to_owned(), time }
    }

    fn table(points: &[(&str, Point)]) -> BTreeMap<String, Table> {
        let mut table = Table { tags: vec!["host".to_owned()], ..Table::default() };
        for (host, point) in points {
            let tags = BTreeMap::from([("host".to_owned(), (*host).to_owned())]);
            table.points.entry(Key { time: AT, tags }).or_default().push(point.clone());
        }
        BTreeMap::from([("m".to_owned(), table)])
    }

    #[track_caller]
    fn check(truth: &[(&str, Point)], stored: &[(&str, Point)], missing: u64, extra: u64) {
        let found = tables(&table(truth), &table(stored), AT + 1, &Unselected::default());
        assert_eq!((found.missing, found.extra), (missing, extra), "{found:?}");
    }

    #[test]
    fn what_is_the_same_is_the_same() {
        let truth = [("a", point(1, "")), ("b", point(2, ""))];
        check(&truth, &[("a", point(1, "s1")), ("b", point(2, "s2"))], 0, 0);
    }

    #[test]
    fn each_way_to_be_wrong_is_found() {
        let truth = [("a", point(1, "")), ("b", point(2, ""))];
        // A row that is not there, and one that should not be.
        check(&truth, &[("a", point(1, "s1"))], 1, 0);
        let all = [("a", point(1, "s1")), ("b", point(2, "s2")), ("c", point(3, "s3"))];
        check(&truth, &all, 0, 1);
        // An old value is a point that is missing and a row that is too many.
        check(&truth, &[("a", point(1, "s1")), ("b", point(1, "s2"))], 1, 1);
        // Twice.
        let twice = [("a", point(1, "s1")), ("b", point(2, "s2")), ("b", point(2, "s2"))];
        check(&truth, &twice, 1, 1);
        // Two series under one name.
        check(&truth, &[("a", point(1, "s1")), ("b", point(2, "s1"))], 0, 1);
        // A time for people that is not the time.
        let mut late = point(2, "s2");
        late.time = "2025-06-02T06:36:58.190260001Z".to_owned();
        check(&truth, &[("a", point(1, "s1")), ("b", late)], 0, 1);
    }

    #[test]
    fn floats_are_compared_by_their_bits_but_for_the_sign_of_zero() {
        assert_eq!(Cell::float(-0.0), Cell::float(0.0));
        assert_ne!(Cell::float(0.1 + 0.2), Cell::float(0.3));
        assert_ne!(Cell::float(-1.0), Cell::float(1.0));
    }

    #[test]
    fn nothing_holds_where_nothing_is() {
        assert!(!tables(&table(&[]), &table(&[]), AT, &Unselected::default()).holds());
    }

    #[test]
    fn what_is_not_due_yet_may_be_away() {
        let truth = table(&[("a", point(1, ""))]);
        let found = tables(&truth, &table(&[]), AT, &Unselected::default());
        assert_eq!((found.missing, found.extra), (0, 0), "{found:?}");
        let stored = table(&[("a", point(2, "s1"))]);
        assert!(tables(&truth, &stored, AT, &Unselected::default()).holds());
    }

    #[test]
    fn what_is_not_selected_is_not_looked_for() {
        let truth = table(&[("a", point(1, ""))]);
        let tables_off = Unselected { tables: vec!["m".to_owned()], columns: Vec::new() };
        let found = tables(&truth, &table(&[]), AT + 1, &tables_off);
        assert_eq!((found.missing, found.extra), (0, 0), "{found:?}");
        let mut bare = point(1, "s1");
        bare.fields.clear();
        let column_off =
            Unselected { tables: Vec::new(), columns: vec![("m".to_owned(), "v".to_owned())] };
        let stored = table(&[("a", bare)]);
        assert!(tables(&truth, &stored, AT + 1, &column_off).holds());
        assert!(!tables(&truth, &stored, AT + 1, &Unselected::default()).holds());
    }
}
