//! A second query node behind the same address, which lags.

use std::time::Duration;

use crate::connection::Connection;

/// A second query node behind a balancer. It answers from the world as it was some time ago:
/// points, columns, tables and files. Its clock is right.
///
/// ```
/// use std::time::Duration;
/// use influx_fake::{Fake, LaggingNode, Options};
///
/// let fake = Fake::new(Options::default());
/// let behind = LaggingNode::behind(Duration::from_secs(30));
/// fake.set_lagging_node(Some(behind.by_connection()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaggingNode {
    lag: Duration,
    share: Share,
}

/// What reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    All,
    HalfOfQuestions,
    HalfOfConnections,
}

impl LaggingNode {
    /// A node that is so far behind. Every other question over Flight reaches it, and the first one
    /// does not.
    #[must_use]
    pub fn behind(lag: Duration) -> Self {
        Self { lag, share: Share::HalfOfQuestions }
    }

    /// Lets the questions of every other connection reach it, and not those of the first.
    #[must_use]
    pub fn by_connection(self) -> Self {
        Self { share: Share::HalfOfConnections, ..self }
    }

    /// Lets every question reach it.
    #[must_use]
    pub fn alone(self) -> Self {
        Self { share: Share::All, ..self }
    }

    pub(crate) fn lag(&self) -> Duration {
        self.lag
    }
}

/// Spreads questions over the two nodes.
#[derive(Debug)]
pub(crate) struct Balancer {
    node: LaggingNode,
    questions: usize,
    connections: usize,
}

impl Balancer {
    pub(crate) fn new(node: LaggingNode) -> Self {
        Self { node, questions: 0, connections: 0 }
    }

    /// Whether the next question reaches the node that lags.
    pub(crate) fn reaches_lagging_node(&mut self, connection: &Connection) -> bool {
        let number = match self.node.share {
            Share::All => return true,
            Share::HalfOfQuestions => next(&mut self.questions),
            Share::HalfOfConnections => connection.number(|| next(&mut self.connections)),
        };
        number.is_multiple_of(2)
    }
}

/// Counts from 1.
fn next(count: &mut usize) -> usize {
    *count += 1;
    *count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_take_turns_and_so_do_connections() {
        let [first, second] = [Connection::default(), Connection::default()];
        let asked = |node: LaggingNode| {
            let mut balancer = Balancer::new(node);
            [&first, &first, &second, &second, &first]
                .map(|connection| balancer.reaches_lagging_node(connection))
        };
        let node = LaggingNode::behind(Duration::ZERO);
        assert_eq!(asked(node), [false, true, false, true, false]);
        assert_eq!(asked(node.by_connection()), [false, false, true, true, false]);
        assert_eq!(asked(node.alone()), [true; 5]);
    }
}
