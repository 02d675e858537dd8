//! From where to where a sync reads.

use crate::error::Failure;
use crate::time::Clock;
use crate::time_series::TimeSeries;
use crate::window::{EARLIEST, Window};

/// How long a point may take from its write until a query sees it, in nanoseconds.
const SETTLE: i64 = 10_000_000_000;
const HOUR: i64 = 3_600_000_000_000;

/// The time up to which a sync reads. It is taken once, before anything else, and points beyond it
/// wait for their time.
///
/// The earlier of two clocks counts, since a point that one side already sees may still be on its
/// way for the other.
pub(crate) async fn upper_bound(
    clock: &dyn Clock,
    database: &impl TimeSeries,
) -> Result<i64, Failure> {
    let (ours, theirs) = (clock.now(), database.now().await?);
    Ok(ours.min(theirs).saturating_sub(SETTLE).max(EARLIEST))
}

/// A time that no point of the measurement before `upper` is earlier than and that is not before
/// `start`, or `None` if there is nothing to read between the two.
///
/// With a `start` there is nothing to ask. The first point may be found by reading all of them,
/// which a server may refuse; then files tell, where they are shown, and one question whether
/// anything lies before them. What is left are windows that double.
pub(crate) async fn first(
    database: &impl TimeSeries,
    measurement: &str,
    start: Option<i64>,
    upper: i64,
) -> Result<Option<i64>, Failure> {
    if let Some(start) = start {
        return Ok(Some(start).filter(|start| *start < upper));
    }
    match database.first_time(measurement).await {
        Ok(first) => return Ok(first.filter(|first| *first < upper)),
        Err(failure) if failure.refusal().is_some() => {}
        Err(failure) => return Err(failure),
    }
    let listed = first_listed(database, measurement).await?.map(|listed| listed.min(upper));
    let known = listed.filter(|listed| *listed < upper);
    if let Some(before) = listed.and_then(|listed| Window::new(EARLIEST, listed)) {
        match database.has_points(measurement, before).await {
            Ok(false) => return Ok(known),
            Ok(true) => {}
            Err(failure) if failure.refusal().is_some() => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(gallop(database, measurement, listed.unwrap_or(upper)).await?.or(known))
}

/// The time of the first point that is in a file, where files are shown.
async fn first_listed(
    database: &impl TimeSeries,
    measurement: &str,
) -> Result<Option<i64>, Failure> {
    match database.files(measurement).await {
        Ok(files) => Ok(files.iter().map(|file| file.first).min()),
        Err(failure) if failure.is_transient() => Err(failure),
        Err(_) => Ok(None),
    }
}

/// A time that no point before `to` is earlier than, or `None` if there is none.
///
/// Tries windows that double, all the way back, because an empty stretch says nothing about what
/// lies before it.
async fn gallop(
    database: &impl TimeSeries,
    measurement: &str,
    to: i64,
) -> Result<Option<i64>, Failure> {
    let mut first = None;
    let (mut to, mut length) = (to, HOUR);
    while let Some(window) = Window::new(to.saturating_sub(length).max(EARLIEST), to) {
        match database.has_points(measurement, window).await {
            Ok(false) => {}
            Ok(true) => first = Some(window.from()),
            // Too much to look at is more than nothing.
            Err(failure) if failure.refusal().is_some() => first = Some(window.from()),
            Err(failure) => return Err(failure),
        }
        (to, length) = (window.from(), length.saturating_mul(2));
    }
    Ok(first)
}
