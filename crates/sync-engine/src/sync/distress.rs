//! Several tables that fail alike while the database answers: what it answers from may be away.

use std::sync::atomic::{AtomicUsize, Ordering};

/// From so many tables on it is no coincidence.
const TABLES: usize = 3;

/// How many tables one after the other had to be left out, since none of their windows was
/// answered, while no window of any table was.
#[derive(Debug, Default)]
pub(crate) struct Distress(AtomicUsize);

impl Distress {
    /// Notes that a table is left out.
    pub(crate) fn grows(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a window was answered.
    pub(crate) fn ends(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Whether the next table that fails should be left out at once: smaller questions would not
    /// help it.
    pub(crate) fn is_there(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= TABLES
    }
}

#[cfg(test)]
mod tests {
    use super::{Distress, TABLES};

    #[test]
    fn an_answer_ends_it() {
        let distress = Distress::default();
        for _ in 1..TABLES {
            distress.grows();
            assert!(!distress.is_there());
        }
        distress.grows();
        assert!(distress.is_there());
        distress.ends();
        assert!(!distress.is_there());
    }
}
