//! What new files tell of late data, where files are shown.

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::late::files::{may_be_rebuilt, new_files};
use crate::late::watermark::FileWatermark;
use crate::state::Position;
use crate::sync::{NoAnswer, Session};
use crate::time::iso8601;
use crate::time_series::{File, TimeSeries};
use crate::window::TimeRangeSet;

/// What was detected of one table, before any of its points is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Detected {
    /// The newest files that there are; `None` where the database does not show its files.
    pub(crate) watermark: Option<FileWatermark>,
    /// All files, where all were listed.
    pub(crate) files: Option<Vec<File>>,
    /// Where points came or changed since the last time, as far as it lies before the cursor.
    pub(crate) late: TimeRangeSet,
    /// What new files name; for a table without a cursor, what the newest files name.
    pub(crate) named: TimeRangeSet,
    /// When the files were listed, in nanoseconds since 1970-01-01T00:00:00Z.
    pub(crate) listed_at: i64,
}

/// Detects late and changed points of a measurement. It has to come before any of its points is
/// read: then what comes later can only be found again by the next sync, and is not missed between
/// the two.
///
/// # Errors
///
/// The database is out of reach. That it does not show its files is no error: the other nets
/// remain.
pub(crate) async fn detect_late_data<D: TimeSeries, S>(
    session: &Session<'_, D, S>,
    measurement: &str,
    position: Option<&Position>,
) -> Result<Detected, Failure> {
    // A table of which little was kept starts.
    let resumed = position.filter(|position| !position.notes.shrunk);
    let cursor = resumed.map(|position| position.cursor);
    let mut detected = Detected::default();
    let before = position.and_then(|position| position.notes.watermark.as_ref());
    let listed = list(session, measurement, before).await;
    detected.listed_at = session.clock.now();
    match listed {
        Ok(Listed { files, is_all }) => {
            let new = new_files(&files, before);
            detected.late = new.ranges.between(i64::MIN, cursor.unwrap_or(i64::MIN));
            tell(measurement, new.files, &detected.late, cursor);
            detected.named = if cursor.is_some() { new.ranges } else { new.fresh };
            detected.watermark = Some(new.watermark);
            detected.files = is_all.then_some(files);
        }
        Err(NoAnswer::All(failure)) => return Err(failure),
        Err(NoAnswer::This(failure)) => {
            let reason = failure.reason();
            tracing::debug!(measurement, reason, "the files of a table are not shown");
        }
    }
    Ok(detected)
}

/// A list of files.
struct Listed {
    files: Vec<File>,
    /// Whether all files are in it.
    is_all: bool,
}

/// Lists the files that may be new, or all where the new ones do not tell.
async fn list<D: TimeSeries, S>(
    session: &Session<'_, D, S>,
    measurement: &str,
    before: Option<&FileWatermark>,
) -> Result<Listed, NoAnswer> {
    let (since, all) = (before.map(FileWatermark::since).unwrap_or_default(), BTreeMap::new());
    let list = |since| session.ask(measurement, move || session.database.files(measurement, since));
    let files = match list(&since).await {
        // The whole list is a simpler question.
        Err(NoAnswer::This(_)) if !since.is_empty() => {
            return Ok(Listed { files: list(&all).await?, is_all: true });
        }
        files => files?,
    };
    if !before.is_some_and(|before| may_be_rebuilt(&files, before)) {
        return Ok(Listed { files, is_all: since.is_empty() });
    }
    Ok(Listed { files: list(&all).await?, is_all: true })
}

fn tell(measurement: &str, files: usize, late: &TimeRangeSet, cursor: Option<i64>) {
    let Some(cursor) = cursor.filter(|_| !late.is_empty()) else { return };
    let (ranges, cursor) = (late.len(), iso8601(cursor));
    tracing::info!(measurement, files, ranges, cursor, "new files reach before the cursor");
}
