//! Which files were seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time_series::File;

/// How many snapshots of a node are looked at again: so far back may files be listed late.
const SNAPSHOTS: u64 = 100;

/// The newest snapshots of each node.
///
/// That a node shows none now means nothing, so what is known of it stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileWatermark(BTreeMap<String, Snapshots>);

impl FileWatermark {
    pub(crate) fn of(&self, node: &str) -> Option<&Snapshots> {
        self.0.get(node)
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&str, &Snapshots)> {
        self.0.iter().map(|(node, known)| (node.as_str(), known))
    }

    pub(crate) fn learn(&mut self, node: &str, known: Snapshots) {
        self.0.insert(node.to_owned(), known);
    }

    /// The sequence of each node from which on files are to be listed.
    pub(crate) fn since(&self) -> BTreeMap<String, u64> {
        let since = |known: &Snapshots| known.highest().saturating_sub(SNAPSHOTS);
        self.0.iter().map(|(node, known)| (node.clone(), since(known))).collect()
    }
}

/// The newest snapshots of a node, each by its sequence with a digest of its files; `None` where an
/// earlier version remembered the sequence alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Vec<(u64, Option<u32>)>")]
pub(crate) struct Snapshots(BTreeMap<u64, Option<u32>>);

impl Snapshots {
    /// The highest sequence; 0 if there is none.
    pub(crate) fn highest(&self) -> u64 {
        self.0.last_key_value().map_or(0, |(sequence, _)| *sequence)
    }

    /// Whether a snapshot lies so far back that its files are not looked at again.
    pub(crate) fn is_too_old(&self, sequence: u64) -> bool {
        sequence < self.highest().saturating_sub(SNAPSHOTS)
    }

    /// Whether a snapshot has the files that it had.
    pub(crate) fn has(&self, sequence: u64, files: &[&File]) -> bool {
        self.0.get(&sequence) == Some(&Some(digest(files)))
    }

    /// The same, and what is listed now.
    pub(crate) fn and(&self, listed: &BTreeMap<u64, Vec<&File>>) -> Self {
        let mut all = self.0.clone();
        all.extend(listed.iter().map(|(sequence, files)| (*sequence, Some(digest(files)))));
        let all = Self(all);
        let oldest = all.highest().saturating_sub(SNAPSHOTS);
        Self(all.0.into_iter().filter(|(sequence, _)| *sequence >= oldest).collect())
    }
}

/// A number that changes with the files of a snapshot, in whatever order they come.
fn digest(files: &[&File]) -> u32 {
    let mut known: Vec<_> = files.iter().map(|file| (file.first, file.last, file.rows)).collect();
    known.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    for (first, last, rows) in known {
        hasher.update(&first.to_le_bytes()).update(&last.to_le_bytes());
        hasher.update(&rows.to_le_bytes());
    }
    let [one, two, three, four, ..] = *hasher.finalize().as_bytes();
    u32::from_le_bytes([one, two, three, four])
}

/// Snapshots in a state.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Snapshots(Vec<(u64, Option<u32>)>),
    /// The sequence of the newest one and its number of files, as versions before wrote it.
    Counted([u64; 2]),
    /// The sequence of the newest one, as the first version wrote it.
    Highest(u64),
}

impl From<Written> for Snapshots {
    fn from(written: Written) -> Self {
        match written {
            Written::Snapshots(all) => Self(all.into_iter().collect()),
            // What its files were is not known, so that it is new once.
            Written::Counted([sequence, _]) | Written::Highest(sequence) => {
                Self([(sequence, None)].into())
            }
        }
    }
}

impl From<Snapshots> for Vec<(u64, Option<u32>)> {
    fn from(snapshots: Snapshots) -> Self {
        snapshots.0.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::FileWatermark;

    #[test]
    fn what_earlier_versions_remembered_is_new_once() {
        let read: FileWatermark = serde_json::from_str(r#"{"a":3,"b":[4,2]}"#).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"a":[[3,null]],"b":[[4,null]]}"#);
        let written = r#"{"a":[[3,4294967295],[4,null]]}"#;
        let read: FileWatermark = serde_json::from_str(written).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
    }

    #[test]
    fn files_are_listed_from_a_hundred_snapshots_before_the_newest() {
        let read: FileWatermark = serde_json::from_str(r#"{"a":[[3,1],[250,2]],"b":7}"#).unwrap();
        assert_eq!(read.since(), [("a".to_owned(), 150), ("b".to_owned(), 0)].into());
    }
}
