//! What a query node that lags still sees: the world as it was some time ago.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The world after each of its changes, as far back as a node that lags may need it.
#[derive(Debug)]
pub(super) struct Past<W> {
    lag: Duration,
    oldest: W,
    /// The changes after that, each with the world that it left.
    later: VecDeque<(Instant, W)>,
}

impl<W: Clone> Past<W> {
    /// Begins with the present: what was before it is not known.
    pub(super) fn new(lag: Duration, present: W) -> Self {
        Self { lag, oldest: present, later: VecDeque::new() }
    }

    /// Adds the world as a change has left it now.
    pub(super) fn add(&mut self, now: Instant, world: W) {
        self.forget(now);
        self.later.push_back((now, world));
    }

    /// The world as the node sees it now.
    pub(super) fn seen(&mut self, now: Instant) -> W {
        self.forget(now);
        self.oldest.clone()
    }

    /// Drops what not even the node sees any more.
    fn forget(&mut self, now: Instant) {
        let is_seen = |(since, _): &mut (Instant, W)| now.duration_since(*since) >= self.lag;
        while let Some((_, world)) = self.later.pop_front_if(is_seen) {
            self.oldest = world;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_seen_as_it_was() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut past = Past::new(Duration::from_secs(10), 'a');
        past.add(at(5), 'b');
        past.add(at(7), 'c');
        for (now, expect) in [(7, 'a'), (14, 'a'), (15, 'b'), (16, 'b')] {
            assert_eq!(past.seen(at(now)), expect, "{now}");
        }
        past.add(at(17), 'd');
        for (now, expect) in [(17, 'c'), (26, 'c'), (27, 'd'), (1000, 'd')] {
            assert_eq!(past.seen(at(now)), expect, "{now}");
        }
        assert!(past.later.is_empty(), "nobody needs it any more");
    }
}
