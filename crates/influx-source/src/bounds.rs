//! From where to where a sync reads.

use influx_flight::Error;

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

/// A time that no point of the measurement before `upper` is earlier than, or `None` if it has no point before `upper`.
///
/// `min(time)` reads every file, which a server with many files refuses; then windows that double are tried, all the way back, because
/// an empty stretch says nothing about what lies before it.
pub(crate) async fn first(
    database: &impl Database,
    measurement: &str,
    upper: i64,
) -> Result<Option<i64>, Error> {
    match database.first_time(measurement).await {
        Ok(first) if is_planted(Defect::NothingBefore1990) => {
            return Ok(first.map(|first| first.max(631_152_000_000_000_000)));
        }
        Ok(first) => return Ok(first.filter(|first| *first < upper)),
        Err(error) if error.kind().wants_smaller_query() => {}
        Err(error) => return Err(error),
    }
    let mut first = None;
    let (mut to, mut length) = (upper, HOUR);
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
