//! Parses a state, as Fivetran returns it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sync_state::{Cursor, State};

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut state = match State::parse(Some(text)) {
        Ok(state) => state,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let written = state.to_json();
    assert_eq!(State::parse(Some(&written)).expect("what is written can be read"), state);

    let written: Value = serde_json::from_str(&written).expect("a state is JSON");
    let databases = written["databases"].as_object().expect("databases are an object");
    for (database, tables) in databases {
        for table in tables.as_object().expect("tables are an object").keys() {
            let progress = state.table_mut(database, table).expect("a table that was written");
            let notes = sync_engine::fuzzing::notes(&progress.notes);
            assert_eq!(sync_engine::fuzzing::notes(&notes), notes);
            progress.notes = notes;
            // Whatever the state says, the cursor does not move back.
            let before = progress.cursor();
            progress.advance(Cursor(before.0.wrapping_sub(1)));
            assert!(progress.cursor() >= before);
        }
    }
    assert_eq!(State::parse(Some(&state.to_json())).expect("notes can be read"), state);
});
