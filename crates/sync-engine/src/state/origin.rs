//! Where a table's rows come from and where they go: what a state may vouch for.
//!
//! A position speaks of one server, one database and one measurement, and of one table in the
//! warehouse, which has one owner. These functions keep that true in a state; they ask nothing and
//! send nothing.

use std::collections::BTreeSet;

use sync_state::{Cursor, State};

use crate::state::Server;
use crate::state::fingerprint;
use crate::state::notes::{Away, Notes};
use crate::window::{MOST_RANGES, Window};

const DAY: i64 = 24 * 3_600_000_000_000;
/// For how long a table that no sync reads keeps its place, in nanoseconds.
const KEPT_FOR: i64 = 30 * DAY;
/// How many servers that are away a table remembers. One that is forgotten counts as a new one.
const MOST_AWAY: usize = 4;

/// A measurement of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) database: String,
    pub(crate) measurement: String,
}

/// The other measurements whose rows went to a destination, as far as the state knows.
pub(crate) fn other_owners(
    state: &State,
    database: &str,
    measurement: &str,
    destination: &str,
) -> Vec<Origin> {
    state
        .tables()
        .filter(|(of, table, _)| (*of, *table) != (database, measurement))
        .filter(|(_, _, progress)| {
            fingerprint::destination(progress.fingerprint()).as_deref() == Some(destination)
        })
        .map(|(database, table, _)| Origin {
            database: database.to_owned(),
            measurement: table.to_owned(),
        })
        .collect()
}

/// What became of a table's position when the present server was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    /// It is the one that the position speaks of; nothing is new.
    Unchanged,
    /// It is the one that the position speaks of, and says more of itself, or is reached elsewhere.
    Same,
    /// It is another one.
    Another,
}

/// Lets a table's position speak of the present server, where it spoke of another one.
///
/// A new server owes everything before the cursor. One that comes back goes on from where it was
/// left, and owes all stretches into which the others' rows were sent. `lookback` is how far before
/// its cursor a sync reads, in nanoseconds: rows will be sent from there on.
pub(crate) fn meet(
    state: &mut State,
    database: &str,
    measurement: &str,
    present: &Server,
    upper: i64,
    lookback: i64,
) -> Met {
    let Some(progress) = state.table_mut(database, measurement) else { return Met::Unchanged };
    let mut notes = Notes::read(&progress.notes);
    let (cursor, fingerprint) = (progress.cursor(), progress.fingerprint().to_owned());
    let known = recognize(&notes, present);
    if notes.shrunk && !matches!(known, Known::Present) {
        // Nothing of it was kept that belongs to a server.
        notes.server = Some(present.clone());
        progress.notes = notes.write();
        return Met::Another;
    }
    let back = match known {
        Known::Present => {
            let seen =
                notes.server.as_ref().map_or_else(|| present.clone(), |s| s.seen_as(present));
            if notes.server.as_ref() == Some(&seen) {
                return Met::Unchanged;
            }
            notes.server = Some(seen);
            progress.notes = notes.write();
            return Met::Same;
        }
        Known::Away(position) => Some(notes.away.remove(position)),
        Known::Not => None,
    };
    let left = notes.leave(cursor);
    notes.away.extend(left);
    notes.away.drain(..notes.away.len().saturating_sub(MOST_AWAY));
    let cursor = match back {
        Some(mut away) => {
            away.server = away.server.seen_as(present);
            notes.take_up(away)
        }
        None => {
            notes.reread = true;
            notes.server = Some(present.clone());
            Cursor(cursor.0.min(upper))
        }
    };
    // The rows that every sync sends from now on; older ones are claimed as they come.
    if let Some(window) = Window::new(cursor.0.saturating_sub(lookback), i64::MAX) {
        claim(&mut notes, window);
    }
    state.start(database, measurement, fingerprint, cursor).notes = notes.write();
    Met::Another
}

/// Which of the servers that a position knows is the present one.
enum Known {
    Present,
    Away(usize),
    Not,
}

/// What servers say of themselves counts first, then where they are reached.
fn recognize(notes: &Notes, present: &Server) -> Known {
    let Some(last) = &notes.server else { return Known::Present };
    let away = |is: &dyn Fn(&Away) -> bool| notes.away.iter().rposition(is);
    if last.has_id_of(present) {
        return Known::Present;
    }
    if let Some(position) = away(&|away| away.server.has_id_of(present)) {
        return Known::Away(position);
    }
    if last.is(present) {
        return Known::Present;
    }
    away(&|away| away.server.is(present)).map_or(Known::Not, Known::Away)
}

/// Notes that rows of the present server go into a window, for the servers that may come back.
/// Gives whether that is new.
pub(crate) fn claim(notes: &mut Notes, window: Window) -> bool {
    let mut is_new = false;
    for away in &mut notes.away {
        let mut overwritten = away.overwritten.clone();
        overwritten.insert(window);
        overwritten = overwritten.coarsened(MOST_RANGES);
        is_new |= away.overwritten != overwritten;
        away.overwritten = overwritten;
    }
    is_new
}

/// Notes which tables of a database were not found. What comes back under such a name may be
/// another table, so it is read from its first point then. Gives whether anything is new.
///
/// A table that was read from another server may be there still.
pub(crate) fn not_found(
    state: &mut State,
    database: &str,
    present: &Server,
    is_found: impl Fn(&str) -> bool,
) -> bool {
    let mut is_new = false;
    for (of, table, progress) in state.tables_mut() {
        if of != database || is_found(table) {
            continue;
        }
        let before = Notes::read(&progress.notes);
        let mut notes = before.clone();
        match recognize(&notes, present) {
            Known::Present if notes.shrunk => {}
            Known::Present => notes.gone(),
            Known::Away(position) => drop(notes.away.remove(position)),
            Known::Not => {}
        }
        if notes != before {
            progress.notes = notes.write();
            is_new = true;
        }
    }
    is_new
}

/// Notes which tables are read by this sync and which are not, and forgets almost all of those that
/// have not been for long. Gives whether anything is new.
pub(crate) fn note_use(
    state: &mut State,
    database: &str,
    used: &BTreeSet<String>,
    now: i64,
) -> bool {
    let (mut is_new, mut shrunk) = (false, Vec::new());
    for (of, table, progress) in state.tables_mut() {
        let before = Notes::read(&progress.notes);
        let mut notes = before.clone();
        let since = notes.unused_since.filter(|since| since.0 <= now).unwrap_or(Cursor(now));
        let is_used = of == database && used.contains(table);
        notes.unused_since = (!is_used).then_some(since);
        if !is_used && !notes.shrunk && since.0 <= now.saturating_sub(KEPT_FOR) {
            shrunk.push((
                of.to_owned(),
                table.to_owned(),
                progress.fingerprint().to_owned(),
                notes,
            ));
        } else if notes != before {
            progress.notes = notes.write();
            is_new = true;
        }
    }
    for (database, table, fingerprint, notes) in shrunk {
        // No row is vouched for any more, whoever reads this.
        let progress = state.start(&database, &table, fingerprint, Cursor(i64::MIN));
        progress.notes = notes.shrink().write();
        is_new = true;
    }
    is_new
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{DAY, KEPT_FOR, Met, Origin, meet, not_found, note_use, other_owners};
    use crate::state::{Notes, Server};
    use sync_state::{Cursor, State};

    const LOOKBACK: i64 = 10;

    fn server(id: &str, address: &str) -> Server {
        let id = (!id.is_empty()).then(|| id.to_owned());
        Server { id, address: address.to_owned() }
    }

    fn started(database: &str, table: &str, cursor: i64) -> State {
        let mut state = State::default();
        let fingerprint = format!(r#"{{"table_name":"{table}"}}"#);
        state.start(database, table, fingerprint, Cursor(cursor));
        state
    }

    fn stands(state: &State, database: &str, table: &str) -> (i64, Notes) {
        let progress = state.table(database, table).unwrap();
        (progress.cursor().0, Notes::read(&progress.notes))
    }

    #[track_caller]
    fn check(state: &mut State, present: &Server, upper: i64, expect: Met, cursor: i64) -> Notes {
        assert_eq!(meet(state, "db", "m", present, upper, LOOKBACK), expect);
        let (at, notes) = stands(state, "db", "m");
        assert_eq!((at, notes.server.as_ref()), (cursor, Some(present)));
        notes
    }

    #[test]
    fn a_state_without_a_server_takes_the_present_one() {
        let mut state = started("db", "m", 100);
        let notes = check(&mut state, &server("a", "x:1"), 200, Met::Same, 100);
        assert!(!notes.reread);
        check(&mut state, &server("a", "x:1"), 200, Met::Unchanged, 100);
    }

    #[test]
    fn another_server_owes_everything_and_one_that_is_back_what_was_overwritten() {
        let mut state = started("db", "m", 100);
        check(&mut state, &server("a", "x:1"), 200, Met::Same, 100);
        let notes = check(&mut state, &server("b", "x:1"), 80, Met::Another, 80);
        assert!(notes.reread);
        assert_eq!(notes.away.len(), 1);
        let notes = check(&mut state, &server("a", "y:1"), 200, Met::Another, 100);
        // From the other one's lookback on, as far as this one had been read.
        let owed: Vec<_> =
            notes.backfill.iter().map(|window| (window.from(), window.to())).collect();
        assert_eq!((owed, notes.reread), (vec![(70, 100)], false));
    }

    #[test]
    fn a_missing_identity_at_the_same_place_is_the_same_server() {
        let mut state = started("db", "m", 100);
        check(&mut state, &server("a", "x:1"), 200, Met::Same, 100);
        let silent = server("", "x:1");
        assert_eq!(meet(&mut state, "db", "m", &silent, 200, LOOKBACK), Met::Unchanged);
        check(&mut state, &server("a", "x:1"), 200, Met::Unchanged, 100);
        check(&mut state, &server("", "y:1"), 200, Met::Another, 100);
    }

    #[test]
    fn what_is_not_found_is_read_from_its_beginning_when_it_is_back() {
        let mut state = started("db", "m", 100);
        let here = server("a", "x:1");
        check(&mut state, &here, 200, Met::Same, 100);
        assert!(!not_found(&mut state, "other", &here, |_| false));
        assert!(!not_found(&mut state, "db", &here, |_| true));
        assert!(!not_found(&mut state, "db", &server("b", "x:1"), |_| false));
        assert!(not_found(&mut state, "db", &here, |_| false));
        assert!(stands(&state, "db", "m").1.reread);
    }

    #[test]
    fn what_is_not_used_for_long_shrinks() {
        let mut state = started("db", "m", 100);
        let none = BTreeSet::new();
        assert!(note_use(&mut state, "db", &none, 0));
        assert!(!note_use(&mut state, "db", &none, DAY));
        assert_eq!(stands(&state, "db", "m").0, 100);
        assert!(note_use(&mut state, "db", &none, KEPT_FOR));
        let (cursor, notes) = stands(&state, "db", "m");
        assert_eq!((cursor, notes.shrunk), (i64::MIN, true));
        assert!(!note_use(&mut state, "db", &none, KEPT_FOR + DAY));
        let origin = Origin { database: "db".to_owned(), measurement: "m".to_owned() };
        assert_eq!(other_owners(&state, "db", "other", "m"), [origin]);
        assert_eq!(other_owners(&state, "db", "m", "m"), []);
    }
}
