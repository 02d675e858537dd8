//! Late and changed points before the cursor: where they are to be read again.

mod counts;
mod files;

pub(crate) use counts::Counts;
pub(crate) use files::FileWatermark;

use crate::error::Failure;
use crate::settings::{LateData, Settings};
use crate::state::Position;
use crate::time::iso8601;
use crate::time_series::TimeSeries;
use crate::window::TimeRangeSet;

/// What was detected of one table, before anything of it is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Detected {
    /// The newest files that there are; `None` where the database does not show its files.
    pub(crate) watermark: Option<FileWatermark>,
    /// How many points there are; `None` if they were not counted.
    pub(crate) counts: Option<Counts>,
    /// Where points came or changed since the last time, as far as it lies before the cursor.
    pub(crate) late: TimeRangeSet,
}

/// Detects late and changed points of a measurement. It has to come before its columns are listed
/// and before any of its points is read: then what comes later can only be found again by the next
/// sync, and is not missed between the two.
///
/// # Errors
///
/// The database does not answer. That it does not show its files, or does not count, is no error:
/// the lookback remains.
pub(crate) async fn detect_late_data<D: TimeSeries>(
    database: &D,
    settings: &Settings,
    measurement: &str,
    position: Option<&Position>,
    upper_bound: i64,
) -> Result<Detected, Failure> {
    if settings.late_data == LateData::Lookback {
        return Ok(Detected::default());
    }
    let mut detected = Detected::default();
    let mut has_files = false;
    let cursor = position.map(|position| position.cursor);
    match database.files(measurement).await {
        Ok(files) => {
            has_files = !files.is_empty();
            let before = position.and_then(|position| position.notes.watermark.as_ref());
            let new = files::new_files(&files, before, cursor);
            if let Some(cursor) = cursor
                && !new.late.is_empty()
            {
                let (files, ranges, cursor) = (new.files, new.late.len(), iso8601(cursor));
                tracing::info!(
                    measurement,
                    files,
                    ranges,
                    cursor,
                    "new files reach before the cursor"
                );
            }
            detected.watermark = Some(new.watermark);
            detected.late.extend(&new.late);
        }
        Err(failure) if failure.is_transient() => return Err(failure),
        Err(failure) => {
            let reason = failure.reason();
            tracing::debug!(measurement, reason, "the files of a table are not shown");
        }
    }
    // A list without files may be a server that keeps them elsewhere.
    if !has_files && settings.audit_days > 0 {
        let before = position.and_then(|position| position.notes.counts.as_ref());
        let recount = counts::Recount { database, settings, measurement, before, cursor };
        match recount.run(upper_bound).await {
            Ok(Some(found)) => {
                detected.counts = Some(found.counts);
                detected.late.extend(&found.late);
            }
            Ok(None) => {}
            Err(failure) if failure.concerns_all() => return Err(failure),
            Err(failure) => {
                let reason = failure.reason();
                tracing::info!(
                    measurement,
                    reason,
                    "the points of a table could not be counted; the lookback remains"
                );
            }
        }
    }
    Ok(detected)
}
