//! The columns of a table, held against those that it had before, and announced.

use std::collections::BTreeSet;

use sync_core::{Sink, SyncError};

use crate::state::Notes;
use crate::sync::Session;
use crate::table::{SelectedTable, TableFailure};
use crate::time_series::TimeSeries;

/// A table whose key is made of its tags has got another one.
pub(crate) fn other_key_tags(measurement: &str) -> TableFailure {
    TableFailure::Parked(SyncError::setup(
        format!(
            "Measurement {measurement:?} has other tags than before, and its key is made of them"
        ),
        "Re-sync the table; or set `primary_key` to `series`, which new tags do not disturb",
    ))
}

/// Compares the columns with those that the table was last announced with.
pub(crate) async fn compare_columns<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    selected: &SelectedTable,
    notes: &Notes,
) -> Result<(), TableFailure> {
    let measurement = &selected.source.measurement;
    let (now, hidden) = (selected.columns(), selected.hidden());
    let other_type = notes.columns.iter().chain(&notes.former).find_map(|(name, before)| {
        let now = now.get(name)?;
        (now != before).then_some((name, before, now))
    });
    if let Some((name, before, now)) = other_type {
        return Err(TableFailure::Parked(SyncError::setup(
            format!(
                "Column {name:?} of measurement {measurement:?} was {before} and is {now}: the \
                 measurement was dropped and made anew"
            ),
            "Re-sync the table",
        )));
    }
    let shown: BTreeSet<_> = notes.hidden.iter().filter(|name| now.contains_key(*name)).collect();
    if !shown.is_empty() {
        session
            .sink
            .warn(format!(
                "Measurement {measurement:?}: {shown:?} is selected now. Rows that were synced \
                 before have NULL there; re-sync the table to fill them."
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
                "Measurement {measurement:?} has no {gone:?} any more: it was dropped and made \
                 anew. Rows of before stay as they are until a re-sync."
            ))
            .await?;
    }
    Ok(())
}

/// Compares the columns of a table that has changed in mid-sync with those that it was announced
/// with.
pub(crate) async fn compare<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    selected: &SelectedTable,
) -> Result<(), TableFailure> {
    let position = session.progress.position(&selected.source.measurement);
    let notes = position.map(|position| position.notes).unwrap_or_default();
    compare_columns(session, selected, &notes).await
}

/// Announces the table where its columns differ from those that it was last announced with.
///
/// The schema was asked for some time ago, and by another call: a row must not come before its
/// columns.
pub(crate) async fn announce<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    selected: &SelectedTable,
) -> Result<(), TableFailure> {
    let measurement = &selected.source.measurement;
    let (columns, hidden) = (selected.columns(), selected.hidden());
    let before = session.progress.position(measurement).map(|position| position.notes);
    // A table that has never been announced has no columns in its notes, and a table that is read
    // has at least one.
    if before.is_none_or(|before| before.columns != columns) {
        session.sink.schema_change(std::slice::from_ref(&selected.table)).await?;
    }
    session.progress.note(measurement, |notes| {
        let mut hidden = hidden;
        // One that is gone may come back, and be selected then.
        hidden.extend(notes.hidden.iter().filter(|name| !columns.contains_key(*name)).cloned());
        let is_new = notes.columns != columns || notes.hidden != hidden;
        notes.former.append(&mut notes.columns);
        notes.former.retain(|name, _| !columns.contains_key(name));
        notes.columns = columns;
        notes.hidden = hidden;
        is_new
    });
    Ok(())
}
