//! Writes times as text.
//!
//! A local warehouse has to keep times to the nanosecond, and SQLite has no type for that. So a
//! time is ISO 8601 text of constant length, which sorts as the times do.

use std::time::SystemTime;

use chrono::{DateTime, Datelike, Timelike, Utc};
use fivetran_wire::Timestamp;

/// Converts a timestamp. Returns `None` if it is out of the protocol's range: years 1 to 9999, and
/// nanoseconds below a second.
pub(crate) fn date_time(at: &Timestamp) -> Option<DateTime<Utc>> {
    let nanos = u32::try_from(at.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    let at = DateTime::from_timestamp(at.seconds, nanos)?;
    (1..=9999).contains(&at.year()).then_some(at)
}

/// `2026-01-31`
pub(crate) fn push_date(text: &mut String, at: &DateTime<Utc>) {
    push_number(text, at.year().unsigned_abs(), 4);
    text.push('-');
    push_number(text, at.month(), 2);
    text.push('-');
    push_number(text, at.day(), 2);
}

/// `2026-01-31T23:59:59.000000001`
pub(crate) fn push_date_time(text: &mut String, at: &DateTime<Utc>) {
    push_date(text, at);
    text.push('T');
    push_time(text, at);
}

/// `23:59:59.000000001`
pub(crate) fn push_time(text: &mut String, at: &DateTime<Utc>) {
    push_number(text, at.hour(), 2);
    text.push(':');
    push_number(text, at.minute(), 2);
    text.push(':');
    push_number(text, at.second(), 2);
    text.push('.');
    push_number(text, at.nanosecond(), 9);
}

/// A time of the tester's clock, in the form of `_fivetran_synced`.
pub(crate) fn synced(at: SystemTime) -> String {
    let mut text = String::with_capacity(30);
    push_date_time(&mut text, &DateTime::<Utc>::from(at));
    text.push('Z');
    text
}

/// Writes digits without `format!`, which would cost more than all other work on a time.
fn push_number(text: &mut String, number: u32, width: u32) {
    for place in (0..width).rev() {
        let digit = (number / 10_u32.pow(place) % 10) as u8;
        text.push(char::from(b'0' + digit));
    }
}
