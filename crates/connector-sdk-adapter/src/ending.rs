//! How a sync ends, and what Fivetran hears of it.

use sync_core::{Fault, SyncError};

use crate::text::cut;

/// What a panic is called. Its own text may hold the customer's data, and goes to standard error
/// alone.
pub(crate) const PANIC: &str = "The connector failed inside (a panic).";

/// What ends a sync whose process is shut down.
pub(crate) const SHUTDOWN: &str =
    "The process is shutting down; the sync goes on from its last checkpoint next time.";

/// How the work of a sync ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All is said.
    Finished,
    /// The customer can mend it: a task, after which `update()` returns.
    Task(String),
    /// It failed: an exception with this text.
    Failed(String),
}

impl Ending {
    pub(crate) fn of(result: Result<(), SyncError>) -> Self {
        match result {
            Ok(()) => Self::Finished,
            Err(error) => match error.fault() {
                Fault::Setup => Self::Task(cut(error.to_string())),
                Fault::Transient | Fault::Bug => Self::Failed(cut(error.to_string())),
            },
        }
    }

    /// The same ending, told to an SDK that has no tasks: it was added in 2.11.0.
    pub(crate) fn without_tasks(self) -> Self {
        match self {
            Self::Task(text) => Self::Failed(text),
            ending => ending,
        }
    }

    /// What the log says of it, which is nothing of the customer's.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Finished => "Sync finished",
            Self::Task(_) => "Sync ended with a task for the customer",
            Self::Failed(_) => "Sync failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use sync_core::SyncError;

    use super::Ending;

    #[test]
    fn only_what_the_customer_can_mend_is_a_task() {
        let of = |error| Ending::of(Err(error));
        assert_eq!(Ending::of(Ok(())), Ending::Finished);
        assert_eq!(of(SyncError::setup("No", "Do")), Ending::Task("No. Do.".to_owned()));
        assert_eq!(of(SyncError::transient("Away")), Ending::Failed("Away.".to_owned()));
        assert_eq!(of(SyncError::bug("Broke")), Ending::Failed("Broke.".to_owned()));
        let long = SyncError::transient("ä".repeat(5_000));
        assert_eq!(of(long), Ending::Failed("ä".repeat(1_000) + " (cut)"));
    }

    #[test]
    fn before_2_11_a_task_is_an_exception() {
        let task = Ending::Task("No. Do.".to_owned());
        assert_eq!(task.without_tasks(), Ending::Failed("No. Do.".to_owned()));
        assert_eq!(Ending::Finished.without_tasks(), Ending::Finished);
    }
}
