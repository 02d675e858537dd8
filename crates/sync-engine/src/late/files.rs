//! New files: one with old times says where points came late or were changed.

use std::collections::BTreeMap;

use crate::late::watermark::{FileWatermark, Snapshots};
use crate::time_series::File;
use crate::window::{TimeRangeSet, Window};

/// How many of a node's newest snapshots may have been made a moment before they were listed.
const MAY_BE_FRESH: usize = 2;

/// What new files tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NewFiles {
    pub(crate) watermark: FileWatermark,
    /// How many files are new.
    pub(crate) files: usize,
    /// What they cover.
    pub(crate) ranges: TimeRangeSet,
    /// What the newest snapshots of each node cover.
    pub(crate) fresh: TimeRangeSet,
}

/// The files of each node, by snapshot.
struct Listed<'a>(BTreeMap<&'a str, BTreeMap<u64, Vec<&'a File>>>);

impl<'a> Listed<'a> {
    fn new(files: &'a [File]) -> Self {
        let mut listed = BTreeMap::<_, BTreeMap<_, Vec<_>>>::new();
        for file in files {
            let snapshots = listed.entry(file.node.as_str()).or_default();
            snapshots.entry(file.sequence).or_default().push(file);
        }
        Self(listed)
    }
}

/// Whether a list since a watermark leaves open what is new: none of a node's snapshots is there as
/// it was, so that its server may have been made anew, with lower sequences.
pub(crate) fn may_be_rebuilt(files: &[File], before: &FileWatermark) -> bool {
    let listed = Listed::new(files);
    before.nodes().any(|(node, known)| {
        let snapshots = listed.0.get(node);
        snapshots.is_none_or(|snapshots| {
            let is_above = snapshots.keys().any(|sequence| *sequence > known.highest());
            !is_above && !snapshots.iter().any(|(sequence, files)| known.has(*sequence, files))
        })
    })
}

/// Compares the files that there are with a watermark; without one all files are new.
///
/// A snapshot of points in order makes files after the cursor; one that holds a late or an
/// overwritten point makes a file of its own for the time of that point, under the same new
/// sequence. So a file that is new and has old times says that there is something to read again.
///
/// A server lists the files of a snapshot one after the other, and several nodes list theirs in any
/// order, some of them late. So of each node the last snapshots are remembered, each with a digest
/// of its files: one that is not as it was is new, wherever it stands.
pub(crate) fn new_files(files: &[File], before: Option<&FileWatermark>) -> NewFiles {
    let nothing_known = Snapshots::default();
    let mut found =
        NewFiles { watermark: before.cloned().unwrap_or_default(), ..Default::default() };
    for (node, snapshots) in Listed::new(files).0 {
        let known = before.and_then(|before| before.of(node));
        let known = known.filter(|known| !is_rebuilt(&snapshots, known)).unwrap_or(&nothing_known);
        for (sequence, files) in &snapshots {
            if known.is_too_old(*sequence) || known.has(*sequence, files) {
                continue;
            }
            found.files += files.len();
            found.ranges.extend(&files.iter().filter_map(|file| covered(file)).collect());
        }
        let newest = snapshots.values().rev().take(MAY_BE_FRESH).flatten();
        found.fresh.extend(&newest.filter_map(|file| covered(file)).collect());
        found.watermark.learn(node, known.and(&snapshots));
    }
    found
}

/// Whether a node counts anew: its sequences have fallen, and nothing is as it was. It is another
/// server under the same name.
fn is_rebuilt(snapshots: &BTreeMap<u64, Vec<&File>>, known: &Snapshots) -> bool {
    let highest = snapshots.keys().next_back();
    highest.is_some_and(|highest| *highest < known.highest())
        && !snapshots.iter().any(|(sequence, files)| known.has(*sequence, files))
}

fn covered(file: &File) -> Option<Window> {
    Window::new(file.first, file.last.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::{FileWatermark, may_be_rebuilt, new_files};
    use crate::time_series::File;
    use crate::window::Window;

    fn file(node: &str, sequence: u64, first: i64, last: i64) -> File {
        File { node: node.to_owned(), sequence, first, last, rows: 1 }
    }

    /// What is known after these were listed.
    fn seen(files: &[File]) -> FileWatermark {
        new_files(files, None).watermark
    }

    #[track_caller]
    fn check(files: &[File], before: Option<&FileWatermark>, new: &[(i64, i64)]) {
        let found = new_files(files, before);
        let expected: Vec<_> = new.iter().filter_map(|&(from, to)| Window::new(from, to)).collect();
        assert_eq!(found.ranges.iter().collect::<Vec<_>>(), expected);
        // Nothing is new twice.
        let again = new_files(files, Some(&found.watermark));
        assert_eq!((again.files, &again.watermark), (0, &found.watermark));
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
        check(&files, Some(&seen(&files[..2])), &[(50, 51), (990, 1_501), (2_000, 3_000)]);
        check(&files, Some(&seen(&files)), &[]);
    }

    #[test]
    fn a_snapshot_that_was_half_listed_is_read_again() {
        let files = [file("a", 2, 0, 99), file("a", 3, 500, 599), file("a", 3, 50, 50)];
        check(&files[..2], Some(&seen(&files[..1])), &[(500, 600)]);
        check(&files, Some(&seen(&files[..2])), &[(50, 51), (500, 600)]);
        // Also when there is a newer one by then.
        let later = [&files[..], &[file("a", 4, 2_000, 2_099)]].concat();
        check(&later, Some(&seen(&files[..2])), &[(50, 51), (500, 600), (2_000, 2_100)]);
    }

    #[test]
    fn a_snapshot_that_is_listed_late_is_read_then() {
        let files = [file("a", 5, 0, 9), file("a", 200, 20, 29), file("a", 150, 40, 49)];
        check(&files, Some(&seen(&files[..2])), &[(40, 50)]);
        // So far back nothing is looked at again.
        let older = [&files[..2], &[file("a", 99, 60, 69)]].concat();
        check(&older, Some(&seen(&files[..2])), &[]);
    }

    #[test]
    fn without_a_watermark_every_file_is_new() {
        check(&[file("a", 1, 0, 99)], None, &[(0, 100)]);
    }

    #[test]
    fn each_node_counts_for_itself() {
        let before = seen(&[file("a", 9, 0, 9), file("b", 2, 0, 0), file("gone", 5, 0, 0)]);
        let files = [file("a", 9, 0, 9), file("b", 3, 10, 19), file("c", 1, 30, 39)];
        check(&files, Some(&before), &[(10, 20), (30, 40)]);
        let known = new_files(&files, Some(&before)).watermark;
        assert_eq!(known.of("gone"), before.of("gone"));
    }

    #[test]
    fn a_rebuilt_server_is_read_again() {
        let before = seen(&[file("a", 7, 0, 9)]);
        let files = [file("a", 1, 0, 9), file("a", 2, 20, 29)];
        assert!(may_be_rebuilt(&[], &before));
        assert!(may_be_rebuilt(&files, &before));
        assert!(!may_be_rebuilt(&[file("a", 7, 0, 9)], &before));
        assert!(!may_be_rebuilt(&[file("a", 8, 10, 19)], &before));
        check(&files, Some(&before), &[(0, 10), (20, 30)]);
    }

    #[test]
    fn the_newest_snapshots_may_have_been_made_a_moment_ago() {
        let files = [file("a", 1, 0, 9), file("a", 2, 20, 29), file("a", 3, 40, 2_000)];
        let fresh: Vec<_> = new_files(&files, None).fresh.iter().collect();
        assert_eq!(fresh, [Window::new(20, 30).unwrap(), Window::new(40, 2_001).unwrap()]);
    }
}
