//! One window: asked for, held against what was listed, and sent.

use sync_core::{Sink, SinkError};

use crate::sync::Session;
use crate::table::{ReadStats, RowSender};
use crate::time_series::{Answer, Columns, TimeSeries};
use crate::window::{Window, WindowFailure};

/// How the reading of a window ended, and the sender to use for the next one.
pub(crate) struct WindowRead {
    pub(crate) window: Window,
    pub(crate) sender: RowSender,
    pub(crate) result: Result<ReadStats, WindowFailure>,
}

/// Reads a window as soon as there is room for another query.
pub(crate) async fn read_window<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    mut sender: RowSender,
    window: Window,
) -> WindowRead {
    let result = match session.permits.acquire().await {
        Ok(_permit) => read_patiently(session, &mut sender, window).await,
        // Nobody closes it; and whoever did would want no more windows.
        Err(_) => Err(SinkError::Closed.into()),
    };
    WindowRead { window, sender, result }
}

/// How often in a row an answer may break off until shorter windows are tried.
const MOST_BREAKS: usize = 4;

/// Reads a window, and again from its start if the answer breaks off: upserts repeat harmlessly.
async fn read_patiently<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    sender: &mut RowSender,
    window: Window,
) -> Result<ReadStats, WindowFailure> {
    let retry = &session.settings.retry;
    let mut budget = retry.budget();
    let mut breaks = 0;
    loop {
        let mut has_begun = false;
        match read_once(session, sender, window, &mut has_begun).await {
            Ok(read) => {
                session.outage.ends();
                return Ok(read);
            }
            Err(WindowFailure::Database(failure)) => {
                breaks = if has_begun && failure.is_transient() { breaks + 1 } else { 0 };
                if breaks >= MOST_BREAKS {
                    return Err(WindowFailure::BreaksOff(failure));
                }
                let Some(wait) = budget.after(&failure) else { return Err(failure.into()) };
                session.outage.begins(&failure, retry.total);
                tokio::time::sleep(wait).await;
            }
            Err(failure) => return Err(failure),
        }
    }
}

async fn read_once<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    sender: &mut RowSender,
    window: Window,
    has_begun: &mut bool,
) -> Result<ReadStats, WindowFailure> {
    let Session { database, sink, progress, .. } = session;
    let selected = sender.selected();
    let measurement = &selected.source.measurement;
    let answer = database.read(measurement, &selected.asked, window).await?;
    // A point may have brought a new tag since the columns were listed, and without that tag it
    // would pass for a point of another series. What the answer holds was settled when it began: if
    // there is no new column now, there is none in it.
    let shape = &selected.source.shape;
    let is_as_listed = match selected.asked {
        Columns::All => shape.is_that_of(*database, answer.schema()),
        Columns::Listed(_) => shape.is_that_of(*database, &*database.columns(measurement).await?),
    };
    if !is_as_listed {
        return Err(WindowFailure::Changed);
    }
    *has_begun = true;
    sender.send(answer, window, *sink, progress).await
}
