//! The world around a sync: the points, the clocks, and what goes wrong when.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use sync_engine::{Clock, File};
use tokio::time::Instant;

use super::history::{HOUR, How, MINUTE, Measurement, Place, SECOND};
use super::time::iso8601;

/// When the story begins: 2025-06-02T06:00:00Z.
const BEGINNING: i64 = 1_748_844_000 * SECOND;
const REMEMBERED: usize = 40;
/// How many servers there are.
pub(super) const SERVERS: usize = 2;

/// Whether the server shows its files; it does so, or not, for a whole schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Files {
    Shown,
    /// Mostly.
    Flaky,
    Hidden,
    AlwaysEmpty,
}

/// Whether servers say who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// Always; and all of them are reached at the same address, one after the other.
    OneAddress,
    Told,
    Sometimes,
    Never,
}

/// What a query may read at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    None,
    Files(usize),
    Days(usize),
    Rows(usize),
}

/// How often something goes wrong, in percent of the questions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    pub(super) question: u32,
    pub(super) read: u32,
    pub(super) broken: u32,
    /// How often something is written while a question is asked.
    pub(super) events: u32,
}

/// What the model has seen of a running sync.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed {
    /// The first readings of both clocks.
    pub(super) clock: Option<i64>,
    pub(super) server: Option<i64>,
    /// The lists of files of each measurement, and when they were given.
    pub(super) listed: BTreeMap<String, Vec<(i64, Vec<File>)>>,
    /// The measurements whose files, or counts, were refused.
    pub(super) unlisted: BTreeSet<String>,
    pub(super) uncounted: BTreeSet<String>,
}

pub(super) struct World {
    pub(super) rng: Rng,
    began: Instant,
    pub(super) measurements: Vec<Measurement>,
    /// The database that the connector is set to.
    pub(super) here: Place,
    /// The databases that are not there.
    pub(super) missing: BTreeSet<Place>,
    pub(super) identity: Identity,
    /// Whether the customer ever sets another server or database.
    pub(super) moves: bool,
    /// For each server its nodes, with the sequence of their last snapshot.
    pub(super) nodes: Vec<Vec<(String, u64)>>,
    /// How often a server was rebuilt.
    pub(super) rebuilds: usize,
    /// When the last write becomes visible: writes become so in their order.
    pub(super) last_visible: i64,
    /// How far the clocks are off.
    pub(super) server_skew: i64,
    pub(super) clock_skew: i64,
    pub(super) files: Files,
    pub(super) tells_dropped: bool,
    /// Whether a missing tag reads as an empty text, as in some builds.
    pub(super) fills_empty: bool,
    pub(super) limit: Limit,
    pub(super) how: How,
    /// Whether files are listed before every query sees their points.
    pub(super) lags: bool,
    /// Whether lists of columns may be those of some seconds ago, as of a server that lags.
    pub(super) lists_lag: bool,
    /// A question over more points than this is cut off, each time.
    pub(super) cut_off: Option<usize>,
    /// A window with more points than this brings the server down.
    pub(super) deadly: Option<usize>,
    pub(super) faults: Faults,
    /// Whether nothing happens any more, and nothing goes wrong.
    pub(super) is_at_rest: bool,
    /// Until when every question is refused, and every read fails.
    pub(super) token_refused_until: i64,
    pub(super) outage_until: i64,
    /// Until when no question is answered at all.
    pub(super) down_until: i64,
    /// How long a server that was brought down is away at most.
    pub(super) longest_down: i64,
    pub(super) observed: Observed,
    /// How many questions the running sync has asked.
    pub(super) questions: usize,
    /// The last events, if somebody wants to know.
    story: Option<VecDeque<String>>,
}

/// The world, shared by the models.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(super) fn new(seed: u64, is_told: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let files = match rng.u32(0..10) {
            0..5 => Files::Shown,
            5 => Files::Flaky,
            6..9 => Files::Hidden,
            _ => Files::AlwaysEmpty,
        };
        let limit = match rng.u32(0..8) {
            0..2 => Limit::Files(rng.usize(1..6)),
            2 => Limit::Days(rng.usize(1..4)),
            3 => Limit::Rows(rng.usize(6..20)),
            _ => Limit::None,
        };
        let rate = |rng: &mut Rng, most: u32| if rng.bool() { rng.u32(0..=most) } else { 0 };
        let faults = Faults {
            question: rate(&mut rng, 3),
            read: rate(&mut rng, 12),
            broken: rate(&mut rng, 12),
            events: rate(&mut rng, 30),
        };
        let sometimes =
            |rng: &mut Rng, most: usize| (rng.u32(0..6) == 0).then(|| rng.usize(2..most));
        let (cut_off, deadly) = (sometimes(&mut rng, 30), sometimes(&mut rng, 20));
        let hides = rng.u32(0..4) == 0;
        let how = How { hides, is_disordered: rng.u32(0..4) == 0 };
        let (lags, lists_lag) = (rng.u32(0..4) == 0, rng.u32(0..6) == 0);
        let nodes = |rng: &mut Rng| -> Vec<_> {
            (0..rng.usize(1..=2)).map(|node| (format!("node{node}"), rng.u64(0..5))).collect()
        };
        let nodes = (0..SERVERS).map(|_| nodes(&mut rng)).collect();
        let identity = match rng.u32(0..8) {
            0..2 => Identity::OneAddress,
            2..5 => Identity::Told,
            5..7 => Identity::Sometimes,
            _ => Identity::Never,
        };
        Self(Arc::new(Mutex::new(World {
            began: Instant::now(),
            measurements: Vec::new(),
            here: Place::default(),
            missing: BTreeSet::new(),
            identity,
            moves: rng.bool(),
            nodes,
            rebuilds: 0,
            last_visible: i64::MIN,
            server_skew: 0,
            clock_skew: 0,
            files,
            tells_dropped: rng.u32(0..4) > 0,
            fills_empty: rng.u32(0..4) == 0,
            limit,
            how,
            lags,
            lists_lag,
            cut_off,
            deadly,
            faults,
            is_at_rest: false,
            token_refused_until: i64::MIN,
            outage_until: i64::MIN,
            down_until: i64::MIN,
            longest_down: HOUR,
            observed: Observed::default(),
            questions: 0,
            story: is_told.then(VecDeque::new),
            rng,
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self, event: impl FnOnce() -> String) {
        self.lock().tell(event);
    }
}

impl World {
    /// The true time.
    pub(super) fn now(&self) -> i64 {
        BEGINNING + i64::try_from(self.began.elapsed().as_nanos()).unwrap()
    }

    /// What the later of the two clocks says.
    pub(super) fn latest_clock(&self) -> i64 {
        self.now() + self.server_skew.max(self.clock_skew)
    }

    /// Notes an event, if somebody wants to know.
    pub(super) fn tell(&mut self, event: impl FnOnce() -> String) {
        let now = self.now();
        if let Some(story) = &mut self.story {
            if story.len()
                == REMEMBERED * if std::env::var_os("SIMULATE_SEED").is_some() { 100 } else { 1 }
            {
                story.pop_front();
            }
            story.push_back(format!("{} {}", iso8601(now), event()));
        }
    }

    pub(super) fn story(&self) -> Vec<String> {
        self.story.iter().flatten().cloned().collect()
    }

    /// True with a chance of so many percent.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        percent > 0 && self.rng.u32(0..100) < percent
    }

    /// One of a few weighted choices: the position of the weight.
    pub(super) fn pick(&mut self, weights: &[u32]) -> usize {
        let mut rest = self.rng.u32(0..weights.iter().sum());
        for (position, weight) in weights.iter().enumerate() {
            match rest.checked_sub(*weight) {
                Some(less) => rest = less,
                None => return position,
            }
        }
        unreachable!("the rest is below the sum")
    }

    /// A stretch of time, of any order of magnitude.
    pub(super) fn stretch(&mut self) -> i64 {
        match self.pick(&[3, 3, 3, 2, 1]) {
            0 => self.rng.i64(0..5 * SECOND),
            1 => self.rng.i64(0..2 * MINUTE),
            2 => self.rng.i64(0..HOUR),
            3 => self.rng.i64(0..12 * HOUR),
            _ => self.rng.i64(0..100 * HOUR),
        }
    }

    /// The measurement of that name in the database that the connector is set to.
    pub(super) fn measurement(&self, name: &str) -> Option<&Measurement> {
        self.shown().find(|(_, measurement)| measurement.name == name).map(|(_, found)| found)
    }

    /// What a list of the present database shows, each with its position in the world.
    pub(super) fn shown(&self) -> impl Iterator<Item = (usize, &Measurement)> {
        let now = self.now();
        let is_shown = move |one: &Measurement| {
            one.place == self.here && one.visible <= now && !one.is_deleted
        };
        self.measurements.iter().enumerate().filter(move |(_, one)| is_shown(one))
    }
}

/// The connector's own clock.
pub(super) struct ModelClock(pub(super) Shared);

impl Clock for ModelClock {
    fn now(&self) -> i64 {
        let mut world = self.0.lock();
        let now = world.now() + world.clock_skew;
        world.observed.clock.get_or_insert(now);
        now
    }
}
