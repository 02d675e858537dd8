//! One sync, from its first look at the clock to its last checkpoint.

use std::cmp::Reverse;
use std::sync::{Mutex, PoisonError};

use futures::stream::{self, TryStreamExt};
use sync_core::{Fault, Selection, Sink, SyncError, SyncRequest, Table};
use sync_state::State;

use crate::bounds;
use crate::config::InfluxConfig;
use crate::database::Database;
use crate::discover::{Unfit, discover};
use crate::fault::{self, TableFailure};
use crate::progress::Progress;
use crate::reading::Reading;
use crate::table::SourceTable;
use crate::table_sync::{Session, sync_table};
use crate::time::Clock;

/// Runs a sync: bound, then look, then read.
///
/// The order is what keeps the promise. The upper bound is taken before anything else, so that all tables stop at one time; what there is
/// to read is looked up after it, so that nothing which was there at the bound is missed.
pub(crate) async fn sync<D: Database, S: Sink>(
    clock: &dyn Clock,
    database: &D,
    config: &InfluxConfig,
    request: SyncRequest,
    sink: &S,
) -> Result<(), SyncError> {
    let state = State::parse(request.state.as_deref()).map_err(unreadable_state)?;
    let upper = bounds::upper(clock, database).await.map_err(fault::influx)?;
    let discovered = discover(database, config).await?;
    for warning in discovered.warnings {
        sink.warn(warning).await.map_err(fault::sink)?;
    }

    let (tables, unfit): (Vec<_>, Vec<_>) = discovered.tables.into_iter().partition(Result::is_ok);
    // What does not fit is nobody's concern as long as it is not selected.
    let unfit = unfit.into_iter().filter_map(Result::err);
    let is_selected =
        |table: &str| request.selection.project(&Table::new(table, Vec::new())).is_some();
    let unfit = unfit.filter(|unfit| is_selected(&unfit.table));
    let parked: Vec<_> = unfit.map(|Unfit { table, error }| (table, error)).collect();
    let readings = plan(tables.into_iter().flatten(), &request.selection, config, &state);

    let session =
        Session { database, config, upper, sink, progress: Progress::new(state, &config.database) };
    let parked = Mutex::new(parked);
    stream::iter(readings.iter().map(Ok))
        .try_for_each_concurrent(config.parallel_queries, async |reading| {
            let measurement = &reading.source.measurement;
            match sync_table(&session, reading).await {
                Ok(()) => Ok(()),
                Err(TableFailure::Dropped) => {
                    let warning = format!(
                        "Measurement {measurement:?} was dropped while it was being synced."
                    );
                    sink.warn(warning).await.map_err(fault::sink)
                }
                Err(TableFailure::Parked(error)) => {
                    // The customer hears the whole of it; a log must not hold the values that an error may name.
                    tracing::warn!(measurement, fault = ?error.fault, "the table is left out for now");
                    lock(&parked).push((measurement.clone(), error));
                    Ok(())
                }
                Err(TableFailure::Ends(error)) => Err(error),
            }
        })
        .await?;
    session.progress.checkpoint(sink).await.map_err(fault::sink)?;
    match parked.into_inner().unwrap_or_else(PoisonError::into_inner) {
        parked if parked.is_empty() => Ok(()),
        parked => Err(parked_tables(parked)),
    }
}

/// The selected tables; those that have got furthest come first and first loads last, so that fresh points do not wait for history.
fn plan(
    tables: impl Iterator<Item = SourceTable>,
    selection: &Selection,
    config: &InfluxConfig,
    state: &State,
) -> Vec<Reading> {
    let readings = tables.filter_map(|table| Reading::new(table, selection, config.primary_key));
    let mut readings: Vec<_> = readings.collect();
    let cursor = |reading: &Reading| {
        state.table(&config.database, &reading.source.measurement).map(|progress| progress.cursor())
    };
    readings.sort_by_key(|reading| Reverse(cursor(reading)));
    readings
}

fn unreadable_state(error: sync_state::StateError) -> SyncError {
    SyncError::setup(
        format!("The saved state of this connection cannot be used: {error}"),
        "Run a full re-sync of the connection, which starts without a state; or go back to the version that wrote it",
    )
    .caused_by(error)
}

/// One error for all tables that could not be synced; the others are done.
fn parked_tables(mut parked: Vec<(String, SyncError)>) -> SyncError {
    if parked.len() == 1 {
        let (measurement, mut error) = parked.remove(0);
        if !error.message.contains(&measurement) {
            error.message =
                format!("Measurement {measurement:?} could not be synced: {}", error.message);
        }
        return error;
    }
    // What the customer can mend comes first, since waiting would not help it.
    let worst = [Fault::Setup, Fault::Bug, Fault::Transient]
        .into_iter()
        .find(|fault| parked.iter().any(|(_, error)| error.fault == *fault))
        .unwrap_or(Fault::Bug);
    let reasons: Vec<_> = parked
        .iter()
        .map(|(measurement, error)| {
            format!("{measurement:?}: {}", error.to_string().trim_end_matches('.'))
        })
        .collect();
    SyncError {
        fault: worst,
        message: format!("{} tables could not be synced: {}", parked.len(), reasons.join("; ")),
        remedy: None,
        source: None,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The data is whole at every moment: a push either happened or did not.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
