//! Holds every Rust file of the repository to the house style, as far as a few lines can:
//!
//! - a line has at most 100 columns, comments included; inline snapshots may be wider, since
//!   `insta` and `snapbox` write them;
//! - a file has at most 500 lines, begins with a `//!` comment, and ends with one line break;
//! - no line ends with a space, or has a tab;
//! - no `todo!`, `unimplemented!` or `dbg!`, and no comment that says `TODO`, `FIXME` or `XXX`;
//! - `#[allow]`, `#[expect]` and `#[ignore]` come with a reason;
//! - a test that sleeps says why, in a comment on that line or the one before;
//! - a crate has one binary of integration tests, `tests/it`;
//! - there are no `.proto` files: messages are Rust types, or are written by hand.

use crate::sources::{Source, below, files};

/// All Rust files of the repository.
fn sources() -> Vec<Source> {
    [below("crates"), below("xtask"), below("tools")].concat()
}

/// Fails if some line breaks a rule; `breaks` gets all lines of a file, and the number of one.
#[track_caller]
fn check_lines(breaks: impl Fn(&[&str], usize) -> bool) {
    let mut broken = Vec::new();
    for Source { path, text } in sources() {
        let lines: Vec<_> = text.lines().collect();
        let numbers = (0..lines.len()).filter(|&number| breaks(&lines, number));
        broken.extend(numbers.map(|number| format!("{path}:{}: {}", number + 1, lines[number])));
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// Fails if some file breaks a rule.
#[track_caller]
fn check_files(breaks: impl Fn(&Source) -> bool) {
    let broken: Vec<_> = sources().into_iter().filter(breaks).map(|source| source.path).collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn lines_have_at_most_100_columns() {
    let mut broken = Vec::new();
    for Source { path, text } in sources() {
        let numbers = long_lines(&text).into_iter();
        broken.extend(numbers.map(|number| format!("{path}:{number}")));
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// The numbers of lines that are too long, without those of inline snapshots.
fn long_lines(text: &str) -> Vec<usize> {
    let mut long = Vec::new();
    // What ends the snapshot that we are in.
    let mut end = None;
    for (number, line) in text.lines().enumerate() {
        let mut rest = line;
        if end.is_none() {
            for (start, its_end) in [("@r#\"", "\"#"), ("str![[r#\"", "\"#"), ("@\"", "\"")] {
                if let Some((_, snapshot)) = line.split_once(start) {
                    (rest, end) = (snapshot, Some(its_end));
                    break;
                }
            }
        }
        match end {
            Some(mark) if rest.contains(mark) => end = None,
            Some(_) => {}
            None if line.chars().count() > 100 => long.push(number + 1),
            None => {}
        }
    }
    long
}

#[test]
fn files_have_at_most_500_lines() {
    check_files(|source| source.text.lines().count() > 500);
}

#[test]
fn files_say_what_they_are_for() {
    check_files(|source| !source.text.starts_with("//! "));
}

#[test]
fn files_end_with_one_line_break() {
    check_files(|source| !source.text.ends_with('\n') || source.text.ends_with("\n\n"));
}

#[test]
fn there_is_no_stray_white_space() {
    check_lines(|lines, number| {
        lines[number].trim_end() != lines[number] || lines[number].contains('\t')
    });
}

#[test]
fn nothing_is_left_for_later() {
    // Written in parts, so that this file does not find itself.
    let words = [["to", "do!("], ["unimple", "mented!("], ["db", "g!("]].map(|word| word.concat());
    let notes = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|word| word.concat());
    check_lines(|lines, number| {
        let comment = lines[number].split_once("//").map_or("", |(_, comment)| comment);
        words.iter().any(|word| lines[number].contains(word))
            || notes.iter().any(|note| comment.split(' ').any(|word| word.starts_with(note)))
    });
}

#[test]
fn exceptions_have_a_reason() {
    check_lines(|lines, number| {
        let line = lines[number].trim_start();
        let is_exception = ["allow(", "expect(", "ignore"].iter().any(|attribute| {
            line.starts_with(&format!("#[{attribute}"))
                || line.starts_with(&format!("#![{attribute}"))
        });
        let end = lines[number..].iter().position(|line| line.trim_end().ends_with(']'));
        let attribute = lines[number..=number + end.unwrap_or_default()].concat();
        is_exception && !attribute.contains("reason = \"") && !attribute.contains("ignore = \"")
    });
}

#[test]
fn tests_do_not_sleep_without_a_reason() {
    let mut broken = Vec::new();
    for Source { path, text } in sources() {
        let lines: Vec<_> = text.lines().collect();
        let is_test = path.contains("/tests/");
        let tests = lines.iter().position(|line| line.trim() == "#[cfg(test)]");
        let start = if is_test { 0 } else { tests.unwrap_or(lines.len()) };
        for number in start..lines.len() {
            let sleeps = ["thread", "time"].iter();
            if sleeps.copied().any(|owner| lines[number].contains(&format!("{owner}::sleep(")))
                && !lines[number].contains("//")
                && !lines[number.saturating_sub(1)].trim_start().starts_with("//")
            {
                broken.push(format!("{path}:{}", number + 1));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn a_crate_has_one_binary_of_integration_tests() {
    check_files(|source| {
        let below_tests = source.path.split_once("/tests/").map(|(_, below)| below);
        below_tests.is_some_and(|below| !below.contains('/'))
    });
}

#[test]
fn there_are_no_proto_files() {
    let found =
        [files("crates", "proto"), files("xtask", "proto"), files("tools", "proto")].concat();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn snapshots_may_be_wider() {
    let long = "x".repeat(101);
    assert_eq!(long_lines(&format!("a\n{long}\n")), [2]);
    assert_eq!(long_lines(&format!("f(@\"{long}\");\n{long}")), [2]);
    assert_eq!(long_lines(&format!("f(@r#\"{long}\"#);\n{long}")), [2]);
    assert_eq!(long_lines(&format!("f(@r#\"\n{long}\n\"#);\n{long}")), [4]);
    // Columns are characters, and not bytes.
    assert!(long_lines(&"ä".repeat(100)).is_empty());
}
