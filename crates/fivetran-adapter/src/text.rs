//! Cuts texts of answers to a length that every client can read.
//!
//! Many errors repeat a part of the request, which a client may have made as long as it likes.

use std::borrow::Cow;

/// The longest text. A status is sent in HTTP/2 headers, of which many clients accept 8 KiB in all,
/// and escapes can make a text three times as long.
const MAX_BYTES: usize = 2_000;

/// Cuts a text to the length that a status can have.
pub(crate) fn cut(text: &str) -> Cow<'_, str> {
    cut_to(text, MAX_BYTES)
}

/// Cuts a text to `bytes` bytes, and marks it as cut.
pub(crate) fn cut_to(text: &str, bytes: usize) -> Cow<'_, str> {
    if text.len() <= bytes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{} (cut)", &text[..text.floor_char_boundary(bytes)]))
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, cut, cut_to};

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let whole = "x".repeat(MAX_BYTES);
        assert_eq!(cut(&whole), whole);
        assert_eq!(cut(&"ä".repeat(5_000)), "ä".repeat(1_000) + " (cut)");
        assert_eq!(cut_to("ää", 3), "ä (cut)");
    }
}
