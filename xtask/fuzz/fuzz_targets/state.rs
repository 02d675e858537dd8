//! Parses a state, as Fivetran returns it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use sync_state::Cursor;

/// A state whose notes are kept as they are.
type State = sync_state::State<Map<String, Value>>;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut state = match State::parse(Some(text)) {
        Ok(state) => state,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let written = state.to_json();
    assert_eq!(State::parse(Some(&written)).expect("what is written can be read"), state);

    let cursors = |state: &State| {
        let tables = state.tables();
        let cursors = tables.map(|(database, table, progress)| {
            ((database.to_owned(), table.to_owned()), progress.cursor())
        });
        cursors.collect::<Vec<_>>()
    };
    let before = cursors(&state);
    // Whatever the state says, a cursor does not move back.
    for (_, _, progress) in state.tables_mut() {
        progress.advance(Cursor(progress.cursor().0.wrapping_sub(1)));
    }
    let after = cursors(&state);
    assert!(before.iter().zip(&after).all(|((_, before), (_, after))| after >= before));

    // As the engine keeps it, with notes of its own: what it writes, it reads as the same.
    let typed = sync_engine::fuzzing::state(text).expect("notes are read whatever they are");
    assert_eq!(sync_engine::fuzzing::state(&typed).expect("notes can be read"), typed);
    let typed = State::parse(Some(&typed)).expect("the engine's state is a state");
    assert_eq!(cursors(&typed), before);
});
