//! Counts: a day that has another number of points than it had says that some came late or went.

use std::collections::BTreeMap;

use crate::late::Counts;
use crate::settings::Settings;
use crate::sync::{NoAnswer, Session};
use crate::time_series::{Bin, TimeSeries};
use crate::window::{EARLIEST, TimeRangeSet, Window};

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;
/// Counting reads the keys of all points in question, so it is not done at every sync.
const AT_MOST_EVERY: i64 = 4 * HOUR;

/// What the counts tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) counts: Counts,
    pub(crate) late: TimeRangeSet,
}

/// A measurement to count, and what is known of it.
pub(crate) struct Recount<'a, 'b, D, S> {
    pub(crate) session: &'a Session<'b, D, S>,
    pub(crate) measurement: &'a str,
    /// What was counted the last time.
    pub(crate) before: Option<&'a Counts>,
    /// Where the measurement stands.
    pub(crate) cursor: Option<i64>,
    /// The time before which nothing is read.
    pub(crate) earliest: i64,
}

impl<D: TimeSeries, S> Recount<'_, '_, D, S> {
    /// Counts the points of the last days and compares, or does nothing if that was done lately.
    ///
    /// Everything that is counted for the first time is read after it, in this sync: so a count is
    /// never higher than what was read, and a point that comes later makes it rise.
    pub(crate) async fn run(&self, upper_bound: i64) -> Result<Option<Counted>, NoAnswer> {
        let Self { session, measurement, before, cursor, earliest } = *self;
        // Counts from after the present time are those of a clock that had jumped.
        let before = before.filter(|before| before.range.to() <= upper_bound);
        if let Some(before) = before
            && upper_bound.saturating_sub(before.range.to()) < AT_MOST_EVERY
        {
            return Ok(None);
        }
        let Some(range) = range(session.settings, earliest, upper_bound) else { return Ok(None) };
        let mut days = BTreeMap::new();
        let (mut late, mut changed) = (TimeRangeSet::default(), 0);
        // What was counted before is counted in the same range again, so that the two can be
        // compared.
        let compared = before.and_then(|before| {
            Some((before, Window::new(range.from().max(before.range.from()), before.range.to())?))
        });
        let mut uncounted: TimeRangeSet = [range].into_iter().collect();
        if let Some((before, compared)) = compared {
            uncounted.remove(compared);
            days = self.count(compared, Bin::Day).await?;
            for (day, points) in &days {
                // Where points have gone, others may have come: more went than came, and the day
                // has fewer.
                let is_changed = before.days.get(day) != Some(points);
                let whole =
                    Window::new(day.saturating_mul(DAY), day.saturating_add(1).saturating_mul(DAY));
                let part = whole.and_then(|day| {
                    Window::new(day.from().max(compared.from()), day.to().min(compared.to()))
                });
                if let Some(day) = part.filter(|_| is_changed) {
                    changed += 1;
                    late.extend(&self.hours_with_points(day).await?);
                }
            }
        }
        for window in uncounted.iter() {
            for (day, points) in self.count(window, Bin::Day).await? {
                *days.entry(day).or_default() += points;
            }
        }
        if changed > 0 {
            let hours = late.iter().map(|window| window.length() / HOUR.unsigned_abs());
            let hours = hours.sum::<u64>();
            tracing::info!(
                measurement,
                days = changed,
                hours,
                "days have other numbers of points than they had, and are read again"
            );
        }
        if let Some(cursor) = cursor {
            // A point that came here after its window was read and before now would be in this
            // count, and never make it rise.
            late.extend(&uncounted.between(i64::MIN, cursor));
        }
        Ok(Some(Counted { counts: Counts { range, days }, late }))
    }

    /// The hours of a day that hold points.
    async fn hours_with_points(&self, day: Window) -> Result<TimeRangeSet, NoAnswer> {
        let hours = self.count(day, Bin::Hour).await?;
        let hour = |hour: &i64| {
            Window::new(hour.saturating_mul(HOUR), hour.saturating_add(1).saturating_mul(HOUR))
        };
        let hours: TimeRangeSet = hours.keys().filter_map(hour).collect();
        Ok(hours.between(day.from(), day.to()))
    }

    /// Counts the points of a window by the number of the bin since 1970, in several questions if
    /// one reads too much.
    async fn count(&self, window: Window, bin: Bin) -> Result<BTreeMap<i64, u64>, NoAnswer> {
        let mut counts = BTreeMap::new();
        let mut windows = vec![window];
        while let Some(window) = windows.pop() {
            let Self { session, measurement, .. } = *self;
            let count = || session.database.counts(measurement, window, bin);
            let found = match session.ask(measurement, count).await {
                Err(NoAnswer::This(failure)) if failure.refusal().is_some() => {
                    let middle = window.from().midpoint(window.to());
                    let halves =
                        Window::new(window.from(), middle).zip(Window::new(middle, window.to()));
                    let Some((first, second)) = halves else { return Err(NoAnswer::This(failure)) };
                    windows.extend([second, first]);
                    continue;
                }
                found => found?,
            };
            for (start, count) in found {
                *counts.entry(start.div_euclid(bin.length())).or_default() += count.points;
            }
        }
        Ok(counts)
    }
}

/// What is counted: whole days, as many as are set, up to the upper bound.
fn range(settings: &Settings, earliest: i64, upper_bound: i64) -> Option<Window> {
    let first = upper_bound.saturating_sub(settings.audit_days.saturating_mul(DAY)).max(EARLIEST);
    let first_day = first - first.rem_euclid(DAY).min(first.saturating_sub(EARLIEST));
    Window::new(first_day.max(earliest), upper_bound)
}
