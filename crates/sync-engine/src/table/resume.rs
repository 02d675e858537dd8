//! Where a table goes on, or starts: what has to be said and remembered of it before its first row,
//! and what is to be read.

use std::collections::BTreeMap;

use sync_core::Sink;
use sync_state::Cursor;

use crate::late::{Counts, Detected, Named, Units};
use crate::settings::{OnResync, Settings, USUAL_SETTLE};
use crate::state::{Change, Notes, Origin, Position, RowShape, other_owners};
use crate::sync::{Session, bounds};
use crate::table::columns::{compare_columns, other_key_tags};
use crate::table::{SelectedTable, TableFailure};
use crate::time::iso8601;
use crate::time_series::TimeSeries;
use crate::window::{EARLIEST, MOST_RANGES, TimeRangeSet, Window, WindowQueue};

const DAY: i64 = 24 * 3_600_000_000_000;
/// For how long it is remembered where the cursor has jumped, in nanoseconds, and how often.
const CURSOR_JUMPS_FOR: i64 = 7 * DAY;
const MOST_CURSOR_JUMPS: usize = 4;

/// Prepares a table for its first row, and plans what is to be read.
pub(crate) async fn resume_or_start<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    selected: &SelectedTable,
    detected: Detected,
) -> Result<WindowQueue, TableFailure> {
    let Session { settings, sink, progress, .. } = session;
    let measurement = &selected.source.measurement;
    let shape = RowShape::new(&selected.source, settings);
    // The other measurements that fill the same table in the warehouse, as far as the state knows.
    let others = progress.with_state(|state| {
        other_owners(state, &settings.database, measurement, &selected.table.name)
    });
    let position = progress.position(measurement);
    // What files have named has to settle, however the table goes on.
    let named = position.as_ref().and_then(|position| position.notes.named.clone());
    // With several owners, rows of all of them are mixed in the warehouse.
    let Some(position) = position.filter(|_| others.is_empty()) else {
        for other in &others {
            sink.warn(taken_over(session, selected, other)).await?;
        }
        let how = Start::Anew(&others, Notes { named, ..Notes::default() });
        return start(session, selected, &shape, how, detected).await;
    };
    if let Some(floor) = position.notes.floor
        && position.fingerprint.is_empty()
    {
        // What another connector sent is taken for rows of this shape.
        sink.warn(handed_over(selected, floor.0, session.upper_bound)).await?;
        let floor = Some(Cursor(floor.0.min(session.upper_bound)));
        let how = Start::Again(Notes { floor, ..position.notes });
        return start(session, selected, &shape, how, detected).await;
    }
    match shape.change_since(&position.fingerprint, &position.notes) {
        Change::None if position.notes.shrunk => {
            compare_columns(session, selected, &position.notes).await?;
            start(session, selected, &shape, Start::Again(position.notes), detected).await
        }
        Change::None => resume(session, selected, &shape, position, detected).await,
        Change::Settings(names) => {
            let warning = format!(
                "Measurement {measurement:?} starts anew, because `{}` has changed and rows of \
                 both kinds would not fit together.{}",
                names.join("`, `"),
                rows_of_before(settings.on_resync),
            );
            sink.warn(warning).await?;
            let how = Start::Anew(&[], position.notes);
            start(session, selected, &shape, how, detected).await
        }
        Change::KeyTags => Err(other_key_tags(measurement)),
    }
}

fn handed_over(selected: &SelectedTable, floor: i64, upper_bound: i64) -> String {
    let (measurement, table) = (&selected.source.measurement, &selected.table.name);
    let mut warning = format!(
        "Measurement {measurement:?} goes on where another connector has stopped, at {}: its \
         points from then on are sent to table {table:?}, and the rows that the table has stay. \
         Points before then are not read, however late they come, unless the table is re-synced.",
        iso8601(floor.min(upper_bound)),
    );
    if floor > upper_bound {
        warning += &format!(
            " The other connector had stopped at {}, which lies after the present time, so it may \
             have left out points of before: if it has, re-sync the table.",
            iso8601(floor),
        );
    }
    warning
}

fn taken_over<D, S>(
    session: &Session<'_, D, S>,
    selected: &SelectedTable,
    other: &Origin,
) -> String {
    format!(
        "Table {:?} got its rows from measurement {:?} of database {:?} before. It starts anew \
         with those of measurement {:?} of database {:?}.{}",
        selected.table.name,
        other.measurement,
        other.database,
        selected.source.measurement,
        session.settings.database,
        rows_of_before(session.settings.on_resync),
    )
}

/// What the customer should know of the rows that a table had when it starts anew.
fn rows_of_before(on_resync: OnResync) -> &'static str {
    match on_resync {
        OnResync::Truncate => "",
        OnResync::Keep => {
            " The rows of before stay in the warehouse, since `on_resync` is `keep`; drop them by \
             hand."
        }
    }
}

/// How a table starts.
enum Start<'a> {
    /// As one whose rows in the warehouse, if there are any, are not what they would be now. The
    /// origins filled the same table, and the notes tell what was seen before.
    Anew(&'a [Origin], Notes),
    /// As one that was not read for long, with the same settings, or that another connector has
    /// read: its rows may stay.
    Again(Notes),
}

/// Starts a table: from its first point, or from `start_time`.
async fn start<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    selected: &SelectedTable,
    shape: &RowShape,
    how: Start<'_>,
    detected: Detected,
) -> Result<WindowQueue, TableFailure> {
    let Session { settings, about, upper_bound, sink, progress, .. } = session;
    let measurement = &selected.source.measurement;
    let floor = match &how {
        // What was there before is replaced, so all of it has to come again.
        Start::Anew(..) => None,
        Start::Again(before) => before.floor,
    };
    let start = Notes { floor, ..Notes::default() }.start(settings);
    let first = bounds::first(session, measurement, start, detected.files.as_deref()).await?;
    let (seen, former) = match how {
        Start::Anew(others, before) => {
            forget_before(session, measurement, others).await?;
            if settings.on_resync == OnResync::Truncate {
                // Also for a table that is empty now: an earlier sync may have sent rows.
                sink.truncate(&selected.table).await?;
            }
            (before, BTreeMap::new())
        }
        // Rows with these columns may be in the warehouse.
        Start::Again(before) => {
            (Notes::default(), before.former.into_iter().chain(before.columns).collect())
        }
    };
    let from = first.unwrap_or(*upper_bound);
    let jump = Window::new(from.max(upper_bound.saturating_sub(DAY)), *upper_bound);
    // Also what lies before the first point: whoever told of that may not see all of it yet.
    let earliest = start.unwrap_or(EARLIEST);
    let named = detected.named.between(earliest, *upper_bound).coarsened(MOST_RANGES);
    let named = named_by(&detected, named, seen.named);
    let backfill = named.as_ref().map(|named| named.ranges().clone()).unwrap_or_default();
    let queue = WindowQueue::new(from, *upper_bound, &backfill);
    // Whatever was found out before the first row is good to compare with later.
    let notes = Notes {
        backfill,
        named,
        watermark: detected.watermark.or(seen.watermark),
        counts: Units::new(settings, start, *upper_bound)
            .map(|units| Counts::from_first(&units, from, *upper_bound)),
        settled: settled(settings),
        cursor_jumps: jump.into_iter().collect(),
        former,
        floor,
        server: Some(about.server.clone()),
        warned_of: about.release.clone(),
        ..Notes::default()
    };
    progress.start(measurement, Position { cursor: from, fingerprint: shape.fingerprint(), notes });
    Ok(queue)
}

/// Takes back whatever the state vouches for in the table's destination, before anything is said of
/// it.
///
/// If this sync is cut short and the customer goes back to what was set before, no old cursor must
/// vouch for rows that are deleted by then or replaced.
async fn forget_before<D, S: Sink>(
    session: &Session<'_, D, S>,
    measurement: &str,
    others: &[Origin],
) -> Result<(), TableFailure> {
    let Session { settings, sink, progress, .. } = session;
    let is_any = progress.take_back(|state| {
        let mut is_any = state.forget(&settings.database, measurement);
        for other in others {
            is_any |= state.forget(&other.database, &other.measurement);
        }
        is_any
    });
    if is_any {
        progress.flush(*sink).await?;
    }
    Ok(())
}

/// Goes on from where a table stands.
async fn resume<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    selected: &SelectedTable,
    shape: &RowShape,
    position: Position,
    detected: Detected,
) -> Result<WindowQueue, TableFailure> {
    let Session { clock, settings, about, upper_bound, progress, .. } = session;
    let measurement = &selected.source.measurement;
    let start = position.notes.start(settings);
    let earliest = start.unwrap_or(EARLIEST);
    let lookback = |time: i64| time.saturating_sub(settings.lookback).max(earliest);
    compare_columns(session, selected, &position.notes).await?;

    let mut backfill = position.notes.backfill.clone();
    backfill.extend(&detected.late);
    // What lies after the cursor is read with the rest, and may not be all of it yet.
    backfill.extend(&detected.named);
    if position.notes.reread
        && let Some(first) =
            bounds::first(session, measurement, start, detected.files.as_deref()).await?
        && let Some(all) = Window::new(first, position.cursor.min(*upper_bound))
    {
        backfill.insert(all);
    }
    let mut jumps = position.notes.cursor_jumps.clone();
    let mut cursor = position.cursor;
    let from;
    let settled_before = position.notes.settled.map_or(USUAL_SETTLE, |before| before.0);
    let raised = settings.settle.saturating_sub(settled_before);
    let waits = position.cursor > *upper_bound
        && position.cursor.saturating_sub(raised.max(0)) <= *upper_bound;
    if waits {
        // Since less of the newest time is read than before: the rest has to come first.
        from = lookback(*upper_bound);
    } else if position.cursor <= *upper_bound {
        from = lookback(position.cursor);
        if let Some(jump) = Window::new(position.cursor, *upper_bound)
            && jump.length() > settings.lookback.unsigned_abs()
        {
            jumps.push(jump);
        }
    } else {
        from = lookback(*upper_bound);
        let again = lookback(time_before_the_jump(&jumps, position.cursor, *upper_bound));
        if let Some(again) = Window::new(again, *upper_bound) {
            backfill.insert(again);
        }
        jumps.clear();
        let warning = jumped(measurement, position.cursor, *upper_bound, again.min(from));
        session.sink.warn(warning).await?;
        let notes = position.notes.clone();
        cursor = *upper_bound;
        progress.start(measurement, Position { cursor, notes, ..position });
    }
    // It may name types of columns that have come since, and are no change.
    progress.fingerprint(measurement, shape.fingerprint());
    jumps.retain(|jump| jump.to() > upper_bound.saturating_sub(CURSOR_JUMPS_FOR));
    jumps.drain(..jumps.len().saturating_sub(MOST_CURSOR_JUMPS));
    // What the main stretch covers is read with it, and stays noted all the same until then: the
    // next sync may look back less far.
    let backfill = backfill.between(earliest, *upper_bound).coarsened(MOST_RANGES);
    let named = detected.named.between(earliest, *upper_bound).coarsened(MOST_RANGES);
    let queue = WindowQueue::new(from.min(*upper_bound), *upper_bound, &backfill);
    progress.note(measurement, |notes| {
        notes.backfill = backfill;
        notes.reread = false;
        let before = notes.named.take().map(|named| named.seen_at(clock.now()));
        notes.named = named_by(&detected, named, before);
        if !waits {
            notes.settled = settled(settings);
        }
        notes.interrupted.retain(|window| {
            let is_owed = !notes.backfill.between(window.from(), window.to()).is_empty();
            is_owed || window.to() > from
        });
        notes.warned_of = about.release.clone();
        notes.cursor_jumps = jumps;
        notes.watermark = detected.watermark.or(notes.watermark.take());
        notes.counts = counts(notes, selected, settings, cursor, *upper_bound);
        true
    });
    // A cursor that was put back has to be out before any row is.
    progress.flush(session.sink).await?;
    Ok(queue)
}

/// The counts with which a table goes on at a cursor.
fn counts(
    notes: &mut Notes,
    selected: &SelectedTable,
    settings: &Settings,
    cursor: i64,
    upper_bound: i64,
) -> Option<Counts> {
    let before = notes.counts.take().unwrap_or_default();
    let units = Units::new(settings, notes.start(settings), upper_bound)?;
    let mut counts = before;
    counts.truncate(cursor, &units);
    counts.coarsen(&units);
    let (fields, hidden) = (selected.fields(), selected.hidden());
    let is_tag = |name: &String| selected.source.tags.contains(name);
    let is_shown_now = fields.iter().any(|name| notes.hidden.contains(name));
    if is_shown_now || hidden.iter().any(|name| !is_tag(name) && notes.columns.contains_key(name)) {
        counts.forget_cells();
    }
    Some(counts)
}

/// What files name that were listed now, with what they had named before.
fn named_by(detected: &Detected, now: TimeRangeSet, before: Option<Named>) -> Option<Named> {
    match Named::new(detected.listed_at, now) {
        Some(now) => Some(now.and(before)),
        None => before,
    }
}

/// What a state remembers of how far before the present its cursors are.
fn settled(settings: &Settings) -> Option<Cursor> {
    (settings.settle != USUAL_SETTLE).then_some(Cursor(settings.settle))
}

/// The time up to which a table had been read before clocks jumped ahead, as far as the jumps of
/// its cursor tell; or the present time.
///
/// While a clock is ahead, what is written has times before the cursor, so all of it has to be read
/// again. The cursor then jumped as far as the clock at least, which is no shorter than the
/// cursor's lead now.
fn time_before_the_jump(jumps: &[Window], cursor: i64, upper_bound: i64) -> i64 {
    let lead = cursor.abs_diff(upper_bound);
    let jump = jumps.iter().rev().find(|jump| jump.length() >= lead);
    jump.map_or(upper_bound, |jump| jump.from().min(upper_bound))
}

fn jumped(measurement: &str, cursor: i64, upper_bound: i64, again: i64) -> String {
    format!(
        "Measurement {measurement:?} was synced up to {}, which lies after the present time ({}): \
         a clock has jumped. It is read again from {}; if the clock was wrong before that, re-sync \
         the table.",
        iso8601(cursor),
        iso8601(upper_bound),
        iso8601(again),
    )
}

#[cfg(test)]
mod tests {
    use super::time_before_the_jump;
    use crate::window::Window;

    #[test]
    fn a_clock_is_found_among_the_jumps_of_the_cursor() {
        let jumps: Vec<_> = [(0, 500), (600, 900), (950, 1_000)]
            .iter()
            .filter_map(|&(from, to)| Window::new(from, to))
            .collect();
        // The clock was ahead by 300 from 600 on.
        assert_eq!(time_before_the_jump(&jumps, 1_000, 720), 600);
        assert_eq!(time_before_the_jump(&jumps, 1_000, 960), 950);
        assert_eq!(time_before_the_jump(&jumps, 2_000, 700), 700);
    }
}
