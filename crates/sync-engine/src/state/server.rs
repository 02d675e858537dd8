//! Which server answers, and how it is told from another one.

use serde::{Deserialize, Serialize};

/// A server: what it says of itself, and where it was reached.
///
/// A name in DNS, or a proxy, may lead to another server tomorrow, so what a server says of itself
/// counts for more than where it was reached. Not every server says it, and not every proxy passes
/// it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// What it calls itself, unique in the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The host and port at which it was reached.
    pub address: String,
}

impl Server {
    /// Whether both say who they are, and say the same.
    pub(crate) fn has_id_of(&self, other: &Self) -> bool {
        self.id.is_some() && self.id == other.id
    }

    /// Whether the two are the same server, as far as can be known: identities of the same kind are
    /// compared.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(one), Some(other)) => one == other,
            _ => self.address == other.address,
        }
    }

    /// The same server, reached as `now` says. That it does not say who it is takes nothing back.
    pub(crate) fn seen_as(&self, now: &Self) -> Self {
        Self { id: now.id.clone().or_else(|| self.id.clone()), address: now.address.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::Server;

    fn server(id: &str, address: &str) -> Server {
        let id = (!id.is_empty()).then(|| id.to_owned());
        Server { id, address: address.to_owned() }
    }

    #[test]
    fn identities_of_the_same_kind_are_compared() {
        for (one, other, is_same) in [
            (server("a", "x:1"), server("a", "y:1"), true),
            (server("a", "x:1"), server("b", "x:1"), false),
            (server("a", "x:1"), server("", "x:1"), true),
            (server("", "x:1"), server("a", "x:1"), true),
            (server("a", "x:1"), server("", "y:1"), false),
            (server("", "x:1"), server("", "x:2"), false),
        ] {
            assert_eq!(one.is(&other), is_same, "{one:?} {other:?}");
        }
        assert!(!server("", "x:1").has_id_of(&server("", "x:1")));
    }

    #[test]
    fn a_missing_identity_replaces_none() {
        assert_eq!(server("a", "x:1").seen_as(&server("", "x:1")), server("a", "x:1"));
        assert_eq!(server("", "x:1").seen_as(&server("a", "x:1")), server("a", "x:1"));
    }
}
