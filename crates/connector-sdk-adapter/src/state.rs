//! How large a state is when the SDK writes it.

/// The largest state that Fivetran keeps, in bytes
/// (<https://fivetran.com/docs/connector-sdk/connector-sdk-concepts/state-management>).
pub(crate) const LARGEST_STATE: usize = 10_000_000;

/// What a source may fill of it. The SDK writes the state anew with `json.dumps`, which puts a
/// blank behind each comma and colon and escapes all but ASCII, so that there has to be some room
/// left.
pub(crate) const MOST_STATE_BYTES: usize = 7_000_000;

/// How many bytes `json.dumps` makes of a JSON text without white space between its tokens.
pub(crate) fn dumped_bytes(text: &str) -> usize {
    let (mut bytes, mut is_in_text, mut is_escaped) = (0, false, false);
    for character in text.chars() {
        bytes += match character {
            ',' | ':' if !is_in_text => 2,
            ' '..='~' => 1,
            // A character beyond 16 bits is written as two escapes.
            _ => 6 * character.len_utf16(),
        };
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_in_text = !is_in_text,
            _ => {}
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::dumped_bytes;

    #[test]
    fn counts_what_json_dumps_writes() {
        // What Python 3.11 writes of these: the figures are those of `len(json.dumps(...))`.
        for (text, dumped) in [
            ("{}", r#"{}"#),
            (r#"{"a":1,"b":[1,2]}"#, r#"{"a": 1, "b": [1, 2]}"#),
            (r#"{"a,:":"x,:y"}"#, r#"{"a,:": "x,:y"}"#),
            (r#"{"\",":"\\"}"#, r#"{"\",": "\\"}"#),
            ("{\"ä\":\"\u{1f600}\u{7f}\"}", r#"{"\u00e4": "\ud83d\ude00\u007f"}"#),
        ] {
            assert_eq!(dumped_bytes(text), dumped.len(), "{text}");
        }
    }
}
