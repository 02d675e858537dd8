//! How long to keep asking a database that is out of reach.

use std::fmt;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::error::{ErrorKind, Failure};
use crate::outage::Outage;

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
    /// Asks until there is an answer, the failure will not pass, or the waits are used up.
    ///
    /// Logs one line when it begins to wait and one when the database answers again.
    ///
    /// # Errors
    ///
    /// The last failure.
    pub async fn run<T, Question, Try>(&self, mut question: Question) -> Result<T, Failure>
    where
        Question: FnMut() -> Try,
        Try: Future<Output = Result<T, Failure>>,
    {
        let mut budget = self.budget();
        let outage = Outage::default();
        loop {
            match question().await {
                Ok(answer) => {
                    outage.ends();
                    return Ok(answer);
                }
                Err(failure) => {
                    let Some(wait) = budget.after(&failure) else { return Err(failure) };
                    outage.begins(&failure, self.total);
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

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

    use tokio::time::Instant;

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
    fn waits_grow_and_are_used_up() {
        let policy = RetryPolicy::default();
        let mut budget = policy.budget();
        let waits: Vec<_> = std::iter::from_fn(|| budget.after(&retry(None))).collect();
        assert!((4..40).contains(&waits.len()), "{waits:?}");
        assert!(waits.iter().sum::<Duration>() <= policy.total, "{waits:?}");
        // With its jitter a wait may take twice as long.
        assert!(waits[0] >= policy.first && waits[0] <= 2 * policy.first, "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= 2 * policy.longest), "{waits:?}");
        assert!(budget.next_or_longest() <= 2 * policy.longest);
    }

    /// Runs a policy on a question that fails so often and is then answered: whether the answer
    /// came, how often it was asked, and how long that took.
    async fn run(policy: RetryPolicy, failures: Vec<Failure>) -> (bool, usize, Duration) {
        let (start, mut asked, mut failures) = (Instant::now(), 0, failures.into_iter());
        let answer = policy.run(|| {
            asked += 1;
            std::future::ready(failures.next().map_or(Ok(()), Err))
        });
        let is_answered = answer.await.is_ok();
        (is_answered, asked, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_waited_for_as_long_as_the_policy_says() {
        let policy = RetryPolicy::default();
        let away = |times| (0..times).map(|_| retry(None)).collect();
        let (is_answered, asked, _) = run(policy, away(3)).await;
        assert_eq!((is_answered, asked), (true, 4));
        let (is_answered, asked, took) = run(policy, away(100)).await;
        assert!(!is_answered && (5..41).contains(&asked), "{asked}");
        assert!(took <= policy.total + Duration::from_secs(1), "{took:?}");
        assert_eq!(
            run(RetryPolicy { total: Duration::ZERO, ..RetryPolicy::default() }, away(1)).await,
            (false, 1, Duration::ZERO)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_database_may_say_how_long_to_wait() {
        let policy = RetryPolicy::default();
        let seconds = Duration::from_secs;
        let (is_answered, asked, took) = run(policy, vec![retry(Some(60)), retry(Some(90))]).await;
        assert_eq!((is_answered, asked, took.as_secs()), (true, 3, 150));
        // More than the policy accepts.
        assert_eq!(run(policy, vec![retry(Some(301))]).await, (false, 1, seconds(0)));
        let refused = Failure::new(ErrorKind::Refused, "");
        assert_eq!(run(policy, vec![refused]).await, (false, 1, seconds(0)));
    }
}
