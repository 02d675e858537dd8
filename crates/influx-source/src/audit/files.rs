//! The audit of files: a new file with old times says where points came late or were changed.

use std::collections::BTreeMap;

use influx_flight::ParquetFile;
use serde::{Deserialize, Serialize};

use crate::plant::{Defect, is_planted};
use crate::stretches::Stretches;
use crate::window::Window;

/// The highest sequence of each node's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark(BTreeMap<String, u64>);

/// What the files tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) mark: Mark,
    /// How many files are new and reach before the cursor.
    pub(crate) files: usize,
    /// What they cover, before the cursor.
    pub(crate) late: Stretches,
}

/// Compares the files that there are with a mark; without a mark all files are new.
///
/// A snapshot of points in order makes files after the cursor; one that holds a late or an overwritten point makes a file of its own
/// for the ten minutes of that point, under the same new sequence. So a file that is new and has old times says that there is something
/// to read again.
pub(crate) fn audit(files: &[ParquetFile], before: Option<&Mark>, cursor: Option<i64>) -> Found {
    let mut highest: BTreeMap<&str, u64> = BTreeMap::new();
    for file in files {
        let sequence = highest.entry(&file.node).or_default();
        *sequence = file.sequence.max(*sequence);
    }
    let marked = |node: &str| -> Option<u64> {
        let marked = *before?.0.get(node)?;
        // Sequences do not fall: this is another server under the same name, and all of its files are new.
        let is_rebuilt = highest.get(node).is_some_and(|highest| *highest < marked);
        (!is_rebuilt || is_planted(Defect::RebuildUnnoticed)).then_some(marked)
    };
    let cursor = cursor.unwrap_or(i64::MIN);
    let is_late = |file: &&ParquetFile| {
        file.first < cursor && marked(&file.node).is_none_or(|marked| file.sequence > marked)
    };
    let late: Vec<_> = files.iter().filter(is_late).collect();
    let covered =
        |file: &&ParquetFile| Window::new(file.first, file.last.saturating_add(1).min(cursor));
    let mut mark = before.cloned().unwrap_or_default();
    // A node without files keeps its mark: that it has none now means nothing.
    mark.0.extend(highest.into_iter().map(|(node, sequence)| (node.to_owned(), sequence)));
    Found { mark, files: late.len(), late: late.iter().filter_map(covered).collect() }
}

#[cfg(test)]
mod tests {
    use super::{Mark, audit};
    use crate::window::Window;
    use influx_flight::ParquetFile;

    fn file(node: &str, sequence: u64, first: i64, last: i64) -> ParquetFile {
        ParquetFile { node: node.to_owned(), sequence, first, last, rows: 1, bytes: 1 }
    }

    fn mark(nodes: &[(&str, u64)]) -> Mark {
        Mark(nodes.iter().map(|&(node, sequence)| (node.to_owned(), sequence)).collect())
    }

    #[track_caller]
    fn check(
        files: &[ParquetFile],
        before: Option<&Mark>,
        late: &[(i64, i64)],
        after: &[(&str, u64)],
    ) {
        let found = audit(files, before, Some(1_000));
        let expected: Vec<_> =
            late.iter().filter_map(|&(from, to)| Window::new(from, to)).collect();
        assert_eq!(found.late.iter().collect::<Vec<_>>(), expected);
        assert_eq!(found.mark, mark(after));
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
        check(&files, Some(&mark(&[("a", 2)])), &[(50, 51), (990, 1_000)], &[("a", 3)]);
        check(&files, Some(&mark(&[("a", 3)])), &[], &[("a", 3)]);
    }

    #[test]
    fn without_a_mark_every_file_is_new() {
        check(&[file("a", 1, 0, 99)], None, &[(0, 100)], &[("a", 1)]);
    }

    #[test]
    fn each_node_counts_for_itself() {
        let files = [file("a", 9, 0, 9), file("b", 3, 10, 19), file("c", 1, 30, 39)];
        let before = mark(&[("a", 9), ("b", 2), ("gone", 5)]);
        check(
            &files,
            Some(&before),
            &[(10, 20), (30, 40)],
            &[("a", 9), ("b", 3), ("c", 1), ("gone", 5)],
        );
    }

    #[test]
    fn a_rebuilt_server_is_read_again() {
        let files = [file("a", 1, 0, 9), file("a", 2, 20, 29)];
        check(&files, Some(&mark(&[("a", 7)])), &[(0, 10), (20, 30)], &[("a", 2)]);
    }
}
