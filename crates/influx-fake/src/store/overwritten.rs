//! Points that were overwritten in the buffer. InfluxDB 3 before 3.11.4 answers such a point with
//! either value, depending on the plan and on chance, until it is in a file (influxdb#27548).

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use influxdb_line_protocol::FieldValue;

use super::column::FieldKind;
use super::values::Values;

/// In how many ways the overwritten points of a table are answered until the next write.
pub(super) const VARIANTS: usize = 4;

/// All values that were written to each field of each point of a series since the last snapshot.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// By time, and by the table's number of the field.
    values: BTreeMap<(i64, usize), Values>,
    /// How many of them hold more than one value.
    overwritten: usize,
}

impl Written {
    pub(super) fn add(&mut self, time: i64, field: usize, value: &FieldValue<'_>) {
        let values =
            self.values.entry((time, field)).or_insert_with(|| Values::new(FieldKind::of(value)));
        let before = values.len();
        values.put(before, value);
        self.overwritten += usize::from(before == 1);
    }

    /// Forgets the values of a point that is in a file now.
    pub(super) fn settle(&mut self, time: i64) {
        let of_point = self.values.extract_if((time, 0)..=(time, usize::MAX), |_, _| true);
        self.overwritten -= of_point.filter(|(_, values)| values.len() > 1).count();
    }

    pub(super) fn is_overwritten(&self) -> bool {
        self.overwritten > 0
    }

    /// The values of a field of a point, if there is more than one.
    pub(super) fn of(&self, time: i64, field: usize) -> Option<&Values> {
        self.values.get(&(time, field)).filter(|values| values.len() > 1)
    }
}

/// One of the ways in which overwritten points are answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    seed: u64,
    variant: u64,
}

impl Choice {
    /// How the query with this number is answered.
    pub(super) fn of_query(seed: u64, number: u64) -> Self {
        Self { seed, variant: chance((seed, number)) % VARIANTS as u64 }
    }

    /// The number of the variant, below [`VARIANTS`].
    pub(super) fn variant(self) -> usize {
        self.variant as usize
    }

    /// Chooses one of so many values for a place.
    pub(super) fn among(self, values: usize, place: impl Hash) -> usize {
        (chance((self.seed, self.variant, place)) % values.max(1) as u64) as usize
    }
}

/// A hash that is the same in every process.
fn chance(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
