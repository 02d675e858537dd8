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
    /// Whether no query sees it for a while, since it is on its way into a file. It counts as
    /// visible from the end of that on.
    pub(super) is_hidden: bool,
    /// All fields that have a value, those of earlier writes included.
    pub(super) fields: BTreeMap<String, Cell>,
}

/// A file that is being written.
#[derive(Clone, Debug)]
pub(super) struct Coming {
    pub(super) file: File,
    /// Its points, each with the time from which on its version is visible.
    points: BTreeSet<(PointKey, i64)>,
    /// Whether its points are hidden while another file of its snapshot is listed.
    hides: bool,
}

/// How a server makes snapshots.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct How {
    /// Whether points vanish while a snapshot is being written, as before release 3.11.2.
    pub(super) hides: bool,
    /// Whether the files of a snapshot may be listed after those of the next one.
    pub(super) is_disordered: bool,
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
    /// Whether it stands in the place of another one.
    pub(super) is_another: bool,
    pub(super) columns: BTreeMap<String, Column>,
    pub(super) points: BTreeMap<PointKey, Vec<Version>>,
    /// Points before this time are not shown any more.
    pub(super) retention: i64,
    pub(super) files: Vec<File>,
    /// Files that are still being written: nobody is shown them yet.
    pub(super) coming: Vec<Coming>,
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
            is_another: false,
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
        versions.push(Version { visible, is_hidden: false, fields: merged });
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
            let mut newest_first = versions.iter().rev();
            let seen = newest_first.find(|version| version.visible <= now && !version.is_hidden)?;
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

    /// Writes what is in the buffer into files, as far as it is visible by some time.
    pub(super) fn snapshot(&mut self, by: i64, node: &str, sequence: u64, how: How) -> bool {
        let (written, rest) =
            std::mem::take(&mut self.buffer).into_iter().partition(|(_, visible)| *visible <= by);
        self.buffer = rest;
        if !how.is_disordered {
            // A node makes one snapshot after the other.
            self.land(None, by);
        }
        let written: BTreeSet<(PointKey, i64)> = written;
        let is_any = !written.is_empty();
        self.add_files(written, node, sequence, how.hides);
        is_any
    }

    /// Replaces all files by fewer ones with the same points, as some servers do in time.
    pub(super) fn compact(&mut self) {
        let mut windows: BTreeMap<(String, i64), File> = BTreeMap::new();
        for file in std::mem::take(&mut self.files) {
            let window = (file.node.clone(), file.first.div_euclid(6 * FILE_SPAN));
            let one = windows.entry(window).or_insert_with(|| file.clone());
            one.sequence = one.sequence.max(file.sequence);
            (one.first, one.last) = (one.first.min(file.first), one.last.max(file.last));
            one.rows = one.rows.max(file.rows);
        }
        self.files.extend(windows.into_values());
    }

    /// Replaces all files by ones of low sequences, as a server does that was made anew from its
    /// points.
    pub(super) fn rebuild(&mut self, now: i64, node: &str) {
        self.files.clear();
        self.coming.clear();
        let hidden = self.points.values_mut().flatten().filter(|version| version.is_hidden);
        hidden.for_each(|version| (version.is_hidden, version.visible) = (false, now + 1));
        self.buffer.retain(|(_, visible)| *visible > now);
        let seen = self.seen(now, i64::MIN, i64::MAX);
        let seen = seen.map(|(key, version)| (key.clone(), version.visible)).collect();
        self.add_files(seen, node, 1, false);
    }

    /// Shows some of the files that are being written: all that are left, or the one that happens
    /// to be ready.
    pub(super) fn land(&mut self, one: Option<usize>, now: i64) {
        let landed = match one {
            Some(_) if self.coming.is_empty() => return,
            Some(one) => vec![self.coming.swap_remove(one % self.coming.len())],
            None => std::mem::take(&mut self.coming),
        };
        for coming in landed {
            let snapshot = (coming.file.node.clone(), coming.file.sequence);
            for (key, visible) in coming.points {
                // What was hidden until now is seen from now on.
                if let Some(version) = self.version(&key, visible)
                    && version.is_hidden
                {
                    (version.is_hidden, version.visible) = (false, now + 1);
                }
            }
            self.files.push(coming.file);
            // With its first file listed, the rest of a snapshot is in no answer.
            let mut hidden = Vec::new();
            for other in self.coming.iter().filter(|other| other.hides) {
                if (&other.file.node, other.file.sequence) == (&snapshot.0, snapshot.1) {
                    hidden.extend(other.points.iter().cloned());
                }
            }
            for (key, visible) in hidden {
                if let Some(version) = self.version(&key, visible) {
                    version.is_hidden = true;
                }
            }
        }
    }

    fn version(&mut self, key: &PointKey, visible: i64) -> Option<&mut Version> {
        self.points.get_mut(key)?.iter_mut().find(|version| version.visible == visible)
    }

    fn add_files(
        &mut self,
        points: BTreeSet<(PointKey, i64)>,
        node: &str,
        sequence: u64,
        hides: bool,
    ) {
        let mut windows: BTreeMap<i64, BTreeSet<(PointKey, i64)>> = BTreeMap::new();
        for point in points {
            windows.entry(point.0.0.div_euclid(FILE_SPAN)).or_default().insert(point);
        }
        self.coming.extend(windows.into_values().map(|points| {
            let times = points.iter().map(|((time, _), _)| *time);
            let file = File {
                node: node.to_owned(),
                sequence,
                first: times.clone().min().unwrap(),
                last: times.max().unwrap(),
                rows: points.len() as u64,
            };
            Coming { file, points, hides }
        }));
    }

    /// The columns that a query sees at a moment, in byte order of their names, without the time.
    pub(super) fn columns_at(&self, now: i64) -> impl Iterator<Item = (&str, Kind)> {
        let seen = self.columns.iter().filter(move |(_, column)| column.visible <= now);
        seen.map(|(name, column)| (name.as_str(), column.kind))
    }
}
