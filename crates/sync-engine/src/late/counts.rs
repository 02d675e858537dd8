//! How many points there were.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::window::Window;

/// How many points there were when they were counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// What was counted. Its end is the upper bound of that sync.
    pub(super) range: Window,
    /// The points of each day that had any, by the number of the day since 1970-01-01.
    pub(super) days: BTreeMap<i64, u64>,
}
