//! Foreign texts, cut to what an answer can carry: what a customer types may have any length.

/// Characters of a value that are shown: enough to recognize it.
const VALUE: usize = 60;
/// Characters of a whole problem. Our own words have far fewer; those of a library that repeat a value may not.
const PROBLEM: usize = 1_000;

/// A value as it was typed, in quotes.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(VALUE) {
        Some((end, _)) => format!("{:?} (cut)", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// What is said of a field.
pub(crate) fn problem(text: String) -> String {
    match text.char_indices().nth(PROBLEM) {
        Some((end, _)) => format!("{} (cut)", &text[..end]),
        None => text,
    }
}
