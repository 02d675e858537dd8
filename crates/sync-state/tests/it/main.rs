//! A state goes out as JSON and comes back the same; anything else is refused with a reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and clippy's own exception does not reach helpers"
)]

use proptest::prelude::*;
use serde_json::json;
use sync_state::{Cursor, State, StateError};

fn refused(text: &str) -> String {
    match State::parse(Some(text)) {
        Ok(state) => panic!("{text} was taken for {state:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn no_text_an_empty_one_and_an_empty_object_mean_a_first_sync() -> Result<(), StateError> {
    for text in [None, Some(""), Some("  \n"), Some("{}"), Some(" { } ")] {
        assert_eq!(State::parse(text)?, State::default(), "{text:?}");
    }
    Ok(())
}

#[test]
fn the_text_is_stable() {
    let mut state = State::default();
    state
        .start("plant", "boiler", "f1".to_owned(), Cursor(i64::MIN))
        .advance(Cursor(1_748_846_218_190_260_123));
    let progress = state.start("plant", "a \"b\".c", "f2".to_owned(), Cursor(-1));
    progress.notes.insert("mark".to_owned(), json!({"n1": 6}));
    insta::assert_snapshot!(state.to_json(), @r#"{"databases":{"plant":{"a \"b\".c":{"cursor":"-1","fingerprint":"f2","notes":{"mark":{"n1":6}}},"boiler":{"cursor":"1748846218190260123","fingerprint":"f1"}}},"version":1}"#);
}

#[test]
fn a_cursor_does_not_move_backwards_but_a_table_can_start_anew() {
    let mut state = State::default();
    let progress = state.start("d", "t", "f1".to_owned(), Cursor(10));
    progress.advance(Cursor(5));
    assert_eq!(progress.cursor(), Cursor(10));
    progress.advance(Cursor(20));
    assert_eq!(progress.cursor(), Cursor(20));
    progress.notes.insert("x".to_owned(), json!(1));

    let anew = state.start("d", "t", "f2".to_owned(), Cursor(-5));
    assert_eq!((anew.cursor(), anew.fingerprint(), anew.notes.len()), (Cursor(-5), "f2", 0));
}

#[test]
fn tables_of_one_name_in_two_databases_are_two() {
    let mut state = State::default();
    state.start("a", "t", String::new(), Cursor(1));
    state.start("b", "t", String::new(), Cursor(2));
    assert_eq!(state.table("a", "t").map(|progress| progress.cursor()), Some(Cursor(1)));
    assert_eq!(state.table_mut("b", "t").map(|progress| progress.cursor()), Some(Cursor(2)));
    assert_eq!(state.table("c", "t"), None);
    assert_eq!(state.table("a", "b"), None);
}

#[test]
fn what_is_not_a_state_is_refused_with_its_reason() {
    insta::assert_snapshot!(refused("hello"), @"it does not have the shape of a state: expected value at line 1 column 1");
    insta::assert_snapshot!(refused("[]"), @"it does not have the shape of a state: invalid type: sequence, expected a map at line 1 column 0");
    insta::assert_snapshot!(refused(r#"{"last_upserted_timestamp":"1990-01-01T00:00:00Z"}"#), @"it names no version, so another connector wrote it");
    insta::assert_snapshot!(refused(r#"{"version":2,"anything":[]}"#), @"it has version 2, and this connector knows none above 1");
    insta::assert_snapshot!(refused(r#"{"version":1,"databases":{},"more":1}"#), @"it does not have the shape of a state: unknown field `more`, expected `databases`");
    insta::assert_snapshot!(refused(r#"{"version":1,"databases":{"d":{"t":{"cursor":5,"fingerprint":""}}}}"#), @"it does not have the shape of a state: invalid type: integer `5`, expected a string");
    insta::assert_snapshot!(refused(r#"{"version":1,"databases":{"d":{"t":{"cursor":"x","fingerprint":""}}}}"#), @"it does not have the shape of a state: invalid digit found in string");
}

/// Found by fuzzing: numbers with a fraction changed in their last digits each time that a state
/// was read and written.
#[test]
fn a_note_that_is_a_number_comes_back_the_same() -> Result<(), StateError> {
    let number = "444444444440000000000000000000000000000000000000000000014347467612885206808e8";
    let notes = format!(r#"{{"cursor":"0","fingerprint":"","notes":{{"x":{number}}}}}"#);
    let text = format!(r#"{{"version":1,"databases":{{"d":{{"t":{notes}}}}}}}"#);
    let state = State::parse(Some(&text))?;
    assert_eq!(State::parse(Some(&state.to_json()))?, state);
    Ok(())
}

proptest! {
    #[test]
    fn every_state_comes_back_the_same(
        tables in proptest::collection::vec(
            any::<(String, String, String, i64, String, f64)>(),
            0..8,
        ),
    ) {
        let mut state = State::default();
        for (database, table, fingerprint, cursor, note, number) in tables {
            let progress = state.start(&database, &table, fingerprint, Cursor(cursor));
            progress.notes.insert(note, json!({"a": [1, null, number]}));
        }
        prop_assert_eq!(State::parse(Some(&state.to_json())).unwrap(), state);
    }

    #[test]
    fn any_text_is_answered_without_a_panic(text in any::<String>()) {
        let _ = State::parse(Some(&text));
    }
}
