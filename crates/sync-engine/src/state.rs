//! What is remembered from one sync to the next, and what it may vouch for.

mod fingerprint;
mod handover;
mod notes;
mod origin;
mod progress;
mod server;

pub(crate) use fingerprint::{Change, RowShape};
pub use handover::Handover;
pub(crate) use notes::Notes;
pub(crate) use origin::{Origin, ServerChange, mark_gone, mark_used, other_owners, switch_server};
pub(crate) use progress::{Position, Progress};
pub use server::Server;

/// Where the tables of a connection stand.
pub(crate) type State = sync_state::State<Notes>;
/// Where one table stands.
pub(crate) type TableProgress = sync_state::Progress<Notes>;
