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
    /// What a sync gets as its state while there is none.
    pub first_state: FirstState,
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

/// What a sync gets as its state before there is a checkpoint, and after a re-sync was asked for.
///
/// To a connector of the Partner SDK, both mean a first sync. So test it with both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstState {
    /// No text at all.
    #[default]
    Absent,
    /// The text `{}`, without which a connector on the Connector SDK cannot start: the SDK parses
    /// the text in any case, and an empty one is an error.
    EmptyObject,
}
