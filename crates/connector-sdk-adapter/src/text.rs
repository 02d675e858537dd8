//! Cuts texts of errors to a length that every client can read.

/// The longest text. The SDK sends an exception's text as a status, in HTTP/2 headers, of which
/// many clients accept 8 KiB in all, and puts its own words and a traceback beside it.
const MAX_BYTES: usize = 2_000;

/// Cuts a text, and marks it as cut.
pub(crate) fn cut(text: String) -> String {
    if text.len() <= MAX_BYTES {
        return text;
    }
    format!("{} (cut)", &text[..text.floor_char_boundary(MAX_BYTES)])
}
