//! Where rows come from.

use crate::{Catalog, Selection, Sink, SyncError};

/// A system that can be read.
///
/// `Config` is the parsed configuration: how it is parsed from what a customer typed is the
/// business of whoever wires source and platform together.
pub trait Source: Send + Sync + 'static {
    /// The parsed configuration.
    type Config: Send + Sync + 'static;

    /// The tests that a customer runs when saving the configuration, in order.
    fn setup_tests(&self) -> &'static [SetupTest];

    /// Runs the setup test of this name; only names from [`setup_tests`](Source::setup_tests) are
    /// asked for.
    fn test(
        &self,
        name: &str,
        config: &Self::Config,
    ) -> impl Future<Output = Result<(), SyncError>> + Send;

    /// Lists what there is to sync.
    fn schema(
        &self,
        config: &Self::Config,
    ) -> impl Future<Output = Result<Catalog, SyncError>> + Send;

    /// Pushes everything that is new since `request.state` into `sink`, checkpoints included.
    ///
    /// Dropping the future ends the sync at its last checkpoint: nothing else is needed to stop it.
    fn sync<S: Sink>(
        &self,
        config: &Self::Config,
        request: SyncRequest,
        sink: &S,
    ) -> impl Future<Output = Result<(), SyncError>> + Send;
}

/// One of a source's setup tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetupTest {
    /// Unique; what the platform asks for.
    pub name: &'static str,
    /// A few words for the customer.
    pub label: &'static str,
}

/// What one sync starts from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncRequest {
    /// The text of the last checkpoint, or `None` for a first sync.
    pub state: Option<String>,
    /// The tables and columns that the customer wants.
    pub selection: Selection,
}
