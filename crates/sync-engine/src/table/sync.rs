//! One table of a sync: from where it stands to the upper bound, window by window.

mod audit;
mod relist;
mod shorten;

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use futures::stream::{FuturesUnordered, Stream, StreamExt};
use sync_core::Sink;

use crate::error::Failure;
use crate::late::{CountKeeper, MainStretch, Units, detect_late_data};
use crate::retry::RetryBudget;
use crate::sync::{NoAnswer, Session};
use crate::table::columns::announce;
use crate::table::resume::resume_or_start;
use crate::table::row_sender::Losses;
use crate::table::{ReadStats, RowSender, SelectedTable, TableFailure};
use crate::time_series::{File, TimeSeries};
use crate::window::{
    Density, Window, WindowFailure, WindowQueue, WindowRead, WindowSizer, read_window,
};

/// From this length on it is worth asking how points lie in time, in nanoseconds.
const WORTH_A_QUESTION: u64 = 24 * 3_600_000_000_000;

/// Reads a table up to the upper bound.
pub(crate) async fn sync_table<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    selected: SelectedTable,
) -> Result<(), TableFailure> {
    let measurement = selected.source.measurement.clone();
    let started = Instant::now();
    let position = session.progress.position(&measurement);
    let mut detected = detect_late_data(session, &measurement, position.as_ref()).await?;
    let shows_files = detected.watermark.is_some();
    let files = detected.files.take();
    let queue = resume_or_start(session, &selected, detected).await?;
    announce(session, &selected).await?;
    let density = match shows_files && queue.length() > WORTH_A_QUESTION {
        true => density(session, &measurement, files).await?,
        false => None,
    };
    let interrupted = position.map(|position| position.notes.interrupted).unwrap_or_default();
    let rows = session.settings.window_rows;
    let sizer = WindowSizer::new(rows, density, interrupted, D::PROFILE.file_span);
    let counts = count_keeper(session, &measurement, &queue);
    let mut table = TableSync::new(session, selected, queue, sizer, counts);
    let (mut windows, mut ended) = (FuturesUnordered::new(), VecDeque::new());
    let mut failed = None;
    loop {
        while failed.is_none()
            && let Some((sender, window)) = table.next(windows.len() + ended.len())
        {
            windows.push(read_window(session, sender, window));
        }
        let read = match ended.pop_front() {
            None => windows.next().await,
            read => read,
        };
        let Some(read) = read else {
            match failed {
                Some(failure) => return Err(failure),
                // A row must not come before its columns, so they change between windows.
                None if table.is_changed => table.relist().await?,
                None if table.audit().await? => {}
                None => break,
            }
            continue;
        };
        match follow_up(&mut windows, &mut ended, table.after(read)).await {
            Ok(()) => {}
            Err(failure) if failure.ends_all() => return Err(failure),
            // What is on its way may well arrive.
            Err(failure) => drop(failed.get_or_insert(failure)),
        }
    }
    for loss in table.losses.sentences(&measurement) {
        session.sink.warn(loss).await?;
    }
    if table.rows > 0 {
        let (rows, queries) = (table.rows, table.queries);
        let seconds = started.elapsed().as_secs_f32();
        tracing::info!(measurement, rows, queries, seconds, "synced a table");
    }
    Ok(())
}

/// What counts the points of a table, where they are counted.
fn count_keeper<D, S>(
    session: &Session<'_, D, S>,
    measurement: &str,
    queue: &WindowQueue,
) -> Option<CountKeeper> {
    let position = session.progress.position(measurement)?;
    let start = position.notes.start(session.settings);
    let units = Units::new(session.settings, start, session.upper_bound)?;
    Some(CountKeeper::new(units, MainStretch { from: queue.from(), cursor: position.cursor }))
}

/// Waits for what follows up a window, and lets the others be read meanwhile.
///
/// They have to go on: one of them may have been given the room in the sink for which the
/// follow-up's checkpoint waits, and gives it back only if it is polled.
async fn follow_up<T, W: Stream + Unpin>(
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
async fn density<D: TimeSeries, S>(
    session: &Session<'_, D, S>,
    measurement: &str,
    files: Option<Vec<File>>,
) -> Result<Option<Density>, Failure> {
    let all = BTreeMap::new();
    let files = match files {
        Some(files) => Ok(files),
        None => session.ask(measurement, || session.database.files(measurement, &all)).await,
    };
    match files {
        Ok(files) if files.is_empty() => Ok(None),
        Ok(files) => Ok(Some(Density::new(&files, D::PROFILE.most_files))),
        Err(NoAnswer::This(_)) => Ok(None),
        Err(NoAnswer::All(failure)) => Err(failure),
    }
}

/// A table that is being read.
struct TableSync<'a, 'b, D, S> {
    session: &'a Session<'b, D, S>,
    selected: Arc<SelectedTable>,
    queue: WindowQueue,
    sizer: WindowSizer,
    /// Those that no window uses at present.
    senders: Vec<RowSender>,
    /// Whether a window has found other columns than were listed.
    is_changed: bool,
    /// How often columns were listed again since a window was last read.
    relisted: usize,
    /// How often windows were made shorter, since questions were not answered, since one last was.
    shortened: usize,
    /// The waits for a server that is short of memory or time.
    waits: RetryBudget,
    losses: Losses,
    /// Where points are counted.
    counts: Option<CountKeeper>,
    /// Whether the counts were held against the database's, or are not going to be.
    is_audited: bool,
    rows: u64,
    queries: u64,
}

impl<'a, 'b, D: TimeSeries, S: Sink> TableSync<'a, 'b, D, S> {
    fn new(
        session: &'a Session<'b, D, S>,
        selected: SelectedTable,
        queue: WindowQueue,
        sizer: WindowSizer,
        counts: Option<CountKeeper>,
    ) -> Self {
        Self {
            session,
            selected: Arc::new(selected),
            queue,
            sizer,
            senders: Vec::new(),
            is_changed: false,
            relisted: 0,
            shortened: 0,
            waits: session.settings.retry.budget(),
            losses: Losses::default(),
            counts,
            is_audited: false,
            rows: 0,
            queries: 0,
        }
    }

    fn measurement(&self) -> &str {
        &self.selected.source.measurement
    }

    /// The next window to read, while so many are being read.
    fn next(&mut self, in_flight: usize) -> Option<(RowSender, Window)> {
        let settings = self.session.settings;
        if self.is_changed || in_flight >= self.sizer.width(settings.parallel_queries) {
            return None;
        }
        let window = self.queue.next(&self.sizer)?;
        self.queries += 1;
        let sender = self.senders.pop();
        let counting = self.counts.as_ref().map(CountKeeper::counting);
        let sender = sender.unwrap_or_else(|| {
            RowSender::new(Arc::clone(&self.selected), settings.time_format, counting)
        });
        Some((sender, window))
    }

    /// Follows up a window.
    async fn after(&mut self, read: WindowRead) -> Result<(), TableFailure> {
        let WindowRead { window, sender, result } = read;
        self.senders.push(sender);
        match result {
            Ok(read) => self.done(window, read).await,
            Err(WindowFailure::Database(failure)) => match failure.refusal() {
                Some(refusal) => {
                    self.queue.put_back(window);
                    self.shorten(window, refusal, failure).await
                }
                None => Err(failure.into()),
            },
            Err(WindowFailure::BreaksOff(failure)) => {
                self.queue.put_back(window);
                self.shorten_unanswered(window, failure).await
            }
            Err(WindowFailure::Outage(failure)) => Err(TableFailure::Ends(failure.into())),
            Err(WindowFailure::Changed) => {
                self.queue.put_back(window);
                self.is_changed = true;
                Ok(())
            }
            Err(WindowFailure::Table(failure)) => Err(failure),
        }
    }

    async fn done(&mut self, window: Window, read: ReadStats) -> Result<(), TableFailure> {
        let Session { progress, sink, .. } = self.session;
        self.queue.done(window);
        // Every row up to there has left us, so it is a safe place to resume from.
        let low_watermark = self.queue.low_watermark();
        progress.advance(self.measurement(), low_watermark);
        let settle = self.session.settings.settle;
        let keeper = &mut self.counts;
        progress.note(&self.selected.source.measurement, |notes| {
            let is_changed = notes.read_again(window, read.began, settle);
            let Some((keeper, counts)) = keeper.as_mut().zip(notes.counts.as_mut()) else {
                return is_changed;
            };
            keeper.read(counts, window, read.tally, low_watermark);
            true
        });
        progress.checkpoint_in_time(*sink).await?;
        self.sizer.learn(window, read.rows, read.bytes);
        self.losses.add(read.losses);
        self.rows += read.rows;
        self.waits = self.session.settings.retry.budget();
        self.relisted = 0;
        self.shortened = 0;
        Ok(())
    }
}
