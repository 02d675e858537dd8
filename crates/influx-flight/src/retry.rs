//! When to retry a query, and when to give up.

use std::fmt;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};

use crate::error::Error;
use crate::error_kind::ErrorKind;

/// When to retry after a transient failure, and when to give up.
///
/// The waits double, with jitter, from `first` up to `longest`, until they add up to `total`.
/// If the server says how long to wait, that wait replaces ours, unless it is longer than
/// `longest_obeyed`. If it limits its rate without a time, each wait is three times `longest`, so a
/// minute by default: InfluxDB Cloud Serverless counts over 5 minutes, longer than our own waits.
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
    /// Does not retry.
    pub fn never() -> Self {
        Self { total: Duration::ZERO, ..Self::default() }
    }

    /// The waits between tries, for a caller that counts its own tries.
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
    /// Logs one line when it begins to wait and one when the server answers again.
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
                    // Log only the kind: the message names the customer's host, and logs must not.
                    tracing::warn!(
                        reason = ?error.kind(),
                        up_to = ?self.total,
                        "InfluxDB does not answer; trying again"
                    );
                }
                waiting = true;
            })
            .await;
        if waiting && result.is_ok() {
            tracing::info!("InfluxDB answers again");
        }
        result
    }

    /// The retries of one query, for a caller that has to do something between them.
    pub fn budget(&self) -> RetryBudget {
        RetryBudget { policy: *self, waits: Box::new(self.waits()) }
    }

    /// The earlier name of [`budget`](Self::budget).
    pub fn patience(&self) -> RetryBudget {
        self.budget()
    }

    /// Lengthens a wait to what the server asks for, or to what its rate limit is likely to need.
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

/// The retries that are left for one query: see [`RetryPolicy::budget`].
pub struct RetryBudget {
    policy: RetryPolicy,
    waits: Box<dyn Iterator<Item = Duration> + Send>,
}

impl RetryBudget {
    /// How long to wait before the next try. `None`: do not retry, since the error is not transient
    /// or the waits are used up.
    pub fn next_wait(&mut self, error: &Error) -> Option<Duration> {
        if !error.kind().is_transient() {
            return None;
        }
        let wait = self.waits.next();
        self.policy.adjusted(error, wait)
    }

    /// The earlier name of [`next_wait`](Self::next_wait).
    pub fn after(&mut self, error: &Error) -> Option<Duration> {
        self.next_wait(error)
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget").field("policy", &self.policy).finish_non_exhaustive()
    }
}
