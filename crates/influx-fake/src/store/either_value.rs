//! The views of a table whose overwritten points are answered with either value.

use std::sync::Arc;

use super::overwritten::{Choice, VARIANTS};
use super::read_view::ReadView;

/// Chooses how each query is answered, and keeps one view of the table for each variant. A view is
/// a copy of the table, made when a query first needs it.
#[derive(Clone, Debug)]
pub(super) struct EitherViews {
    seed: u64,
    /// How many queries were answered.
    queries: u64,
    views: [Option<Arc<ReadView>>; VARIANTS],
}

impl EitherViews {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, queries: 0, views: Default::default() }
    }

    /// Chooses how the next query is answered.
    pub(super) fn choose(&mut self) -> Choice {
        self.queries += 1;
        Choice::of_query(self.seed, self.queries)
    }

    /// The place of the view for a choice.
    pub(super) fn view(&mut self, choice: Choice) -> &mut Option<Arc<ReadView>> {
        &mut self.views[choice.variant()]
    }

    /// Drops the views, after the points or the values to choose from have changed.
    pub(super) fn forget(&mut self) {
        self.views = Default::default();
    }
}
