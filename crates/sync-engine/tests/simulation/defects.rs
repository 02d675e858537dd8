//! That the simulation bites: every lie of a wrong port is caught.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::driver::run;
use super::wrong::Lie;

/// How many schedules a lie may take until it is caught.
const SCHEDULES: u64 = 6_000;

#[test]
fn every_wrong_port_is_caught() {
    let wanted = std::env::var("SIMULATE_DEFECT").ok();
    let is_wanted = |lie: Lie| wanted.as_ref().is_none_or(|name| *name == format!("{lie:?}"));
    let lies: Vec<_> = Lie::ALL.iter().filter(|(lie, _)| is_wanted(*lie)).collect();
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..super::THREADS {
            scope.spawn(|| {
                while let Some((lie, breaks)) = lies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let caught = (0..SCHEDULES).find_map(|seed| run(seed, Some(*lie)).err());
                    rows.lock().unwrap().push((*lie, *breaks, caught));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|(lie, ..)| *lie);
    for (lie, breaks, caught) in &rows {
        let found = caught.as_ref().map_or("NOT CAUGHT".to_owned(), |difference| {
            let short: String = difference.text.chars().take(100).collect();
            format!("seed {}, {} schedules: {short}", difference.seed, difference.seed + 1)
        });
        println!("{:<24} {breaks:<7} {found}", format!("{lie:?}"));
    }
    let missed: Vec<_> =
        rows.iter().filter(|(.., caught)| caught.is_none()).map(|(lie, ..)| lie).collect();
    assert!(missed.is_empty(), "not caught within {SCHEDULES} schedules: {missed:?}");
}
