//! One window: asked for, held against what was listed, and sent.

use sync_core::{Sink, SinkError};

use crate::sync::{Session, Tries};
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

/// Reads a window, and again from its start if the answer does not come or breaks off: upserts
/// repeat harmlessly.
///
/// A window may bring the server down, and then the next questions tell nothing of it. So after
/// each failure the server is waited for, and only what it does with this window then counts.
async fn read_patiently<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    sender: &mut RowSender,
    window: Window,
) -> Result<ReadStats, WindowFailure> {
    let mut tries = Tries::default();
    loop {
        let began = session.clock.now();
        match read_once(session, sender, window).await {
            Ok(read) => {
                session.outage.ends();
                session.distress.ends();
                return Ok(ReadStats { began, ..read });
            }
            Err(WindowFailure::Database(failure)) if failure.is_transient() => {
                // Where the sync ends before it was read, the next one asks for less.
                let measurement = &sender.selected().source.measurement;
                session.progress.note(measurement, |notes| notes.interrupted(window));
                if !session.distress.is_there() {
                    let back = session.comes_back(&failure).await;
                    tries.failed(back.map_err(WindowFailure::Outage)?);
                }
                if tries.are_enough(&session.distress) {
                    return Err(WindowFailure::BreaksOff(failure));
                }
            }
            Err(failure) => return Err(failure),
        }
    }
}

async fn read_once<D: TimeSeries, S: Sink>(
    session: &Session<'_, D, S>,
    sender: &mut RowSender,
    window: Window,
) -> Result<ReadStats, WindowFailure> {
    let Session { database, .. } = session;
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
    sender.send(answer, window, session).await
}
