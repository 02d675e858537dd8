//! Waiting for a database that does not answer, with one log line for each outage.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::Failure;

/// Whether the database is out of reach at present, as all questions that share this see it.
#[derive(Debug, Default)]
pub(crate) struct Outage(AtomicBool);

impl Outage {
    /// Notes that an answer broke off or did not come, and is waited for this long.
    pub(crate) fn begins(&self, failure: &Failure, up_to: Duration) {
        if !self.0.swap(true, Ordering::Relaxed) {
            // Not the sentence: it names the customer's host, and logs must not.
            tracing::warn!(
                reason = failure.reason(),
                ?up_to,
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
