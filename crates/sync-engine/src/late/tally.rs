//! Counting rows as they pass.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{Array, RecordBatch};

use crate::late::units::Units;
use crate::time_series::{Count, TIME};
use crate::window::Window;

/// How many points and values there are, by hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    hours: BTreeMap<i64, Hour>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Hour {
    all: Count,
    /// Of those the ones that lie at the cursor or after it.
    new: Count,
}

/// What is counted of the rows of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counting {
    /// Times before it are not counted.
    pub(crate) from: i64,
    /// The cursor that the sync began with.
    pub(crate) cursor: i64,
}

impl Tally {
    /// Counts the rows of a batch and their values in the columns of these names.
    pub(crate) fn count(&mut self, batch: &RecordBatch, fields: &[String], counting: Counting) {
        let times = batch.column_by_name(TIME);
        let Some(times) =
            times.and_then(|times| times.as_primitive_opt::<TimestampNanosecondType>())
        else {
            return;
        };
        let times: &[i64] = times.values();
        let fields: Vec<_> = fields.iter().filter_map(|name| batch.column_by_name(name)).collect();
        let mut begin = 0;
        // Rows come series by series and in the order of time, so runs are long.
        while let Some(&first) = times.get(begin) {
            let hour = Units::hour_of(first);
            let (mut from, mut to) =
                (Units::start_of_hour(hour), Units::start_of_hour(hour.saturating_add(1)));
            let is_new = first >= counting.cursor;
            match is_new {
                true => from = from.max(counting.cursor),
                false => to = to.min(counting.cursor),
            }
            let rest = &times[begin..];
            let length = rest.iter().position(|time| *time < from || *time >= to);
            // The last hour of all has no end.
            let length = length.unwrap_or(rest.len()).max(1);
            if first >= counting.from {
                let cells = fields.iter().map(|field| {
                    let nulls = field.nulls().map_or(0, |nulls| match nulls.null_count() {
                        0 => 0,
                        _ => nulls.slice(begin, length).null_count(),
                    });
                    (length - nulls) as u64
                });
                let count = Count { points: length as u64, cells: cells.sum() };
                self.add(hour, count, is_new);
            }
            begin += length;
        }
    }

    /// What a database has counted in a bin that begins at a time.
    pub(crate) fn counted(&mut self, start: i64, count: Count) {
        self.add(Units::hour_of(start), count, false);
    }

    fn add(&mut self, hour: i64, count: Count, is_new: bool) {
        let hour = self.hours.entry(hour).or_default();
        hour.all = hour.all.and(count);
        if is_new {
            hour.new = hour.new.and(count);
        }
    }

    pub(crate) fn extend(&mut self, others: &Self) {
        for (hour, other) in &others.hours {
            let hour = self.hours.entry(*hour).or_default();
            (hour.all, hour.new) = (hour.all.and(other.all), hour.new.and(other.new));
        }
    }

    /// What there is in an hour or a day.
    pub(crate) fn all_in(&self, unit: Window) -> Count {
        self.within(unit).fold(Count::default(), |sum, hour| sum.and(hour.all))
    }

    /// What of an hour or a day lies at the cursor or after it.
    pub(crate) fn new_in(&self, unit: Window) -> Count {
        self.within(unit).fold(Count::default(), |sum, hour| sum.and(hour.new))
    }

    fn within(&self, unit: Window) -> impl Iterator<Item = &Hour> {
        let (first, last) = (Units::hour_of(unit.from()), Units::hour_of(unit.to() - 1));
        self.hours.range(first..=last).map(|(_, hour)| hour)
    }
}
