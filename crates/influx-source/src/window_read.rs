//! One window: asked for, held against what was planned, and sent.

use influx_flight::{Error, ErrorKind, RetryPolicy};
use sync_core::{Sink, SinkError};

use crate::database::{Answer, Columns, Database};
use crate::fault::TableFailure;
use crate::reader::{Read, Reader};
use crate::session::Session;
use crate::window::Window;

/// How the reading of a window ended, and the reader to use for the next one.
pub(crate) struct WindowRead {
    pub(crate) window: Window,
    pub(crate) reader: Reader,
    pub(crate) result: Result<Read, WindowFailure>,
}

/// Why a window was not read to its end.
#[derive(Debug)]
pub(crate) enum WindowFailure {
    /// InfluxDB did not answer, or not to the end: another window may do.
    Influx(Error),
    /// The answer has broken off again and again, after it had begun: it may take longer than something on the way allows.
    BreaksOff(Error),
    /// The measurement has other columns than it had when they were listed. Nothing was sent.
    Changed,
    /// Anything else.
    Table(TableFailure),
}

impl From<Error> for WindowFailure {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::ColumnMissing { .. } => Self::Changed,
            _ => Self::Influx(error),
        }
    }
}

impl From<SinkError> for WindowFailure {
    fn from(error: SinkError) -> Self {
        Self::Table(error.into())
    }
}

/// Reads a window as soon as there is room for another query.
pub(crate) async fn read_window<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    mut reader: Reader,
    window: Window,
) -> WindowRead {
    let result = match session.permits.acquire().await {
        Ok(_permit) => read_patiently(session, &mut reader, window).await,
        // Nobody closes it; and whoever did would want no more windows.
        Err(_) => Err(SinkError::Closed.into()),
    };
    WindowRead { window, reader, result }
}

/// How often in a row an answer may break off until shorter windows are tried.
const MOST_BREAKS: usize = 4;

/// Reads a window, and again from its start if the answer breaks off: upserts repeat harmlessly.
async fn read_patiently<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reader: &mut Reader,
    window: Window,
) -> Result<Read, WindowFailure> {
    let mut patience = RetryPolicy::default().patience();
    let mut breaks = 0;
    loop {
        let mut has_begun = false;
        match read_once(session, reader, window, &mut has_begun).await {
            Ok(read) => {
                session.outage.ends();
                return Ok(read);
            }
            Err(WindowFailure::Influx(error)) => {
                breaks = if has_begun && error.kind().is_transient() { breaks + 1 } else { 0 };
                if breaks >= MOST_BREAKS {
                    return Err(WindowFailure::BreaksOff(error));
                }
                let Some(wait) = patience.after(&error) else { return Err(error.into()) };
                session.outage.begins(error.kind());
                tokio::time::sleep(wait).await;
            }
            Err(failure) => return Err(failure),
        }
    }
}

async fn read_once<D: Database, S: Sink>(
    session: &Session<'_, D, S>,
    reader: &mut Reader,
    window: Window,
    has_begun: &mut bool,
) -> Result<Read, WindowFailure> {
    let reading = reader.reading();
    let measurement = &reading.source.measurement;
    let answer = session.database.read(measurement, &reading.asked, window).await?;
    // A point may have brought a new tag since the columns were listed, and without that tag it would pass for a point of another series.
    // What the answer holds was settled when it began: if there is no new column now, there is none in it.
    let shape = &reading.source.shape;
    let is_as_planned = match reading.asked {
        Columns::All => shape.is_that_of(answer.schema()),
        Columns::Listed(_) => shape.is_that_of(&*session.database.columns(measurement).await?),
    };
    if !is_as_planned {
        return Err(WindowFailure::Changed);
    }
    *has_begun = true;
    reader.send(answer, window, session.sink, &session.progress).await
}
