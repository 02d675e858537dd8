//! What is remembered from one sync to the next, and what it may vouch for.

mod fingerprint;
mod notes;
mod origin;
mod progress;
mod server;

pub(crate) use fingerprint::{Change, Fingerprint};
pub(crate) use notes::Notes;
pub(crate) use origin::{Met, Origin, meet, not_found, note_use, other_owners};
pub(crate) use progress::{Position, Progress};
pub use server::Server;
