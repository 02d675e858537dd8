//! A deterministic simulation: a model database and a model Fivetran around the engine, driven by
//! one seed.
//!
//! A schedule is a world of a few small tables in which points are written, changed and dropped
//! while syncs run, crash and resume. Time is simulated, so that days pass in a millisecond.
//! Whatever happens, the promise holds: see [`promise`] for what is checked and [`ledger`] for what
//! it demands. The same seed plays the same schedule.
//!
//! `SIMULATE_SEEDS=N` plays so many schedules, `SIMULATE_FROM` says from which seed,
//! `SIMULATE_SEED=S` plays one and tells all of it.
//!
//! That the simulation bites is shown in two ways: by wrong ports ([`wrong`]) around the engine as
//! it is, and by `cargo xtask simulate --mutants`, which plays it with engines that were broken on
//! purpose.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, clippy's own exception does not reach helpers, and its \
              table is for people"
)]

mod answer;
mod defects;
mod driver;
mod events;
mod failure;
mod fivetran;
mod history;
mod ledger;
mod port;
mod promise;
mod settings;
mod time;
mod warehouse;
mod world;
mod wrong;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use driver::{Difference, replay, run};

/// How many schedules a test run plays.
const SCHEDULES: u64 = 3_000;
const THREADS: u64 = 2;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Plays schedules until one of them shows a difference.
fn play(seeds: std::ops::Range<u64>) -> Option<Difference> {
    let (next, is_over) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let player = || {
            while !is_over.load(Ordering::Relaxed) {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    break;
                }
                if let Err(difference) = run(seed, None) {
                    is_over.store(true, Ordering::Relaxed);
                    return Some(difference);
                }
            }
            None
        };
        let players: Vec<_> = (0..THREADS).map(|_| scope.spawn(player)).collect();
        let found: Vec<_> =
            players.into_iter().filter_map(|player| player.join().unwrap()).collect();
        found.into_iter().min_by_key(|difference| difference.seed)
    })
}

#[test]
fn a_fixed_few_thousand_schedules_keep_the_promise() {
    let started = Instant::now();
    if let Some(seed) = number("SIMULATE_SEED") {
        // The whole story is wanted here, also of a schedule that ends well.
        match replay(seed) {
            Ok(()) => println!("seed {seed}: no difference"),
            Err(difference) => panic!("{difference}"),
        }
        return;
    }
    let (first, count) =
        (number("SIMULATE_FROM").unwrap_or(0), number("SIMULATE_SEEDS").unwrap_or(SCHEDULES));
    if let Some(Difference { seed, text, .. }) = play(first..first + count) {
        match replay(seed) {
            Ok(()) => panic!("seed {seed} does not replay, but had shown: {text}"),
            Err(again) => panic!("{again}"),
        }
    }
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    println!("{count} schedules: no difference; {:.0} schedules a minute", count as f64 / minutes);
}
