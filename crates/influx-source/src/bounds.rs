//! From where to where a sync reads.

use influx_flight::{Error, ParquetFiles};

use crate::database::Database;
use crate::plant::{Defect, is_planted};
use crate::time::Clock;
use crate::window::{EARLIEST, Window};

/// How long a point may take from its write until a query sees it, in nanoseconds: 1 s on Core, some seconds elsewhere.
pub(crate) const SETTLE: i64 = 10_000_000_000;
const HOUR: i64 = 3_600_000_000_000;

/// The time up to which a sync reads. It is taken once, before anything else, and points beyond it wait for their time.
///
/// The earlier of two clocks counts, since a point that one side already sees may still be on its way for the other.
pub(crate) async fn upper(clock: &dyn Clock, database: &impl Database) -> Result<i64, Error> {
    let (ours, theirs) = (clock.now(), database.now().await?);
    let now = if is_planted(Defect::LaterClock) { ours.max(theirs) } else { ours.min(theirs) };
    let settle = if is_planted(Defect::NothingSettles) { 0 } else { SETTLE };
    let upper =
        if is_planted(Defect::FuturePoints) { i64::MAX } else { now.saturating_sub(settle) };
    Ok(upper.max(EARLIEST))
}

/// A time that no point of the measurement before `upper` is earlier than and that is not before
/// `start`, or `None` if there is nothing to read between the two.
///
/// With a `start` there is nothing to ask. `min(time)` reads every file, which a server with many
/// files refuses; then files tell, where they are shown, and one question whether anything lies
/// before them. What is left are windows that double.
pub(crate) async fn first(
    database: &impl Database,
    measurement: &str,
    start: Option<i64>,
    upper: i64,
) -> Result<Option<i64>, Error> {
    if let Some(start) = start {
        return Ok(Some(start).filter(|start| *start < upper));
    }
    match database.first_time(measurement).await {
        Ok(first) if is_planted(Defect::NothingBefore1990) => {
            return Ok(first.map(|first| first.max(631_152_000_000_000_000)));
        }
        Ok(first) => return Ok(first.filter(|first| *first < upper)),
        Err(error) if error.kind().wants_smaller_query() => {}
        Err(error) => return Err(error),
    }
    let listed = first_listed(database, measurement).await?.map(|listed| listed.min(upper));
    let known = listed.filter(|listed| *listed < upper);
    if let Some(before) = listed.and_then(|listed| Window::new(EARLIEST, listed)) {
        match database.has_points(measurement, before).await {
            Ok(false) => return Ok(known),
            Ok(true) => {}
            Err(error) if error.kind().wants_smaller_query() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(gallop(database, measurement, listed.unwrap_or(upper)).await?.or(known))
}

/// The time of the first point that is in a file, where files are shown.
async fn first_listed(database: &impl Database, measurement: &str) -> Result<Option<i64>, Error> {
    match database.files(measurement).await {
        ParquetFiles::Known(files) => Ok(files.iter().map(|file| file.first).min()),
        ParquetFiles::Unknown(error) if error.kind().is_transient() => Err(error),
        ParquetFiles::Unknown(_) => Ok(None),
    }
}

/// A time that no point before `to` is earlier than, or `None` if there is none.
///
/// Tries windows that double, all the way back, because an empty stretch says nothing about what
/// lies before it.
async fn gallop(
    database: &impl Database,
    measurement: &str,
    to: i64,
) -> Result<Option<i64>, Error> {
    let mut first = None;
    let (mut to, mut length) = (to, HOUR);
    while let Some(window) = Window::new(to.saturating_sub(length).max(EARLIEST), to) {
        match database.has_points(measurement, window).await {
            Ok(false) => {}
            Ok(true) => first = Some(window.from()),
            // Too much to look at is more than nothing.
            Err(error) if error.kind().wants_smaller_query() => first = Some(window.from()),
            Err(error) => return Err(error),
        }
        (to, length) = (window.from(), length.saturating_mul(2));
    }
    Ok(first)
}
