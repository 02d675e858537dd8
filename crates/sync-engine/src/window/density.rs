//! How points lie in time, as far as files tell.

use crate::time_series::File;

/// How many rows and files there are where, to choose windows by.
///
/// Files tell nothing of points that are in none yet: a stretch without files is crossed in one
/// window, and that window is read like any other.
#[derive(Clone, Debug)]
pub(crate) struct Density {
    /// First and last time of each file and its rows, by first time.
    files: Vec<(i64, i64, u64)>,
    /// How many files one query may read.
    most_files: usize,
}

impl Density {
    pub(crate) fn new(files: &[File], most_files: usize) -> Self {
        let mut files: Vec<_> =
            files.iter().map(|file| (file.first, file.last, file.rows)).collect();
        files.sort_unstable();
        Self { files, most_files }
    }

    /// Where a window from `from` should end for about so many rows, or `None` if the files do not
    /// tell.
    pub(crate) fn end(&self, from: i64, rows: u64) -> Option<i64> {
        // Files are short, so those before `from` that reach over it lie close before it.
        let (mut expected, mut files) = (0, 0);
        for &(first, last, in_file) in &self.files[self.first_over(from)..] {
            if last < from {
                continue;
            }
            let is_full = expected >= rows || files >= self.most_files;
            let is_gap = files == 0 && first > from;
            if first > from && (is_full || is_gap) {
                return Some(first);
            }
            expected += in_file;
            files += 1;
        }
        None
    }

    /// Reads fewer files at once from now on than there are in a window. `false` if there are too
    /// few to tell.
    pub(crate) fn halve(&mut self, from: i64, to: i64) -> bool {
        let files = &self.files[self.first_over(from)..];
        let inside =
            files.iter().take_while(|(first, ..)| *first < to).filter(|(_, last, _)| *last >= from);
        let half = inside.count().min(self.most_files) / 2;
        self.most_files = half.max(1);
        half > 0
    }

    /// The first file that may reach over `from`.
    fn first_over(&self, from: i64) -> usize {
        const LONGEST: i64 = 24 * 3_600_000_000_000;
        self.files.partition_point(|(first, ..)| *first < from.saturating_sub(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::Density;
    use crate::time_series::File;

    fn density(files: &[(i64, i64, u64)]) -> Density {
        let files: Vec<_> = files
            .iter()
            .map(|&(first, last, rows)| File {
                node: "node0".to_owned(),
                sequence: 1,
                first,
                last,
                rows,
            })
            .collect();
        Density::new(&files, 400)
    }

    #[test]
    fn windows_hold_about_the_rows_that_are_wanted() {
        let density = density(&[(0, 9, 100), (10, 19, 100), (20, 29, 100), (30, 39, 100)]);
        assert_eq!(density.end(0, 100), Some(10));
        assert_eq!(density.end(0, 150), Some(20));
        assert_eq!(density.end(5, 100), Some(10));
        assert_eq!(density.end(0, 1_000), None);
    }

    #[test]
    fn a_stretch_without_files_is_one_window() {
        let density = density(&[(0, 9, 100), (1_000, 1_009, 100)]);
        assert_eq!(density.end(10, 100), Some(1_000));
        assert_eq!(density.end(1_010, 100), None);
    }

    #[test]
    fn files_are_counted_too_and_fewer_after_a_refusal() {
        let files: Vec<_> = (0..1_000).map(|at| (at * 10, at * 10 + 9, 1)).collect();
        let mut density = density(&files);
        assert_eq!(density.end(0, 1_000_000), Some(4_000));
        assert!(density.halve(0, 4_000));
        assert_eq!(density.end(0, 1_000_000), Some(2_000));
        assert!(density.halve(0, 20));
        assert_eq!(density.end(0, 1_000_000), Some(10));
        assert!(!density.halve(0, 10));
    }
}
