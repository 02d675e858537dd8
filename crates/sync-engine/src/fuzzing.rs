//! What the fuzz targets of `xtask/fuzz` drive: a state as the engine keeps it.

use sync_state::StateError;

use crate::state::State;

/// A state, read and written.
///
/// # Errors
///
/// The text is not a state.
pub fn state(text: &str) -> Result<String, StateError> {
    Ok(State::parse(Some(text))?.to_json())
}
