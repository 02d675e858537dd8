//! From where to where a sync reads.

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::settings::Settings;
use crate::sync::{NoAnswer, Session};
use crate::time::Clock;
use crate::time_series::{File, TimeSeries};
use crate::window::{EARLIEST, Window};

const HOUR: i64 = 3_600_000_000_000;

/// The time up to which a sync reads, `settle` nanoseconds before the present. It is taken once,
/// before anything else, and points beyond it wait for their time.
///
/// The earlier of two clocks counts, since a point that one side already sees may still be on its
/// way for the other.
pub(crate) async fn upper_bound(
    clock: &dyn Clock,
    database: &impl TimeSeries,
    settings: &Settings,
) -> Result<i64, Failure> {
    let (ours, theirs) = (clock.now(), settings.retry.run(|| database.now()).await?);
    Ok(ours.min(theirs).saturating_sub(settings.settle).max(EARLIEST))
}

/// A time that no point of the measurement before the upper bound is earlier than and that is not
/// before `start`, or `None` if there is nothing to read between the two.
///
/// With a `start` there is nothing to ask. Where files are shown, they tell, with one question
/// whether anything lies before them. Elsewhere the first point is asked for, which reads all of
/// them and may be refused. What is left are windows that double.
pub(crate) async fn first<D: TimeSeries, S>(
    session: &Session<'_, D, S>,
    measurement: &str,
    start: Option<i64>,
    files: Option<&[File]>,
) -> Result<Option<i64>, Failure> {
    let Session { database, upper_bound: upper, .. } = session;
    if let Some(start) = start {
        return Ok(Some(start).filter(|start| start < upper));
    }
    let listed = match files {
        Some(files) => files.iter().map(|file| file.first).min(),
        None => first_listed(session, measurement).await?,
    };
    if listed.is_none() {
        match session.ask(measurement, || database.first_time(measurement)).await {
            Ok(first) => return Ok(first.filter(|first| first < upper)),
            Err(failure) => cannot_be_answered(failure)?,
        }
    }
    let listed = listed.map(|listed| listed.min(*upper));
    let known = listed.filter(|listed| listed < upper);
    if let Some(before) = listed.and_then(|listed| Window::new(EARLIEST, listed)) {
        match session.ask(measurement, || database.has_points(measurement, before)).await {
            Ok(false) => return Ok(known),
            Ok(true) => {}
            Err(failure) => cannot_be_answered(failure)?,
        }
    }
    Ok(gallop(session, measurement, listed.unwrap_or(*upper)).await?.or(known))
}

/// Gives way where a question is refused as too big, or not answered while others are.
///
/// # Errors
///
/// Any other failure.
fn cannot_be_answered(failure: NoAnswer) -> Result<(), Failure> {
    match failure {
        NoAnswer::This(failure) if failure.refusal().is_some() || failure.is_transient() => Ok(()),
        NoAnswer::This(failure) | NoAnswer::All(failure) => Err(failure),
    }
}

/// The time of the first point that is in a file, where files are shown.
async fn first_listed<D: TimeSeries, S>(
    session: &Session<'_, D, S>,
    measurement: &str,
) -> Result<Option<i64>, Failure> {
    let all = BTreeMap::new();
    match session.ask(measurement, || session.database.files(measurement, &all)).await {
        Ok(files) => Ok(files.iter().map(|file| file.first).min()),
        Err(NoAnswer::This(_)) => Ok(None),
        Err(NoAnswer::All(failure)) => Err(failure),
    }
}

/// A time that no point before `to` is earlier than, or `None` if there is none.
///
/// Tries windows that double, all the way back, because an empty stretch says nothing about what
/// lies before it.
async fn gallop<D: TimeSeries, S>(
    session: &Session<'_, D, S>,
    measurement: &str,
    to: i64,
) -> Result<Option<i64>, Failure> {
    let mut first = None;
    let (mut to, mut length) = (to, HOUR);
    while let Some(window) = Window::new(to.saturating_sub(length).max(EARLIEST), to) {
        match session.ask(measurement, || session.database.has_points(measurement, window)).await {
            Ok(false) => {}
            Ok(true) => first = Some(window.from()),
            // Too much to look at is more than nothing.
            Err(NoAnswer::This(failure)) if failure.refusal().is_some() => {
                first = Some(window.from());
            }
            Err(failure) => {
                cannot_be_answered(failure)?;
                // To ask on would take as long each time. Windows without points are crossed fast.
                return Ok(Some(EARLIEST));
            }
        }
        (to, length) = (window.from(), length.saturating_mul(2));
    }
    Ok(first)
}
