//! What the model InfluxDB holds, and everything that it ever held: the one source of truth of the
//! checker.

use std::collections::{BTreeMap, BTreeSet};

use sync_engine::File;

pub(super) const SECOND: i64 = 1_000_000_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
/// A file holds points of one such stretch.
const FILE_SPAN: i64 = 10 * MINUTE;

/// A value of a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Float(f64),
    Integer(i64),
    Unsigned(u64),
    Text(String),
    Boolean(bool),
}

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tag,
    Float,
    Integer,
    Unsigned,
    Text,
    Boolean,
}

#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) kind: Kind,
    /// When queries begin to see it.
    pub(super) visible: i64,
}

/// The tags of a series: those that have a value.
pub(super) type Tags = BTreeMap<String, String>;
pub(super) type PointKey = (i64, Tags);

/// What a point was from some moment on.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// When queries begin to see it.
    pub(super) visible: i64,
    /// All fields that have a value, those of earlier writes included.
    pub(super) fields: BTreeMap<String, Cell>,
}

/// The databases that a server may have.
pub(super) const DATABASES: [&str; 2] = ["db", "other"];

/// A database on a server, by their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) server: usize,
    pub(super) database: usize,
}

/// A table from its creation on. One that is dropped keeps its points under another name; one that
/// is made anew is another one.
#[derive(Clone, Debug)]
pub(super) struct Measurement {
    pub(super) place: Place,
    /// The name under which it was made.
    pub(super) original: String,
    /// The name now.
    pub(super) name: String,
    pub(super) visible: i64,
    pub(super) is_dropped: bool,
    /// Whether its database is gone, so that nobody is shown even its new name.
    pub(super) is_deleted: bool,
    /// Whether it has ever had fewer points than before, or stands in the place of another one.
    pub(super) has_shrunk: bool,
    pub(super) columns: BTreeMap<String, Column>,
    pub(super) points: BTreeMap<PointKey, Vec<Version>>,
    /// Points before this time are not shown any more.
    pub(super) retention: i64,
    pub(super) files: Vec<File>,
    /// Files of the last snapshot that are still being written: nobody is shown them yet.
    pub(super) coming: Vec<File>,
    /// What is in no file yet, with the time at which it became visible.
    pub(super) buffer: BTreeSet<(PointKey, i64)>,
}

impl Measurement {
    pub(super) fn new(place: Place, name: &str, columns: &[(&str, Kind)], visible: i64) -> Self {
        let column = |&(name, kind): &(&str, Kind)| (name.to_owned(), Column { kind, visible });
        Self {
            place,
            original: name.to_owned(),
            name: name.to_owned(),
            visible,
            is_dropped: false,
            is_deleted: false,
            has_shrunk: false,
            columns: columns.iter().map(column).collect(),
            points: BTreeMap::new(),
            retention: i64::MIN,
            files: Vec::new(),
            coming: Vec::new(),
            buffer: BTreeSet::new(),
        }
    }

    /// Merges a point into what there is: per field, the last value that is given wins.
    pub(super) fn write(&mut self, key: PointKey, fields: BTreeMap<String, Cell>, visible: i64) {
        let versions = self.points.entry(key.clone()).or_default();
        let mut merged = versions.last().map(|last| last.fields.clone()).unwrap_or_default();
        merged.extend(fields);
        versions.push(Version { visible, fields: merged });
        self.buffer.insert((key, visible));
    }

    /// The points that a query sees at a moment, in a half-open stretch.
    pub(super) fn seen(
        &self,
        now: i64,
        from: i64,
        to: i64,
    ) -> impl Iterator<Item = (&PointKey, &Version)> {
        let from = from.max(self.retention);
        let range = (from, Tags::new())..(to.max(from), Tags::new());
        self.points.range(range).filter_map(move |(key, versions)| {
            let seen = versions.iter().rev().find(|version| version.visible <= now)?;
            Some((key, seen))
        })
    }

    /// How many files a query over a stretch reads.
    pub(super) fn files_in(&self, from: i64, to: i64) -> usize {
        self.files.iter().filter(|file| file.first < to && file.last >= from).count()
    }

    /// How many days with points a query over a stretch reads.
    pub(super) fn days_in(&self, now: i64, from: i64, to: i64) -> usize {
        let days = self.seen(now, from, to).map(|((time, _), _)| time.div_euclid(DAY));
        days.collect::<BTreeSet<_>>().len()
    }

    /// Writes what is visible in the buffer into files.
    pub(super) fn snapshot(&mut self, now: i64, node: &str, sequence: u64) -> bool {
        let (visible, rest) =
            std::mem::take(&mut self.buffer).into_iter().partition(|(_, visible)| *visible <= now);
        self.buffer = rest;
        let visible: BTreeSet<(PointKey, i64)> = visible;
        let times = visible.iter().map(|((time, _), _)| *time);
        self.add_files(times.collect(), node, sequence)
    }

    /// Replaces all files by ones of low sequences, as a server does that was made anew from its
    /// points.
    pub(super) fn rebuild(&mut self, now: i64, node: &str) {
        self.files.clear();
        self.coming.clear();
        self.buffer.retain(|(_, visible)| *visible > now);
        let times = self.seen(now, i64::MIN, i64::MAX).map(|((time, _), _)| *time).collect();
        self.add_files(times, node, 1);
    }

    /// Shows some of the files that are being written: all that are left, or the one that happens
    /// to be ready.
    pub(super) fn land(&mut self, one: Option<usize>) {
        match one {
            Some(one) if !self.coming.is_empty() => {
                self.files.push(self.coming.swap_remove(one % self.coming.len()));
            }
            Some(_) => {}
            None => self.files.append(&mut self.coming),
        }
    }

    fn add_files(&mut self, times: Vec<i64>, node: &str, sequence: u64) -> bool {
        let mut windows: BTreeMap<i64, (i64, i64, u64)> = BTreeMap::new();
        for time in times {
            let window = windows.entry(time.div_euclid(FILE_SPAN)).or_insert((time, time, 0));
            *window = (window.0.min(time), window.1.max(time), window.2 + 1);
        }
        let is_any = !windows.is_empty();
        // A node makes one snapshot after the other.
        self.land(None);
        self.coming.extend(windows.into_values().map(|(first, last, rows)| File {
            node: node.to_owned(),
            sequence,
            first,
            last,
            rows,
        }));
        is_any
    }

    /// The columns that a query sees at a moment, in byte order of their names, without the time.
    pub(super) fn columns_at(&self, now: i64) -> impl Iterator<Item = (&str, Kind)> {
        let seen = self.columns.iter().filter(move |(_, column)| column.visible <= now);
        seen.map(|(name, column)| (name.as_str(), column.kind))
    }
}
