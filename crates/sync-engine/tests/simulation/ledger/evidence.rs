//! What the files and the counts that a sync was shown oblige it to read.

use std::collections::BTreeMap;

use sync_engine::File;

use super::{Account, Cover, Demand, Known, Opening, Snapshot};
use crate::history::{DAY, HOUR};
use crate::settings::Settings;
use crate::world::{Files, Observed, World};

/// How many snapshots of a node may have been made a moment before they are listed.
const FRESH: usize = 2;
/// Counts are compared at most this often.
const COUNTED_EVERY: i64 = 4 * HOUR;

/// Whether files were shown to a sync, as often as it asked.
pub(super) fn is_listed(observed: &Observed, world: &World, name: &str) -> bool {
    !observed.unlisted.contains(name) && matches!(world.files, Files::Shown | Files::Flaky)
}

/// What the engine can remember of files after a sync, and what the files cover that it surely did
/// not know, each with whether it is one of its node's newest.
pub(super) fn files(
    account: &Account,
    observed: &Observed,
    opening: &Opening,
    name: &str,
    settings: &Settings,
    upper: i64,
) -> (Option<Known>, Vec<(bool, Cover)>) {
    let at_first = opening.there.get(name).map(|(_, files)| (opening.began, files.clone()));
    let at_first = at_first.filter(|_| !observed.unlisted.contains(name));
    let lists = observed.listed.get(name).cloned();
    let lists = lists.or(at_first.map(|list| vec![list])).unwrap_or_default();
    let Some((at, files)) = lists.first() else { return (account.known.clone(), Vec::new()) };
    let listed = snapshots(files);
    let is_new = |file: &&File| {
        let snapshot = (file.node.clone(), file.sequence);
        let as_which = account.known.as_ref().and_then(|known| known.get(&snapshot));
        as_which.is_none_or(|as_which| !as_which.contains(&listed[&snapshot]))
    };
    let cover = |file: &File| {
        let later = listed
            .keys()
            .filter(|(node, sequence)| *node == file.node && *sequence > file.sequence);
        let cover = Cover {
            rule: "files",
            seen_by: *at,
            from: file.first.max(settings.start()),
            to: file.last.saturating_add(1).min(upper),
            demands: Demand::All,
        };
        (later.count() < FRESH, cover)
    };
    let new = match &account.known {
        Some(_) => files.iter().filter(is_new).map(cover).collect(),
        None => Vec::new(),
    };
    let mut known = account.known.clone().unwrap_or_default();
    for (snapshot, files) in listed {
        known.insert(snapshot, [files].into());
    }
    // The engine may have remembered any list of this sync.
    for (_, files) in &lists[1..] {
        for (snapshot, files) in snapshots(files) {
            known.entry(snapshot).or_default().insert(files);
        }
    }
    (Some(known), new)
}

fn snapshots(files: &[File]) -> BTreeMap<(String, u64), Snapshot> {
    let mut snapshots = BTreeMap::<_, Snapshot>::new();
    for file in files {
        let snapshot = snapshots.entry((file.node.clone(), file.sequence)).or_default();
        snapshot.push((file.first, file.last, file.rows));
        snapshot.sort_unstable();
    }
    snapshots
}

/// A sync that has begun, as far as counts are concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    pub(super) at: i64,
    pub(super) upper: i64,
    /// What it would compare.
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Begun {
    pub(super) fn new(at: i64, upper: i64, settings: &Settings) -> Self {
        let from = match settings.audit_days {
            0 => i64::MIN,
            days => upper - days * DAY,
        };
        let to = upper - settings.lookback;
        Self { at, upper, from, to: to - to.rem_euclid(HOUR) }
    }
}

/// What a comparison of counts covers, if the last one is long enough ago. One that was made since
/// the point came has found it, if it reached as far back. Where points of an hour or a day have
/// gone, since their time was over, others may have come unseen.
pub(super) fn counted(
    begun: &[Begun],
    settings: &Settings,
    upper: i64,
    retention: i64,
    demands: Demand,
) -> Option<Cover> {
    if settings.audit_days == 0 {
        return None;
    }
    let recent = begun.iter().filter(|before| before.upper > upper - COUNTED_EVERY);
    let seen_by = recent.clone().map(|before| before.at).min()?;
    let from = recent.clone().map(|before| before.from).max()?.max(settings.start());
    let to = recent.map(|before| before.to).min()?;
    let retained = match retention {
        i64::MIN => i64::MIN,
        retention => retention - retention.rem_euclid(DAY) + DAY,
    };
    Some(Cover { rule: "counts", seen_by, from: from.max(retained), to, demands })
}
