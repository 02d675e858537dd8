//! One sync, from its first look at the clock to its last checkpoint.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use futures::future::{self, Either};
use futures::stream::{self, StreamExt, TryStreamExt};
use sync_core::{Fault, Selection, Sink, SyncError, SyncRequest, Table};
use sync_state::State;
use tokio::sync::Semaphore;

use crate::audit::{Look, look};
use crate::bounds;
use crate::config::{InfluxConfig, LateData};
use crate::database::Database;
use crate::discover::{self, Unfit, discover};
use crate::fault::{self, TableFailure};
use crate::outage::Outage;
use crate::plant::{Defect, is_planted};
use crate::progress::Progress;
use crate::reading::Reading;
use crate::session::Session;
use crate::table::SourceTable;
use crate::table_sync::sync_table;
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
    let session = Session {
        database,
        config,
        selection: &request.selection,
        upper,
        sink,
        progress: Progress::new(state, &config.database),
        permits: Semaphore::new(config.parallel_queries),
        outage: Outage::default(),
    };
    let result = {
        let tables = pin!(sync_tables(&session));
        // However long a window takes or a server is away, the platform hears of us.
        let keep_alive = pin!(session.progress.keep_alive(sink));
        match future::select(tables, keep_alive).await {
            Either::Left((result, _)) => result,
            Either::Right((error, _)) => return Err(fault::sink(error)),
        }
        // Both are dropped here: a checkpoint that one of them has begun must not keep the last one waiting.
    };
    // What was read before a failure is read. A sink that is gone makes no second error of it.
    let saved = session.progress.checkpoint(sink).await.map_err(fault::sink);
    result.and(saved)
}

/// Looks, lists and reads.
async fn sync_tables<D: Database, S: Sink>(session: &Session<'_, D, S>) -> Result<(), SyncError> {
    let Session { database, config, selection, sink, .. } = session;
    let mut looks = look_at_all(session).await?;
    let discovered = discover(*database, config).await?;
    for warning in discovered.warnings {
        sink.warn(warning).await.map_err(fault::sink)?;
    }
    let (tables, unfit): (Vec<_>, Vec<_>) = discovered.tables.into_iter().partition(Result::is_ok);
    // What does not fit is nobody's concern as long as it is not selected.
    let unfit = unfit.into_iter().filter_map(Result::err);
    let unfit = unfit.filter(|unfit| is_selected(selection, &unfit.table));
    let parked: Vec<_> = unfit.map(|Unfit { table, error }| (table, error)).collect();
    let tables: Vec<_> = tables.into_iter().flatten().collect();
    for table in tables.iter().filter(|table| is_without_columns(selection, &table.table)) {
        sink.warn(no_column_selected(&table.measurement)).await.map_err(fault::sink)?;
    }
    let readings = plan(tables.into_iter(), session);
    let planned: Vec<_> = readings
        .into_iter()
        .map(|reading| {
            let look = looks.remove(&reading.source.measurement).unwrap_or_default();
            Ok((reading, look))
        })
        .collect();

    let ended = Mutex::new(Ended { parked, dropped: Vec::new(), of: planned.len() });
    stream::iter(planned)
        .try_for_each_concurrent(config.parallel_queries, async |(reading, look)| {
            let measurement = reading.source.measurement.clone();
            match sync_table(session, reading, look).await {
                Ok(()) => Ok(()),
                Err(TableFailure::Dropped) => {
                    let warning = format!(
                        "Measurement {measurement:?} was dropped while it was being synced."
                    );
                    lock(&ended).dropped.push(measurement);
                    sink.warn(warning).await.map_err(fault::sink)
                }
                Err(TableFailure::Parked(error)) => {
                    // The customer hears the whole of it; a log must not hold the values that an error may name.
                    tracing::warn!(measurement, fault = ?error.fault, "the table is left out for now");
                    lock(&ended).parked.push((measurement, error));
                    Ok(())
                }
                Err(TableFailure::Ends(error)) => Err(error),
            }
        })
        .await?;
    ended.into_inner().unwrap_or_else(PoisonError::into_inner).result()
}

/// How tables ended that were not synced.
struct Ended {
    parked: Vec<(String, SyncError)>,
    dropped: Vec<String>,
    /// Of how many.
    of: usize,
}

impl Ended {
    fn result(self) -> Result<(), SyncError> {
        if !self.parked.is_empty() && !is_planted(Defect::FailureIsSuccess) {
            return Err(parked_tables(self.parked));
        }
        if self.of > 0 && self.dropped.len() == self.of {
            return Err(SyncError::setup(
                format!(
                    "Every measurement was dropped during the sync: {}",
                    self.dropped.join(", ")
                ),
                "Correct `measurement`, or wait until there are points again",
            ));
        }
        Ok(())
    }
}

fn is_selected(selection: &Selection, table: &str) -> bool {
    selection.project(&Table::new(table, Vec::new())).is_some()
}

/// Whether a table is selected and none of its columns is, which only a table without a key can be. It is treated as one that is not
/// selected: there is nothing to send for it, and rows without a column would be nothing to a warehouse.
fn is_without_columns(selection: &Selection, table: &Table) -> bool {
    selection.project(table).is_some_and(|table| table.columns.is_empty())
}

fn no_column_selected(measurement: &str) -> String {
    format!(
        "Nothing is synced of measurement {measurement:?}, because none of its columns is selected. Select a column, or deselect the table."
    )
}

/// Looks for late points in all tables, before any column is listed and any point is read.
async fn look_at_all<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
) -> Result<HashMap<String, Look>, SyncError> {
    let Session { database, config, selection, upper, progress, .. } = session;
    if config.late_data == LateData::Lookback {
        return Ok(HashMap::new());
    }
    let names = discover::names(*database, config).await?;
    let wanted = names
        .into_iter()
        .filter(|name| is_selected(selection, config.destination.as_ref().unwrap_or(name)));
    stream::iter(wanted)
        .map(async |measurement| {
            let position = progress.position(&measurement);
            let found = look(*database, config, &measurement, position.as_ref(), *upper).await;
            found.map(|found| (measurement, found)).map_err(fault::influx)
        })
        .buffer_unordered(config.parallel_queries)
        .try_collect()
        .await
}

/// The selected tables; those that have got furthest come first and first loads last, so that fresh points do not wait for history.
fn plan<D, S>(
    tables: impl Iterator<Item = SourceTable>,
    session: &Session<'_, D, S>,
) -> Vec<Reading> {
    let Session { selection, config, progress, .. } = session;
    let readings = tables.filter_map(|table| Reading::new(table, selection, config.primary_key));
    let mut readings: Vec<_> = readings.collect();
    readings.sort_by_cached_key(|reading| {
        Reverse(progress.position(&reading.source.measurement).map(|position| position.cursor))
    });
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
