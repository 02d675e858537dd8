//! The nodes that write files, and the numbers of their write-ahead logs.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A server's name until it is told another.
const FIRST_NODE: &str = "n1";

/// One node after another may have written what the server shows; each counts for itself.
#[derive(Debug)]
pub(super) struct Nodes {
    logs: BTreeMap<Arc<str>, Log>,
    current: Arc<str>,
}

/// How far a node's write-ahead log has come.
#[derive(Debug, Default)]
struct Log {
    /// Files written.
    written: u64,
    /// The last file that is in a snapshot.
    snapshotted: u64,
}

impl Default for Nodes {
    fn default() -> Self {
        Self::new(FIRST_NODE)
    }
}

impl Nodes {
    /// A server that has never written.
    pub(super) fn new(current: &str) -> Self {
        Self { logs: BTreeMap::new(), current: current.into() }
    }

    /// Writes from now on are another node's, which goes on where it once stopped.
    pub(super) fn switch(&mut self, current: &str) {
        self.current = current.into();
    }

    fn log(&mut self) -> &mut Log {
        self.logs.entry(Arc::clone(&self.current)).or_default()
    }

    /// Counts the file of the log that a flush of some points makes.
    pub(super) fn flush(&mut self) {
        self.log().written += 1;
    }

    /// The node and the sequence of a new snapshot: higher than that of any earlier one.
    pub(super) fn snapshot(&mut self) -> (Arc<str>, u64) {
        let log = self.log();
        // The last flush may be in an earlier snapshot too, of another database or of older windows: one of nothing sets them apart.
        log.written = log.written.max(log.snapshotted + 1);
        log.snapshotted = log.written;
        (Arc::clone(&self.current), self.log().snapshotted)
    }
}
