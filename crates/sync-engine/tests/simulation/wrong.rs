//! Wrong ports: clocks, databases, settings and sinks that lie to an engine without a fault, as it
//! would be lied to if a rule of the sync were not kept. The checker has to find every one of them.

mod port;
mod sink;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sync_engine::{Clock, Settings};

use super::history::{Place, SECOND};
use super::port::Model;
use super::world::ModelClock;

pub(super) use port::WrongPort;
pub(super) use sink::WrongSink;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lie {
    /// Both clocks are ahead by as long as a write may take until it is seen.
    NothingSettles,
    /// Both clocks say what the later one says.
    LaterClock,
    /// Both clocks stand at the end of time.
    FuturePoints,
    /// A window that no file reaches into is answered with nothing.
    FilesProveEmptiness,
    /// A window that a limit refuses is answered with nothing.
    RefusedWindowSkipped,
    /// An answer ends with its first batch without rows.
    EmptyBatchEnds,
    /// An answer that breaks off looks like one that ends.
    BrokenStreamEnds,
    /// All measurements land in one table.
    OneTable,
    /// Nothing before the cursor is read again.
    NoLookback,
    /// A point that was answered once is not answered again, whatever it has become.
    OverwritesIgnored,
    /// Tables have no key.
    NoKey,
    /// No measurement says that it has points before 1990.
    NothingBefore1990,
    /// Files that join a snapshot after it was first listed are not shown.
    HalfListedForgotten,
    /// Files of a server that was rebuilt are not shown.
    RebuildUnnoticed,
    /// Nothing is there to be counted.
    RiseIgnored,
    /// Rows of a re-sync come without a truncate before them.
    NoTruncate,
    /// All servers say that they are the same one.
    IdentityIgnored,
    /// A server that does not say who it is seems to be somewhere else.
    MissingIdentityIsAnother,
}

impl Lie {
    /// Every lie, with what it breaks: a defect of the Python example (D), or a rule of the sync.
    pub(super) const ALL: &[(Self, &'static str)] = &[
        (Self::NothingSettles, "rule 1"),
        (Self::LaterClock, "rule 1"),
        (Self::FuturePoints, "D5"),
        (Self::FilesProveEmptiness, "rule 2"),
        (Self::RefusedWindowSkipped, "rule 2"),
        (Self::EmptyBatchEnds, "rule 3"),
        (Self::BrokenStreamEnds, "rule 9"),
        (Self::OneTable, "D8"),
        (Self::NoLookback, "D3"),
        (Self::OverwritesIgnored, "D4"),
        (Self::NoKey, "D6"),
        (Self::NothingBefore1990, "D7"),
        (Self::HalfListedForgotten, "rule 6"),
        (Self::RebuildUnnoticed, "rule 6"),
        (Self::RiseIgnored, "rule 6"),
        (Self::NoTruncate, "D18"),
        (Self::IdentityIgnored, "rule 4"),
        (Self::MissingIdentityIsAnother, "rule 4"),
    ];
}

/// What lies a schedule is told, and what was said before.
#[derive(Clone, Default)]
pub(super) struct Lies {
    lie: Option<Lie>,
    memory: Arc<Mutex<Memory>>,
}

/// What was listed of a node's files.
#[derive(Default)]
struct Listed {
    highest: u64,
    /// The files that were shown, by sequence, first and last time.
    shown: BTreeSet<(u64, i64, i64)>,
}

/// What has to be remembered to go on lying.
#[derive(Default)]
struct Memory {
    /// What was listed, by place, measurement and node.
    listed: BTreeMap<(Place, String, String), Listed>,
    /// The keys of the points that were answered.
    sent: HashSet<String>,
    /// Whether a server has ever said who it is.
    is_identity_told: bool,
}

impl Lies {
    pub(super) fn new(lie: Option<Lie>) -> Self {
        Self { lie, memory: Arc::default() }
    }

    fn is(&self, lie: Lie) -> bool {
        self.lie == Some(lie)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The settings, or wrong ones.
    pub(super) fn settings(&self, mut settings: Settings) -> Settings {
        if self.is(Lie::OneTable) {
            settings.destination = Some("census_table".to_owned());
        }
        if self.is(Lie::NoLookback) {
            settings.lookback = 0;
        }
        settings
    }

    /// What a clock says in place of the truth.
    fn time(&self, truth: i64, latest: i64) -> i64 {
        match self.lie {
            Some(Lie::NothingSettles) => truth + 10 * SECOND,
            Some(Lie::LaterClock) => latest,
            Some(Lie::FuturePoints) => i64::MAX,
            _ => truth,
        }
    }
}

/// A clock that may lie.
pub(super) struct WrongClock {
    pub(super) clock: ModelClock,
    pub(super) lies: Lies,
}

impl Clock for WrongClock {
    fn now(&self) -> i64 {
        let truth = self.clock.now();
        self.lies.time(truth, self.clock.0.lock().latest_clock())
    }
}

/// A database that may lie.
pub(super) fn port(model: Model, lies: &Lies) -> WrongPort {
    WrongPort { model, lies: lies.clone() }
}
