//! What all tables of a sync share.

use sync_core::Selection;
use tokio::sync::Semaphore;

use crate::outage::Outage;
use crate::settings::Settings;
use crate::state::Progress;
use crate::sync::distress::Distress;
use crate::time::Clock;
use crate::time_series::About;

/// What all tables of a sync share.
pub(crate) struct Session<'a, D, S> {
    pub(crate) clock: &'a dyn Clock,
    pub(crate) database: &'a D,
    pub(crate) settings: &'a Settings,
    pub(crate) selection: &'a Selection,
    /// The server that answers.
    pub(crate) about: About,
    /// The time up to which this sync reads.
    pub(crate) upper_bound: i64,
    pub(crate) sink: &'a S,
    pub(crate) progress: Progress,
    /// One permit for each query that may run at once.
    pub(crate) permits: Semaphore,
    pub(crate) outage: Outage,
    pub(crate) distress: Distress,
}
