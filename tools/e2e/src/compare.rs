//! Compares InfluxDB with the warehouse once nothing is written any more: each point that a sync
//! had to bring is in the warehouse once, with its present values, and the warehouse has no row
//! that is not a point. Shares no code with the connector or with the platform.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use chrono::DateTime;

use crate::influx::{Influx, blocking};
use crate::point::{Key, Point, Row, Table};
use crate::{truth, warehouse};

/// What a comparison came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Comparison {
    /// Live rows of the warehouse.
    pub(crate) rows: u64,
    /// Points that should be in the warehouse with their present values, and are not.
    pub(crate) missing: u64,
    /// Rows of the warehouse that are no point with these values, or are there twice.
    pub(crate) extra: u64,
    /// Points that were overwritten in a buffer that answers with either value (`present.rs`).
    pub(crate) overwritten: u64,
    /// Of those, what the warehouse has with another value than the server answered at the end.
    pub(crate) other_value: u64,
    /// The first that are missing or extra, in words.
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
        self.overwritten += other.overwritten;
        self.other_value += other.other_value;
        let room = EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.iter().take(room).cloned());
    }

    fn example(&mut self, what: &str, table: &str, key: &Key, rest: &dyn std::fmt::Debug) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{what}: {table} {:?} at {}: {rest:?}", key.tags, key.time));
        }
    }

    fn table(
        &mut self,
        name: &str,
        truth: &Table<Point>,
        stored: &Table<Row>,
        before: i64,
        hidden: &[&str],
    ) {
        let mut series = BTreeMap::new();
        for (key, points) in &truth.points {
            let (is_due, found) = (key.time < before, stored.points.get(key));
            let same = found.and_then(|rows| same(points, rows, hidden));
            match same {
                _ if !is_due => {}
                Some(same) => {
                    self.overwritten += u64::from(same.overwritten);
                    self.other_value += u64::from(same.other_value);
                }
                None => {
                    self.missing += 1;
                    self.example("missing", name, key, &(points, found));
                }
            }
        }
        for (key, rows) in &stored.points {
            self.rows += rows.len() as u64;
            let point = truth.points.get(key);
            // What came after the bound may have changed since it was sent.
            let is_point = point.is_some_and(|points| {
                rows.len() == 1 && (key.time >= before || same(points, rows, hidden).is_some())
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

/// A point that is in the warehouse with its present values.
struct Same {
    /// Some field of it was overwritten in the buffer.
    overwritten: bool,
    /// Some field of it has another value than the server answered at the end.
    other_value: bool,
}

/// Compares a point with a row; none: these are not one point with the same fields.
fn same(points: &[Point], rows: &[Row], hidden: &[&str]) -> Option<Same> {
    let ([point], [row]) = (points, rows) else { return None };
    let shown = || point.iter().filter(|(name, _)| !hidden.contains(&name.as_str()));
    let pairs = || shown().filter_map(|(name, present)| Some((present, row.fields.get(name)?)));
    let all_there = shown().count() == row.fields.len() && pairs().count() == row.fields.len();
    let is_same = all_there && pairs().all(|(present, stored)| present.allows(stored));
    is_same.then(|| Same {
        overwritten: pairs().any(|(present, _)| present.is_overwritten()),
        other_value: pairs().any(|(present, stored)| !present.is_answered(stored)),
    })
}

/// The time for people must be the time of the key.
fn is_time(text: &str, nanoseconds: i64) -> bool {
    DateTime::parse_from_rfc3339(text)
        .is_ok_and(|time| time.timestamp_nanos_opt() == Some(nanoseconds))
}

/// Compares two sets of tables, of what was due before a time.
pub(crate) fn tables(
    truth: &BTreeMap<String, Table<Point>>,
    stored: &BTreeMap<String, Table<Row>>,
    before: i64,
    unselected: &Unselected,
) -> Comparison {
    let mut comparison = Comparison::default();
    let (no_points, no_rows) = (Table::new(Vec::new()), Table::new(Vec::new()));
    let names: BTreeSet<_> = truth.keys().chain(stored.keys()).collect();
    for name in names.into_iter().filter(|name| !unselected.tables.contains(name)) {
        let hidden: Vec<&str> = unselected
            .columns
            .iter()
            .filter(|(table, _)| table == name)
            .map(|(_, column)| column.as_str())
            .collect();
        let truth = truth.get(name).unwrap_or(&no_points);
        let stored = stored.get(name).unwrap_or(&no_rows);
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
    use crate::cell::Cell;
    use crate::present::Present;

    const AT: i64 = 1_748_846_218_190_260_000;

    fn row(value: i64, series: &str) -> Row {
        let time = DateTime::from_timestamp_nanos(AT).to_rfc3339();
        let fields = BTreeMap::from([("v".to_owned(), Cell::Integer(value))]);
        Row { fields, series: series.to_owned(), time }
    }

    fn point(present: Present) -> Point {
        BTreeMap::from([("v".to_owned(), present)])
    }

    fn exact(value: i64) -> Point {
        point(Present::Exact(Cell::Integer(value)))
    }

    fn either(answered: i64, written: &[i64]) -> Point {
        let written = written.iter().map(|value| Cell::Integer(*value)).collect();
        point(Present::Either { answered: Cell::Integer(answered), written })
    }

    fn table<P: Clone>(points: &[(&str, P)]) -> BTreeMap<String, Table<P>> {
        let mut table = Table::new(vec!["host".to_owned()]);
        for (host, point) in points {
            let tags = BTreeMap::from([("host".to_owned(), (*host).to_owned())]);
            table.points.entry(Key { time: AT, tags }).or_default().push(point.clone());
        }
        BTreeMap::from([("m".to_owned(), table)])
    }

    fn compared(truth: &[(&str, Point)], stored: &[(&str, Row)]) -> Comparison {
        tables(&table(truth), &table(stored), AT + 1, &Unselected::default())
    }

    #[track_caller]
    fn check(truth: &[(&str, Point)], stored: &[(&str, Row)], missing: u64, extra: u64) {
        let found = compared(truth, stored);
        assert_eq!((found.missing, found.extra), (missing, extra), "{found:?}");
    }

    #[test]
    fn either_written_value_counts_for_a_point_that_was_overwritten_in_the_buffer() {
        let truth = [("a", either(2, &[1, 2])), ("b", exact(5))];
        let check = |a: i64, b: i64, overwritten: u64, other_value: u64, wrong: u64| {
            let found = compared(&truth, &[("a", row(a, "s1")), ("b", row(b, "s2"))]);
            assert_eq!((found.missing, found.extra), (wrong, wrong), "{found:?}");
            let counts = (found.overwritten, found.other_value);
            assert_eq!(counts, (overwritten, other_value), "{found:?}");
        };
        check(2, 5, 1, 0, 0);
        check(1, 5, 1, 1, 0);
        // A value that was never written.
        check(3, 5, 0, 0, 1);
        // The other point was not overwritten.
        check(2, 1, 1, 0, 1);
    }

    #[test]
    fn each_field_has_its_own_values() {
        let present = |values: [i64; 2]| Present::Either {
            answered: Cell::Integer(values[1]),
            written: values.map(Cell::Integer).to_vec(),
        };
        let mut truth = point(present([1, 2]));
        truth.insert("w".to_owned(), present([3, 4]));
        let check = |v: i64, w: Option<i64>, wrong: u64| {
            let mut stored = row(v, "s1");
            stored.fields.extend(w.map(|w| ("w".to_owned(), Cell::Integer(w))));
            let found = compared(&[("a", truth.clone())], &[("a", stored)]);
            assert_eq!((found.missing, found.extra), (wrong, wrong), "{found:?}");
        };
        check(1, Some(4), 0);
        check(2, Some(3), 0);
        check(3, Some(4), 1);
        check(1, None, 1);
    }

    #[test]
    fn an_overwritten_point_may_neither_be_missing_nor_be_there_twice() {
        let truth = [("a", either(2, &[1, 2])), ("b", exact(5))];
        check(&truth, &[("b", row(5, "s2"))], 1, 0);
        check(&truth, &[("a", row(1, "s1")), ("a", row(2, "s1")), ("b", row(5, "s2"))], 1, 1);
    }

    #[test]
    fn what_is_the_same_is_the_same() {
        let truth = [("a", exact(1)), ("b", exact(2))];
        check(&truth, &[("a", row(1, "s1")), ("b", row(2, "s2"))], 0, 0);
    }

    #[test]
    fn each_way_to_be_wrong_is_found() {
        let truth = [("a", exact(1)), ("b", exact(2))];
        // A row that is not there, and one that should not be.
        check(&truth, &[("a", row(1, "s1"))], 1, 0);
        let all = [("a", row(1, "s1")), ("b", row(2, "s2")), ("c", row(3, "s3"))];
        check(&truth, &all, 0, 1);
        // An old value is a point that is missing and a row that is too many.
        check(&truth, &[("a", row(1, "s1")), ("b", row(1, "s2"))], 1, 1);
        // Twice.
        let twice = [("a", row(1, "s1")), ("b", row(2, "s2")), ("b", row(2, "s2"))];
        check(&truth, &twice, 1, 1);
        // Two series under one name.
        check(&truth, &[("a", row(1, "s1")), ("b", row(2, "s1"))], 0, 1);
        // A time for people that is not the time.
        let mut late = row(2, "s2");
        late.time = "2025-06-02T06:36:58.190260001Z".to_owned();
        check(&truth, &[("a", row(1, "s1")), ("b", late)], 0, 1);
    }

    #[test]
    fn nothing_holds_where_nothing_is() {
        assert!(!tables(&table::<Point>(&[]), &table(&[]), AT, &Unselected::default()).holds());
    }

    #[test]
    fn what_is_not_due_yet_may_be_away() {
        let truth = table(&[("a", exact(1))]);
        let found = tables(&truth, &table(&[]), AT, &Unselected::default());
        assert_eq!((found.missing, found.extra), (0, 0), "{found:?}");
        let stored = table(&[("a", row(2, "s1"))]);
        assert!(tables(&truth, &stored, AT, &Unselected::default()).holds());
    }

    #[test]
    fn what_is_not_selected_is_not_looked_for() {
        let truth = table(&[("a", exact(1))]);
        let tables_off = Unselected { tables: vec!["m".to_owned()], columns: Vec::new() };
        let found = tables(&truth, &table(&[]), AT + 1, &tables_off);
        assert_eq!((found.missing, found.extra), (0, 0), "{found:?}");
        let mut bare = row(1, "s1");
        bare.fields.clear();
        let column_off =
            Unselected { tables: Vec::new(), columns: vec![("m".to_owned(), "v".to_owned())] };
        let stored = table(&[("a", bare)]);
        assert!(tables(&truth, &stored, AT + 1, &column_off).holds());
        assert!(!tables(&truth, &stored, AT + 1, &Unselected::default()).holds());
    }
}
