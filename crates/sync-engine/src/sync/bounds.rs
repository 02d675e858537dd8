//! From where to where a sync reads.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt};

use crate::error::Failure;
use crate::settings::Settings;
use crate::sync::{NoAnswer, Session};
use crate::time::Clock;
use crate::time_series::{File, TimeSeries};
use crate::window::{EARLIEST, Window};

const HOUR: i64 = 3_600_000_000_000;
/// How many stretches are looked at at once for the first point.
const SIDE_BY_SIDE: usize = 5;

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
/// whether anything lies before them. What is left is to look from far back. None of it reads the
/// table: its first row must not wait for that.
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
    let listed = listed.map(|listed| listed.min(*upper));
    let known = listed.filter(|listed| listed < upper);
    if let Some(before) = listed.and_then(|listed| Window::new(EARLIEST, listed)) {
        match session.ask(measurement, || database.has_points(measurement, before)).await {
            Ok(false) => return Ok(known),
            Ok(true) => {}
            Err(failure) => cannot_be_answered(failure)?,
        }
    }
    Ok(first_from_far(session, measurement, listed.unwrap_or(*upper)).await?.or(known))
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
/// Tries stretches of time from the earliest on, several at once. To look where there is nothing
/// costs little, and what lies after the first stretch with a point need not be looked at.
async fn first_from_far<D: TimeSeries, S>(
    session: &Session<'_, D, S>,
    measurement: &str,
    to: i64,
) -> Result<Option<i64>, Failure> {
    let mut answers = stream::iter(stretches_before(to))
        .map(async |stretch| {
            let ask = || session.database.has_points(measurement, stretch);
            (stretch, session.ask(measurement, ask).await)
        })
        .buffered(SIDE_BY_SIDE);
    while let Some((stretch, has_points)) = answers.next().await {
        match has_points {
            Ok(false) => {}
            Ok(true) => return Ok(Some(stretch.from())),
            // Too much to look at is more than nothing.
            Err(NoAnswer::This(failure)) if failure.refusal().is_some() => {
                return Ok(Some(stretch.from()));
            }
            Err(failure) => {
                cannot_be_answered(failure)?;
                // It may have points. Windows without any are crossed fast.
                return Ok(Some(stretch.from()));
            }
        }
    }
    Ok(None)
}

/// All the time before `to` in stretches, from the earliest on: the last one is an hour long, and
/// each eight times as long as the one after it.
fn stretches_before(to: i64) -> Vec<Window> {
    let lengths = std::iter::successors(Some(HOUR), |length| Some(length.saturating_mul(8)));
    let mut stretches: Vec<_> = lengths
        .scan(to, |to, length| {
            let stretch = Window::new(to.saturating_sub(length).max(EARLIEST), *to)?;
            *to = stretch.from();
            Some(stretch)
        })
        .collect();
    stretches.reverse();
    stretches
}

#[cfg(test)]
mod tests {
    use super::{EARLIEST, HOUR, stretches_before};
    use crate::window::TimeRangeSet;

    #[test]
    fn stretches_reach_all_the_way_back() {
        for to in [EARLIEST, EARLIEST + 1, 0, i64::MAX] {
            let stretches = stretches_before(to);
            assert!(stretches.len() <= 10 && stretches.is_sorted_by_key(|one| one.from()));
            assert!(stretches.windows(2).all(|pair| pair[0].to() == pair[1].from()));
            let whole: TimeRangeSet = stretches.iter().copied().collect();
            assert_eq!(
                whole.iter().map(|all| (all.from(), all.to())).next(),
                (to > EARLIEST).then_some((EARLIEST, to))
            );
            assert!(stretches.last().is_none_or(|last| last.length() <= HOUR.unsigned_abs()));
        }
    }
}
