//! What the promise demands, kept from the outside: from when syncs began, how they ended, and what
//! the models answered.
//!
//! A [`Cover`] says: whatever queries could see by some moment, with a time in some range, has been
//! read since. The rules:
//!
//! 1. *Load.* A table without a cursor, or with other row-shaping settings than before, is loaded.
//!    Once a sync has succeeded, all that could be seen when the first sync of the load began, from
//!    `start_time` up to the upper bound of the sync that succeeded.
//! 2. *Lookback.* A sync that succeeds has read, of all that could be seen when it began, the times
//!    from (where the cursor can have been at most, but not above its own upper bound) - `lookback`
//!    up to its upper bound. The cursor can have been at the upper bound of the last sync that
//!    succeeded, or at that of any one that failed since.
//! 3. *Files.* A file of a snapshot that is not as it was in any list that the engine can have
//!    remembered: all that could be seen when the files were listed, from the file's first to its
//!    last time. A listing in a sync that fails is owed: the next sync that succeeds and sees the
//!    files has read its ranges, unless the server was rebuilt meanwhile. And once more by the next
//!    sync that succeeds and begins ten seconds after the listing: all that could be seen by then,
//!    as long as no clock jumps.
//! 4. *Counts.* A sync that succeeds and whose upper bound is at least four hours above those of
//!    all syncs that began before the point could be seen: points and values that are *new*, with
//!    times within `audit_days` and before the lookback. Nothing is demanded of the day at whose
//!    beginning retention has arrived, since what went may hide what came.
//!
//! A sync has succeeded for a table if it succeeded and the table was there from its beginning to
//! its end. The upper bound is the earlier of the first readings of both clocks, less ten seconds.

mod cover;
mod evidence;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use sync_engine::File;

pub(super) use cover::{Cover, Demand};
use evidence::{Begun, counted, files, is_listed};

use super::fivetran::{cursors_of, places_of};
use super::history::{DATABASES, Place};
use super::port::SETTLES_WITHIN;
use super::settings::{Settings, Shape};
use super::time::iso8601;
use super::world::World;

/// The files of a snapshot, each as first time, last time and rows.
type Snapshot = Vec<(i64, i64, u64)>;

/// What the engine can remember of each node's snapshots: as which it may know them.
type Known = BTreeMap<(String, u64), BTreeSet<Snapshot>>;

/// What a sync has to read that succeeds later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owed {
    /// How often a server was rebuilt before.
    rebuilds: usize,
    cover: Cover,
    /// When that sync begins at the earliest.
    not_before: i64,
    /// How far the clock was off when it was listed, and which table it was, if that is of any
    /// matter.
    only_with: Option<(i64, usize)>,
}

/// What is known of one measurement's table.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// The shapes that the state can have at present.
    shapes: Vec<Shape>,
    /// The shape with which it was last known to be loaded.
    loaded: Shape,
    /// When the first sync of an unfinished load began.
    loading: Option<i64>,
    /// The table's place in the state when a load of another shape was to begin, and what was known
    /// until then: as long as the state has that place, the load has not begun, and the customer
    /// may go back.
    origin: Option<(String, Box<Account>)>,
    /// Rows of before this sync were truncated.
    pub(super) truncated_in: Option<usize>,
    /// Where the cursor can be at most.
    reached: Option<i64>,
    /// What the engine can remember of files, if anything is known of that.
    known: Option<Known>,
    /// What syncs before have left.
    owed: Vec<Owed>,
    pub(super) covers: Vec<Cover>,
    /// The columns that were hidden when a sync last succeeded, and that ever were.
    hidden: BTreeSet<String>,
    pub(super) ever_hidden: BTreeSet<String>,
    /// Whether the last sync has succeeded for it.
    pub(super) is_complete: bool,
    /// Whether a sync did not find the table since it was last there.
    is_gone: bool,
}

impl Account {
    fn loading(
        shape: &Shape,
        began: i64,
        truncated_in: Option<usize>,
        known: Option<Known>,
    ) -> Self {
        Self {
            shapes: vec![shape.clone()],
            loaded: shape.clone(),
            loading: Some(began),
            origin: None,
            truncated_in,
            reached: None,
            known,
            owed: Vec::new(),
            covers: Vec::new(),
            hidden: BTreeSet::new(),
            ever_hidden: BTreeSet::new(),
            is_complete: false,
            is_gone: false,
        }
    }

    /// A table of which the engine alone knows how it stands: in one of these shapes, and as far as
    /// any sync can have read.
    fn unknown(shapes: Vec<Shape>, reached: Option<i64>) -> Self {
        let loading = Self::loading(&shapes[0], 0, None, None);
        Self { shapes, loading: None, reached, ..loading }
    }
}

#[derive(Default)]
pub(super) struct Ledger {
    /// By the place and the name of the measurement.
    pub(super) accounts: BTreeMap<(Place, String), Account>,
    /// The settings of every sync.
    pub(super) settings: Vec<Settings>,
    begun: Vec<Begun>,
}

/// A sync that has begun.
pub(super) struct Opening {
    began: i64,
    rebuilds: usize,
    cursors: BTreeMap<String, i64>,
    /// The measurements that were there, by name: their position, and their files.
    there: BTreeMap<String, (usize, Vec<File>)>,
    /// Those that go on from their cursor.
    continued: BTreeSet<String>,
    hidden: BTreeMap<String, BTreeSet<String>>,
    /// The tables that must not be truncated.
    pub(super) kept: BTreeSet<String>,
}

impl Ledger {
    /// A sync begins.
    pub(super) fn begin(
        &mut self,
        world: &World,
        settings: &Settings,
        state: Option<&str>,
    ) -> Opening {
        let place = settings.place;
        let database = DATABASES[place.database];
        let (cursors, places) = (cursors_of(state, database), places_of(state, database));
        let (began, number) = (world.now(), self.settings.len());
        self.settings.push(settings.clone());
        let live = world.shown().filter(|(_, one)| !one.is_dropped);
        let there: BTreeMap<_, _> =
            live.map(|(position, one)| (one.name.clone(), (position, one.files.clone()))).collect();
        let known = self.accounts.keys().filter(|(at, _)| *at == place).map(|(_, name)| name);
        let names: BTreeSet<_> = there.keys().chain(known).cloned().collect();
        let mut opening = Opening {
            began,
            rebuilds: world.rebuilds,
            cursors,
            there,
            continued: BTreeSet::new(),
            hidden: BTreeMap::new(),
            kept: BTreeSet::new(),
        };
        let furthest = self.begun.iter().map(|before| before.upper).max();
        for name in names.into_iter().filter(|name| settings.has(name)) {
            let shape = &settings.shape;
            let truncated = settings.truncates.then_some(number);
            let has_cursor = opening.cursors.contains_key(&name);
            let mut account = match self.accounts.remove(&(place, name.clone())) {
                _ if !has_cursor => {
                    // Nothing is known of other servers' either.
                    self.accounts
                        .retain(|(at, of), _| at.database != place.database || *of != name);
                    Account::loading(shape, began, truncated, Some(Known::new()))
                }
                // This server is new for a table that was read from another one.
                None if self.siblings(place, &name).next().is_some()
                    && !self.settings[..number].iter().any(|before| before.place == place) =>
                {
                    let mut shapes = Vec::new();
                    for of in self.siblings(place, &name).flat_map(|sibling| &sibling.shapes) {
                        if !shapes.contains(of) {
                            shapes.push(of.clone());
                        }
                    }
                    // Only settings that are surely other ones truncate surely.
                    let truncated =
                        truncated.filter(|_| shapes.len() == 1 && shapes != [shape.clone()]);
                    if !shapes.contains(shape) {
                        shapes.push(shape.clone());
                    }
                    if shapes == [shape.clone()] {
                        opening.continued.insert(name.clone());
                    }
                    let known = Some(Known::new());
                    Account { shapes, ..Account::loading(shape, began, truncated, known) }
                }
                // It was made in mid-sync: whatever is known of it the engine alone knows.
                None => {
                    let shapes = self.settings.iter().map(|settings| settings.shape.clone());
                    Account::unknown(shapes.collect(), furthest)
                }
                // Only if it comes in mid-sync can it be loaded now.
                Some(mut absent) if !opening.there.contains_key(&name) => {
                    if !absent.shapes.contains(shape) {
                        absent.shapes.push(shape.clone());
                    }
                    absent
                }
                Some(before) if !before.shapes.contains(shape) => {
                    let is_sure = before.shapes.len() == 1;
                    let origin = match is_sure {
                        true => Some((places[&name].clone(), Box::new(before.clone()))),
                        false => before.origin,
                    };
                    let mut shapes = before.shapes;
                    shapes.push(shape.clone());
                    let loading = Account::loading(shape, began, truncated, before.known);
                    Account { shapes, origin, ..loading }
                }
                // The customer has gone back before the load began.
                Some(Account { origin: Some((place, origin)), ever_hidden, .. })
                    if origin.shapes == [shape.clone()] && places[&name] == place =>
                {
                    opening.continued.insert(name.clone());
                    let mut origin = *origin;
                    origin.ever_hidden.extend(ever_hidden);
                    origin
                }
                // A load may have begun with another shape, or not, and may begin now.
                Some(unsure) if unsure.shapes.len() > 1 && unsure.loaded != *shape => Account {
                    loaded: shape.clone(),
                    ever_hidden: unsure.ever_hidden,
                    known: unsure.known,
                    is_gone: unsure.is_gone,
                    ..Account::unknown(unsure.shapes, furthest)
                },
                Some(mut account) => {
                    if account.shapes == [shape.clone()] {
                        opening.continued.insert(name.clone());
                    } else if !settings.truncates {
                        // The load may begin only now.
                        account.truncated_in = None;
                    }
                    account
                }
            };
            if opening.continued.contains(&name) || !settings.truncates {
                opening.kept.insert(settings.table(&name).to_owned());
            }
            if account.is_gone && opening.there.contains_key(&name) {
                account.is_gone = false;
                account.loading.get_or_insert(began);
            }
            self.accounts.insert((place, name.clone()), account);
            self.hide(world, settings, &name, &mut opening);
        }
        opening
    }

    /// A sync has ended. Gives what was wrong with it. `has_listed` is whether it has surely seen
    /// which tables there are.
    pub(super) fn end(
        &mut self,
        world: &World,
        opening: &Opening,
        is_success: bool,
        has_listed: bool,
        warnings: &[String],
    ) -> Vec<String> {
        let mut breaches = Vec::new();
        let settings = self.settings.last().unwrap().clone();
        let observed = &world.observed;
        let upper = observed.clock.zip(observed.server);
        let upper = upper.map(|(clock, server)| clock.min(server) - settings.settle);
        self.begun.extend(upper.map(|upper| Begun::new(opening.began, upper, &settings)));
        for account in self.accounts.values_mut() {
            account.is_complete = false;
        }
        let Some(upper) = upper else {
            if is_success {
                breaches.push("a sync succeeded without a look at both clocks".to_owned());
            }
            return breaches;
        };
        let is_there: BTreeSet<_> = world.shown().map(|(_, one)| one.name.as_str()).collect();
        for ((at, name), account) in &mut self.accounts {
            if *at != settings.place || opening.there.contains_key(name) {
                continue;
            }
            if is_there.contains(name.as_str()) {
                // It has come in mid-sync, and may have been read from its beginning.
                account.is_gone = false;
            } else if has_listed {
                account.is_gone = true;
            }
        }
        let taken_for_another =
            warnings.iter().find(|warning| warning.contains("is another server"));
        for name in &opening.continued {
            if self.settings.iter().all(|before| before.place.server == settings.place.server)
                && taken_for_another.is_some_and(|warning| warning.contains(&format!("{name:?}")))
            {
                breaches.push(format!("the server of {name} is taken for another one"));
            }
        }
        let others = self.accounts.keys().filter(|(at, name)| {
            at.database == settings.place.database
                && at.server != settings.place.server
                && settings.has(name)
                && self.accounts.contains_key(&(settings.place, name.clone()))
        });
        let others: Vec<_> = others.cloned().collect();
        let furthest = self.begun.iter().map(|before| before.upper).max();
        for key in others {
            let is_complete = is_success && opening.there.contains_key(&key.1);
            let Some(other) = self.accounts.get_mut(&key) else { continue };
            // What was told of columns was told for all servers.
            other.ever_hidden.extend(std::mem::take(&mut other.hidden));
            if !other.shapes.contains(&settings.shape) {
                other.shapes.push(settings.shape.clone());
            }
            if is_complete && other.shapes != [settings.shape.clone()] {
                // The table may have started anew, and then this server is new when it is back.
                let ever_hidden = std::mem::take(&mut other.ever_hidden);
                let shapes = vec![settings.shape.clone()];
                *other = Account { ever_hidden, ..Account::unknown(shapes, furthest) };
            }
        }
        // What is selected is remembered for all servers.
        let has_hidden = self.accounts.iter().filter(|(_, one)| !one.ever_hidden.is_empty());
        let has_hidden: BTreeSet<_> = has_hidden.map(|((_, name), _)| name.clone()).collect();
        let here = self
            .accounts
            .iter_mut()
            .filter(|((at, name), _)| *at == settings.place && settings.has(name));
        for ((_, name), account) in here {
            let position = opening.there.get(name).map(|(position, _)| *position);
            let stays = position.filter(|position| world.measurements[*position].name == *name);
            let told = |column: &String| {
                let names = |warning: &String| {
                    warning.contains(&format!("{name:?}"))
                        && warning.contains(&format!("{column:?}"))
                };
                warnings.iter().any(names)
            };
            account.hidden.retain(|column| !told(column));
            let now = position.map(|position| (world.clock_skew, position));
            account.owed.retain(|owed| owed.only_with.is_none() || owed.only_with == now);
            let is_first = !opening.cursors.contains_key(name);
            let (known, listed) = files(account, observed, opening, name, &settings, upper);
            let late: Vec<_> = listed.iter().map(|(_, cover)| *cover).collect();
            // Of a table that is new, the newest files alone may be so new.
            let again = listed.iter().filter(|(is_fresh, _)| *is_fresh || !is_first);
            let again = again.map(|&(_, cover)| Owed {
                rebuilds: opening.rebuilds,
                cover: Cover { seen_by: cover.seen_by + SETTLES_WITHIN, ..cover },
                not_before: cover.seen_by + SETTLES_WITHIN,
                only_with: position.map(|position| (world.clock_skew, position)),
            });
            let again: Vec<_> = again.collect();
            match stays.filter(|_| is_success) {
                None => {
                    account.reached = account.reached.max(Some(upper));
                    if !account.shapes.contains(&settings.shape) {
                        account.shapes.push(settings.shape.clone());
                    }
                    account.owed.extend(late.iter().map(|&cover| Owed {
                        rebuilds: opening.rebuilds,
                        cover,
                        not_before: i64::MIN,
                        only_with: None,
                    }));
                    account.owed.extend(again);
                    if let (Some(before), Some(known)) = (&mut account.known, known) {
                        for (snapshot, as_which) in known {
                            before.entry(snapshot).or_default().extend(as_which);
                        }
                    }
                }
                Some(position) => {
                    account.is_complete = true;
                    let is_listed = is_listed(observed, world, name);
                    account.owed.retain(|owed| owed.rebuilds == world.rebuilds);
                    account.complete(&settings, opening.began, upper, is_listed, &late);
                    account.owed.extend(again);
                    account.known = known.or(account.known.take());
                    let measurement = &world.measurements[position];
                    // As long as points are hidden for a while, they may hide others from a count.
                    let is_counted = !world.how.hides || world.is_at_rest;
                    let is_counted = is_counted && !observed.uncounted.contains(name);
                    if is_counted && !measurement.is_another {
                        // Values of columns that come and go from the selection are not compared.
                        let demands = match has_hidden.contains(name) {
                            true => Demand::Points,
                            false => Demand::Cells,
                        };
                        let retention = measurement.retention;
                        let counted = counted(&self.begun, &settings, upper, retention, demands);
                        account.covers.extend(counted);
                    }
                    let hidden = opening.hidden.get(name).cloned().unwrap_or_default();
                    let shown = |column: &&String| {
                        let mut known = measurement.columns_at(opening.began);
                        !hidden.contains(*column)
                            && (*column == "time" || known.any(|(known, _)| known == *column))
                    };
                    if let Some(column) = account.hidden.iter().find(shown)
                        && opening.continued.contains(name)
                    {
                        breaches
                            .push(format!("nobody was told that {name}.{column} is selected anew"));
                    }
                    account.hidden = hidden;
                    let cursor = opening.cursors.get(name);
                    // Nothing is wrong with one that was reached with less time to settle.
                    let raised = settings.settle - SETTLES_WITHIN;
                    let is_told =
                        warnings.iter().any(|warning| warning.contains(&format!("{name:?}")));
                    if opening.continued.contains(name)
                        && cursor.is_some_and(|cursor| *cursor > upper + raised)
                        && !is_told
                    {
                        breaches.push(format!(
                            "nobody was told that the cursor of {name} was beyond {}",
                            iso8601(upper)
                        ));
                    }
                }
            }
        }
        breaches
    }
}

impl Account {
    /// A sync has succeeded for the table.
    fn complete(
        &mut self,
        settings: &Settings,
        began: i64,
        upper: i64,
        is_listed: bool,
        late: &[Cover],
    ) {
        let start = settings.start();
        let cover = |rule, seen_by, from: i64| Cover {
            rule,
            seen_by,
            from: from.max(start),
            to: upper,
            demands: Demand::All,
        };
        if let Some(loading) = self.loading.take() {
            self.covers.push(cover("load", loading, i64::MIN));
        }
        let from = self
            .reached
            .map_or(i64::MIN, |reached| reached.min(upper).saturating_sub(settings.lookback));
        self.covers.push(cover("lookback", began, from));
        if is_listed {
            // Beyond a bound that has gone back everything is read when its time comes again.
            let due = |owed: &mut Owed| owed.not_before <= began;
            let due = self.owed.extract_if(.., due);
            let due = due.map(|owed| Cover { to: owed.cover.to.min(upper), ..owed.cover });
            self.covers.extend(due);
            self.covers.extend(late);
        }
        // A cursor stays where it is if it was reached with less time to settle.
        let waits = upper + settings.settle - SETTLES_WITHIN;
        self.reached = self.reached.map(|reached| reached.min(waits)).max(Some(upper));
        self.origin = None;
        self.shapes = vec![settings.shape.clone()];
    }
}
