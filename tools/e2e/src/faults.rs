//! The faults that were injected, counted by kind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Pieces that had to wait. They are told apart and are in no sum, which they would outnumber.
pub(crate) const DELAYED: &str = "delayed";

#[derive(Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<BTreeMap<String, u64>>>);

impl Faults {
    pub(crate) fn count(&self, kind: &str, times: u64) {
        if times > 0 {
            let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *faults.entry(kind.to_owned()).or_default() += times;
        }
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
