//! What was written to InfluxDB and may still be in its buffer: for points that are overwritten
//! there, the server itself cannot always tell (`present.rs`).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::Result;
use influxdb_line_protocol::{FieldValue, ParsedLine, parse_lines};

use crate::cell::Cell;
use crate::point::Key;

/// How long a snapshot may take from the moment after which nothing more goes into its files, until
/// they are listed. Too short, and a good run may fail; too long, and old values are allowed that
/// are in files.
const SNAPSHOT: Duration = Duration::from_secs(2);

/// A file of one table, as `system.parquet_files` lists it.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) min_time: i64,
    pub(crate) max_time: i64,
}

/// By table, the values that were written and are in no file that has been listed.
#[derive(Debug, Default)]
pub(crate) struct WriteLog(BTreeMap<String, TableLog>);

#[derive(Debug, Default)]
struct TableLog {
    /// By field.
    points: HashMap<Key, BTreeMap<String, Vec<Write>>>,
    files: HashSet<String>,
    /// When files were listed last.
    listed: Option<Instant>,
}

/// A value that was written to a field of a point.
#[derive(Debug)]
struct Write {
    value: Cell,
    /// None: nobody knows whether the server has it.
    acknowledged: Option<Instant>,
}

impl WriteLog {
    /// Remembers lines that are about to be sent: without an answer, they may be stored as well.
    pub(crate) fn sent(&mut self, lines: &str) -> Result<()> {
        self.each_value(lines, |writes, value| {
            let is_same = |write: &Write| write.acknowledged.is_none() && write.value == value;
            // What is sent again is one write.
            if !writes.iter().any(is_same) {
                writes.push(Write { value, acknowledged: None });
            }
        })
    }

    /// Notes that the server has acknowledged these lines.
    pub(crate) fn acknowledged(&mut self, lines: &str, at: Instant) -> Result<()> {
        self.each_value(lines, |writes, value| {
            for write in writes.iter_mut().filter(|write| write.value == value) {
                write.acknowledged.get_or_insert(at);
            }
        })
    }

    fn each_value(
        &mut self,
        lines: &str,
        mut visit: impl FnMut(&mut Vec<Write>, Cell),
    ) -> Result<()> {
        for line in parse_lines(lines) {
            let line = line?;
            // Without a time, the server chooses the point.
            let Some(key) = key(&line) else { continue };
            let table = self.0.entry(line.series.measurement.as_str().to_owned()).or_default();
            let point = table.points.entry(key).or_default();
            for (field, value) in &line.field_set {
                visit(point.entry(field.as_str().to_owned()).or_default(), cell(value));
            }
        }
        Ok(())
    }

    /// The tables in which something was written.
    pub(crate) fn tables(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Forgets the values that are in files by now, as a listing at this time tells of a table.
    ///
    /// A file that the listing before did not have is younger than that listing, and has all that
    /// was in the buffer of its ten minutes when its snapshot was taken: whatever was acknowledged
    /// well before is in it, or in an earlier one.
    pub(crate) fn listed(&mut self, table: &str, files: Vec<File>, at: Instant) {
        let Some(table) = self.0.get_mut(table) else { return };
        let before = table.listed.replace(at).and_then(|before| before.checked_sub(SNAPSHOT));
        let new: Vec<_> =
            files.into_iter().filter(|file| table.files.insert(file.path.clone())).collect();
        let Some(before) = before else { return };
        let is_in_file =
            |time: i64| new.iter().any(|file| (file.min_time..=file.max_time).contains(&time));
        for (_, point) in table.points.iter_mut().filter(|(key, _)| is_in_file(key.time)) {
            for writes in point.values_mut() {
                writes.retain(|write| write.acknowledged.is_none_or(|at| at > before));
            }
        }
    }

    /// The different values that a field of a point may have in the buffer.
    pub(crate) fn buffered(&self, table: &str, key: &Key, field: &str) -> Vec<Cell> {
        let point = self.0.get(table).and_then(|table| table.points.get(key));
        let writes = point.and_then(|point| point.get(field));
        let values: BTreeSet<_> = writes.into_iter().flatten().map(|write| &write.value).collect();
        values.into_iter().cloned().collect()
    }
}

fn key(line: &ParsedLine<'_>) -> Option<Key> {
    let tags = line.series.tag_set.iter().flatten();
    let tags = tags.map(|(tag, value)| (tag.as_str().to_owned(), value.as_str().to_owned()));
    Some(Key { time: line.timestamp?, tags: tags.collect() })
}

fn cell(value: &FieldValue<'_>) -> Cell {
    match value {
        FieldValue::I64(value) => Cell::Integer(*value),
        // The warehouse has them as decimals, which are text.
        FieldValue::U64(value) => Cell::Text(value.to_string()),
        FieldValue::F64(value) => Cell::float(*value),
        FieldValue::String(text) => Cell::Text(text.as_str().to_owned()),
        FieldValue::Boolean(value) => Cell::Integer((*value).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "odd names, too";
    const TIME: i64 = 1_000;

    fn line(fields: &str) -> String {
        format!("odd\\ names\\,\\ too,is\\ it=K\u{fc}che {fields} {TIME}")
    }

    fn of_point() -> Key {
        Key { time: TIME, tags: BTreeMap::from([("is it".to_owned(), "K\u{fc}che".to_owned())]) }
    }

    fn file(name: &str, min_time: i64, max_time: i64) -> File {
        File { path: name.to_owned(), min_time, max_time }
    }

    #[track_caller]
    fn check(log: &WriteLog, field: &str, expected: &[Cell]) {
        assert_eq!(log.buffered(TABLE, &of_point(), field), expected, "{field}: {log:?}");
    }

    fn write(log: &mut WriteLog, fields: &str, at: Instant) {
        log.sent(&line(fields)).unwrap();
        log.acknowledged(&line(fields), at).unwrap();
    }

    #[test]
    fn values_are_kept_by_field_as_a_comparison_has_them() {
        let (mut log, now) = (WriteLog::default(), Instant::now());
        write(&mut log, "i=1i,u=2u,f=0.5,t=\"a \\\"b\\\"\",b=true", now);
        write(&mut log, "i=3i", now);
        check(&log, "i", &[Cell::Integer(1), Cell::Integer(3)]);
        check(&log, "u", &[Cell::Text("2".to_owned())]);
        check(&log, "f", &[Cell::float(0.5)]);
        check(&log, "t", &[Cell::Text("a \"b\"".to_owned())]);
        check(&log, "b", &[Cell::Integer(1)]);
        check(&log, "z", &[]);
        assert_eq!(log.tables(), [TABLE]);
    }

    #[test]
    fn what_is_sent_twice_is_one_write_and_settles_as_one() {
        let (mut log, now) = (WriteLog::default(), Instant::now());
        log.sent(&line("v=1i")).unwrap();
        write(&mut log, "v=1i", now);
        check(&log, "v", &[Cell::Integer(1)]);
        log.listed(TABLE, vec![], now + 2 * SNAPSHOT);
        log.listed(TABLE, vec![file("1", TIME, TIME)], now + 3 * SNAPSHOT);
        check(&log, "v", &[]);
    }

    #[test]
    fn a_value_is_forgotten_when_a_file_must_have_it() {
        let (mut log, start) = (WriteLog::default(), Instant::now());
        write(&mut log, "v=1i", start);
        // Nobody knows when this file was made: before the write, perhaps.
        log.listed(TABLE, vec![file("1", TIME, TIME)], start + 2 * SNAPSHOT);
        check(&log, "v", &[Cell::Integer(1)]);
        // A file of other times says nothing.
        let mut files = vec![file("1", TIME, TIME), file("2", TIME + 1, TIME + 9)];
        log.listed(TABLE, files.clone(), start + 3 * SNAPSHOT);
        check(&log, "v", &[Cell::Integer(1)]);
        // This one is new, and has what was written before the last listing. It need not have what
        // was written since.
        write(&mut log, "v=2i", start + 4 * SNAPSHOT);
        files.push(file("3", TIME - 1, TIME));
        log.listed(TABLE, files, start + 5 * SNAPSHOT);
        check(&log, "v", &[Cell::Integer(2)]);
    }

    #[test]
    fn a_value_without_an_answer_is_never_taken_for_filed() {
        let (mut log, start) = (WriteLog::default(), Instant::now());
        log.sent(&line("v=1i")).unwrap();
        log.listed(TABLE, vec![], start + 2 * SNAPSHOT);
        log.listed(TABLE, vec![file("1", TIME, TIME)], start + 3 * SNAPSHOT);
        check(&log, "v", &[Cell::Integer(1)]);
    }
}
