//! A state goes out as JSON and comes back the same; anything else is refused with a reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and clippy's own exception does not reach helpers"
)]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sync_state::{Cursor, Fingerprint, Progress, StateError};

/// A state whose notes are kept as they are.
type State = sync_state::State<Map<String, Value>>;

fn progress(fingerprint: &str, cursor: i64) -> Progress<Map<String, Value>> {
    let fingerprint: Fingerprint = [("f".to_owned(), json!(fingerprint))].into_iter().collect();
    Progress::new(Cursor(cursor), fingerprint, Map::new())
}

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
        .start("plant", "boiler", progress("f1", i64::MIN))
        .advance(Cursor(1_748_846_218_190_260_123));
    let started = state.start("plant", "a \"b\".c", progress("f2", -1));
    started.notes.insert("mark".to_owned(), json!({"n1": 6}));
    insta::assert_snapshot!(state.to_json(), @r#"{"databases":{"plant":{"a \"b\".c":{"cursor":"-1","fingerprint":{"f":"f2"},"notes":{"mark":{"n1":6}}},"boiler":{"cursor":"1748846218190260123","fingerprint":{"f":"f1"}}}},"version":2}"#);
}

#[test]
fn a_cursor_does_not_move_backwards_but_a_table_can_start_anew() {
    let mut state = State::default();
    let started = state.start("d", "t", progress("f1", 10));
    started.advance(Cursor(5));
    assert_eq!(started.cursor(), Cursor(10));
    started.advance(Cursor(20));
    assert_eq!(started.cursor(), Cursor(20));
    started.notes.insert("x".to_owned(), json!(1));

    assert_eq!(*state.start("d", "t", progress("f2", -5)), progress("f2", -5));
    assert!(state.forget("d", "t"));
    assert!(!state.forget("d", "t"));
}

#[test]
fn tables_of_one_name_in_two_databases_are_two() {
    let mut state = State::default();
    state.start("a", "t", progress("", 1));
    state.start("b", "t", progress("", 2));
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
    insta::assert_snapshot!(refused(r#"{"version":3,"anything":[]}"#), @"it has version 3, and this connector knows none above 2");
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

#[test]
fn the_first_layout_is_read() -> Result<(), StateError> {
    let read = |fingerprint: &str| {
        let place = json!({ "cursor": "10", "fingerprint": fingerprint });
        let text = json!({ "version": 1, "databases": { "d": { "t": place } } }).to_string();
        State::parse(Some(&text)).map(|state| state.table("d", "t").cloned())
    };
    assert_eq!(read(r#"{"f":"f1"}"#)?, Some(progress("f1", 10)));
    // A fingerprint that cannot be read is unlike any other.
    assert_eq!(read("?")?, Some(Progress::new(Cursor(10), Fingerprint::new(), Map::new())));
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
            let started = state.start(&database, &table, progress(&fingerprint, cursor));
            started.notes.insert(note, json!({"a": [1, null, number]}));
        }
        prop_assert_eq!(State::parse(Some(&state.to_json())).unwrap(), state);
    }

    #[test]
    fn any_text_is_answered_without_a_panic(text in any::<String>()) {
        let _ = State::parse(Some(&text));
    }
}
