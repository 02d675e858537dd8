//! Cuts texts of customers, which may have any length, to what an answer can carry.

/// How many characters of a value are shown: enough to recognize it.
const VALUE: usize = 60;
/// How many characters a problem has at most. Only errors of libraries that repeat a value are
/// longer.
const PROBLEM: usize = 1_000;

/// A value in quotes.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(VALUE) {
        Some((end, _)) => format!("{:?} (cut)", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// The text of a problem.
pub(crate) fn problem(text: String) -> String {
    match text.char_indices().nth(PROBLEM) {
        Some((end, _)) => format!("{} (cut)", &text[..end]),
        None => text,
    }
}
