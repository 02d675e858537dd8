//! How long to keep asking a database that is out of reach.

use std::fmt;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::error::{ErrorKind, Failure};

/// When to ask again after a failure that may pass, and when to give up.
///
/// The waits double, with jitter, from `first` up to `longest`, until they add up to `total`. A
/// database that says how long to wait is obeyed, as often as there are waits of our own, unless it
/// asks for more than `longest_obeyed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The first wait. Default: 500 ms.
    pub first: Duration,
    /// No wait is longer, apart from jitter. Default: 20 s.
    pub longest: Duration,
    /// All waits together, before the database lengthens them. Default: 2 min.
    pub total: Duration,
    /// The longest wait to accept from a database that asks for one. Default: 5 min.
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
    /// The waits for one question, or for several that fail one after the other.
    pub(crate) fn budget(&self) -> RetryBudget {
        let waits = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .without_max_times()
            .with_total_delay(Some(self.total));
        RetryBudget { policy: *self, waits: Box::new(waits.build()) }
    }
}

/// How much longer one question is asked again.
pub(crate) struct RetryBudget {
    policy: RetryPolicy,
    waits: Box<dyn Iterator<Item = Duration> + Send>,
}

impl RetryBudget {
    /// How long to wait before the next try, or `None` if there is to be none: the failure will not
    /// pass, or the waits are used up.
    pub(crate) fn after(&mut self, failure: &Failure) -> Option<Duration> {
        let ErrorKind::Retry { after } = failure.kind() else { return None };
        let wait = self.waits.next();
        match after {
            Some(asked) if *asked > self.policy.longest_obeyed => None,
            Some(asked) => Some(wait?.max(*asked)),
            None => wait,
        }
    }

    /// The next wait, however often there was one before.
    pub(crate) fn next_or_longest(&mut self) -> Duration {
        self.waits.next().unwrap_or(self.policy.longest)
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RetryBudget").field("policy", &self.policy).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::RetryPolicy;
    use crate::error::{ErrorKind, Failure};

    fn retry(after: Option<u64>) -> Failure {
        Failure::new(ErrorKind::Retry { after: after.map(Duration::from_secs) }, "")
    }

    #[test]
    fn a_database_that_asks_for_a_wait_is_obeyed_within_reason() {
        let mut budget = RetryPolicy::default().budget();
        assert_eq!(budget.after(&retry(Some(100))), Some(Duration::from_secs(100)));
        assert_eq!(budget.after(&retry(Some(301))), None);
        assert!(budget.after(&retry(None)).is_some());
        assert_eq!(budget.after(&Failure::new(ErrorKind::Refused, "")), None);
    }

    #[test]
    fn waits_are_used_up() {
        let policy = RetryPolicy::default();
        let mut budget = policy.budget();
        let waits = std::iter::from_fn(|| budget.after(&retry(None))).count();
        assert!((4..40).contains(&waits), "{waits}");
        // With its jitter a wait may take twice as long.
        assert!(budget.next_or_longest() <= 2 * policy.longest);
    }
}
