//! The audit of counts: a day that has more points than it had says that some came late, and one that has fewer may hide that.

use std::collections::BTreeMap;

use influx_flight::Error;
use serde::{Deserialize, Serialize};

use crate::config::InfluxConfig;
use crate::database::{Bin, Database};
use crate::plant::{Defect, is_planted};
use crate::progress::Position;
use crate::stretches::Stretches;
use crate::window::{EARLIEST, Window};

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;
/// Counting reads the keys of all points in question, so it is not done at every sync.
const AT_MOST_EVERY: i64 = 4 * HOUR;

/// How many points there were when they were counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// What was counted. Its end is the upper bound of that sync.
    range: Window,
    /// The points of each day that had any, by the number of the day since 1970-01-01.
    days: BTreeMap<i64, u64>,
}

/// What the counts tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) counts: Counts,
    pub(crate) late: Stretches,
}

/// Counts the points of the last days and compares, or does nothing if that was done lately.
///
/// Everything that is counted for the first time is read after it, in this sync: so a count is never higher than what was read, and a
/// point that comes later makes it rise.
pub(crate) async fn audit<D: Database>(
    database: &D,
    config: &InfluxConfig,
    measurement: &str,
    position: Option<&Position>,
    upper: i64,
) -> Result<Option<Found>, Error> {
    let before = position.and_then(|position| position.notes.counts.as_ref());
    // Counts from after the present time are those of a clock that had jumped.
    let before = before.filter(|before| before.range.to() <= upper);
    if let Some(before) = before
        && upper.saturating_sub(before.range.to()) < AT_MOST_EVERY
    {
        return Ok(None);
    }
    let first_day = upper.saturating_sub(config.audit_days.saturating_mul(DAY)).max(EARLIEST);
    let first_day = first_day - first_day.rem_euclid(DAY).min(first_day.saturating_sub(EARLIEST));
    let Some(range) = Window::new(first_day.max(config.start.unwrap_or(EARLIEST)), upper) else {
        return Ok(None);
    };
    let mut days = BTreeMap::new();
    let (mut late, mut changed) = (Stretches::default(), 0);
    // What was counted before is counted in the same stretch again, so that the two can be compared.
    let compared = before.and_then(|before| {
        Some((before, Window::new(range.from().max(before.range.from()), before.range.to())?))
    });
    let mut uncounted: Stretches = [range].into_iter().collect();
    if let Some((before, compared)) = compared {
        uncounted.remove(compared);
        days = count(database, measurement, compared, Bin::Day).await?;
        for (day, points) in &days {
            // Where points have gone, others may have come: more went than came, and the day has fewer.
            let is_changed = before.days.get(day) != Some(points);
            let whole =
                Window::new(day.saturating_mul(DAY), day.saturating_add(1).saturating_mul(DAY));
            let part = whole.and_then(|day| {
                Window::new(day.from().max(compared.from()), day.to().min(compared.to()))
            });
            if let Some(day) = part.filter(|_| is_changed && !is_planted(Defect::RiseIgnored)) {
                changed += 1;
                late.extend(&hours_with_points(database, measurement, day).await?);
            }
        }
    }
    for window in uncounted.iter() {
        for (day, points) in count(database, measurement, window, Bin::Day).await? {
            *days.entry(day).or_default() += points;
        }
    }
    if changed > 0 {
        let hours = late.iter().map(|window| window.length() / HOUR.unsigned_abs()).sum::<u64>();
        tracing::info!(
            measurement,
            days = changed,
            hours,
            "days have other numbers of points than they had, and are read again"
        );
    }
    if let Some(position) = position
        && !is_planted(Defect::UncountedStretch)
    {
        // A point that came here after its window was read and before now would be in this count, and never make it rise.
        late.extend(&uncounted.between(i64::MIN, position.cursor));
    }
    Ok(Some(Found { counts: Counts { range, days }, late }))
}

/// The hours of a stretch that hold points.
async fn hours_with_points<D: Database>(
    database: &D,
    measurement: &str,
    day: Window,
) -> Result<Stretches, Error> {
    let hours = count(database, measurement, day, Bin::Hour).await?;
    let hours: Stretches = hours
        .keys()
        .filter_map(|hour| {
            Window::new(hour.saturating_mul(HOUR), hour.saturating_add(1).saturating_mul(HOUR))
        })
        .collect();
    Ok(hours.between(day.from(), day.to()))
}

/// Counts the points of a window by the number of the bin since 1970, in several queries if one reads too much.
async fn count<D: Database>(
    database: &D,
    measurement: &str,
    window: Window,
    bin: Bin,
) -> Result<BTreeMap<i64, u64>, Error> {
    let length = match bin {
        Bin::Day => DAY,
        Bin::Hour => HOUR,
    };
    let mut counts = BTreeMap::new();
    let mut windows = vec![window];
    while let Some(window) = windows.pop() {
        let found = match database.counts(measurement, window, bin).await {
            Err(error) if error.kind().wants_smaller_query() => {
                let middle = window.from().midpoint(window.to());
                let halves =
                    Window::new(window.from(), middle).zip(Window::new(middle, window.to()));
                let Some((first, second)) = halves else { return Err(error) };
                windows.extend([second, first]);
                continue;
            }
            found => found?,
        };
        for (start, points) in found {
            *counts.entry(start.div_euclid(length)).or_default() += points;
        }
    }
    Ok(counts)
}
