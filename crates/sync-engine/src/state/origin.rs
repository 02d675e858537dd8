//! Where a table's rows come from and where they go: what a state may vouch for.
//!
//! A position speaks of one server, one database and one measurement, and of one table in the
//! warehouse, which has one owner. These functions keep that true in a state; they ask nothing and
//! send nothing.

use std::collections::BTreeSet;

use sync_state::Cursor;

use crate::state::notes::{Away, Notes};
use crate::state::{Server, State, TableProgress, fingerprint};
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
            fingerprint::destination(progress.fingerprint()) == Some(destination)
        })
        .map(|(database, table, _)| Origin {
            database: database.to_owned(),
            measurement: table.to_owned(),
        })
        .collect()
}

/// How the server that answers differs from the one that a table was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerChange {
    /// Not at all.
    None,
    /// It is the same, and says more of itself, or is reached elsewhere.
    Details,
    /// It is another one.
    Another,
}

/// Lets a table's position speak of the present server, where it spoke of another one.
///
/// A new server owes everything before the cursor. One that comes back goes on from where it was
/// left, and owes all ranges into which the others' rows were sent. `lookback` is how far before
/// its cursor a sync reads, in nanoseconds: rows will be sent from there on.
pub(crate) fn switch_server(
    progress: &mut TableProgress,
    present: &Server,
    upper: i64,
    lookback: i64,
) -> ServerChange {
    let cursor = progress.cursor();
    let notes = &mut progress.notes;
    let known = recognize(notes, present);
    if notes.shrunk && !matches!(known, Known::Present) {
        // Nothing of it was kept that belongs to a server.
        notes.server = Some(present.clone());
        return ServerChange::Another;
    }
    let back = match known {
        Known::Present => {
            let seen =
                notes.server.as_ref().map_or_else(|| present.clone(), |s| s.seen_as(present));
            if notes.server.as_ref() == Some(&seen) {
                return ServerChange::None;
            }
            notes.server = Some(seen);
            return ServerChange::Details;
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
        claim(notes, window);
    }
    restart(progress, cursor);
    ServerChange::Another
}

/// Puts the cursor of a table somewhere else, and leaves all else as it is.
fn restart(progress: &mut TableProgress, cursor: Cursor) {
    let notes = std::mem::take(&mut progress.notes);
    *progress = TableProgress::new(cursor, progress.fingerprint().clone(), notes);
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

/// Marks the tables of a database that were not found. What comes back under such a name may be
/// another table, so it is read from its first point then. Gives whether anything is new.
///
/// A table that was read from another server may be there still.
pub(crate) fn mark_gone(
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
        let notes = &mut progress.notes;
        match recognize(notes, present) {
            Known::Present if notes.shrunk => {}
            Known::Present => is_new |= notes.gone(),
            Known::Away(position) => {
                notes.away.remove(position);
                is_new = true;
            }
            Known::Not => {}
        }
    }
    is_new
}

/// Marks which tables are read by this sync and which are not, and forgets almost all of those that
/// have not been for long. Gives whether anything is new.
pub(crate) fn mark_used(
    state: &mut State,
    database: &str,
    used: &BTreeSet<String>,
    now: i64,
) -> bool {
    let mut is_new = false;
    for (of, table, progress) in state.tables_mut() {
        let notes = &mut progress.notes;
        let is_used = of == database && used.contains(table);
        let since = notes.unused_since.filter(|since| since.0 <= now).unwrap_or(Cursor(now));
        let unused_since = (!is_used).then_some(since);
        is_new |= notes.unused_since != unused_since;
        notes.unused_since = unused_since;
        if !is_used && !notes.shrunk && since.0 <= now.saturating_sub(KEPT_FOR) {
            *notes = std::mem::take(notes).shrink();
            // No row is vouched for any more, whoever reads this.
            restart(progress, Cursor(i64::MIN));
            is_new = true;
        }
    }
    is_new
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{
        DAY, KEPT_FOR, Origin, ServerChange, mark_gone, mark_used, other_owners, switch_server,
    };
    use crate::state::{Notes, Server, State, TableProgress};
    use serde_json::json;
    use sync_state::Cursor;

    const LOOKBACK: i64 = 10;

    fn server(id: &str, address: &str) -> Server {
        let id = (!id.is_empty()).then(|| id.to_owned());
        Server { id, address: address.to_owned() }
    }

    fn started(database: &str, table: &str, cursor: i64) -> State {
        let mut state = State::default();
        let fingerprint = [("table_name".to_owned(), json!(table))].into_iter().collect();
        let progress = TableProgress::new(Cursor(cursor), fingerprint, Notes::default());
        state.start(database, table, progress);
        state
    }

    fn stands(state: &State, database: &str, table: &str) -> (i64, Notes) {
        let progress = state.table(database, table).unwrap();
        (progress.cursor().0, progress.notes.clone())
    }

    #[track_caller]
    fn check(
        state: &mut State,
        present: &Server,
        upper: i64,
        expect: ServerChange,
        cursor: i64,
    ) -> Notes {
        let progress = state.table_mut("db", "m").unwrap();
        assert_eq!(switch_server(progress, present, upper, LOOKBACK), expect);
        let (at, notes) = stands(state, "db", "m");
        assert_eq!((at, notes.server.as_ref()), (cursor, Some(present)));
        notes
    }

    #[test]
    fn a_state_without_a_server_takes_the_present_one() {
        let mut state = started("db", "m", 100);
        let notes = check(&mut state, &server("a", "x:1"), 200, ServerChange::Details, 100);
        assert!(!notes.reread);
        check(&mut state, &server("a", "x:1"), 200, ServerChange::None, 100);
    }

    #[test]
    fn another_server_owes_everything_and_one_that_is_back_what_was_overwritten() {
        let mut state = started("db", "m", 100);
        check(&mut state, &server("a", "x:1"), 200, ServerChange::Details, 100);
        let notes = check(&mut state, &server("b", "x:1"), 80, ServerChange::Another, 80);
        assert!(notes.reread);
        assert_eq!(notes.away.len(), 1);
        let notes = check(&mut state, &server("a", "y:1"), 200, ServerChange::Another, 100);
        // From the other one's lookback on, as far as this one had been read.
        let owed: Vec<_> =
            notes.backfill.iter().map(|window| (window.from(), window.to())).collect();
        assert_eq!((owed, notes.reread), (vec![(70, 100)], false));
    }

    #[test]
    fn a_missing_identity_at_the_same_place_is_the_same_server() {
        let mut state = started("db", "m", 100);
        check(&mut state, &server("a", "x:1"), 200, ServerChange::Details, 100);
        let silent = server("", "x:1");
        let progress = state.table_mut("db", "m").unwrap();
        assert_eq!(switch_server(progress, &silent, 200, LOOKBACK), ServerChange::None);
        check(&mut state, &server("a", "x:1"), 200, ServerChange::None, 100);
        check(&mut state, &server("", "y:1"), 200, ServerChange::Another, 100);
    }

    #[test]
    fn what_is_not_found_is_read_from_its_beginning_when_it_is_back() {
        let mut state = started("db", "m", 100);
        let here = server("a", "x:1");
        check(&mut state, &here, 200, ServerChange::Details, 100);
        assert!(!mark_gone(&mut state, "other", &here, |_| false));
        assert!(!mark_gone(&mut state, "db", &here, |_| true));
        assert!(!mark_gone(&mut state, "db", &server("b", "x:1"), |_| false));
        assert!(mark_gone(&mut state, "db", &here, |_| false));
        assert!(stands(&state, "db", "m").1.reread);
    }

    #[test]
    fn what_is_not_used_for_long_shrinks() {
        let mut state = started("db", "m", 100);
        let none = BTreeSet::new();
        assert!(mark_used(&mut state, "db", &none, 0));
        assert!(!mark_used(&mut state, "db", &none, DAY));
        assert_eq!(stands(&state, "db", "m").0, 100);
        assert!(mark_used(&mut state, "db", &none, KEPT_FOR));
        let (cursor, notes) = stands(&state, "db", "m");
        assert_eq!((cursor, notes.shrunk), (i64::MIN, true));
        assert!(!mark_used(&mut state, "db", &none, KEPT_FOR + DAY));
        let origin = Origin { database: "db".to_owned(), measurement: "m".to_owned() };
        assert_eq!(other_owners(&state, "db", "other", "m"), [origin]);
        assert_eq!(other_owners(&state, "db", "m", "m"), []);
    }
}
