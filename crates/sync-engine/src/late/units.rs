//! The hours and days by which points are counted.

use crate::settings::Settings;
use crate::window::{EARLIEST, Window};

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;

/// The hours and days by which points are counted: hours for the newest two days, and days before
/// that, as far back as is set. Those at the edge of what is read are cut off by it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Units {
    /// The time before which nothing is read.
    earliest: i64,
    /// The first time that is counted.
    first: i64,
    /// From here on, hours are told apart.
    hours_from: i64,
    /// Up to here counts are compared: what lies beyond is read by every sync.
    end: i64,
}

/// An hour or a day, and the time that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) key: UnitKey,
    pub(crate) window: Window,
}

/// An hour or a day, by its number since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitKey {
    Hour(i64),
    Day(i64),
}

impl Units {
    /// The units of a table of which nothing before `start` is read; `None` if nothing is to be
    /// counted.
    pub(crate) fn new(settings: &Settings, start: Option<i64>, upper_bound: i64) -> Option<Self> {
        if settings.audit_days <= 0 {
            return None;
        }
        let earliest = start.unwrap_or(EARLIEST);
        let floor = |time: i64, length: i64| {
            time.div_euclid(length).checked_mul(length).unwrap_or(EARLIEST).max(EARLIEST)
        };
        let back = settings.audit_days.saturating_mul(DAY);
        let first = floor(upper_bound.saturating_sub(back), DAY);
        let end = floor(upper_bound.saturating_sub(settings.lookback), HOUR);
        Some(Self {
            earliest,
            first: first.max(earliest),
            hours_from: floor(end, DAY).saturating_sub(DAY),
            end,
        })
    }

    pub(crate) fn first(&self) -> i64 {
        self.first
    }

    pub(crate) fn hours_from(&self) -> i64 {
        self.hours_from
    }

    /// What is compared, in days and in hours.
    pub(crate) fn compared_by(&self) -> [Option<Window>; 2] {
        let middle = self.hours_from.clamp(self.first, self.end.max(self.first));
        [Window::new(self.first, middle), Window::new(middle, self.end)]
    }

    /// The hour or day that holds a time; `None` if it is not counted.
    pub(crate) fn at(&self, time: i64) -> Option<Unit> {
        if time < self.first {
            return None;
        }
        let (key, length) = match time < self.hours_from {
            true => (UnitKey::Day(time.div_euclid(DAY)), DAY),
            false => (UnitKey::Hour(time.div_euclid(HOUR)), HOUR),
        };
        let start = time.saturating_sub(time.rem_euclid(length));
        let window = Window::new(start.max(self.earliest), start.saturating_add(length))?;
        Some(Unit { key, window })
    }

    /// Those that a window has a part of, in their order.
    pub(crate) fn within(&self, window: Window) -> impl Iterator<Item = Unit> {
        let mut time = window.from().max(self.first);
        std::iter::from_fn(move || {
            let unit = self.at(time).filter(|_| time < window.to())?;
            time = unit.window.to();
            Some(unit)
        })
    }

    /// Those that lie in a window as a whole.
    pub(crate) fn inside(&self, window: Window) -> impl Iterator<Item = Unit> {
        self.within(window).filter(move |unit| {
            window.from() <= unit.window.from() && unit.window.to() <= window.to()
        })
    }

    /// Those that are compared, in their order.
    pub(crate) fn compared(&self) -> impl Iterator<Item = Unit> {
        let all = Window::new(self.first, self.end);
        all.into_iter().flat_map(|all| self.within(all))
    }

    pub(crate) fn start_of_hour(hour: i64) -> i64 {
        hour.saturating_mul(HOUR)
    }

    pub(crate) fn start_of_day(day: i64) -> i64 {
        day.saturating_mul(DAY)
    }

    pub(crate) fn day_of_hour(hour: i64) -> i64 {
        hour.div_euclid(24)
    }

    pub(crate) fn hour_of(time: i64) -> i64 {
        time.div_euclid(HOUR)
    }
}
