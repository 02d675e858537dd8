//! Waiting for a server that does not answer, with one log line for each outage.

use std::sync::atomic::{AtomicBool, Ordering};

use influx_flight::{ErrorKind, RetryPolicy};

/// Whether the server is out of reach at present, as all windows that are read at once see it.
#[derive(Debug, Default)]
pub(crate) struct Outage(AtomicBool);

impl Outage {
    /// Notes that an answer broke off or did not come.
    pub(crate) fn begins(&self, reason: &ErrorKind) {
        if !self.0.swap(true, Ordering::Relaxed) {
            let up_to = RetryPolicy::default().total;
            // The kind alone: the sentence names the customer's host, and logs must not.
            tracing::warn!(
                ?reason,
                ?up_to,
                "an answer of InfluxDB did not come or broke off; trying again"
            );
        }
    }

    /// Notes that an answer came whole.
    pub(crate) fn ends(&self) {
        if self.0.swap(false, Ordering::Relaxed) {
            tracing::info!("InfluxDB answers again");
        }
    }
}
