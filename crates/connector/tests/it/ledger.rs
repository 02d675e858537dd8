//! A ledger of what was written to a database, with which a warehouse is compared.
//!
//! It knows that points of one series and one time are one point, whose fields have the values that
//! were written last. It knows what a value looks like in the warehouse. It does not know how the
//! connector reads.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

use chrono::{DateTime, SecondsFormat};
use fivetran_tester::{Project, Row, WarehouseTable};
use influx_fake::Fake;

/// The database that all points go into.
pub(crate) const DATABASE: &str = "db";
/// How many examples a [`Difference`] keeps of each kind.
const EXAMPLES: usize = 5;

/// Values of a point, by column.
pub(crate) type Cells<T> = BTreeMap<&'static str, T>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Field {
    Integer(i64),
    Float(f64),
    Text(String),
}

/// A point. Its texts have no characters that line protocol escapes.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) table: &'static str,
    pub(crate) tags: Cells<String>,
    pub(crate) fields: Cells<Field>,
    pub(crate) time: i64,
}

impl Point {
    fn line(&self) -> String {
        let tags = self.tags.iter().map(|(name, value)| format!(",{name}={value}"));
        let fields = self.fields.iter().map(|(name, value)| match value {
            Field::Integer(value) => format!("{name}={value}i"),
            Field::Float(value) => format!("{name}={value:?}"),
            Field::Text(value) => format!("{name}=\"{value}\""),
        });
        let (tags, fields) = (tags.collect::<String>(), fields.collect::<Vec<_>>().join(","));
        format!("{}{tags} {fields} {}", self.table, self.time)
    }
}

/// The points of line protocol.
pub(crate) fn lines(points: &[Point]) -> String {
    points.iter().map(Point::line).collect::<Vec<_>>().join("\n")
}

/// Points of a table, by time and tags.
type Points = BTreeMap<(i64, Cells<String>), Cells<Field>>;

/// All that was written.
#[derive(Default)]
pub(crate) struct Ledger {
    tables: BTreeMap<&'static str, Points>,
}

impl Ledger {
    /// Writes points and notes them.
    pub(crate) fn write(&mut self, fake: &Fake, points: Vec<Point>) {
        fake.write(DATABASE, &lines(&points)).unwrap();
        self.note(points);
    }

    /// Notes points that were written.
    pub(crate) fn note(&mut self, points: Vec<Point>) {
        for Point { table, tags, fields, time } in points {
            self.tables.entry(table).or_default().entry((time, tags)).or_default().extend(fields);
        }
    }

    /// The times and tags of a table's points, from a time on.
    pub(crate) fn points(&self, table: &str, from: i64) -> Vec<(i64, &Cells<String>)> {
        let points = self.tables[table].range((from, Cells::new())..);
        points.map(|((time, tags), _)| (*time, tags)).collect()
    }

    /// Compares points before a time with the live rows of the warehouse: row by row, by key and by
    /// value.
    pub(crate) fn compare(&self, project: &Project, before: i64) -> Difference {
        let warehouse = project.warehouse().unwrap();
        let mut difference = Difference::default();
        for (name, points) in &self.tables {
            let expected = points.range(..(before, Cells::new()));
            let expected = expected.map(|((time, tags), fields)| row(*time, tags, fields));
            // Each row counts up where it is expected and down where it is found.
            let mut rows: BTreeMap<String, i64> = BTreeMap::new();
            for row in expected {
                difference.rows += 1;
                *rows.entry(row).or_default() += 1;
            }
            let table = warehouse.tables().into_iter().find(|table| table.name.table() == *name);
            if let Some(table) = table {
                let found = warehouse.rows(*name).unwrap();
                for row in found.iter().filter(|row| !row.deleted) {
                    *rows.entry(found_row(&table, row)).or_default() -= 1;
                }
            }
            for (row, count) in rows {
                difference.note(count, || format!("{name}: {row}"));
            }
        }
        difference
    }
}

/// A row as a text: its columns that are not NULL, in the order of their names.
fn joined<'a>(cells: impl Iterator<Item = (&'a str, String)>) -> String {
    let mut cells: Vec<_> = cells.map(|(name, cell)| format!("{name}={cell}")).collect();
    cells.sort_unstable();
    cells.join(" ")
}

fn row(time: i64, tags: &Cells<String>, fields: &Cells<Field>) -> String {
    let tags = tags.iter().map(|(name, value)| (*name, value.clone()));
    let fields = fields.iter().map(|(name, value)| {
        let value = match value {
            Field::Integer(value) => value.to_string(),
            Field::Float(value) => value.to_string(),
            Field::Text(value) => value.clone(),
        };
        (*name, value)
    });
    let text = DateTime::from_timestamp_nanos(time).to_rfc3339_opts(SecondsFormat::Nanos, true);
    joined(tags.chain(fields).chain([("_time_ns", time.to_string()), ("time", text)]))
}

/// The hash of the tags is left out: the tags tell the series, and a series whose hash changed
/// would be there twice.
fn found_row(table: &WarehouseTable, row: &Row) -> String {
    let cells = table.columns.iter().zip(&row.cells);
    let cells = cells.filter(|(column, _)| column.name != "_series_id");
    joined(cells.filter_map(|(column, cell)| Some((column.name.as_str(), cell.clone()?))))
}

/// How a warehouse differs from what it should hold.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// Rows that should be there.
    pub(crate) rows: usize,
    pub(crate) missing: u64,
    pub(crate) extra: u64,
    examples: Vec<String>,
}

impl Difference {
    /// Notes a row that is missing, or that is there too often.
    fn note(&mut self, count: i64, row: impl FnOnce() -> String) {
        let (kind, counter) = match count {
            0 => return,
            1.. => ("missing", &mut self.missing),
            _ => ("extra", &mut self.extra),
        };
        *counter += count.unsigned_abs();
        if self.examples.len() < 2 * EXAMPLES {
            self.examples.push(format!("{kind} {row}", row = row()));
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        (self.missing, self.extra) == (0, 0)
    }
}

impl AddAssign for Difference {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.missing += other.missing;
        self.extra += other.extra;
        self.examples.extend(other.examples);
        self.examples.truncate(2 * EXAMPLES);
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} rows missing, {} rows extra", self.missing, self.extra)?;
        for example in &self.examples {
            write!(formatter, "\n  {example}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Difference;

    #[test]
    fn a_changed_row_is_one_missing_and_one_extra() {
        let mut difference = Difference::default();
        difference.note(1, || "m: v=1".to_owned());
        difference.note(0, || "m: v=2".to_owned());
        difference.note(-2, || "m: v=3".to_owned());
        assert!(!difference.is_none());
        assert_eq!(
            difference.to_string(),
            "1 rows missing, 2 rows extra\n  missing m: v=1\n  extra m: v=3"
        );
    }
}
