//! What all tables of a sync share.

use sync_core::Selection;
use tokio::sync::Semaphore;

use crate::error::Failure;
use crate::outage::Outage;
use crate::settings::Settings;
use crate::state::Progress;
use crate::sync::distress::Distress;
use crate::time::Clock;
use crate::time_series::{About, TimeSeries};

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

impl<D: TimeSeries, S> Session<'_, D, S> {
    /// Tells an outage from a question that cannot be answered, by the cheapest question there is.
    ///
    /// # Errors
    ///
    /// The failure, if no other question would be answered either. Otherwise it is given back: the
    /// question has to be made smaller, or left out.
    pub(crate) async fn unless_out_of_reach(&self, failure: Failure) -> Result<Failure, Failure> {
        if !failure.concerns_all() {
            return Ok(failure);
        }
        if failure.is_transient() && self.database.now().await.is_ok() {
            return Ok(failure);
        }
        Err(failure)
    }

    /// Waits after a failure that may pass until the database answers the cheapest question again.
    /// Gives whether it did not at first.
    ///
    /// # Errors
    ///
    /// The last failure, if it does not within the time that the settings give it, or for a reason
    /// that will not pass.
    pub(crate) async fn comes_back(&self, failure: &Failure) -> Result<bool, Failure> {
        let retry = &self.settings.retry;
        let mut budget = retry.budget();
        let mut last = failure.copied();
        let mut was_away = false;
        loop {
            let Some(wait) = budget.after(&last) else { return Err(last) };
            self.outage.begins(&last, retry.total);
            tokio::time::sleep(wait).await;
            match self.database.now().await {
                Ok(_) => return Ok(was_away),
                Err(now) => (last, was_away) = (now, true),
            }
        }
    }
}
