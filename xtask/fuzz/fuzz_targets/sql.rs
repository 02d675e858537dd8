//! Builds SQL from names: a line each for the bounds, then the measurement, then its columns.
#![no_main]

use std::collections::BTreeSet;
use std::iter;

use libfuzzer_sys::fuzz_target;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

/// Plain names, which the names of the input replace.
const PLAIN: [&str; 7] = ["m", "c0", "c1", "c2", "c3", "c4", "c5"];

fuzz_target!(|input: &[u8]| {
    let Some(text) = fuzz::text(input) else { return };
    let mut lines = fuzz::lines(text);
    let mut bound = || lines.next().and_then(|line| line.parse().ok());
    let (Some(from), Some(to)) = (bound(), bound()) else { return };
    // InfluxDB has no empty name.
    let names: Vec<String> = lines.filter(|name| !name.is_empty()).take(PLAIN.len()).collect();
    let Some((measurement, columns)) = names.split_first() else { return };
    if columns.is_empty() {
        return;
    }

    let plain: Vec<String> = PLAIN.iter().take(names.len()).map(|&name| name.into()).collect();
    let built = influx_source::fuzzing::statements(measurement, columns, from, to);
    let expected = influx_source::fuzzing::statements(PLAIN[0], &plain[1..], from, to);
    assert_eq!(built.is_some(), from < to);
    for (built, expected) in built.iter().flatten().zip(expected.iter().flatten()) {
        check(built, expected, &names);
    }

    // The nodes of files, once each and in order, as they stand in the SQL.
    let nodes: BTreeSet<_> = columns.iter().collect();
    let names: Vec<String> = iter::once(measurement).chain(nodes).cloned().collect();
    check(&files(&names), &files(&plain[..names.len()]), &names);
});

/// The question for the files of the first name, with the others as nodes.
fn files(names: &[String]) -> String {
    let since = names.iter().skip(1).map(|node| (node.clone(), 1)).collect();
    influx_flight::fuzzing::files_statement(&names[0], &since)
}

/// Checks that names change nothing in the SQL but the names.
fn check(built: &str, expected: &str, names: &[String]) {
    let statements = Parser::parse_sql(&GenericDialect {}, built);
    assert_eq!(statements.map(|statements| statements.len()), Ok(1), "{built}");
    let renamed: Vec<_> = tokens(expected).into_iter().map(|token| renamed(token, names)).collect();
    assert_eq!(tokens(built), renamed, "{built}");
}

fn tokens(sql: &str) -> Vec<Token> {
    Tokenizer::new(&GenericDialect {}, sql).tokenize().expect("SQL")
}

fn renamed(mut token: Token, names: &[String]) -> Token {
    let name = match &mut token {
        Token::Word(word) if word.quote_style == Some('"') => &mut word.value,
        Token::SingleQuotedString(text) => text,
        _ => return token,
    };
    if let Some(place) = PLAIN.iter().position(|plain| name == plain) {
        name.clone_from(&names[place]);
    }
    token
}
