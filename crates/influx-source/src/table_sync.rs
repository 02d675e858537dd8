//! One table of a sync: from where it stands to the upper bound, window by window.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use futures::stream::{FuturesUnordered, Stream, StreamExt};
use influx_flight::{Error, ErrorKind, ParquetFiles, RetryPolicy};
use sync_core::{Sink, SyncError};

use crate::audit::{Look, look};
use crate::begin::{announce, begin, other_key_tags};
use crate::bounds;
use crate::database::Database;
use crate::density::Density;
use crate::fault::{TableFailure, sentence};
use crate::fingerprint::{Change, Fingerprint};
use crate::pace::{Pace, Refusal, Shortest};
use crate::plan::Plan;
use crate::plant::{Defect, is_planted};
use crate::reader::{Losses, Read, Reader};
use crate::reading::Reading;
use crate::session::Session;
use crate::table::SourceTable;
use crate::window::Window;
use crate::window_read::{WindowFailure, WindowRead, read_window};

/// Stretches that are longer are worth a look at how points lie in time, in nanoseconds.
const WORTH_A_LOOK: u64 = 24 * 3_600_000_000_000;

/// Reads a table up to the upper bound.
pub(crate) async fn sync_table<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reading: Reading,
    found: Look,
) -> Result<(), TableFailure> {
    let measurement = reading.source.measurement.clone();
    let started = Instant::now();
    let shows_files = found.mark.is_some();
    let plan = begin(session, &reading, found).await?;
    announce(session, &reading).await?;
    let density = match shows_files && plan.length() > WORTH_A_LOOK {
        true => density(session.database, &measurement).await?,
        false => None,
    };
    let mut table =
        TableSync::new(session, reading, plan, Pace::new(session.config.window_rows, density));
    let (mut windows, mut ended) = (FuturesUnordered::new(), VecDeque::new());
    loop {
        while let Some((reader, window)) = table.next(windows.len() + ended.len()) {
            windows.push(read_window(session, reader, window));
        }
        let read = match ended.pop_front() {
            None => windows.next().await,
            read => read,
        };
        match read {
            Some(read) => alongside(&mut windows, &mut ended, table.after(read)).await?,
            // A row must not come before its columns, so they change between windows.
            None if table.is_changed => table.rediscover().await?,
            None => break,
        }
    }
    for loss in table.losses.sentences(&measurement) {
        session.sink.warn(loss).await?;
    }
    plant_late_looks(session, &measurement, table.rows).await?;
    if table.rows > 0 {
        let (rows, queries) = (table.rows, table.queries);
        let seconds = started.elapsed().as_secs_f32();
        tracing::info!(measurement, rows, queries, seconds, "synced a table");
    }
    Ok(())
}

/// Waits for what follows up a window, and lets the others be read meanwhile.
///
/// They have to go on: one of them may have been given the room in the sink for which the follow-up's checkpoint waits, and gives it back only
/// if it is polled.
async fn alongside<T, W: Stream + Unpin>(
    windows: &mut W,
    ended: &mut VecDeque<W::Item>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    poll_fn(|context| {
        while let Poll::Ready(Some(read)) = windows.poll_next_unpin(context) {
            ended.push_back(read);
        }
        work.as_mut().poll(context)
    })
    .await
}

/// How the points of a measurement lie in time, where the server tells.
async fn density<D: Database>(
    database: &D,
    measurement: &str,
) -> Result<Option<Density>, TableFailure> {
    match database.files(measurement).await {
        ParquetFiles::Known(files) if files.is_empty() => Ok(None),
        ParquetFiles::Known(files) => Ok(Some(Density::new(&files))),
        ParquetFiles::Unknown(error) if error.kind().is_transient() => Err(error.into()),
        ParquetFiles::Unknown(_) => Ok(None),
    }
}

/// A table that is being read.
struct TableSync<'a, 'b, D, S> {
    session: &'a Session<'b, D, S>,
    reading: Arc<Reading>,
    plan: Plan,
    pace: Pace,
    /// Readers that no window uses at present.
    readers: Vec<Reader>,
    /// Whether a window has found other columns than were listed.
    is_changed: bool,
    /// How often in a row columns were listed again and were the same.
    unchanged: usize,
    /// The waits for a server that is short of memory or time.
    waits: Box<dyn Iterator<Item = std::time::Duration> + Send>,
    losses: Losses,
    rows: u64,
    queries: u64,
}

impl<'a, 'b, D: Database, S: Sink> TableSync<'a, 'b, D, S> {
    fn new(session: &'a Session<'b, D, S>, reading: Reading, plan: Plan, pace: Pace) -> Self {
        Self {
            session,
            reading: Arc::new(reading),
            plan,
            pace,
            readers: Vec::new(),
            is_changed: false,
            unchanged: 0,
            waits: Box::new(RetryPolicy::default().waits()),
            losses: Losses::default(),
            rows: 0,
            queries: 0,
        }
    }

    fn measurement(&self) -> &str {
        &self.reading.source.measurement
    }

    /// The next window to read, while so many are being read.
    fn next(&mut self, in_flight: usize) -> Option<(Reader, Window)> {
        if self.is_changed || in_flight >= self.pace.width(self.session.config.parallel_queries) {
            return None;
        }
        let window = self.plan.next(&self.pace)?;
        if is_planted(Defect::CheckpointBeforeRows) {
            self.session.progress.advance(self.measurement(), window.to());
        }
        if is_planted(Defect::FilesProveEmptiness) && self.pace.is_without_files(window) {
            self.plan.done(window);
            return self.next(in_flight);
        }
        self.queries += 1;
        let reader = self.readers.pop();
        let reader = reader.unwrap_or_else(|| {
            Reader::new(Arc::clone(&self.reading), self.session.config.time_format)
        });
        Some((reader, window))
    }

    /// Follows up a window.
    async fn after(&mut self, read: WindowRead) -> Result<(), TableFailure> {
        let WindowRead { window, reader, result } = read;
        self.readers.push(reader);
        match result {
            Ok(read) => self.done(window, read).await,
            Err(WindowFailure::Influx(error)) if error.kind().wants_smaller_query() => {
                self.plan.put_back(window);
                self.shorten(window, error).await
            }
            Err(WindowFailure::BreaksOff(error)) => {
                self.plan.put_back(window);
                // Where no shorter window is left, it is not their length.
                self.halve(window, Refusal::Limit, &error).map_err(|Shortest| error.into())
            }
            Err(WindowFailure::Influx(error)) => Err(error.into()),
            Err(WindowFailure::Changed) => {
                self.plan.put_back(window);
                self.is_changed = true;
                Ok(())
            }
            Err(WindowFailure::Table(failure)) => Err(failure),
        }
    }

    async fn done(&mut self, window: Window, read: Read) -> Result<(), TableFailure> {
        let Session { progress, sink, .. } = self.session;
        self.plan.done(window);
        // Every row up to there has left us, so it is a safe place to resume from.
        let up_to = match is_planted(Defect::IncompletePrefix) {
            true => window.to(),
            false => self.plan.read_up_to(),
        };
        progress.advance(self.measurement(), up_to);
        progress.note(self.measurement(), |notes| notes.owed.remove(window));
        progress.checkpoint_in_time(*sink).await?;
        self.pace.learn(window, read.rows, read.bytes);
        self.losses.add(read.losses);
        self.rows += read.rows;
        self.waits = Box::new(RetryPolicy::default().waits());
        self.unchanged = 0;
        Ok(())
    }

    /// Reads shorter windows from now on, since the server refuses one as too big.
    async fn shorten(&mut self, window: Window, error: Error) -> Result<(), TableFailure> {
        let refusal = match error.kind() {
            ErrorKind::Memory | ErrorKind::Deadline => Refusal::Pressure,
            _ => Refusal::Limit,
        };
        if refusal == Refusal::Pressure {
            // Asking again at once would add to the pressure. How often is bounded by the windows, which cannot be halved for ever.
            let wait = self.waits.next().unwrap_or(RetryPolicy::default().longest);
            tokio::time::sleep(wait).await;
        }
        self.halve(window, refusal, &error)
            .map_err(|Shortest| no_window_is_small_enough(self.measurement(), &error))
    }

    /// Makes the next windows half as long as this one, for the reason that the error names.
    fn halve(&mut self, window: Window, refusal: Refusal, error: &Error) -> Result<(), Shortest> {
        tracing::info!(measurement = self.measurement(), reason = ?error.kind(), "reading shorter windows");
        self.pace.halve(window, refusal)
    }

    /// Lists the columns again, since an answer had others.
    async fn rediscover(&mut self) -> Result<(), TableFailure> {
        let Session { database, config, selection, progress, .. } = self.session;
        self.is_changed = false;
        let infos = database.tables().await?;
        let info = infos.into_iter().find(|info| info.name == self.measurement());
        let source = SourceTable::new(info.ok_or(TableFailure::Dropped)?, config)
            .map_err(TableFailure::Parked)?;
        if source.shape == self.reading.source.shape {
            // The list is as it was; it may lag behind.
            self.unchanged += 1;
            if self.unchanged > MOST_UNCHANGED {
                return Err(TableFailure::Parked(unlike_its_list(self.measurement())));
            }
        }
        let position = progress.position(self.measurement());
        let change =
            position.map(|position| Fingerprint::new(&source, config).change_since(&position));
        if change == Some(Change::KeyTags) {
            return Err(other_key_tags(self.measurement()));
        }
        let reading = Reading::new(source, selection, config.primary_key);
        let reading = reading.ok_or(TableFailure::Dropped)?;
        crate::begin::compare(self.session, &reading).await?;
        announce(self.session, &reading).await?;
        tracing::info!(
            measurement = self.measurement(),
            "the columns of a table have changed in mid-sync"
        );
        self.readers.clear();
        self.reading = Arc::new(reading);
        Ok(())
    }
}

/// How often a list of columns may be behind the answers.
const MOST_UNCHANGED: usize = 5;

fn unlike_its_list(measurement: &str) -> SyncError {
    SyncError {
        fault: sync_core::Fault::Transient,
        message: format!(
            "InfluxDB lists other columns for measurement {measurement:?} than its answers have"
        ),
        remedy: None,
        source: None,
    }
}

fn no_window_is_small_enough(measurement: &str, error: &Error) -> TableFailure {
    TableFailure::Parked(SyncError::setup(
        format!(
            "Measurement {measurement:?} cannot be read in windows of any size: {}",
            sentence(error)
        ),
        "Raise the limit of the server, or set a later `start_time`",
    ))
}

/// What a sync would do that looks after it has read: nothing, unless that is planted.
async fn plant_late_looks<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    measurement: &str,
    rows: u64,
) -> Result<(), TableFailure> {
    let Session { database, config, progress, upper, .. } = session;
    if is_planted(Defect::UpperBoundPerWindow) {
        progress.advance(measurement, database.now().await?.saturating_sub(bounds::SETTLE));
    }
    if is_planted(Defect::FilesListedLate) || is_planted(Defect::CountedLate) {
        let mut position = progress.position(measurement);
        if let Some(position) = position.as_mut().filter(|_| is_planted(Defect::CountedLate)) {
            // What was counted before reading does not count: it would pass for counted lately.
            position.notes.counts = None;
        }
        let late = look(*database, config, measurement, position.as_ref(), *upper).await?;
        progress.note(measurement, |notes| {
            if is_planted(Defect::FilesListedLate) {
                notes.mark = late.mark;
            } else {
                notes.counts = late.counts.or(notes.counts.take());
            }
        });
    }
    if is_planted(Defect::AbsenceIsDelete) && rows == 0 {
        let table = sync_core::Table::new(measurement, Vec::new());
        session.sink.truncate(&table).await?;
    }
    Ok(())
}
