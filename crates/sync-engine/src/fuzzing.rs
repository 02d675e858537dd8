//! What the fuzz targets of `xtask/fuzz` drive: what the state remembers of a table.

use serde_json::{Map, Value};

use crate::state::Notes;

/// The notes of a table, read and written again.
#[must_use]
pub fn notes(notes: &Map<String, Value>) -> Map<String, Value> {
    Notes::read(notes).write()
}
