//! Which checkpoints are sent, and when: Fivetran advises at most one a minute.

use std::time::{Duration, Instant};

use sync_core::CheckpointKind;

/// How long a checkpoint may be held back
/// (<https://fivetran.com/docs/connector-sdk/connector-sdk-concepts/state-management>).
const HELD_FOR: Duration = Duration::from_secs(60);

/// Holds the newest checkpoint back until it is due.
///
/// A sync that is resumed from an older one says a little again and loses nothing. That is so for
/// checkpoints that advance; one that takes something back is never held.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    newest: Option<String>,
    /// When the last one was sent, or the sync began.
    last: Instant,
}

impl Checkpoints {
    pub(crate) fn new(now: Instant) -> Self {
        Self { newest: None, last: now }
    }

    /// Takes a new state. Returns what is to be sent now.
    pub(crate) fn offer(
        &mut self,
        state: String,
        kind: CheckpointKind,
        now: Instant,
    ) -> Option<String> {
        self.newest = Some(state);
        match kind {
            CheckpointKind::Advances => self.due(now),
            CheckpointKind::TakesBack => self.release(now),
        }
    }

    /// What has been held long enough.
    pub(crate) fn due(&mut self, now: Instant) -> Option<String> {
        let is_due = now.saturating_duration_since(self.last) >= HELD_FOR;
        if is_due { self.release(now) } else { None }
    }

    /// What is held, however long it has been.
    pub(crate) fn release(&mut self, now: Instant) -> Option<String> {
        let state = self.newest.take()?;
        self.last = now;
        Some(state)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use sync_core::CheckpointKind::{Advances, TakesBack};

    use super::Checkpoints;

    /// Checkpoints, and a clock that says how many seconds the sync has taken.
    fn checkpoints() -> (Checkpoints, impl Fn(u64) -> Instant) {
        let start = Instant::now();
        (Checkpoints::new(start), move |seconds| start + Duration::from_secs(seconds))
    }

    #[test]
    fn one_a_minute_is_sent_and_it_is_the_newest() {
        let (mut held, at) = checkpoints();
        let mut offer = |state: &str, seconds| held.offer(state.to_owned(), Advances, at(seconds));
        assert_eq!(offer("a", 0), None);
        assert_eq!(offer("b", 59), None);
        assert_eq!(offer("c", 60).as_deref(), Some("c"));
        assert_eq!(offer("d", 61), None);
        assert_eq!(offer("e", 119), None);
        assert_eq!(offer("f", 120).as_deref(), Some("f"));
        assert_eq!(held.release(at(121)), None);
    }

    #[test]
    fn what_takes_something_back_is_sent_at_once_and_replaces_what_waits() {
        let (mut held, at) = checkpoints();
        assert_eq!(held.offer("old".to_owned(), Advances, at(1)), None);
        let sent = held.offer("taken back".to_owned(), TakesBack, at(2));
        assert_eq!(sent.as_deref(), Some("taken back"));
        // The older one vouches for what is not true any more, and must not follow.
        assert_eq!(held.release(at(3)), None);
        assert_eq!(held.due(at(100)), None);
    }

    #[test]
    fn what_waits_is_due_after_a_minute_although_nothing_follows() {
        let (mut held, at) = checkpoints();
        assert_eq!(held.offer("a".to_owned(), Advances, at(30)), None);
        assert_eq!(held.due(at(59)), None);
        assert_eq!(held.due(at(60)).as_deref(), Some("a"));
        assert_eq!(held.due(at(61)), None);
    }

    #[test]
    fn what_waits_can_be_sent_early_and_the_minute_begins_anew() {
        let (mut held, at) = checkpoints();
        assert_eq!(held.offer("a".to_owned(), Advances, at(30)), None);
        assert_eq!(held.release(at(31)).as_deref(), Some("a"));
        assert_eq!(held.offer("b".to_owned(), Advances, at(90)), None);
        assert_eq!(held.offer("c".to_owned(), Advances, at(91)).as_deref(), Some("c"));
    }
}
