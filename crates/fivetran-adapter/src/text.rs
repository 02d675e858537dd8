//! Texts in answers, cut to what those who read them can take.
//!
//! What is wrong with a request is often said by repeating it, and whoever has reached the port may have sent any length.

use std::borrow::Cow;

/// The longest text: a status travels in HTTP/2 headers, of which clients commonly take 8 KiB in all; escaping can triple a text.
const LONGEST_BYTES: usize = 2_000;

/// A whole text.
pub(crate) fn cut(text: &str) -> Cow<'_, str> {
    cut_to(text, LONGEST_BYTES)
}

/// A text, or so many bytes of it.
pub(crate) fn cut_to(text: &str, bytes: usize) -> Cow<'_, str> {
    if text.len() <= bytes {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{} (cut)", &text[..text.floor_char_boundary(bytes)]))
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_BYTES, cut, cut_to};

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let whole = "x".repeat(LONGEST_BYTES);
        assert_eq!(cut(&whole), whole);
        assert_eq!(cut(&"ä".repeat(5_000)), "ä".repeat(1_000) + " (cut)");
        assert_eq!(cut_to("ää", 3), "ä (cut)");
    }
}
