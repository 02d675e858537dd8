//! One sync, from its first look at the clock to its last checkpoint.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use futures::future::{self, Either};
use futures::stream::{self, StreamExt, TryStreamExt};
use influx_flight::{ErrorKind, TableInfo};
use sync_core::{Fault, Selection, Sink, SyncError, SyncRequest, Table};
use sync_state::State;
use tokio::sync::Semaphore;

use crate::audit::{Look, look};
use crate::bounds;
use crate::config::{InfluxConfig, LateData};
use crate::database::Database;
use crate::discover::{self, Unfit, discover};
use crate::fault::{self, TableFailure};
use crate::origin::{self, Met};
use crate::outage::Outage;
use crate::plant::{Defect, is_planted};
use crate::progress::Progress;
use crate::reading::Reading;
use crate::server::{About, Server};
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
    let progress = Progress::new(state, &config.database);
    let about = database.about().await;
    let upper = match bounds::upper(clock, database).await {
        Ok(upper) => upper,
        Err(error) => {
            if *error.kind() == ErrorKind::DatabaseMissing {
                not_found(&progress, config, &about, |_| false);
                progress.checkpoint(sink).await.map_err(fault::sink)?;
            }
            return Err(fault::influx(error));
        }
    };
    let session = Session {
        database,
        config,
        selection: &request.selection,
        about,
        upper,
        sink,
        progress,
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
    let Session { config, selection, sink, .. } = session;
    let names = discover::names(list(session).await?, config)?;
    let is_wanted =
        |name: &String| is_selected(selection, config.destination.as_ref().unwrap_or(name));
    let names: Vec<_> = names.into_iter().filter(is_wanted).collect();
    meet_server(session, &names).await?;
    let mut looks = look_at_all(session, names).await?;
    let discovered = discover(list(session).await?, config)?;
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
    note_use(session, &readings);
    tell_caveats(session, &readings).await?;
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
                    not_found(&session.progress, config, &session.about, |name| {
                        name != measurement
                    });
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
                Err(TableFailure::DatabaseGone(error)) => {
                    not_found(&session.progress, config, &session.about, |_| false);
                    Err(error)
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

/// Lists the measurements, and notes which of those that are known are not among them.
async fn list<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
) -> Result<Vec<TableInfo>, SyncError> {
    let Session { database, config, about, progress, .. } = session;
    match discover::listed(*database).await {
        Ok(listed) => {
            let names: HashSet<_> = listed.iter().map(|info| info.name.as_str()).collect();
            not_found(progress, config, about, |name| names.contains(name));
            Ok(listed)
        }
        Err(error) => {
            if *error.kind() == ErrorKind::DatabaseMissing {
                not_found(progress, config, about, |_| false);
            }
            Err(fault::influx(error))
        }
    }
}

/// Notes the measurements that are not found, whether they are selected or not.
fn not_found(
    progress: &Progress,
    config: &InfluxConfig,
    about: &About,
    is_found: impl Fn(&str) -> bool,
) {
    if is_planted(Defect::GoneAndBackResumed) {
        return;
    }
    progress.amend(|state| origin::not_found(state, &config.database, &about.server, is_found));
}

/// Lets positions that speak of another server speak of the present one, and says so before
/// anything of it is sent.
async fn meet_server<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    names: &[String],
) -> Result<(), SyncError> {
    let Session { config, about, upper, sink, progress, .. } = session;
    let mut others = Vec::new();
    progress.amend(|state| {
        let mut is_new = false;
        for name in names {
            let met =
                origin::meet(state, &config.database, name, &about.server, *upper, config.lookback);
            is_new |= met != Met::Unchanged;
            if met == Met::Another {
                others.push(name.as_str());
            }
        }
        is_new
    });
    if others.is_empty() {
        return Ok(());
    }
    sink.warn(another_server(&about.server, &others)).await.map_err(fault::sink)?;
    if is_planted(Defect::ServerChangedUnsaved) {
        return Ok(());
    }
    progress.take_back(*sink).await.map_err(fault::sink)
}

fn another_server(server: &Server, measurements: &[&str]) -> String {
    format!(
        "{} is another server than the one that was read before, so everything is read again from it: \
         {}. Rows that only the other server had stay in the warehouse until a re-sync.",
        server.address,
        names_of(measurements),
    )
}

/// The first few of some names, in quotes.
fn names_of(names: &[&str]) -> String {
    const MOST: usize = 20;
    let shown: Vec<_> = names.iter().take(MOST).map(|name| format!("{name:?}")).collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Notes which tables this sync reads.
fn note_use<D, S>(session: &Session<'_, D, S>, readings: &[Reading]) {
    let used = readings.iter().map(|reading| reading.source.measurement.clone()).collect();
    let database = &session.config.database;
    session.progress.amend(|state| origin::note_use(state, database, &used, session.upper));
}

/// Tells once for a release and a table what that release is known to do.
async fn tell_caveats<D, S: Sink>(
    session: &Session<'_, D, S>,
    readings: &[Reading],
) -> Result<(), SyncError> {
    let Session { about, sink, progress, .. } = session;
    let is_new = |measurement: &&str| {
        let position = progress.position(measurement);
        position.is_none_or(|position| position.notes.warned_of != about.release)
    };
    let new = readings.iter().map(|reading| reading.source.measurement.as_str()).filter(is_new);
    let new: Vec<_> = new.collect();
    if new.is_empty() {
        return Ok(());
    }
    for caveat in &about.caveats {
        let warning = format!("{caveat} This concerns {}.", names_of(&new));
        sink.warn(warning).await.map_err(fault::sink)?;
    }
    Ok(())
}

/// Looks for late points in tables, before any column is listed and any point is read.
async fn look_at_all<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    wanted: Vec<String>,
) -> Result<HashMap<String, Look>, SyncError> {
    let Session { database, config, upper, progress, .. } = session;
    if config.late_data == LateData::Lookback {
        return Ok(HashMap::new());
    }
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
