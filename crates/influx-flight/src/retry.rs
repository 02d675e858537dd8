//! How long to keep asking a server that is out of reach.

use std::fmt;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};

use crate::error::{Error, ErrorKind};

/// When to ask again after a fault that may pass, and when to give up.
///
/// The waits double, with jitter, from `first` up to `longest`, until they add up to `total`.
/// A server that says how long to wait is obeyed, as often as there are waits of our own, unless it
/// asks for more than `longest_obeyed`. One that limits its rate and does not say for how long is
/// left alone for three times `longest`, so a minute by default, each time: InfluxDB Cloud
/// Serverless counts over 5 minutes, which our own waits would not outlast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The first wait. Default: 500 ms.
    pub first: Duration,
    /// No wait is longer, apart from jitter. Default: 20 s.
    pub longest: Duration,
    /// All waits together, before a limit on the rate lengthens them. Default: 2 min.
    pub total: Duration,
    /// The longest wait to accept from a server that limits its rate. Default: 5 min, the period
    /// over which InfluxDB Cloud Serverless counts.
    pub longest_obeyed: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(20),
            total: Duration::from_secs(2 * 60),
            longest_obeyed: Duration::from_secs(5 * 60),
        }
    }
}

impl RetryPolicy {
    /// Asks once.
    pub fn never() -> Self {
        Self { total: Duration::ZERO, ..Self::default() }
    }

    /// The waits between tries, for a caller that keeps its own count.
    pub fn waits(&self) -> impl Iterator<Item = Duration> + use<> {
        self.backoff().build()
    }

    fn backoff(&self) -> ExponentialBuilder {
        ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .without_max_times()
            .with_total_delay(Some(self.total))
    }

    /// Runs an operation until it succeeds, fails for good, or the waits are used up.
    ///
    /// Says once that it waits and once that it need not any more, however many tries there are.
    ///
    /// # Errors
    /// The last error of the operation.
    pub async fn run<T, Operation, Try>(&self, operation: Operation) -> Result<T, Error>
    where
        Operation: FnMut() -> Try,
        Try: Future<Output = Result<T, Error>>,
    {
        let mut waiting = false;
        let result = operation
            .retry(self.backoff())
            .when(|error| error.kind().is_transient())
            .adjust(|error, wait| self.adjusted(error, wait))
            .notify(|error, _| {
                if !waiting {
                    // The kind alone: the sentence names the customer's host, and logs must not.
                    tracing::warn!(reason = ?error.kind(), up_to = ?self.total, "InfluxDB does not answer; trying again");
                }
                waiting = true;
            })
            .await;
        if waiting && result.is_ok() {
            tracing::info!("InfluxDB answers again");
        }
        result
    }

    /// Counts the tries of one question, for a caller that has to do something between them.
    pub fn patience(&self) -> Patience {
        Patience { policy: *self, waits: Box::new(self.waits()) }
    }

    /// The wait that the server asks for, or that its limit is likely to need, if it is longer than
    /// ours.
    fn adjusted(&self, error: &Error, wait: Option<Duration>) -> Option<Duration> {
        match error.kind() {
            ErrorKind::RateLimited { retry_after: Some(asked) } if *asked > self.longest_obeyed => {
                None
            }
            ErrorKind::RateLimited { retry_after: Some(asked) } => Some(wait?.max(*asked)),
            ErrorKind::RateLimited { retry_after: None } => {
                Some(wait?.max(self.longest.saturating_mul(3)))
            }
            _ => wait,
        }
    }
}

/// How much longer one question is asked again: see [`RetryPolicy::patience`].
pub struct Patience {
    policy: RetryPolicy,
    waits: Box<dyn Iterator<Item = Duration> + Send>,
}

impl Patience {
    /// How long to wait before the next try, or `None` if there is to be none: the error will not pass, or the waits are used up.
    pub fn after(&mut self, error: &Error) -> Option<Duration> {
        if !error.kind().is_transient() {
            return None;
        }
        let wait = self.waits.next();
        self.policy.adjusted(error, wait)
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience").field("policy", &self.policy).finish_non_exhaustive()
    }
}
