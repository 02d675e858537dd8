//! The Python example that this source replaces: a state that it left is taken over.
//!
//! It kept the time of its last row, of one measurement, and wrote into one table without a key.
//! Under a configuration that makes the same table, a sync goes on from that time.

use serde_json::{Map, Value};
use sync_config::value;
use sync_core::{DataType, SyncError};
use sync_engine::{Handover, Measurements, PrimaryKey, Settings, TimeFormat};

/// The only key of the example's state.
const LAST: &str = "last_upserted_timestamp";
/// The table that it wrote into, whatever the measurement.
const TABLE: &str = "census_table";
/// The columns that it declared as whole numbers of 32 bits.
const INTS: [&str; 2] = ["ants", "bees"];
/// How much of a value is shown in an error.
const MOST_CHARACTERS: usize = 60;

/// The state to begin with: where the text is the example's, one of ours that goes on from there;
/// any other text as it is.
///
/// # Errors
///
/// The text is nearly the example's, or the configuration makes another table than it did.
pub(crate) fn taken_over(
    state: Option<String>,
    settings: &Settings,
) -> Result<Option<String>, SyncError> {
    // Nearly every state is ours, and may be large.
    let candidate = state.as_deref().filter(|text| text.contains(LAST));
    let parsed = candidate.map(serde_json::from_str::<Map<String, Value>>);
    let Some(Ok(found)) = parsed else { return Ok(state) };
    let Some(last) = found.get(LAST) else { return Ok(state) };
    let others: Vec<_> =
        found.keys().filter(|key| *key != LAST).map(|key| format!("`{}`", cut(key))).collect();
    if !others.is_empty() {
        let message = format!(
            "The saved state of this connection has `{LAST}`, as that of the Python example has, \
             and beside it what the example never wrote: {}",
            others.join(", ")
        );
        return Err(SyncError::setup(message, REMEDY));
    }
    let Some(floor) = last.as_str().and_then(time) else {
        let message = format!(
            "The saved state of this connection is that of the Python example, but its `{LAST}` \
             is {}, and not a time such as \"2025-06-02T06:36:58.190260Z\" or \
             \"2025-06-02T06:36:58Z\"",
            cut(&last.to_string())
        );
        return Err(SyncError::setup(message, REMEDY));
    };
    let measurement = same_table(settings)?;
    Ok(Some(Handover { database: settings.database.clone(), measurement, floor }.state()))
}

const REMEDY: &str = "Put the example's own state back; or run a full re-sync of the connection, \
                      which starts without a state";

/// A time in one of the two forms that the example wrote: with six digits after the second, or with
/// none where all of them would be zeros.
fn time(text: &str) -> Option<i64> {
    const FORM: &str = "dddd-dd-ddTdd:dd:5d.dddddd";
    let digits = text.strip_suffix('Z')?;
    let fits = |(byte, form): (u8, u8)| match form {
        b'd' => byte.is_ascii_digit(),
        // Chrono knows leap seconds, and Python does not.
        b'5' => (b'0'..=b'5').contains(&byte),
        form => byte == form,
    };
    let is_of_form = matches!(digits.len(), 19 | 26) && digits.bytes().zip(FORM.bytes()).all(fits);
    is_of_form.then(|| value::instant(text).ok()).flatten()
}

/// The measurement, if the settings make the example's table of it.
fn same_table(settings: &Settings) -> Result<String, SyncError> {
    let mut wrong = Vec::new();
    let mut check = |is_right: bool, field: &str, right: &str| {
        if !is_right {
            wrong.push(format!("`{field}` has to be {right}"));
        }
    };
    let measurement = match &settings.measurements {
        Measurements::Listed(names) if names.len() == 1 => names.first(),
        _ => None,
    };
    check(measurement.is_some(), "measurement", "the one that the example read");
    check(settings.destination.as_deref() == Some(TABLE), "table_name", "`census_table`");
    check(settings.primary_key == PrimaryKey::None, "primary_key", "`none`");
    check(settings.time_format == TimeFormat::Iso8601Micros, "time_format", "`iso8601_micros`");
    check(settings.start.is_none(), "start_time", "empty, since the saved time takes its place");
    let measurement = measurement.map(String::as_str).unwrap_or_default();
    let chosen = |column| settings.column_types.chosen(measurement, column);
    let is_text = |column| chosen(column).is_none_or(|chosen| chosen == DataType::String);
    let are_right = INTS.iter().all(|column| chosen(column) == Some(DataType::Int))
        && is_text("time")
        && is_text("location");
    check(are_right, "column_types", r#"`{"ants":"INT","bees":"INT"}`"#);
    if wrong.is_empty() {
        return Ok(measurement.to_owned());
    }
    let message = format!(
        "The saved state of this connection is that of the Python example (`{LAST}`), and this \
         configuration would not fill its table as it did: {}",
        wrong.join(", ")
    );
    Err(SyncError::setup(
        message,
        "Set that, and the table goes on where the example has stopped; or run a full re-sync of \
         the connection, which starts without a state",
    ))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn a_time_has_one_of_two_forms() {
        for (text, expect) in [
            ("1970-01-01T00:00:01Z", Some(1_000_000_000)),
            ("1970-01-01T00:00:01.000002Z", Some(1_000_002_000)),
            ("1969-12-31T23:59:59.999999Z", Some(-1_000)),
            ("2099-12-31T23:59:59Z", Some(4_102_444_799_000_000_000)),
            ("", None),
            ("Z", None),
            ("1990", None),
            ("1970-01-01", None),
            ("1970-01-01T00:00:01", None),
            ("1970-01-01 00:00:01Z", None),
            ("1970-01-01T00:00:01z", None),
            ("1970-01-01T00:00:01+00:00", None),
            ("1970-01-01T00:00:01.5Z", None),
            ("1970-01-01T00:00:01.000000002Z", None),
            (" 1970-01-01T00:00:01Z", None),
            ("1970-02-30T00:00:01Z", None),
            ("1970-01-01T24:00:00Z", None),
            ("2016-12-31T23:59:60Z", None),
            ("9999-01-01T00:00:00Z", None),
        ] {
            assert_eq!(time(text), expect, "{text:?}");
        }
    }
}
