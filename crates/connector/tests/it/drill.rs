//! The crash drill: interrupts syncs 200 times, at random places, while points are written.
//!
//! Each next sync starts from the last checkpoint. Rows after that checkpoint are kept or lost, at
//! random. After every sync that completes, and after a last one without new points, the warehouse
//! is compared with what was written, row by row.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fivetran_tester::{End, Event, Report, Stop, SyncOptions, Trailing};
use influx_fake::Options;
use influx_source::{Clock, InfluxSource};
use serde_json::Value;

use crate::ledger::{Cells, DATABASE, Difference, Field, Ledger, Point, lines};
use crate::stack::{Connector, Hand, Stack, TOKEN};

const CRASHES: usize = 200;
const DRILLS: u64 = 2;
/// The seed, unless `DRILL_SEED` in the environment is another.
const SEED: u64 = 20_250_610;

/// 2025-06-10T00:00:00Z, when the first sync begins.
const BEGIN: i64 = 1_749_513_600 * SECOND;
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
/// How long before the present the upper bound of a sync is.
const SETTLE: i64 = 10 * SECOND;
const LOOKBACK: i64 = 20 * MINUTE;

const TABLES: [&str; 4] = ["flow", "steps", "bursts", "seldom"];

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_crashes_lose_and_invent_no_row() {
    let seed = std::env::var("DRILL_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    println!("the drill's seed is {seed}");
    // Each has a database and a warehouse of its own, so that several cores are busy.
    let drills = (0..DRILLS).map(|number| tokio::spawn(Drill::run(seed + number)));
    let (mut crashes, mut compared, mut difference) = (0, 0, Difference::default());
    for drill in drills.collect::<Vec<_>>() {
        let drill = drill.await.unwrap();
        crashes += drill.crashes;
        compared += drill.compared;
        difference += drill.difference;
    }
    println!("{crashes} crashes and resumes: {difference}");
    println!("{compared} comparisons, of {} rows in all", difference.rows);
    assert_eq!(crashes, CRASHES);
    assert!(difference.is_none(), "seed {seed}: {difference}");
}

struct Drill {
    stack: Stack,
    clock: Hand,
    chance: Chance,
    ledger: Ledger,
    /// The latest upper bound so far: no cursor is after it.
    upper: i64,
    crashes: usize,
    compared: usize,
    difference: Difference,
}

impl Drill {
    /// Runs this many crashes, and a last sync without new points.
    async fn run(seed: u64) -> Self {
        let mut drill = Self::begin(seed).await;
        while drill.crashes < CRASHES / DRILLS as usize {
            drill.step().await;
        }
        drill.quiet_sync().await;
        drill
    }

    async fn begin(seed: u64) -> Self {
        let clock = Hand::at(BEGIN);
        let connector = Connector::start(InfluxSource::with_clock(clock.clone())).await;
        let mut stack = Stack::with(connector, Options::default().token(TOKEN), DATABASE).await;
        stack.set("window_rows", "1000");
        stack.set("lookback", "20m");
        let mut chance = Chance(seed);
        let mut ledger = Ledger::default();
        for table in TABLES {
            ledger.write(&stack.fake, history(table, &mut chance));
        }
        Self {
            stack,
            clock,
            chance,
            ledger,
            upper: BEGIN - SETTLE,
            crashes: 0,
            compared: 0,
            difference: Difference::default(),
        }
    }

    /// Runs one sync, which is mostly interrupted, and writes points before and during it.
    async fn step(&mut self) {
        self.write_before();
        // Interrupt it as often in the first messages, where tables start, as later.
        let longest = [3, 6, 12, 25, 50, 100][self.chance.below(6)];
        let stop = match self.chance.below(20) {
            0 => Stop::Never,
            _ => Stop::AfterMessages(1 + self.chance.below(longest) as u64),
        };
        let trailing = if self.chance.is_heads() { Trailing::Keep } else { Trailing::RollBack };
        let report = self.sync(stop, trailing).await;
        match report.end {
            End::Stopped => self.crashes += 1,
            End::Completed => {
                self.compare();
                self.begin_anew();
            }
            ref end => panic!("a sync that should go on {end}:\n{report}"),
        }
        if self.chance.below(8) == 0 {
            // The connector may be killed too. Only the state is kept.
            self.stack.connector =
                Connector::start(InfluxSource::with_clock(self.clock.clone())).await;
        }
    }

    /// Runs a sync to its end without new points, and compares a last time.
    async fn quiet_sync(&mut self) {
        // Now all points are before the upper bound.
        self.clock.set(self.clock.now() + 60 * MINUTE);
        self.upper = self.clock.now() - SETTLE;
        self.stack.good_sync().await;
        self.compare();
    }

    /// After a sync that completed: mostly starts over, so that first loads are interrupted too.
    fn begin_anew(&mut self) {
        match self.chance.below(6) {
            0 => {}
            1 => self.stack.project.clear_state().unwrap(),
            _ => self.stack.project.reset().unwrap(),
        }
    }

    async fn sync(&mut self, stop: Stop, trailing: Trailing) -> Report {
        self.upper = self.clock.now() - SETTLE;
        let before = self.stack.project.state().unwrap();
        // While the sync runs, write points after its upper bound, which are for the next one.
        let now = self.clock.now();
        let fresh = self.points(20, |chance| now + chance.up_to(MINUTE));
        let waiting = Arc::new(Mutex::new((self.chance.below(30), Some(lines(&fresh)))));
        let (fake, on_event) = (self.stack.fake.clone(), Arc::clone(&waiting));
        let observer = move |_: Event<'_>| {
            let mut waiting = on_event.lock().unwrap();
            match waiting.0.checked_sub(1) {
                Some(fewer) => waiting.0 = fewer,
                None => drop(waiting.1.take().map(|lines| fake.write(DATABASE, &lines).unwrap())),
            }
        };
        let options = SyncOptions { stop, trailing, ..SyncOptions::default() };
        let Stack { connector, project, configuration, .. } = &mut self.stack;
        let report =
            connector.tester.sync(project, configuration, options, observer).await.unwrap();
        let unwritten = waiting.lock().unwrap().1.take();
        if let Some(lines) = unwritten {
            self.stack.fake.write(DATABASE, &lines).unwrap();
        }
        self.ledger.note(fresh);
        assert_eq!(report.breaches, [], "{report}");
        for table in TABLES {
            let truncates = report.tables.get(&table.into()).map_or(0, |counts| counts.truncates);
            // Only tables without a checkpoint start anew, and each only once.
            let most = u64::from(cursor(before.as_deref(), table).is_none());
            assert!(truncates <= most, "{table} from {before:?}:\n{report}");
        }
        report
    }

    fn compare(&mut self) {
        self.compared += 1;
        self.difference += self.ledger.compare(&self.stack.project, self.upper);
    }

    /// Advances the clock, and writes new points, late points and overwrites that the next sync has
    /// to find.
    fn write_before(&mut self) {
        let (then, now) = (self.clock.now(), self.clock.now() + self.chance.up_to(3 * MINUTE));
        self.clock.set(now);
        let mut points = self.points(20, |chance| then + chance.up_to(now - then));
        let state = self.stack.project.state().unwrap();
        for table in TABLES {
            let seen =
                cursor(state.as_deref(), table).map_or(BEGIN - 600 * MINUTE, |at| at - LOOKBACK);
            let earlier = self.ledger.points(table, seen);
            let recent = self.ledger.points(table, self.upper - LOOKBACK);
            for _ in 0..self.chance.below(4) {
                let time = seen + self.chance.up_to(self.upper - seen);
                points.push(point(table, time, &mut self.chance));
                let time = self.upper - self.chance.up_to(LOOKBACK);
                points.push(point(table, time, &mut self.chance));
                for those in [&earlier, &recent] {
                    if let Some((time, tags)) = self.chance.one_of(those) {
                        let other = point(table, *time, &mut self.chance);
                        points.push(Point { tags: Cells::clone(tags), ..other });
                    }
                }
            }
        }
        self.ledger.write(&self.stack.fake, points);
    }

    /// Up to so many points of each table, at these times.
    fn points(&mut self, most: usize, time: impl Fn(&mut Chance) -> i64) -> Vec<Point> {
        let mut points = Vec::new();
        for table in TABLES {
            for _ in 0..self.chance.below(most) {
                let time = time(&mut self.chance);
                points.push(point(table, time, &mut self.chance));
            }
        }
        points
    }
}

/// The cursor of a table in a state.
fn cursor(state: Option<&str>, table: &str) -> Option<i64> {
    let state: Value = serde_json::from_str(state?).unwrap();
    let cursor = &state["databases"][DATABASE][table]["cursor"];
    (!cursor.is_null()).then(|| cursor.as_str().unwrap().parse().unwrap())
}

/// The points of a table before the first sync, earliest first.
fn history(table: &'static str, chance: &mut Chance) -> Vec<Point> {
    let mut time = BEGIN;
    let times: Vec<i64> = match table {
        // One every few seconds, for five hours.
        "flow" => (0..7_000)
            .map(|_| {
                time -= chance.up_to(4 * SECOND);
                time
            })
            .collect(),
        "steps" => (0..5_000).map(|number| BEGIN - number * 3 * SECOND).collect(),
        // Many in the same nanosecond, or in neighbouring ones.
        "bursts" => (0..4_800).map(|number| BEGIN - number / 60 * MINUTE - number % 3).collect(),
        // Some over years.
        _ => (0..1_200)
            .map(|_| {
                time -= chance.up_to(60 * 60 * MINUTE);
                time
            })
            .collect(),
    };
    times.into_iter().rev().map(|time| point(table, time, chance)).collect()
}

/// A point with some of the tags and fields that its table can have.
fn point(table: &'static str, time: i64, chance: &mut Chance) -> Point {
    let hosts = match table {
        "flow" => 3,
        "bursts" => 40,
        _ => 1,
    };
    let mut tags: BTreeMap<_, _> = [("host", format!("h{}", chance.below(hosts)))].into();
    if table == "seldom" && chance.is_heads() {
        tags = [("site", "s".to_owned())].into();
    }
    let mut fields: BTreeMap<_, _> = [("v", Field::Integer(chance.below(1_000_000) as i64))].into();
    if chance.is_heads() {
        fields = [("w", Field::Float(chance.below(4_000) as f64 / 4.0))].into();
    }
    if chance.below(3) == 0 {
        fields.insert("note", Field::Text(format!("n{}", chance.below(1000))));
    }
    Point { table, tags, fields, time }
}

/// Random numbers that a seed repeats: SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// From 1 on.
    fn up_to(&mut self, most: i64) -> i64 {
        1 + (self.next() % most as u64) as i64
    }

    fn is_heads(&mut self) -> bool {
        self.next().is_multiple_of(2)
    }

    fn one_of<'a, T>(&mut self, those: &'a [T]) -> Option<&'a T> {
        (!those.is_empty()).then(|| &those[self.below(those.len())])
    }
}
