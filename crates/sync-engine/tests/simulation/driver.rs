//! One schedule: a seed becomes a world, a customer, some syncs with crashes, and a quiet end.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use sync_core::{Fault, SyncError, SyncRequest};
use sync_engine::sync;

use super::fivetran::{Crash, Fivetran};
use super::history::{DAY, HOUR, MINUTE, SECOND};
use super::ledger::Ledger;
use super::port::Model;
use super::promise;
use super::settings::Settings;
use super::warehouse::Warehouse;
use super::world::{Faults, Limit, ModelClock, Observed, Shared, World};
use super::wrong::{self, Lie, Lies, WrongClock, WrongSink};

/// A schedule that does not keep the promise.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) seed: u64,
    pub(super) text: String,
    /// What happened before it, if it was asked for.
    story: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in &self.story {
            writeln!(formatter, "  {event}")?;
        }
        write!(formatter, "seed {}: {}", self.seed, self.text)
    }
}

/// Runs the schedule of a seed, maybe with a port that lies.
pub(super) fn run(seed: u64, lie: Option<Lie>) -> Result<(), Difference> {
    play(seed, false, lie)
}

/// Runs the schedule of a seed and remembers its last events.
pub(super) fn replay(seed: u64) -> Result<(), Difference> {
    play(seed, true, None)
}

fn play(seed: u64, is_told: bool, lie: Option<Lie>) -> Result<(), Difference> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    // The retry's jitter draws from the thread's own generator.
    fastrand::seed(seed);
    let (shared, ended) = runtime.block_on(async {
        let shared = Shared::new(seed, is_told);
        let mut schedule = Schedule::new(shared.clone(), Lies::new(lie));
        let mut playing = pin!(schedule.play());
        let caught = std::future::poll_fn(|context| {
            match catch_unwind(AssertUnwindSafe(|| playing.as_mut().poll(context))) {
                Ok(poll) => poll,
                Err(panic) => {
                    std::task::Poll::Ready(Err(format!("a panic: {}", panic_text(&*panic))))
                }
            }
        });
        (shared, caught.await)
    });
    ended.map_err(|text| Difference { seed, text, story: shared.lock().story() })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

struct Schedule {
    shared: Shared,
    lies: Lies,
    settings: Settings,
    warehouse: Warehouse,
    /// The text of the last checkpoint.
    state: Option<String>,
    ledger: Ledger,
}

impl Schedule {
    fn new(shared: Shared, lies: Lies) -> Self {
        let settings = Settings::any(&mut shared.lock());
        Self {
            shared,
            lies,
            settings,
            warehouse: Warehouse::default(),
            state: None,
            ledger: Ledger::default(),
        }
    }

    async fn play(&mut self) -> Result<(), String> {
        self.begin().await;
        let syncs = self.shared.lock().rng.usize(3..=9);
        let mut last = None;
        for _ in 0..syncs {
            self.pass_time().await;
            self.change(last.as_ref());
            let crash = self.crash();
            last = Some(self.sync(crash).await?);
        }
        self.come_to_rest().await
    }

    /// What was there before anybody looked.
    async fn begin(&mut self) {
        {
            let mut world = self.shared.lock();
            for _ in 0..world.rng.usize(1..=2) {
                let here = world.here;
                world.create_in(here);
            }
            for _ in 0..world.rng.usize(0..30) {
                world.event();
            }
        }
        sleep(MINUTE).await;
    }

    /// Time passes between two syncs, and things happen.
    async fn pass_time(&mut self) {
        let events = self.shared.lock().rng.usize(0..8);
        for _ in 0..events {
            let wait = {
                let mut world = self.shared.lock();
                world.event();
                match world.pick(&[4, 3, 2, 1]) {
                    0 => world.rng.i64(0..20 * SECOND),
                    1 => world.rng.i64(0..10 * MINUTE),
                    2 => world.rng.i64(0..3 * HOUR),
                    3 if world.moves && world.chance(10) => 31 * DAY,
                    _ => world.rng.i64(0..DAY),
                }
            };
            sleep(wait).await;
        }
    }

    /// The customer changes something, or the clocks do.
    fn change(&mut self, last: Option<&Result<(), SyncError>>) {
        let mut world = self.shared.lock();
        let before = self.settings.clone();
        if world.chance(20) {
            self.settings.change(&mut world);
        }
        if world.chance(10) {
            self.settings.select(&mut world);
        }
        if world.chance(20) {
            self.settings.shape(&mut world);
        }
        if world.moves && world.chance(30) {
            self.settings.travel(&mut world);
        }
        // Whoever sees a sync fail after a change may take the change back, most often that of a
        // server.
        if matches!(last, Some(Err(_)))
            && let Some(former) = self.ledger.settings.iter().rev().nth(1)
            && world.chance(if former.place == self.settings.place { 30 } else { 80 })
        {
            self.settings = former.clone();
        }
        if self.settings != before {
            world.tell(|| format!("settings: {:?}", self.settings));
        }
        if world.chance(12) {
            let jump = [0, 5, 30, 3_600, 5 * 3_600, 86_400][world.rng.usize(0..6)] * SECOND;
            let jump = if world.rng.bool() { jump } else { -jump };
            match world.pick(&[2, 2, 2]) {
                0 => world.server_skew = jump,
                1 => world.clock_skew = jump,
                _ => (world.server_skew, world.clock_skew) = (jump, jump),
            }
            world.tell(|| format!("a clock jumps by {} s", jump / SECOND));
        } else if world.chance(20) {
            (world.server_skew, world.clock_skew) = (0, 0);
        }
        let advised = last.is_some_and(is_resync_advised) && world.chance(70);
        if advised || world.chance(5) {
            world.tell(|| "the customer re-syncs".to_owned());
            self.state = None;
        }
    }

    fn crash(&self) -> Option<Crash> {
        let mut world = self.shared.lock();
        // Whoever has set another server often stops the sync when it begins to load, or when it
        // has come to what lies before the cursor.
        let last = self.ledger.settings.last().map(|settings| settings.place);
        let has_moved = last.is_some_and(|last| last != self.settings.place);
        if !world.chance(if has_moved { 70 } else { 45 }) {
            return None;
        }
        let few = if world.rng.bool() { 8 } else { 40 };
        let after = world.rng.usize(if has_moved { 4..24 } else { 0..few });
        Some(if world.rng.bool() { Crash::Closed(after) } else { Crash::Dropped(after) })
    }

    /// Runs one sync, and checks what it has left behind.
    async fn sync(&mut self, crash: Option<Crash>) -> Result<Result<(), SyncError>, String> {
        let opening = {
            let mut world = self.shared.lock();
            world.observed = Observed::default();
            world.questions = 0;
            world.here = self.settings.place;
            world.tell(|| format!("-- sync {} {crash:?}", self.ledger.settings.len()));
            self.ledger.begin(&world, &self.settings, self.state.as_deref())
        };
        let number = self.ledger.settings.len() - 1;
        let warehouse = std::mem::take(&mut self.warehouse);
        let (shared, kept) = (self.shared.clone(), opening.kept.clone());
        let sink = Fivetran::new(shared, warehouse, self.state.clone(), kept, number, crash);
        let clock = ModelClock(self.shared.clone());
        let clock = WrongClock { clock, lies: self.lies.clone() };
        let port = wrong::port(Model(self.shared.clone()), &self.lies);
        let told = WrongSink { sink: &sink, lies: self.lies.clone() };
        let settings = self.lies.settings(self.settings.settings());
        let request =
            SyncRequest { state: self.state.clone(), selection: self.settings.selection() };
        let ended = {
            let running = pin!(sync(&clock, &port, &settings, request, &told));
            let running = tokio::time::timeout(Duration::from_secs(30 * 86_400), running);
            match select(pin!(running), pin!(sink.dropping())).await {
                Either::Left((ended, _)) => {
                    Some(ended.map_err(|_| "a sync does not end".to_owned())?)
                }
                Either::Right(((), _)) => None,
            }
        };
        let ended = ended.unwrap_or_else(|| Err(SyncError::transient("it was dropped")));
        self.shared.tell(|| match &ended {
            Ok(()) => "-- success".to_owned(),
            Err(error) => format!("-- failure: {error}"),
        });
        let inner = sink.end(ended.is_ok());
        (self.warehouse, self.state) = (inner.warehouse, inner.state);
        let world = self.shared.lock();
        let mut breaches = inner.breaches;
        let has_listed = match &ended {
            Ok(()) => true,
            Err(error) => crash.is_none() && is_missing(error),
        };
        let ended_ok = ended.is_ok();
        breaches.extend(self.ledger.end(&world, &opening, ended_ok, has_listed, &inner.warnings));
        if let Err(error) = &ended
            && error.fault() == Fault::Bug
        {
            breaches.push(format!("the sync ended with {error}"));
        }
        if ended.is_ok() {
            breaches.extend(promise::difference(&world, &self.ledger, &self.warehouse));
        }
        match breaches.into_iter().next() {
            None => Ok(ended),
            Some(breach) => Err(breach),
        }
    }

    /// Nothing is written any more, nothing goes wrong, and clocks are right: now syncs have to
    /// succeed.
    async fn come_to_rest(&mut self) -> Result<(), String> {
        {
            let mut world = self.shared.lock();
            world.tell(|| "-- rest".to_owned());
            world.come_to_rest();
        }
        self.settings.all();
        self.succeed(2).await?;
        // One more place, and back.
        let (here, moves) = (self.settings.place, self.shared.lock().moves);
        if moves {
            self.settings.travel(&mut self.shared.lock());
            self.succeed(1).await?;
            self.settings.place = here;
            self.succeed(1).await?;
        }
        Ok(())
    }

    /// Syncs until so many have succeeded, which does not take long when nothing goes wrong.
    async fn succeed(&mut self, wanted: usize) -> Result<(), String> {
        let mut successes = 0;
        // A window that is not answered is asked for at less than its length each time.
        let is_deadly = {
            let world = self.shared.lock();
            world.deadly.or(world.cut_off).is_some()
        };
        for _ in 0..if is_deadly { 100 } else { 8 } {
            sleep(5 * HOUR).await;
            let ended = self.sync(None).await?;
            let is_advised = is_resync_advised(&ended);
            if is_advised {
                self.shared.tell(|| "the customer re-syncs".to_owned());
                self.state = None;
            }
            successes += usize::from(ended.is_ok());
            if successes == wanted {
                return Ok(());
            }
            if let Err(error) = ended
                && !is_advised
                && !(is_deadly && error.fault() == Fault::Transient)
            {
                return Err(format!("nothing is wrong any more, and yet: {error}"));
            }
        }
        Err("the syncs do not come to rest".to_owned())
    }
}

/// Whether a sync failed because what it was set to is not there.
fn is_missing(error: &SyncError) -> bool {
    let text = error.to_string().to_lowercase();
    text.contains("has no measurement") || text.contains("has no database")
}

/// Whether the customer is told to run a re-sync.
fn is_resync_advised(ended: &Result<(), SyncError>) -> bool {
    ended.as_ref().is_err_and(|error| error.to_string().to_lowercase().contains("re-sync"))
}

async fn sleep(nanoseconds: i64) {
    // Time is simulated, so this takes none.
    tokio::time::sleep(Duration::from_nanos(nanoseconds.unsigned_abs())).await;
}

impl World {
    /// Faults end, clocks are right, and limits leave a window that is small enough.
    fn come_to_rest(&mut self) {
        (self.faults, self.is_at_rest) = (Faults::default(), true);
        (self.server_skew, self.clock_skew) = (0, 0);
        (self.token_refused_until, self.outage_until) = (i64::MIN, i64::MIN);
        (self.down_until, self.longest_down, self.lists_lag) = (i64::MIN, 20 * SECOND, false);
        let now = self.now();
        self.missing.clear();
        for measurement in &mut self.measurements {
            measurement.land(None, now);
        }
        for measurement in &self.measurements {
            let times = measurement.points.keys().map(|(time, _)| *time);
            self.limit = times.fold(self.limit, |limit, time| match limit {
                Limit::Files(most) => Limit::Files(most.max(measurement.files_in(time, time + 1))),
                Limit::Rows(most) => Limit::Rows(
                    most.max(measurement.seen(now + 10 * SECOND, time, time + 1).count()),
                ),
                limit => limit,
            });
            for most in [&mut self.cut_off, &mut self.deadly].into_iter().flatten() {
                let all = measurement.points.keys();
                let at_once = all
                    .clone()
                    .map(|(time, _)| all.clone().filter(|(other, _)| other == time).count());
                *most = at_once.fold(*most, usize::max);
            }
        }
    }
}
