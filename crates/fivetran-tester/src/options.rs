//! The options of a sync.

use fivetran_wire::Selection;

/// How to run a sync. By default everything is selected, and the sync runs to its end.
#[derive(Clone, Debug, Default)]
pub struct SyncOptions {
    /// What the customer selected; see [`SelectionBuilder`](crate::SelectionBuilder). `None`
    /// selects everything.
    pub selection: Option<Selection>,
    /// When to drop the stream.
    pub stop: Stop,
    /// What happens to rows that no checkpoint covers.
    pub trailing: Trailing,
}

/// When to drop the stream before its end, as if Fivetran had lost the worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stop {
    /// Not before its end.
    #[default]
    Never,
    /// After this many rows (upserts, updates and deletes), even in the middle of a batch.
    AfterRows(u64),
    /// After this many checkpoints.
    AfterCheckpoints(u64),
    /// After this many messages of any kind. With 0, the stream is dropped when its first message
    /// comes.
    AfterMessages(u64),
}

/// What happens at the end of a sync to rows after its last checkpoint.
///
/// Fivetran may keep them or lose them. A connector has to handle both, so test its recovery with
/// both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trailing {
    /// They are kept. The next sync starts from the older state and sends them again.
    #[default]
    Keep,
    /// They are lost. The next sync has to send them again.
    RollBack,
}
