//! One table of a sync: from where it stands to the upper bound, window by window.

use std::time::Instant;

use influx_flight::{Error, ErrorKind, RetryPolicy};
use sync_core::{Sink, SinkError, SyncError};

use crate::bounds;
use crate::config::{InfluxConfig, OnResync};
use crate::database::Database;
use crate::fault::{TableFailure, sentence};
use crate::fingerprint::{Change, Fingerprint};
use crate::progress::{Position, Progress};
use crate::reader::{Read, Reader};
use crate::reading::Reading;
use crate::time::iso8601;
use crate::window::{EARLIEST, Pace, Refusal, Shortest, Window};

/// What all tables of a sync share.
pub(crate) struct Session<'a, D, S> {
    pub(crate) database: &'a D,
    pub(crate) config: &'a InfluxConfig,
    /// The time up to which this sync reads.
    pub(crate) upper: i64,
    pub(crate) sink: &'a S,
    pub(crate) progress: Progress,
}

/// Reads a table up to the upper bound.
pub(crate) async fn sync_table<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reading: &Reading,
) -> Result<(), TableFailure> {
    let Session { config, upper, sink, progress, .. } = session;
    let measurement = &reading.source.measurement;
    let started = Instant::now();
    let mut from = begin(session, reading).await?;
    let columns = reading.columns();
    if !progress.is_announced(measurement, &columns) {
        // The schema was asked for some time ago, and by another call: a row must not come before its columns.
        sink.schema_change(std::slice::from_ref(&reading.table)).await?;
        progress.announced(measurement, &columns);
    }
    let mut pace = Pace::new(config.window_rows);
    let mut reader = Reader::new(reading, config.time_format);
    let mut waits = RetryPolicy::default().waits();
    let (mut rows, mut queries) = (0, 0);
    while let Some(window) = pace.next(from, *upper) {
        queries += 1;
        match read(session, &mut reader, window).await {
            Ok(read) => {
                // Every row of the window has left us, so its end is a safe place to resume from.
                progress.advance(measurement, window.to());
                if read.rows > 0 {
                    progress.checkpoint(*sink).await?;
                }
                pace.learn(window, read.rows, read.bytes);
                waits = RetryPolicy::default().waits();
                from = window.to();
                rows += read.rows;
            }
            Err(WindowFailure::Influx(error)) if error.kind().wants_smaller_query() => {
                tracing::info!(measurement, reason = ?error.kind(), "reading shorter windows");
                let refusal = refusal(error.kind());
                if refusal == Refusal::Pressure {
                    // Asking again at once would add to the pressure.
                    let Some(wait) = waits.next() else { return Err(error.into()) };
                    tokio::time::sleep(wait).await;
                }
                pace.halve(window, refusal)
                    .map_err(|Shortest| no_window_is_small_enough(measurement, &error))?;
            }
            Err(WindowFailure::Influx(error)) => return Err(error.into()),
            Err(WindowFailure::Table(failure)) => return Err(failure),
        }
    }
    // Windows without rows ride along with the next checkpoint, and a table without points has no window at all.
    progress.checkpoint(*sink).await?;
    for loss in reader.losses() {
        sink.warn(loss).await?;
    }
    if rows > 0 {
        let seconds = started.elapsed().as_secs_f32();
        tracing::info!(measurement, rows, queries, seconds, "synced a table");
    }
    Ok(())
}

/// Prepares the table for its first row, and decides from where to read.
async fn begin<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reading: &Reading,
) -> Result<i64, TableFailure> {
    let Session { config, upper, sink, progress, .. } = session;
    let measurement = &reading.source.measurement;
    let fingerprint = Fingerprint::new(&reading.source, config);
    let earliest = config.start.unwrap_or(EARLIEST);
    let lookback = |cursor: i64| cursor.saturating_sub(config.lookback).max(earliest);

    let Some(Position { cursor, fingerprint: before }) = progress.position(measurement) else {
        return start(session, reading, &fingerprint).await;
    };
    match fingerprint.change_since(&before) {
        Change::None if cursor <= *upper => Ok(lookback(cursor)),
        Change::None => {
            sink.warn(format!(
                "Measurement {measurement:?} was synced up to {}, which lies after the present time ({}): a clock has \
                 jumped. It is read again from {}; points that came before that while the clock was wrong need a re-sync.",
                iso8601(cursor),
                iso8601(*upper),
                iso8601(lookback(*upper)),
            ))
            .await?;
            progress.start(measurement, fingerprint.to_text(), *upper);
            Ok(lookback(*upper))
        }
        Change::Settings(names) => {
            sink.warn(format!(
                "Measurement {measurement:?} starts anew, because `{}` has changed and rows of both kinds would not fit together.{}",
                names.join("`, `"),
                match config.on_resync {
                    OnResync::Truncate => "",
                    OnResync::Keep => " The rows of before stay in the warehouse, since `on_resync` is `keep`; drop them by hand.",
                },
            ))
            .await?;
            start(session, reading, &fingerprint).await
        }
        Change::KeyTags => Err(TableFailure::Parked(SyncError::setup(
            format!(
                "Measurement {measurement:?} has other tags than before, and its key is made of them"
            ),
            "Re-sync the table; or set `primary_key` to `series`, which new tags do not disturb",
        ))),
    }
}

/// Begins a table's history.
async fn start<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reading: &Reading,
    fingerprint: &Fingerprint,
) -> Result<i64, TableFailure> {
    let Session { database, config, upper, sink, progress } = session;
    let measurement = &reading.source.measurement;
    let first = bounds::first(*database, measurement, *upper).await?;
    if config.on_resync == OnResync::Truncate {
        // Once, before the first row, and also for a table that is empty now: rows of an earlier sync may be in the warehouse.
        sink.truncate(&reading.table).await?;
    }
    let from = first.unwrap_or(*upper).max(config.start.unwrap_or(EARLIEST)).min(*upper);
    progress.start(measurement, fingerprint.to_text(), from);
    Ok(from)
}

/// Why a window was not read to its end.
pub(crate) enum WindowFailure {
    /// InfluxDB did not answer, or not to the end: another try or another window may do.
    Influx(Error),
    /// Anything else.
    Table(TableFailure),
}

impl From<Error> for WindowFailure {
    fn from(error: Error) -> Self {
        Self::Influx(error)
    }
}

impl From<SinkError> for WindowFailure {
    fn from(error: SinkError) -> Self {
        Self::Table(error.into())
    }
}

/// Reads a window, and again from its start if the answer breaks off: upserts repeat harmlessly.
async fn read<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reader: &mut Reader<'_>,
    window: Window,
) -> Result<Read, WindowFailure> {
    let mut waits = RetryPolicy::default().waits();
    loop {
        // The client itself retries until an answer begins; what it gives up is not tried again here.
        let answer = session
            .database
            .read(&reader.reading.source.measurement, &reader.reading.asked(), window)
            .await?;
        let broken = match reader.send(answer, session.sink, &session.progress).await {
            Err(WindowFailure::Influx(error)) if error.kind().is_transient() => error,
            result => return result,
        };
        match waits.next() {
            Some(wait) => {
                tracing::warn!(reason = ?broken.kind(), "an answer broke off and is read again");
                tokio::time::sleep(wait).await;
            }
            None => return Err(broken.into()),
        }
    }
}

fn refusal(kind: &ErrorKind) -> Refusal {
    match kind {
        ErrorKind::Memory | ErrorKind::Deadline => Refusal::Pressure,
        _ => Refusal::Limit,
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
