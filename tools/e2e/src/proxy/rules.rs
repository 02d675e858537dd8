//! What is done to a route's connections.

use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// What is done to open and to new connections from now on. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rules {
    /// What passes waits so long, in milliseconds, and up to `jitter` longer.
    pub(crate) delay: u64,
    pub(crate) jitter: u64,
    /// No direction carries more.
    pub(crate) bytes_per_second: Option<u64>,
    /// A connection is reset after so many bytes, drawn anew for each.
    pub(crate) cut_after: Option<(u64, u64)>,
    /// A connection goes silent after so many bytes, and stays open: as behind a firewall that has
    /// forgotten it.
    pub(crate) lose_after: Option<(u64, u64)>,
    /// Connections that come are reset.
    pub(crate) refuse: bool,
}

/// What has been done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) connections: u64,
    pub(crate) bytes: u64,
    /// Pieces that had to wait.
    pub(crate) delayed: u64,
    /// Connections that were reset in the middle.
    pub(crate) cut: u64,
    /// Connections that went silent.
    pub(crate) lost: u64,
    /// Connections that were refused.
    pub(crate) refused: u64,
}

/// The limits of one connection under some rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ByteLimits {
    /// Bytes of both directions until it is reset.
    pub(super) cut: u64,
    /// And until it goes silent.
    pub(super) lose: u64,
}

impl Rules {
    pub(super) fn limits(&self, rng: &mut Rng) -> ByteLimits {
        let mut draw = |range: Option<(u64, u64)>| match range {
            Some((from, to)) => rng.u64(from..=to.max(from)),
            None => u64::MAX,
        };
        ByteLimits { cut: draw(self.cut_after), lose: draw(self.lose_after) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_drawn_within_their_range_and_by_the_seed() {
        let rules = Rules { cut_after: Some((10, 20)), ..Rules::default() };
        let limits = |seed| {
            let mut rng = Rng::with_seed(seed);
            (0..50).map(|_| rules.limits(&mut rng)).collect::<Vec<_>>()
        };
        assert!(
            limits(1)
                .iter()
                .all(|limits| (10..=20).contains(&limits.cut) && limits.lose == u64::MAX)
        );
        assert_eq!(limits(1), limits(1));
        assert_ne!(limits(1), limits(2));
    }
}
