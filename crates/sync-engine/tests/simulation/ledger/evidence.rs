//! What the files and the counts that a sync was shown oblige it to read.

use sync_engine::File;

use super::{Account, Cover, Mark, Opening};
use crate::history::HOUR;
use crate::settings::Settings;
use crate::world::{Files, Observed, World};

/// Counts are compared at most this often.
const COUNTED_EVERY: i64 = 4 * HOUR;

/// Whether files were shown to a sync, as often as it asked.
pub(super) fn is_listed(observed: &Observed, world: &World, name: &str) -> bool {
    !observed.unlisted.contains(name) && matches!(world.files, Files::Shown | Files::Flaky)
}

/// The marks that a sync leaves behind, and what the files that are newer than every mark cover:
/// because their sequence is higher, or because all sequences are lower.
pub(super) fn files(
    account: &Account,
    observed: &Observed,
    opening: &Opening,
    name: &str,
    settings: &Settings,
    upper: i64,
) -> (Option<Vec<Mark>>, Vec<(bool, Cover)>) {
    if !settings.is_automatic {
        return (account.marks.clone(), Vec::new());
    }
    let at_first = opening.there.get(name).map(|(_, files)| (opening.began, files.clone()));
    let listed = observed.listed.get(name).cloned();
    let listed = listed.or(at_first.filter(|_| !observed.unlisted.contains(name)));
    let Some((at, files)) = listed else { return (account.marks.clone(), Vec::new()) };
    let mut highest = Mark::new();
    for file in &files {
        let others = files.iter().filter(|other| other.node == file.node);
        let sequence = others.clone().map(|other| other.sequence).max().unwrap();
        let shown = others.filter(|other| other.sequence == sequence).count();
        highest.insert(file.node.clone(), (sequence, shown));
    }
    let before = account.marks.clone();
    let is_after = |file: &File, mark: &Mark| {
        mark.get(&file.node).is_none_or(|&(sequence, shown)| {
            let alike = |other: &&File| other.node == file.node && other.sequence == file.sequence;
            let more_are_shown = files.iter().filter(alike).count() > shown;
            file.sequence > sequence || (file.sequence == sequence && more_are_shown)
        })
    };
    let is_rebuilt = |file: &File, mark: &Mark| {
        mark.get(&file.node).is_some_and(|(sequence, _)| highest[&file.node].0 < *sequence)
    };
    let marks = || before.iter().flatten();
    let is_new = |file: &&File| marks().all(|mark| is_after(file, mark) || is_rebuilt(file, mark));
    let cover = |file: &File| {
        let cover = Cover {
            rule: "files",
            seen_by: at,
            from: file.first.max(settings.start()),
            to: file.last.saturating_add(1).min(upper),
            only_new: false,
        };
        (marks().all(|mark| is_after(file, mark)), cover)
    };
    let late = match before {
        Some(_) => files.iter().filter(is_new).map(cover).collect(),
        None => Vec::new(),
    };
    let extended = |mark: Mark| -> Mark { mark.into_iter().chain(highest.clone()).collect() };
    let mut marks: Vec<_> = match before {
        Some(before) => before.into_iter().map(extended).collect(),
        None => vec![highest.clone()],
    };
    marks.sort();
    marks.dedup();
    (Some(marks), late)
}

/// What a comparison of counts covers, if the last one is long enough ago. One that was made since
/// the point came has found it, if it reached as far back.
pub(super) fn counted(begun: &[(i64, i64, i64)], settings: &Settings, upper: i64) -> Option<Cover> {
    if !settings.is_automatic || settings.audit_days == 0 {
        return None;
    }
    let recent = begun.iter().filter(|(_, before, _)| *before > upper - COUNTED_EVERY);
    let seen_by = recent.clone().map(|(began, _, _)| *began).min()?;
    let from = recent.map(|(_, _, from)| *from).max()?.max(settings.start());
    Some(Cover { rule: "counts", seen_by, from, to: upper, only_new: true })
}
