//! What was read of each hour and day: how many points, and how many values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sync_state::Cursor;

use crate::late::tally::Tally;
use crate::late::units::{UnitKey, Units};
use crate::time_series::Count;
use crate::window::{TimeRangeSet, Window};

/// Comparing reads the keys and fields of all points in question, so not every sync does it.
const COMPARED_EVERY: i64 = 4 * 3_600_000_000_000;

/// What was read of each hour and day, counted from the rows as they passed.
///
/// A count may be too low: then what it stands for is read once more than needed. It must never be
/// too high, since that would hide as many points that come late.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Of which times the counts are complete. What lies in it and has no count had no point.
    covered: TimeRangeSet,
    /// By the number of the hour since 1970-01-01T00:00:00Z.
    #[serde(default)]
    hours: BTreeMap<i64, Read>,
    /// By the number of the day, where hours are not told apart any more.
    #[serde(default)]
    days: BTreeMap<i64, Read>,
    /// Up to which time the counts were last held against the database's.
    compared: Option<Cursor>,
}

/// What was read of an hour or a day. In JSON a list of one or two numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>", into = "Vec<u64>")]
struct Read {
    points: u64,
    /// `None` where they are of other columns than those that are selected now.
    cells: Option<u64>,
}

impl Read {
    fn is(self, now: Count) -> bool {
        self.points == now.points && self.cells.is_none_or(|cells| cells == now.cells)
    }

    /// Whether there is nothing now that was not there then, as far as numbers tell.
    fn is_at_least(self, now: Count) -> bool {
        self.points >= now.points && self.cells.is_none_or(|cells| cells >= now.cells)
    }

    fn and(self, more: Self) -> Self {
        let cells = self.cells.zip(more.cells).map(|(one, other)| one + other);
        Self { points: self.points + more.points, cells }
    }
}

impl From<Count> for Read {
    fn from(count: Count) -> Self {
        Self { points: count.points, cells: Some(count.cells) }
    }
}

impl From<Read> for Vec<u64> {
    fn from(read: Read) -> Self {
        std::iter::once(read.points).chain(read.cells).collect()
    }
}

impl TryFrom<Vec<u64>> for Read {
    type Error = String;

    fn try_from(numbers: Vec<u64>) -> Result<Self, String> {
        match *numbers.as_slice() {
            [points] => Ok(Self { points, cells: None }),
            [points, cells] => Ok(Self { points, cells: Some(cells) }),
            _ => Err(format!("{numbers:?} are not points and values")),
        }
    }
}

/// The main stretch of a sync: it begins somewhat before the cursor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MainStretch {
    pub(crate) from: i64,
    /// The cursor that the sync began with.
    pub(crate) cursor: i64,
}

impl Counts {
    /// Of a table that is read from its first point on, which is at `first` or after it.
    pub(crate) fn from_first(units: &Units, first: i64, upper_bound: i64) -> Self {
        Self {
            covered: Window::new(units.first(), first).into_iter().collect(),
            // Nothing is compared with what has only just been read.
            compared: Some(Cursor(upper_bound)),
            ..Self::default()
        }
    }

    /// Whether it is time to hold the counts against the database's.
    pub(crate) fn are_due(&self, upper_bound: i64) -> bool {
        let last = self.compared.filter(|last| last.0 <= upper_bound);
        last.is_none_or(|last| upper_bound.saturating_sub(last.0) >= COMPARED_EVERY)
    }

    /// Forgets what was counted beyond a time, since the cursor goes back to it.
    pub(crate) fn truncate(&mut self, to: i64, units: &Units) {
        let is_beyond = Window::new(to, i64::MAX)
            .is_some_and(|beyond| !self.covered.between(beyond.from(), beyond.to()).is_empty());
        if !is_beyond {
            return;
        }
        let from = units.at(to).map_or(to, |unit| unit.window.from());
        if let Some(beyond) = Window::new(from, i64::MAX) {
            self.covered.remove(beyond);
        }
        self.hours.retain(|hour, _| Units::start_of_hour(*hour) < from);
        self.days.retain(|day, _| Units::start_of_day(*day) < from);
    }

    /// Forgets how many values there were: the columns that are selected have changed.
    pub(crate) fn forget_cells(&mut self) {
        for read in self.hours.values_mut().chain(self.days.values_mut()) {
            read.cells = None;
        }
    }

    /// Joins hours to days where they are not told apart any more, and forgets what is older than
    /// anything that is compared.
    pub(crate) fn coarsen(&mut self, units: &Units) {
        self.covered = self.covered.between(units.first(), i64::MAX);
        let is_day = |hour: &i64| Units::start_of_hour(*hour) < units.hours_from();
        let old: Vec<_> = self.hours.extract_if(.., |hour, _| is_day(hour)).collect();
        for (hour, read) in old {
            let day = Units::day_of_hour(hour);
            self.days.entry(day).and_modify(|sum| *sum = sum.and(read)).or_insert(read);
        }
        self.days.retain(|day, _| Units::start_of_day(*day + 1) > units.first());
    }

    /// Counts a window of the main stretch. Windows have to come in their order, without holes.
    ///
    /// An hour that begins in the stretch is counted anew. One that begins before it and was
    /// counted up to the cursor goes on from there.
    pub(crate) fn go_on(
        &mut self,
        units: &Units,
        main: MainStretch,
        window: Window,
        tally: &Tally,
    ) {
        for unit in units.within(window) {
            let whole = unit.window;
            let from = whole.from().max(window.from());
            let to = whole.to().min(window.to());
            let (from, count) = if whole.from() < main.from {
                (from.max(main.cursor), tally.new_in(whole))
            } else {
                if from == whole.from() {
                    self.forget(unit.key);
                    self.covered.remove(whole);
                }
                (from, tally.all_in(whole))
            };
            let Some(piece) = Window::new(from, to) else { continue };
            if self.covers(whole.from(), piece.from()) {
                self.add(unit.key, count);
                self.covered.insert(piece);
            }
        }
    }

    /// Counts hours and days that were read again, as a whole.
    pub(crate) fn read_again(&mut self, units: &Units, again: &mut TimeRangeSet, tally: &Tally) {
        let ranges: Vec<_> = again.iter().collect();
        for unit in ranges.into_iter().flat_map(|range| units.inside(range)) {
            self.forget(unit.key);
            self.add(unit.key, tally.all_in(unit.window));
            self.covered.insert(unit.window);
            again.remove(unit.window);
        }
    }

    /// Holds the counts against what there is now, and gives what has to be read again.
    pub(crate) fn compare(&mut self, units: &Units, now: &Tally, upper_bound: i64) -> TimeRangeSet {
        self.compared = Some(Cursor(upper_bound));
        let mut different = TimeRangeSet::default();
        let mut is_oldest = true;
        for unit in units.compared() {
            let window = unit.window;
            let (before, count) = (self.of(unit.key), now.all_in(window));
            let is_known = self.covers(window.from(), window.to());
            if is_known && before.is(count) {
                is_oldest &= count.points == 0;
                continue;
            }
            // Points go from the oldest end when their time is over, and absence deletes nothing.
            let is_left_alone =
                count.points == 0 || (is_known && is_oldest && before.is_at_least(count));
            if is_left_alone {
                self.forget(unit.key);
                self.add(unit.key, count);
                self.covered.insert(window);
            } else {
                different.insert(window);
            }
            is_oldest &= count.points == 0;
        }
        different
    }

    fn covers(&self, from: i64, to: i64) -> bool {
        Window::new(from, to).is_none_or(|window| self.covered.has(window))
    }

    fn of(&self, key: UnitKey) -> Read {
        let read = match key {
            UnitKey::Hour(hour) => self.hours.get(&hour),
            UnitKey::Day(day) => self.days.get(&day),
        };
        read.copied().unwrap_or(Count::default().into())
    }

    fn forget(&mut self, key: UnitKey) {
        match key {
            UnitKey::Hour(hour) => self.hours.remove(&hour),
            UnitKey::Day(day) => self.days.remove(&day),
        };
    }

    fn add(&mut self, key: UnitKey, count: Count) {
        if count == Count::default() {
            return;
        }
        let read = match key {
            UnitKey::Hour(hour) => self.hours.entry(hour),
            UnitKey::Day(day) => self.days.entry(day),
        };
        let count = Read::from(count);
        read.and_modify(|sum| *sum = sum.and(count)).or_insert(count);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, TimestampNanosecondArray};

    use super::{Counts, MainStretch};
    use crate::late::tally::{Counting, Tally};
    use crate::late::units::Units;
    use crate::settings::Settings;
    use crate::time_series::Count;
    use crate::window::{TimeRangeSet, Window};

    const HOUR: i64 = 3_600_000_000_000;
    const DAY: i64 = 24 * HOUR;

    fn units(upper: i64) -> Units {
        Units::new(&Settings::new("db"), None, upper).unwrap()
    }

    /// So many points with a value each, in hours; those from the cursor on are new.
    fn tally_from(cursor: i64, hours: &[(i64, u64)]) -> Tally {
        let points = hours.iter().flat_map(|&(hour, points)| (0..points).map(move |_| hour * HOUR));
        let times: ArrayRef = Arc::new(TimestampNanosecondArray::from_iter_values(points));
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..times.len() as i64));
        let batch = RecordBatch::try_from_iter([("time", times), ("v", values)]).unwrap();
        let mut tally = Tally::default();
        tally.count(&batch, &["v".to_owned()], Counting { from: i64::MIN, cursor });
        tally
    }

    fn tally(hours: &[(i64, u64)]) -> Tally {
        tally_from(i64::MIN, hours)
    }

    fn window(from: i64, to: i64) -> Window {
        Window::new(from, to).unwrap()
    }

    /// A table that was read from its first point on, with three points an hour.
    fn three_an_hour(hours: std::ops::Range<i64>) -> Counts {
        let upper = hours.end * HOUR;
        let (units, first) = (units(upper), hours.start * HOUR);
        let mut counts = Counts::from_first(&units, first, upper);
        let read: Vec<_> = hours.map(|hour| (hour, 3)).collect();
        let main = MainStretch { from: first, cursor: first };
        counts.go_on(&units, main, window(first, upper), &tally(&read));
        counts
    }

    #[track_caller]
    fn check(counts: &Counts, upper: i64, now: &[(i64, u64)], expected: &[(i64, i64)]) {
        let different = counts.clone().compare(&units(upper), &tally(now), upper);
        let expected: TimeRangeSet =
            expected.iter().map(|(from, to)| window(from * HOUR, to * HOUR)).collect();
        assert_eq!(different, expected);
    }

    #[test]
    fn what_was_read_is_what_there_is() {
        let upper = 100 * HOUR;
        let counts = three_an_hour(60..100);
        // Nothing is compared with what has only just been read.
        assert!(!counts.are_due(upper) && Counts::default().are_due(upper));
        let now: Vec<_> = (60..99).map(|hour| (hour, 3)).collect();
        check(&counts, upper, &now, &[]);
        // Hours of the newest two days, and the day before them.
        let with = |hour: i64, points: u64| {
            let mut now = now.clone();
            now[(hour - 60) as usize].1 = points;
            now
        };
        check(&counts, upper, &with(80, 4), &[(80, 81)]);
        check(&counts, upper, &with(80, 2), &[(80, 81)]);
        check(&counts, upper, &with(62, 4), &[(48, 72)]);
        // What is oldest loses points when their time is over.
        check(&counts, upper, &with(62, 2), &[]);
        check(&counts, upper, &[(50, 1)], &[(48, 72)][..0]);
    }

    #[test]
    fn what_was_never_counted_is_read_once() {
        let upper = 100 * HOUR;
        let now = [(60, 3), (80, 3)];
        check(&Counts::default(), upper, &now, &[(48, 72), (80, 81)]);
        let mut counts = Counts::default();
        let units = units(upper);
        let different = counts.compare(&units, &tally(&now), upper);
        let mut again = different;
        counts.read_again(&units, &mut again, &tally(&now));
        assert!(again.is_empty());
        check(&counts, upper, &now, &[]);
        assert!(!counts.are_due(upper + 4 * HOUR - 1) && counts.are_due(upper + 4 * HOUR));
    }

    #[test]
    fn an_hour_goes_on_at_the_cursor_and_is_never_counted_twice() {
        let upper = 100 * HOUR + HOUR / 2;
        let mut counts = three_an_hour(90..100);
        // The next sync reads from the cursor on, the one after it from an hour before that.
        let later = units(upper);
        let main = MainStretch { from: 100 * HOUR, cursor: 100 * HOUR };
        let part = tally_from(main.cursor, &[(100, 2)]);
        counts.go_on(&later, main, window(100 * HOUR, upper), &part);
        let before = counts.clone();
        let later = units(103 * HOUR);
        let main = MainStretch { from: upper - HOUR, cursor: upper };
        let read = tally_from(upper, &[(99, 1), (100, 2)]);
        counts.go_on(&later, main, window(upper - HOUR, 103 * HOUR), &read);
        let as_read: Vec<_> = (90..100).map(|hour| (hour, 3)).chain([(100, 2)]).collect();
        check(&counts, 103 * HOUR, &as_read, &[]);
        // A cursor that goes back takes the counts with it.
        let mut back = before;
        back.truncate(99 * HOUR + 1, &later);
        check(&back, 103 * HOUR, &as_read, &[(99, 101)]);
    }

    #[test]
    fn where_other_columns_were_selected_points_alone_are_compared() {
        let upper = 100 * HOUR;
        let mut counts = three_an_hour(60..100);
        counts.forget_cells();
        let json = serde_json::to_string(&counts).unwrap();
        assert_eq!(serde_json::from_str::<Counts>(&json).unwrap(), counts);
        let mut now: Vec<_> = (60..99).map(|hour| (hour, 3)).collect();
        let mut more = tally(&now);
        more.counted(80 * HOUR, Count::new(0, 5));
        assert!(counts.clone().compare(&units(upper), &more, upper).is_empty());
        now[20].1 = 4;
        check(&counts, upper, &now, &[(80, 81)]);
    }

    #[test]
    fn hours_become_days() {
        let mut counts = three_an_hour(60..100);
        let upper = 100 * HOUR + DAY;
        counts.coarsen(&units(upper));
        let json = serde_json::to_value(&counts).unwrap();
        assert_eq!(json["days"], serde_json::json!({ "2": [36, 36], "3": [72, 72] }));
        assert_eq!(json["hours"].as_object().map(serde_json::Map::len), Some(4));
        assert_eq!(serde_json::from_value::<Counts>(json).unwrap(), counts);
        // What is older than anything that is compared is forgotten.
        counts.coarsen(&units(upper + 30 * DAY));
        let nothing = Counts { compared: counts.compared, ..Counts::default() };
        assert_eq!(counts, nothing);
    }
}
