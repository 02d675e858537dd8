//! What has to be said and remembered of a table before its first row, and from where it is to be read.

use std::collections::{BTreeMap, BTreeSet};

use sync_core::{Sink, SyncError};

use crate::audit::Look;
use crate::bounds;
use crate::config::OnResync;
use crate::database::Database;
use crate::fault::TableFailure;
use crate::fingerprint::{Change, Fingerprint};
use crate::notes::Notes;
use crate::origin::{self, Origin};
use crate::plan::Plan;
use crate::plant::{Defect, is_planted};
use crate::progress::Position;
use crate::reading::Reading;
use crate::session::Session;
use crate::stretches::Stretches;
use crate::time::iso8601;
use crate::window::{EARLIEST, Window};

const DAY: i64 = 24 * 3_600_000_000_000;
/// How many stretches that are owed are told apart, at most: they stand in the state until they are read.
const MOST_STRETCHES: usize = 500;
/// For how long it is remembered where the cursor has moved far at once, in nanoseconds, and how often.
const LEAPS_FOR: i64 = 7 * DAY;
const MOST_LEAPS: usize = 4;

/// Prepares a table for its first row, and plans what is to be read.
pub(crate) async fn begin<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reading: &Reading,
    look: Look,
) -> Result<Plan, TableFailure> {
    let measurement = &reading.source.measurement;
    let fingerprint = Fingerprint::new(&reading.source, session.config);
    let others = other_owners(session, reading).await?;
    // With several owners, rows of all of them are mixed in the warehouse.
    let position = session.progress.position(measurement).filter(|_| others.is_empty());
    let Some(position) = position else {
        for other in &others {
            session.sink.warn(taken_over(session, reading, other)).await?;
        }
        return start(session, reading, &fingerprint, Start::Anew(&others, Notes::default()), look)
            .await;
    };
    if is_planted(Defect::TruncateOnResume) {
        session.sink.truncate(&reading.table).await?;
    }
    match fingerprint.change_since(&position) {
        Change::None if position.notes.shrunk => {
            compare_columns(session, reading, &position.notes).await?;
            start(session, reading, &fingerprint, Start::Again(position.notes), look).await
        }
        Change::None => resume(session, reading, &fingerprint, position, look).await,
        _ if is_planted(Defect::FingerprintIgnored) => {
            resume(session, reading, &fingerprint, position, look).await
        }
        Change::Settings(names) => {
            let warning = format!(
                "Measurement {measurement:?} starts anew, because `{}` has changed and rows of both \
                 kinds would not fit together.{}",
                names.join("`, `"),
                left(session.config.on_resync),
            );
            session.sink.warn(warning).await?;
            start(session, reading, &fingerprint, Start::Anew(&[], position.notes), look).await
        }
        Change::KeyTags => Err(other_key_tags(measurement)),
    }
}

/// The other measurements that fill the same table in the warehouse, as far as the state knows.
async fn other_owners<D: Database, S>(
    session: &Session<'_, D, S>,
    reading: &Reading,
) -> Result<Vec<Origin>, TableFailure> {
    let Session { database, config, upper, progress, .. } = session;
    let measurement = &reading.source.measurement;
    if is_planted(Defect::OwnerIgnored)
        || (is_planted(Defect::OwnerIgnoredByEmptyTable)
            && bounds::first(*database, measurement, None, *upper).await?.is_none())
    {
        return Ok(Vec::new());
    }
    let destination = &reading.table.name;
    Ok(progress.with_state(|state| {
        origin::other_owners(state, &config.database, measurement, destination)
    }))
}

fn taken_over<D, S>(session: &Session<'_, D, S>, reading: &Reading, other: &Origin) -> String {
    format!(
        "Table {:?} got its rows from measurement {:?} of database {:?} before. It starts anew with \
         those of measurement {:?} of database {:?}.{}",
        reading.table.name,
        other.measurement,
        other.database,
        reading.source.measurement,
        session.config.database,
        left(session.config.on_resync),
    )
}

/// What the customer should know of the rows that a table had when it starts anew.
fn left(on_resync: OnResync) -> &'static str {
    match on_resync {
        OnResync::Truncate => "",
        OnResync::Keep => {
            " The rows of before stay in the warehouse, since `on_resync` is `keep`; drop them by hand."
        }
    }
}

/// A table whose key is made of its tags has got another one.
pub(crate) fn other_key_tags(measurement: &str) -> TableFailure {
    TableFailure::Parked(SyncError::setup(
        format!(
            "Measurement {measurement:?} has other tags than before, and its key is made of them"
        ),
        "Re-sync the table; or set `primary_key` to `series`, which new tags do not disturb",
    ))
}

/// How a table's history begins.
enum Start<'a> {
    /// As one whose rows in the warehouse, if there are any, are not what they would be now. The
    /// origins filled the same table, and the notes tell what was seen before.
    Anew(&'a [Origin], Notes),
    /// As one that was not read for long, with the same settings: its rows may stay.
    Again(Notes),
}

/// Begins a table's history.
async fn start<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reading: &Reading,
    fingerprint: &Fingerprint,
    how: Start<'_>,
    look: Look,
) -> Result<Plan, TableFailure> {
    let Session { database, config, about, upper, sink, progress, .. } = session;
    let measurement = &reading.source.measurement;
    let first = bounds::first(*database, measurement, config.start, *upper).await?;
    let (seen, former) = match how {
        Start::Anew(others, before) => {
            forget_before(session, measurement, others).await?;
            if config.on_resync == OnResync::Truncate && !is_planted(Defect::NoTruncate) {
                // Also for a table that is empty now: an earlier sync may have sent rows.
                sink.truncate(&reading.table).await?;
            }
            (before, BTreeMap::new())
        }
        // Rows with these columns may be in the warehouse.
        Start::Again(before) => {
            (Notes::default(), before.former.into_iter().chain(before.columns).collect())
        }
    };
    let from = first.unwrap_or(*upper);
    let leaps = Window::new(from.max(upper.saturating_sub(DAY)), *upper);
    // Whatever was found out before the first row is good to compare with later.
    let notes = Notes {
        mark: look.mark.or(seen.mark),
        counts: look.counts.or(seen.counts),
        leaps: leaps.into_iter().collect(),
        former,
        server: Some(about.server.clone()),
        warned_of: about.release.clone(),
        ..Notes::default()
    };
    progress
        .start(measurement, Position { cursor: from, fingerprint: fingerprint.to_text(), notes });
    Ok(Plan::new(from, *upper, &Stretches::default()))
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
    let Session { config, sink, progress, .. } = session;
    if is_planted(Defect::CursorOutlivesTruncate) {
        return Ok(());
    }
    let is_any = progress.amend(|state| {
        let before = state.clone();
        for other in others {
            state.forget(&other.database, &other.measurement);
        }
        state.forget(&config.database, measurement);
        *state != before
    });
    if is_any {
        progress.take_back(*sink).await?;
    }
    Ok(())
}

/// Goes on from where a table stands.
async fn resume<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reading: &Reading,
    fingerprint: &Fingerprint,
    position: Position,
    look: Look,
) -> Result<Plan, TableFailure> {
    let Session { database, config, about, upper, progress, .. } = session;
    let measurement = &reading.source.measurement;
    let earliest = config.start.unwrap_or(EARLIEST);
    let lookback = |time: i64| {
        let is_off = is_planted(Defect::NoLookback);
        time.saturating_sub(if is_off { 0 } else { config.lookback }).max(earliest)
    };
    compare_columns(session, reading, &position.notes).await?;

    let mut owed = position.notes.owed.clone();
    owed.extend(&look.late);
    if position.notes.reread
        && let Some(first) = bounds::first(*database, measurement, config.start, *upper).await?
        && let Some(all) = Window::new(first, position.cursor.min(*upper))
    {
        owed.insert(all);
    }
    let mut leaps = position.notes.leaps.clone();
    let from;
    if position.cursor <= *upper || is_planted(Defect::CursorBeyondNow) {
        from = lookback(position.cursor);
        if let Some(leap) = Window::new(position.cursor, *upper)
            && leap.length() > config.lookback.unsigned_abs()
        {
            leaps.push(leap);
        }
    } else {
        from = lookback(*upper);
        let again = lookback(time_before_the_jump(&leaps, position.cursor, *upper));
        if let Some(again) = Window::new(again, *upper) {
            owed.insert(again);
        }
        leaps.clear();
        session.sink.warn(jumped(measurement, position.cursor, *upper, again.min(from))).await?;
        let notes = position.notes.clone();
        progress.start(measurement, Position { cursor: *upper, notes, ..position });
    }
    // It may name types of columns that have come since, and are no change.
    progress.fingerprint(measurement, fingerprint.to_text());
    leaps.retain(|leap| leap.to() > upper.saturating_sub(LEAPS_FOR));
    leaps.drain(..leaps.len().saturating_sub(MOST_LEAPS));
    // What the cursor's own stretch covers is read with it, and owed all the same until then: the next sync may look back less far.
    let owed = owed.between(earliest, *upper).coarsened(MOST_STRETCHES);
    let again = match is_planted(Defect::RangesOverlap) {
        true => owed.clone(),
        false => owed.between(earliest, from.min(*upper)),
    };
    progress.note(measurement, |notes| {
        if !is_planted(Defect::MarkCommittedEarly) {
            notes.owed = owed;
        }
        notes.reread = false;
        notes.warned_of = about.release.clone();
        notes.leaps = leaps;
        notes.mark = look.mark.or(notes.mark.take());
        notes.counts = look.counts.or(notes.counts.take());
    });
    Ok(Plan::new(from.min(*upper), *upper, &again))
}

/// The time up to which a table had been read before clocks jumped ahead, as far as its leaps tell; or the present time.
///
/// While a clock is ahead, what is written has times before the cursor, so all of it has to be read again. The leap at which the clock
/// jumped is as long as the jump at least, which is no shorter than the cursor's lead now.
fn time_before_the_jump(leaps: &[Window], cursor: i64, upper: i64) -> i64 {
    let lead = cursor.abs_diff(upper);
    let leap = leaps.iter().rev().find(|leap| leap.length() >= lead);
    leap.map_or(upper, |leap| leap.from().min(upper))
}

fn jumped(measurement: &str, cursor: i64, upper: i64, again: i64) -> String {
    format!(
        "Measurement {measurement:?} was synced up to {}, which lies after the present time ({}): a clock has jumped. It is read \
         again from {}; if the clock was wrong before that, re-sync the table.",
        iso8601(cursor),
        iso8601(upper),
        iso8601(again),
    )
}

/// Compares the columns with those that the table was last announced with.
async fn compare_columns<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reading: &Reading,
    notes: &Notes,
) -> Result<(), TableFailure> {
    let measurement = &reading.source.measurement;
    let (now, hidden) = (reading.columns(), reading.hidden());
    let other_type = notes.columns.iter().chain(&notes.former).find_map(|(name, before)| {
        let now = now.get(name)?;
        (now != before && !is_planted(Defect::OtherTypesUnnoticed)).then_some((name, before, now))
    });
    if let Some((name, before, now)) = other_type {
        return Err(TableFailure::Parked(SyncError::setup(
            format!(
                "Column {name:?} of measurement {measurement:?} was {before} and is {now}: the measurement was dropped and made anew"
            ),
            "Re-sync the table",
        )));
    }
    let selected: BTreeSet<_> =
        notes.hidden.iter().filter(|name| now.contains_key(*name)).collect();
    if !selected.is_empty() {
        session
            .sink
            .warn(format!(
                "Measurement {measurement:?}: {selected:?} is selected now. Rows that were synced before have NULL there; re-sync the \
                 table to fill them."
            ))
            .await?;
    }
    let gone =
        notes.columns.keys().filter(|name| !now.contains_key(*name) && !hidden.contains(*name));
    let gone: BTreeSet<_> = gone.collect();
    if !gone.is_empty() {
        session
            .sink
            .warn(format!(
                "Measurement {measurement:?} has no {gone:?} any more: it was dropped and made anew. Rows of before stay as they are \
                 until a re-sync."
            ))
            .await?;
    }
    Ok(())
}

/// Compares the columns of a table that has changed in mid-sync with those that it was announced with.
pub(crate) async fn compare<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reading: &Reading,
) -> Result<(), TableFailure> {
    let position = session.progress.position(&reading.source.measurement);
    let notes = position.map(|position| position.notes).unwrap_or_default();
    compare_columns(session, reading, &notes).await
}

/// Announces the table where its columns differ from those that it was last announced with.
///
/// The schema was asked for some time ago, and by another call: a row must not come before its columns.
pub(crate) async fn announce<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reading: &Reading,
) -> Result<(), TableFailure> {
    let measurement = &reading.source.measurement;
    let (columns, hidden) = (reading.columns(), reading.hidden());
    let before = session.progress.position(measurement).map(|position| position.notes);
    // A table that has never been announced has no columns in its notes, and a table that is read has at least one.
    if before.is_none_or(|before| before.columns != columns) {
        session.sink.schema_change(std::slice::from_ref(&reading.table)).await?;
    }
    session.progress.note(measurement, |notes| {
        notes.former.append(&mut notes.columns);
        notes.former.retain(|name, _| !columns.contains_key(name));
        notes.columns = columns;
        notes.hidden = hidden;
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::time_before_the_jump;
    use crate::window::Window;

    #[test]
    fn a_jump_is_found_among_the_leaps() {
        let leaps: Vec<_> = [(0, 500), (600, 900), (950, 1_000)]
            .iter()
            .filter_map(|&(from, to)| Window::new(from, to))
            .collect();
        // The clock was ahead by 300 from 600 on.
        assert_eq!(time_before_the_jump(&leaps, 1_000, 720), 600);
        assert_eq!(time_before_the_jump(&leaps, 1_000, 960), 950);
        assert_eq!(time_before_the_jump(&leaps, 2_000, 700), 700);
    }
}
