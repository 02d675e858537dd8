//! Snapshots: what was buffered becomes files, one for each 10 minutes of the points' time.
//!
//! Only the list of files is kept here. The points stay where they are, since a query sees them in
//! any case, unless a snapshot is persisted file by file.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use chrono::DateTime;

/// A file holds points of one such piece of UTC, however late they came.
const WINDOW_SECONDS: i64 = 600;
/// Compaction makes one file of those of such a piece of UTC.
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// What a Parquet file takes beside its rows: header, footer and statistics.
const FRAME_BYTES: u64 = 1500;

/// What the files of one snapshot have in common.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    pub(super) node: Arc<str>,
    /// The number of the newest file of the write-ahead log that is in the snapshot.
    pub(super) sequence: u64,
    /// Points at or after this window stay in the buffer.
    pub(super) before: Option<Window>,
}

/// Ten minutes of UTC, counted from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Window(i64);

impl Window {
    /// The window that a time in nanoseconds lies in.
    pub(super) fn of(time: i64) -> Self {
        Self(time.div_euclid(WINDOW_SECONDS * 1_000_000_000))
    }

    /// The day of UTC that it lies in.
    fn day(self) -> i64 {
        self.0.div_euclid(DAY_SECONDS / WINDOW_SECONDS)
    }
}

/// One Parquet file, by what the server lists of it.
#[derive(Clone, Debug)]
pub(super) struct File {
    node: Arc<str>,
    sequence: u64,
    window: Window,
    min_time: i64,
    max_time: i64,
    rows: u64,
    bytes: u64,
}

/// A file as `system.parquet_files` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileEntry {
    pub(crate) path: String,
    /// An estimate: the values as they lie in memory, and some for the file itself.
    pub(crate) size_bytes: u64,
    pub(crate) row_count: u64,
    pub(crate) min_time: i64,
    pub(crate) max_time: i64,
}

impl File {
    pub(super) fn window(&self) -> Window {
        self.window
    }

    /// True of a file that a half-open range of time does not prune.
    pub(super) fn overlaps(&self, range: &Range<i128>) -> bool {
        i128::from(self.min_time) < range.end
            && i128::from(self.max_time) >= range.start
            && range.start < range.end
    }

    /// One file with the rows of two.
    fn joined(self, other: Self) -> Self {
        Self {
            window: self.window.min(other.window),
            min_time: self.min_time.min(other.min_time),
            max_time: self.max_time.max(other.max_time),
            rows: self.rows + other.rows,
            bytes: self.bytes + other.bytes - FRAME_BYTES,
            ..self
        }
    }

    pub(super) fn entry(&self, database: u32, table: u32) -> FileEntry {
        let start = DateTime::from_timestamp(self.window.0 * WINDOW_SECONDS, 0).unwrap_or_default();
        let (node, sequence) = (&self.node, self.sequence);
        let window = start.format("%Y-%m-%d/%H-%M");
        FileEntry {
            path: format!("{node}/dbs/{database}/{table}/{window}/{sequence:010}.parquet"),
            size_bytes: self.bytes,
            row_count: self.rows,
            min_time: self.min_time,
            max_time: self.max_time,
        }
    }
}

/// The rows of one snapshot of one table, sorted into files.
#[derive(Debug, Default)]
pub(super) struct Filing(BTreeMap<Window, Content>);

#[derive(Debug)]
struct Content {
    times: Range<i64>,
    rows: u64,
    bytes: u64,
}

impl Filing {
    pub(super) fn add(&mut self, time: i64, bytes: u64) {
        let empty = Content { times: time..time, rows: 0, bytes: FRAME_BYTES };
        let content = self.0.entry(Window::of(time)).or_insert(empty);
        content.times = content.times.start.min(time)..content.times.end.max(time);
        content.rows += 1;
        content.bytes += bytes;
    }

    pub(super) fn files(self, stamp: &Stamp) -> impl Iterator<Item = File> {
        self.0.into_iter().map(|(window, content)| File {
            node: Arc::clone(&stamp.node),
            sequence: stamp.sequence,
            window,
            min_time: content.times.start,
            max_time: content.times.end,
            rows: content.rows,
            bytes: content.bytes,
        })
    }
}

/// Makes one file of all that a day of UTC has, where there are several. `points` tells how many
/// points lie in a range of time: a row that several files have is in the new one once.
pub(super) fn compact(
    files: Vec<File>,
    stamp: &Stamp,
    points: impl Fn(RangeInclusive<i64>) -> u64,
) -> Vec<File> {
    let mut days: BTreeMap<i64, Vec<File>> = BTreeMap::new();
    for file in files {
        days.entry(file.window.day()).or_default().push(file);
    }
    let compacted = days.into_values().flat_map(|mut files| {
        if files.len() > 1 {
            files = files.into_iter().reduce(File::joined).into_iter().collect();
            for file in &mut files {
                file.rows = file.rows.min(points(file.min_time..=file.max_time));
                file.node = Arc::clone(&stamp.node);
                file.sequence = stamp.sequence;
            }
        }
        files
    });
    compacted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(node: &str, sequence: u64) -> Stamp {
        Stamp { node: node.into(), sequence, before: None }
    }

    fn filed(times: &[i64]) -> Vec<File> {
        let mut filing = Filing::default();
        times.iter().for_each(|time| filing.add(*time, 8));
        filing.files(&stamp("n", 7)).collect()
    }

    #[test]
    fn the_files_of_a_day_become_one() {
        let day = DAY_SECONDS * 1_000_000_000;
        let files = [filed(&[5, day - 1, day, 2 * day, 2 * day + 1]), filed(&[5])].concat();
        let compacted = compact(files, &stamp("c", 3), |_| 2);
        let entries = compacted.iter().map(|file| file.entry(1, 2));
        let entries: Vec<_> =
            entries.map(|file| (file.path, file.row_count, file.min_time, file.max_time)).collect();
        let path = |file: &str| format!("{file}.parquet");
        assert_eq!(
            entries,
            [
                (path("c/dbs/1/2/1970-01-01/00-00/0000000003"), 2, 5, day - 1),
                // Alone, so they stay what they are.
                (path("n/dbs/1/2/1970-01-02/00-00/0000000007"), 1, day, day),
                (path("n/dbs/1/2/1970-01-03/00-00/0000000007"), 2, 2 * day, 2 * day + 1),
            ]
        );
    }

    #[test]
    fn a_path_names_the_window_of_the_points() {
        for (time, window) in [
            (0, "1970-01-01/00-00"),
            (-1, "1969-12-31/23-50"),
            (599_999_999_999, "1970-01-01/00-00"),
            (600_000_000_000, "1970-01-01/00-10"),
            (i64::MIN, "1677-09-21/00-10"),
            (i64::MAX, "2262-04-11/23-40"),
        ] {
            let path = filed(&[time])[0].entry(1, 2).path;
            assert_eq!(path, format!("n/dbs/1/2/{window}/0000000007.parquet"), "{time}");
        }
    }

    #[test]
    fn a_range_prunes_by_the_first_and_the_last_point() {
        let files = filed(&[10, 20]);
        assert_eq!(files.len(), 1);
        for (start, end, expect) in [
            (20, 30, true),
            (21, 30, false),
            (0, 10, false),
            (0, 11, true),
            (15, 16, true),
            (18, 12, false),
            (i128::MIN, i128::MAX, true),
        ] {
            assert_eq!(files[0].overlaps(&(start..end)), expect, "{start}..{end}");
        }
    }
}
