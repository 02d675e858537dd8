//! New files: one with old times says where points came late or were changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time_series::File;
use crate::window::{TimeRangeSet, Window};

/// The newest snapshot of each node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileWatermark(BTreeMap<String, Snapshot>);

/// A snapshot, as far as its files were listed.
///
/// A server writes the files of a snapshot one after the other, and lists each as soon as it is
/// there. So a list may show a part of the newest snapshot, and the number of its files tells
/// whether more have come since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "(u64, u64)")]
struct Snapshot {
    /// The number in the names of its files.
    sequence: u64,
    files: u64,
}

/// A snapshot in a state.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Snapshot(u64, u64),
    /// As the first version wrote it, which did not count files: all of the snapshot is taken for
    /// new once.
    Sequence(u64),
}

impl From<Written> for Snapshot {
    fn from(written: Written) -> Self {
        match written {
            Written::Snapshot(sequence, files) => Self { sequence, files },
            Written::Sequence(sequence) => Self { sequence, files: 0 },
        }
    }
}

impl From<Snapshot> for (u64, u64) {
    fn from(snapshot: Snapshot) -> Self {
        (snapshot.sequence, snapshot.files)
    }
}

/// What new files tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewFiles {
    pub(crate) watermark: FileWatermark,
    /// How many files are new and reach before the cursor.
    pub(crate) files: usize,
    /// What they cover, before the cursor.
    pub(crate) late: TimeRangeSet,
}

/// Compares the files that there are with a watermark; without one all files are new, and those of
/// its snapshot are so again when there are more of them.
///
/// A snapshot of points in order makes files after the cursor; one that holds a late or an
/// overwritten point makes a file of its own for the time of that point, under the same new
/// sequence. So a file that is new and has old times says that there is something to read again.
pub(crate) fn new_files(
    files: &[File],
    before: Option<&FileWatermark>,
    cursor: Option<i64>,
) -> NewFiles {
    let newest = newest(files);
    let from = |node: &String, marked: &Snapshot| -> u64 {
        // Sequences do not fall: this is another server under the same name, and all of its files
        // are new.
        let is_rebuilt =
            newest.get(node.as_str()).is_some_and(|now| now.sequence < marked.sequence);
        if is_rebuilt {
            return 0;
        }
        let listed =
            files.iter().filter(|file| file.node == *node && file.sequence == marked.sequence);
        let has_grown = listed.count() as u64 > marked.files;
        if has_grown { marked.sequence } else { marked.sequence.saturating_add(1) }
    };
    // The sequence from which on the files of each node are new.
    let new_from: BTreeMap<_, _> = before
        .iter()
        .flat_map(|before| &before.0)
        .map(|(node, marked)| (node.as_str(), from(node, marked)))
        .collect();
    let is_new =
        |file: &File| new_from.get(file.node.as_str()).is_none_or(|from| file.sequence >= *from);
    let cursor = cursor.unwrap_or(i64::MIN);
    let is_late = |file: &&File| file.first < cursor && is_new(file);
    let late: Vec<_> = files.iter().filter(is_late).collect();
    let covered = |file: &&File| Window::new(file.first, file.last.saturating_add(1).min(cursor));
    let mut watermark = before.cloned().unwrap_or_default();
    // A node without files keeps its snapshot: that it has none now means nothing.
    watermark.0.extend(newest.into_iter().map(|(node, snapshot)| (node.to_owned(), snapshot)));
    NewFiles { watermark, files: late.len(), late: late.iter().filter_map(covered).collect() }
}

/// The newest snapshot of each node that has files here.
fn newest(files: &[File]) -> BTreeMap<&str, Snapshot> {
    let mut newest: BTreeMap<&str, Snapshot> = BTreeMap::new();
    for file in files {
        let newest = newest.entry(&file.node).or_default();
        if file.sequence > newest.sequence {
            *newest = Snapshot { sequence: file.sequence, files: 0 };
        }
        newest.files += u64::from(file.sequence == newest.sequence);
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::{FileWatermark, Snapshot, new_files};
    use crate::time_series::File;
    use crate::window::Window;

    fn file(node: &str, sequence: u64, first: i64, last: i64) -> File {
        File { node: node.to_owned(), sequence, first, last, rows: 1 }
    }

    fn watermark(nodes: &[(&str, u64, u64)]) -> FileWatermark {
        let snapshot = |&(node, sequence, files): &(&str, u64, u64)| {
            (node.to_owned(), Snapshot { sequence, files })
        };
        FileWatermark(nodes.iter().map(snapshot).collect())
    }

    #[track_caller]
    fn check(
        files: &[File],
        before: Option<&FileWatermark>,
        late: &[(i64, i64)],
        after: &[(&str, u64, u64)],
    ) {
        let found = new_files(files, before, Some(1_000));
        let expected: Vec<_> =
            late.iter().filter_map(|&(from, to)| Window::new(from, to)).collect();
        assert_eq!(found.late.iter().collect::<Vec<_>>(), expected);
        assert_eq!(found.watermark, watermark(after));
    }

    #[test]
    fn a_new_file_with_old_times_is_read_again() {
        let files = [
            file("a", 1, 0, 99),
            file("a", 2, 1_000, 1_999),
            file("a", 3, 50, 50),
            file("a", 3, 990, 1_500),
            file("a", 3, 2_000, 2_999),
        ];
        check(&files, Some(&watermark(&[("a", 2, 1)])), &[(50, 51), (990, 1_000)], &[("a", 3, 3)]);
        check(&files, Some(&watermark(&[("a", 3, 3)])), &[], &[("a", 3, 3)]);
    }

    #[test]
    fn a_snapshot_that_was_half_listed_is_read_again() {
        let files = [file("a", 2, 0, 99), file("a", 3, 500, 599), file("a", 3, 50, 50)];
        check(&files[..2], Some(&watermark(&[("a", 2, 1)])), &[(500, 600)], &[("a", 3, 1)]);
        check(&files, Some(&watermark(&[("a", 3, 1)])), &[(50, 51), (500, 600)], &[("a", 3, 2)]);
        // Also when there is a newer one by then.
        let later = [&files[..], &[file("a", 4, 2_000, 2_099)]].concat();
        check(&later, Some(&watermark(&[("a", 3, 1)])), &[(50, 51), (500, 600)], &[("a", 4, 1)]);
        // Files may be gone from the list, which means nothing.
        check(&files[..2], Some(&watermark(&[("a", 3, 2)])), &[], &[("a", 3, 1)]);
    }

    #[test]
    fn a_watermark_without_a_count_is_that_of_an_earlier_version() {
        let read: FileWatermark = serde_json::from_str(r#"{"a":3,"b":[4,2]}"#).unwrap();
        assert_eq!(read, watermark(&[("a", 3, 0), ("b", 4, 2)]));
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"a":[3,0],"b":[4,2]}"#);
    }

    #[test]
    fn without_a_watermark_every_file_is_new() {
        check(&[file("a", 1, 0, 99)], None, &[(0, 100)], &[("a", 1, 1)]);
    }

    #[test]
    fn each_node_counts_for_itself() {
        let files = [file("a", 9, 0, 9), file("b", 3, 10, 19), file("c", 1, 30, 39)];
        let before = watermark(&[("a", 9, 1), ("b", 2, 1), ("gone", 5, 2)]);
        check(
            &files,
            Some(&before),
            &[(10, 20), (30, 40)],
            &[("a", 9, 1), ("b", 3, 1), ("c", 1, 1), ("gone", 5, 2)],
        );
    }

    #[test]
    fn a_rebuilt_server_is_read_again() {
        let files = [file("a", 1, 0, 9), file("a", 2, 20, 29)];
        check(&files, Some(&watermark(&[("a", 7, 1)])), &[(0, 10), (20, 30)], &[("a", 2, 1)]);
    }
}
