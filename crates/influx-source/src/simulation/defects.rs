//! That the simulation bites: every defect that is planted into the engine is caught.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::plant::{Defect, plant};

use super::driver::run;

/// How many schedules a defect may take until it is caught.
const SCHEDULES: u64 = 6_000;

/// Where a defect comes from: one of the Python example's, or the breach of a rule of the sync.
fn origin(defect: Defect) -> &'static str {
    match defect {
        Defect::CursorOfARow => "D2",
        Defect::NoLookback => "D3",
        Defect::OverwritesIgnored => "D4",
        Defect::FuturePoints => "D5",
        Defect::NoKey => "D6",
        Defect::NothingBefore1990 => "D7",
        Defect::OneTable => "D8",
        Defect::OneCursor => "D12",
        Defect::NoTruncate => "D18",
        Defect::EmptyBatchGoesBack => "D21",
        Defect::UpperBoundPerWindow
        | Defect::NothingSettles
        | Defect::LaterClock
        | Defect::CursorBeyondNow => "rule 1",
        Defect::FilesProveEmptiness
        | Defect::HolesBetweenWindows
        | Defect::RefusedWindowSkipped => "rule 2",
        Defect::EmptyBatchEnds | Defect::IncompletePrefix | Defect::CheckpointBeforeRows => {
            "rule 3"
        }
        Defect::FingerprintIgnored
        | Defect::CursorOutlivesTruncate
        | Defect::OwnerIgnored
        | Defect::OwnerIgnoredByEmptyTable
        | Defect::IdentityIgnored
        | Defect::MissingIdentityIsAnother
        | Defect::ReturnWithoutOverwritten
        | Defect::GoneAndBackResumed
        | Defect::ServerChangedUnsaved => "rule 4",
        Defect::HiddenTagsLeftOut
        | Defect::NullTagsIncluded
        | Defect::NewTagsUnnoticed
        | Defect::OtherTypesUnnoticed => "rule 5",
        Defect::MarkCommittedEarly
        | Defect::FilesListedLate
        | Defect::HalfListedForgotten
        | Defect::RebuildUnnoticed
        | Defect::CountedLate
        | Defect::RiseIgnored
        | Defect::UncountedStretch => "rule 6",
        Defect::RangesOverlap => "rule 7",
        Defect::TruncateOnResume | Defect::AbsenceIsDelete => "rule 8",
        Defect::BrokenStreamEnds | Defect::FailureIsSuccess => "rule 9",
    }
}

#[test]
fn every_planted_defect_is_caught() {
    let wanted = std::env::var("SIMULATE_DEFECT").ok();
    let is_wanted =
        |defect: &&&Defect| wanted.as_ref().is_none_or(|name| *name == format!("{defect:?}"));
    let defects: Vec<_> = Defect::ALL.iter().filter(|defect| is_wanted(&defect)).collect();
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..super::THREADS {
            scope.spawn(|| {
                while let Some(defect) = defects.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let caught = (0..SCHEDULES).find_map(|seed| {
                        plant(Some(**defect));
                        run(seed).err()
                    });
                    plant(None);
                    rows.lock().unwrap().push((**defect, caught));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|(defect, _)| *defect);
    for (defect, caught) in &rows {
        let found = caught.as_ref().map_or("NOT CAUGHT".to_owned(), |difference| {
            let short: String = difference.text.chars().take(100).collect();
            format!("seed {}, {} schedules: {short}", difference.seed, difference.seed + 1)
        });
        println!("{:<24} {:<7} {found}", format!("{defect:?}"), origin(*defect));
    }
    let missed: Vec<_> =
        rows.iter().filter(|(_, caught)| caught.is_none()).map(|(defect, _)| defect).collect();
    assert!(missed.is_empty(), "not caught within {SCHEDULES} schedules: {missed:?}");
}
