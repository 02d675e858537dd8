//! Several tables that fail alike while the database answers: what it answers from may be away.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// From so many tables on it is no coincidence.
const TABLES: usize = 3;

/// The tables with questions that were not answered since a window of any table was, while the
/// database's clock answered.
#[derive(Debug, Default)]
pub(crate) struct Distress(Mutex<BTreeSet<String>>);

impl Distress {
    /// Notes that a question of a table was not answered.
    pub(crate) fn grows(&self, measurement: &str) {
        let mut tables = self.lock();
        if !tables.contains(measurement) {
            tables.insert(measurement.to_owned());
        }
    }

    /// Notes that a window was answered.
    pub(crate) fn ends(&self) {
        self.lock().clear();
    }

    /// Whether the next question that fails should be given up at once: neither another try nor a
    /// smaller one would help it.
    pub(crate) fn is_there(&self) -> bool {
        self.lock().len() >= TABLES
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // The set is whole at every moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Distress;

    #[test]
    fn an_answer_ends_it() {
        let distress = Distress::default();
        for name in ["a", "b", "b"] {
            distress.grows(name);
            assert!(!distress.is_there());
        }
        distress.grows("c");
        assert!(distress.is_there());
        distress.ends();
        assert!(!distress.is_there());
    }
}
