//! Late and changed points before the cursor: where to look for them again.

mod counts;
mod files;

pub(crate) use counts::Counts;
pub(crate) use files::Mark;

use influx_flight::{Error, ErrorKind, ParquetFiles};

use crate::config::{InfluxConfig, LateData};
use crate::database::Database;
use crate::progress::Position;
use crate::stretches::Stretches;

/// What a look at one table has found, before anything of it is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Look {
    /// The newest files that there are; `None` where the server does not show its files.
    pub(crate) mark: Option<Mark>,
    /// How many points there are; `None` if they were not counted.
    pub(crate) counts: Option<Counts>,
    /// Where points came or changed since the last look, as far as it lies before the cursor.
    pub(crate) late: Stretches,
}

/// Looks for late and changed points of a measurement. It has to come before its columns are listed and before any of its points is
/// read: then what comes later can only be found again by the next look, and is not missed between the two.
///
/// # Errors
///
/// InfluxDB does not answer. That it does not show its files, or does not count, is no error: the lookback remains.
pub(crate) async fn look<D: Database>(
    database: &D,
    config: &InfluxConfig,
    measurement: &str,
    position: Option<&Position>,
    upper: i64,
) -> Result<Look, Error> {
    if config.late_data == LateData::Lookback {
        return Ok(Look::default());
    }
    let mut look = Look::default();
    let mut has_files = false;
    match database.files(measurement).await {
        ParquetFiles::Known(files) => {
            has_files = !files.is_empty();
            let before = position.and_then(|position| position.notes.mark.as_ref());
            let found = files::audit(&files, before, position.map(|position| position.cursor));
            if let Some(position) = position
                && !found.late.is_empty()
            {
                let (files, stretches) = (found.files, found.late.len());
                tracing::info!(
                    measurement,
                    files,
                    stretches,
                    "new files reach before the cursor, at {}",
                    crate::time::iso8601(position.cursor)
                );
            }
            look.mark = Some(found.mark);
            look.late.extend(&found.late);
        }
        ParquetFiles::Unknown(error) if error.kind().is_transient() => return Err(error),
        ParquetFiles::Unknown(error) => {
            tracing::debug!(measurement, reason = ?error.kind(), "InfluxDB does not show the files of a table");
        }
    }
    // A list without files may be a server that keeps them elsewhere.
    if !has_files && config.audit_days > 0 {
        match counts::audit(database, config, measurement, position, upper).await {
            Ok(Some(found)) => {
                look.counts = Some(found.counts);
                look.late.extend(&found.late);
            }
            Ok(None) => {}
            Err(error) if is_outage(error.kind()) => return Err(error),
            Err(error) => {
                tracing::info!(measurement, reason = ?error.kind(), "the points of a table could not be counted; the lookback remains");
            }
        }
    }
    Ok(look)
}

/// Whether a question failed for a reason that every other question would meet as well.
fn is_outage(kind: &ErrorKind) -> bool {
    kind.is_transient() || kind.is_setup()
}
