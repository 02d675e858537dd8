//! Parsers for single values.
//!
//! Each takes the trimmed text of a field, and returns a value, or a clause that says what the text
//! should be. The clause follows the quoted value in the error text: "`lookback` is "soon", but
//! must be ...".

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate};
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use crate::cut::quoted;
use crate::field::Choose;

/// Any text.
///
/// # Errors
///
/// Never; it is a `Result` since parsers are.
pub fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

/// Any text, kept secret: it has no `Display` and a masked `Debug`, and wipes its memory when it is
/// dropped.
///
/// # Errors
///
/// The text has white space or a character outside of ASCII, which no HTTP header accepts. It was
/// pasted by mistake.
pub fn secret(text: &str) -> Result<SecretString, String> {
    if text.chars().all(|character| character.is_ascii_graphic()) {
        Ok(SecretString::from(text))
    } else {
        Err("holds white space or a character outside of ASCII; paste it again, alone".to_owned())
    }
}

/// Names separated by commas; blanks around a name do not count.
///
/// # Errors
///
/// An empty name, or the same name twice.
pub fn list(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    // Look names up in a set: the text comes from any client, and may have a million of them.
    let mut seen = HashSet::new();
    for name in text.split(',').map(str::trim) {
        if name.is_empty() {
            return Err("but has an empty name between its commas; remove one".to_owned());
        }
        if !seen.insert(name) {
            return Err(format!("but names {} twice; name it once", quoted(name)));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// `true` or `false`, in any case.
///
/// # Errors
///
/// Anything else.
pub fn boolean(text: &str) -> Result<bool, String> {
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err("but must be `true` or `false`".to_owned())
    }
}

/// A whole number within `range`.
///
/// # Errors
///
/// Not a number, or out of range.
pub fn integer(range: RangeInclusive<u64>) -> impl Fn(&str) -> Result<u64, String> {
    move |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("but must be a whole number from {} to {}", range.start(), range.end())),
    }
}

/// A duration such as `90s`, `1h 30m` or `7d`.
///
/// # Errors
///
/// Anything else.
pub fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| "but must be a duration with a unit, such as `90s`, `1h` or `7d`".to_owned())
}

/// An instant: a date, or a date and time with its offset, in nanoseconds since
/// 1970-01-01T00:00:00Z.
///
/// # Errors
///
/// The text is neither, or the instant is before 1677-09-21 or after 2262-04-11, which nanoseconds
/// in 64 bits cannot hold.
pub fn instant(text: &str) -> Result<i64, String> {
    let parsed = match DateTime::parse_from_rfc3339(text) {
        Ok(instant) => Some(instant.to_utc()),
        Err(_) => text
            .parse::<NaiveDate>()
            .ok()
            .and_then(|date| date.and_hms_opt(0, 0, 0))
            .map(|midnight| midnight.and_utc()),
    };
    let expected =
        "but must be a date such as `2024-01-31` or a time such as `2024-01-31T08:00:00Z`";
    let instant = parsed.ok_or_else(|| expected.to_owned())?;
    instant
        .timestamp_nanos_opt()
        .ok_or_else(|| "but must lie between 1677-09-22 and 2262-04-11".to_owned())
}

/// One of the options of `T`.
///
/// # Errors
///
/// Anything else; the clause lists the options.
pub fn choice<T: Choose>(text: &str) -> Result<T, String> {
    let found = T::OPTIONS.iter().find(|(_, choice)| choice.value == text);
    found.map(|(value, _)| *value).ok_or_else(|| {
        let options: Vec<_> =
            T::OPTIONS.iter().map(|(_, choice)| format!("`{}`", choice.value)).collect();
        format!("but must be one of {}", options.join(", "))
    })
}

/// A JSON document of the shape of `T`.
///
/// # Errors
///
/// Not JSON, or of another shape; the clause says where.
pub fn json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("which is not the JSON that is expected here: {error}"))
}

/// A file, as base64; line breaks in it do not count.
///
/// # Errors
///
/// Not base64.
pub fn file(text: &str) -> Result<Vec<u8>, String> {
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).map_err(|error| format!("is not base64 ({error}); upload the file again"))
}
