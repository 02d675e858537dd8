//! Waiting for a database that does not answer, with one log line for each outage.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Failure;
use crate::retry::RetryPolicy;

/// Whether the database is out of reach at present, as all windows that are read at once see it.
#[derive(Debug, Default)]
pub(crate) struct Outage(AtomicBool);

impl Outage {
    /// Notes that an answer broke off or did not come.
    pub(crate) fn begins(&self, failure: &Failure, retry: &RetryPolicy) {
        if !self.0.swap(true, Ordering::Relaxed) {
            // Not the sentence: it names the customer's host, and logs must not.
            tracing::warn!(
                reason = failure.reason(),
                up_to = ?retry.total,
                "an answer did not come or broke off; trying again"
            );
        }
    }

    /// Notes that an answer came whole.
    pub(crate) fn ends(&self) {
        if self.0.swap(false, Ordering::Relaxed) {
            tracing::info!("the database answers again");
        }
    }
}
