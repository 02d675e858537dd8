//! One sync, from its first look at the clock to its last checkpoint.

mod ask;
pub(crate) mod bounds;
mod distress;
mod session;

pub(crate) use ask::{NoAnswer, Tries};
pub(crate) use session::Session;

use distress::Distress;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::mem;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use futures::future::{self, Either};
use futures::stream::{self, TryStreamExt};
use sync_core::{Fault, Projection, Selection, Sink, SinkError, SyncError, SyncRequest, Table};
use tokio::sync::Semaphore;

use crate::error::ErrorKind;
use crate::outage::Outage;
use crate::settings::Settings;
use crate::state::{
    Notes, Progress, Server, ServerChange, State, mark_gone, mark_used, switch_server,
};
use crate::table::{
    Choice, SelectedTable, SourceTable, TableFailure, UnusableTable, discover, sink_error,
    sync_table,
};
use crate::time::Clock;
use crate::time_series::{About, TableInfo, TimeSeries};

/// Runs a sync: it takes the upper bound, detects late data, and reads.
///
/// The order is what keeps the promise. The upper bound is taken before anything else, so that all
/// tables stop at one time; what there is to read is looked up after it, so that nothing which was
/// there at the bound is missed.
///
/// # Errors
///
/// The first failure that ends the sync; or, when all other tables are done, those of single
/// tables.
pub async fn sync<D: TimeSeries, S: Sink>(
    clock: &dyn Clock,
    database: &D,
    settings: &Settings,
    request: SyncRequest,
    sink: &S,
) -> Result<(), SyncError> {
    let state = State::parse(request.state.as_deref()).map_err(unreadable_state)?;
    let progress = Progress::new(state, &settings.database);
    let about = database.about().await;
    let upper_bound = match bounds::upper_bound(clock, database, settings).await {
        Ok(upper_bound) => upper_bound,
        Err(failure) => {
            if *failure.kind() == ErrorKind::DatabaseGone {
                mark_not_found(&progress, settings, &about, |_| false);
                progress.checkpoint(sink).await.map_err(sink_error)?;
            }
            return Err(failure.into());
        }
    };
    let session = Session {
        clock,
        database,
        settings,
        selection: &request.selection,
        about,
        upper_bound,
        sink,
        progress,
        permits: Semaphore::new(settings.parallel_queries),
        outage: Outage::default(),
        distress: Distress::default(),
    };
    let result = {
        let tables = pin!(sync_tables(&session));
        // However long a window takes or a server is away, the platform hears of us.
        let keep_alive = pin!(session.progress.keep_alive(sink));
        match future::select(tables, keep_alive).await {
            Either::Left((result, _)) => result,
            Either::Right((error, _)) => return Err(sink_error(error)),
        }
        // Both are dropped here: a checkpoint that one of them has begun must not keep the last one
        // waiting.
    };
    // What was read before a failure is read. A sink that is gone makes no second error of it.
    let saved = session.progress.checkpoint(sink).await.map_err(sink_error);
    result.and(saved)
}

/// Lists tables and reads them.
async fn sync_tables<D: TimeSeries, S: Sink>(session: &Session<'_, D, S>) -> Result<(), SyncError> {
    let Session { settings, selection, sink, .. } = session;
    let discovered = discover(list(session).await?, settings, &D::PROFILE)?;
    for warning in discovered.warnings {
        sink.warn(warning).await.map_err(sink_error)?;
    }
    let (tables, unusable): (Vec<_>, Vec<_>) =
        discovered.tables.into_iter().partition(Result::is_ok);
    // What cannot be synced is nobody's concern as long as it is excluded. A platform that is told
    // of tables before a sync has not heard of it, since it is in no catalog.
    let unusable = unusable.into_iter().filter_map(Result::err);
    let unusable = unusable.filter(|unusable| !is_excluded(selection, &unusable.table));
    let parked: Vec<_> = unusable.map(|UnusableTable { table, error }| (table, error)).collect();
    let tables: Vec<_> = tables.into_iter().flatten().collect();
    for table in tables.iter().filter(|table| is_without_columns(selection, &table.table)) {
        sink.warn(no_column_selected(&table.measurement)).await.map_err(sink_error)?;
    }
    let wanted = tables.iter().filter(|table| is_selected(selection, &table.table.name));
    recognize_server(session, wanted.map(|table| table.measurement.as_str())).await?;
    let (selected, unheard_of) = in_order(tables.into_iter(), session);
    for measurement in &unheard_of {
        wait_to_be_heard_of(session, measurement).await.map_err(sink_error)?;
    }
    mark_tables_in_use(session, &selected);
    tell_caveats(session, &selected).await?;
    let of = selected.len();
    let ended = Mutex::new(Ended { parked, unanswered: Vec::new(), dropped: Vec::new(), of });
    stream::iter(selected.into_iter().map(Ok))
        .try_for_each_concurrent(settings.parallel_queries, async |selected| {
            let measurement = selected.source.measurement.clone();
            match sync_table(session, selected).await {
                Ok(()) => {
                    let heard_of = |notes: &mut Notes| mem::take(&mut notes.unheard_of);
                    session.progress.note(&measurement, heard_of);
                    Ok(())
                }
                Err(TableFailure::Dropped) => {
                    mark_not_found(&session.progress, settings, &session.about, |name| {
                        name != measurement
                    });
                    let warning = format!(
                        "Measurement {measurement:?} was dropped while it was being synced."
                    );
                    lock(&ended).dropped.push(measurement);
                    sink.warn(warning).await.map_err(sink_error)
                }
                Err(TableFailure::Unknown) => {
                    wait_to_be_heard_of(session, &measurement).await.map_err(sink_error)
                }
                Err(TableFailure::Unanswered(error)) => {
                    session.distress.grows(&measurement);
                    tracing::warn!(
                        measurement,
                        "the table is left out: its questions are not answered"
                    );
                    lock(&ended).unanswered.push((measurement, error));
                    Ok(())
                }
                Err(TableFailure::Parked(error)) => {
                    // The customer hears the whole of it; a log must not hold the values that an
                    // error may name.
                    let fault = error.fault();
                    tracing::warn!(measurement, ?fault, "the table is left out for now");
                    lock(&ended).parked.push((measurement, error));
                    Ok(())
                }
                Err(TableFailure::DatabaseGone(error)) => {
                    mark_not_found(&session.progress, settings, &session.about, |_| false);
                    Err(error)
                }
                Err(TableFailure::Ends(error)) => Err(error),
            }
        })
        .await?;
    let ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    ended.result(session.distress.is_there())
}

/// How tables ended that were not synced.
struct Ended {
    parked: Vec<(String, SyncError)>,
    unanswered: Vec<(String, SyncError)>,
    dropped: Vec<String>,
    /// Of how many.
    of: usize,
}

impl Ended {
    /// `is_in_distress` is whether the last tables were not answered, one like the other: then it
    /// is no matter of a table.
    fn result(mut self, is_in_distress: bool) -> Result<(), SyncError> {
        if is_in_distress && self.parked.is_empty() && !self.unanswered.is_empty() {
            let names: Vec<_> = self.unanswered.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("No point of {} could be read", names_of(&names));
            let reason = self.unanswered.iter().map(|(_, error)| error.to_string()).next();
            let reason = reason.unwrap_or_default();
            let message = format!("{message}: {}", reason.trim_end_matches('.'));
            return Err(SyncError::transient(message));
        }
        self.parked.append(&mut self.unanswered);
        if !self.parked.is_empty() {
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
    matches!(selection.project(&Table::new(table, Vec::new())), Projection::Selected(_))
}

fn is_excluded(selection: &Selection, table: &str) -> bool {
    matches!(selection.project(&Table::new(table, Vec::new())), Projection::Excluded)
}

/// Whether a table is selected and none of its columns is, which only a table without a key can be.
/// It is treated as one that is not selected: there is nothing to send for it, and rows without a
/// column would be nothing to a warehouse.
fn is_without_columns(selection: &Selection, table: &Table) -> bool {
    selection.project(table).selected().is_some_and(|table| table.columns.is_empty())
}

fn no_column_selected(measurement: &str) -> String {
    format!(
        "Nothing is synced of measurement {measurement:?}, because none of its columns is \
         selected. Select a column, or deselect the table."
    )
}

/// Lists the measurements, and marks which of those that are known are not among them.
async fn list<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
) -> Result<Vec<TableInfo>, SyncError> {
    let Session { database, settings, about, progress, .. } = session;
    match settings.retry.run(|| database.tables()).await {
        Ok(listed) => {
            let names: HashSet<_> = listed.iter().map(|info| info.name.as_str()).collect();
            mark_not_found(progress, settings, about, |name| names.contains(name));
            Ok(listed)
        }
        Err(failure) => {
            if *failure.kind() == ErrorKind::DatabaseGone {
                mark_not_found(progress, settings, about, |_| false);
            }
            Err(failure.into())
        }
    }
}

/// Marks the measurements that are not found, whether they are selected or not.
fn mark_not_found(
    progress: &Progress,
    settings: &Settings,
    about: &About,
    is_found: impl Fn(&str) -> bool,
) {
    progress.take_back(|state| mark_gone(state, &settings.database, &about.server, is_found));
}

/// Lets positions that speak of another server speak of the present one, and says so before
/// anything of it is sent.
async fn recognize_server<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    names: impl Iterator<Item = &str>,
) -> Result<(), SyncError> {
    let Session { settings, about, upper_bound, sink, progress, .. } = session;
    let (mut others, mut is_new) = (Vec::new(), false);
    progress.take_back(|state| {
        for name in names {
            let stored = state.table_mut(&settings.database, name);
            let Some(stored) = stored else { continue };
            let change = switch_server(stored, &about.server, *upper_bound, settings.lookback);
            is_new |= change != ServerChange::None;
            if change == ServerChange::Another {
                others.push(name);
            }
        }
        !others.is_empty()
    });
    progress.amend(|_| is_new);
    if others.is_empty() {
        return Ok(());
    }
    sink.warn(another_server(&about.server, &others)).await.map_err(sink_error)?;
    progress.flush(*sink).await.map_err(sink_error)
}

fn another_server(server: &Server, measurements: &[&str]) -> String {
    format!(
        "{} is another server than the one that was read before, so everything is read again from \
         it: {}. Rows that only the other server had stay in the warehouse until a re-sync.",
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

/// Marks which tables this sync reads.
fn mark_tables_in_use<D, S>(session: &Session<'_, D, S>, tables: &[SelectedTable]) {
    let used = tables.iter().map(|table| table.source.measurement.clone()).collect();
    let database = &session.settings.database;
    session.progress.amend(|state| mark_used(state, database, &used, session.upper_bound));
}

/// Tells once for a release and a table what that release is known to do.
async fn tell_caveats<D, S: Sink>(
    session: &Session<'_, D, S>,
    tables: &[SelectedTable],
) -> Result<(), SyncError> {
    let Session { about, sink, progress, .. } = session;
    let is_new = |measurement: &&str| {
        let position = progress.position(measurement);
        position.is_none_or(|position| position.notes.warned_of != about.release)
    };
    let new = tables.iter().map(|table| table.source.measurement.as_str()).filter(is_new);
    let new: Vec<_> = new.collect();
    if new.is_empty() {
        return Ok(());
    }
    for caveat in &about.caveats {
        let warning = format!("{caveat} This concerns {}.", names_of(&new));
        sink.warn(warning).await.map_err(sink_error)?;
    }
    Ok(())
}

/// Leaves a table to the next sync, before which the platform will hear of all of it. Where the
/// last sync has done so too, it does not seem to: the customer is told.
async fn wait_to_be_heard_of<D, S: Sink>(
    session: &Session<'_, D, S>,
    measurement: &str,
) -> Result<(), SinkError> {
    let mut is_first = true;
    session.progress.note(measurement, |notes| {
        is_first = !mem::replace(&mut notes.unheard_of, true);
        is_first
    });
    if is_first {
        return Ok(());
    }
    let warning = format!(
        "Measurement {measurement:?} was left out of two syncs in a row: each time columns had \
         come after the schema of the sync was asked for. It is synced as soon as none comes in \
         between."
    );
    session.sink.warn(warning).await
}

/// The selected tables, and the measurements of which the platform has not heard.
///
/// Tables that have got furthest come first and first loads last, so that fresh points do not wait
/// for history.
fn in_order<D, S>(
    tables: impl Iterator<Item = SourceTable>,
    session: &Session<'_, D, S>,
) -> (Vec<SelectedTable>, Vec<String>) {
    let Session { selection, settings, progress, .. } = session;
    let (mut selected, mut unheard_of) = (Vec::new(), Vec::new());
    for table in tables {
        let measurement = table.measurement.clone();
        match Choice::of(table, selection, settings.primary_key) {
            Choice::Read(table) => selected.push(*table),
            Choice::Unknown => unheard_of.push(measurement),
            Choice::Excluded => {}
        }
    }
    selected.sort_by_cached_key(|table| {
        Reverse(progress.position(&table.source.measurement).map(|position| position.cursor))
    });
    (selected, unheard_of)
}

fn unreadable_state(error: sync_state::StateError) -> SyncError {
    SyncError::setup(
        format!("The saved state of this connection cannot be used: {error}"),
        "Run a full re-sync of the connection, which starts without a state; or go back to the \
         version that wrote it",
    )
    .caused_by(error)
}

/// One error for all tables that could not be synced; the others are done.
fn parked_tables(mut parked: Vec<(String, SyncError)>) -> SyncError {
    if parked.len() == 1 {
        let (measurement, error) = parked.remove(0);
        if error.message().contains(&measurement) {
            return error;
        }
        return error.in_context(format_args!("Measurement {measurement:?} could not be synced"));
    }
    // What the customer can mend comes first, since waiting would not help it.
    let worst = [Fault::Setup, Fault::Bug, Fault::Transient]
        .into_iter()
        .find(|fault| parked.iter().any(|(_, error)| error.fault() == *fault))
        .unwrap_or(Fault::Bug);
    let reasons: Vec<_> = parked
        .iter()
        .map(|(measurement, error)| {
            format!("{measurement:?}: {}", error.to_string().trim_end_matches('.'))
        })
        .collect();
    let message = format!("{} tables could not be synced: {}", parked.len(), reasons.join("; "));
    SyncError::new(worst, message)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The data is whole at every moment: a push either happened or did not.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
