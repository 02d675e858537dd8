//! The nodes that write files, and the numbers of their write-ahead logs.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The first node.
const FIRST_NODE: &str = "n1";

/// The nodes that have written files, one after another. Each counts for itself.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    logs: BTreeMap<Arc<str>, Log>,
    current: Arc<str>,
}

/// How far a node's write-ahead log has come.
#[derive(Clone, Debug, Default)]
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

    /// Makes another node the one that writes. It continues its own counts.
    pub(super) fn switch(&mut self, current: &str) {
        self.current = current.into();
    }

    fn log(&mut self, node: Arc<str>) -> &mut Log {
        self.logs.entry(node).or_default()
    }

    /// Counts the file of the log that a flush of some points makes.
    pub(super) fn flush(&mut self) {
        self.log(Arc::clone(&self.current)).written += 1;
    }

    /// The node and the sequence of a new snapshot: higher than that of any earlier one.
    pub(super) fn snapshot(&mut self) -> (Arc<str>, u64) {
        let node = Arc::clone(&self.current);
        (Arc::clone(&node), self.number(node))
    }

    /// The sequence of files that another node makes of those that there are.
    pub(super) fn compaction(&mut self, node: &Arc<str>) -> u64 {
        self.number(Arc::clone(node))
    }

    fn number(&mut self, node: Arc<str>) -> u64 {
        let log = self.log(node);
        // The last flush may already be in a snapshot of another database or of older windows. An
        // empty flush gives this one a higher number.
        log.written = log.written.max(log.snapshotted + 1);
        log.snapshotted = log.written;
        log.snapshotted
    }
}
