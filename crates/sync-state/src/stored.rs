//! A table's place as a text holds it, in this layout or an earlier one.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Cursor;
use crate::progress::{Fingerprint, Notes, Progress};

/// A table's place as a text holds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stored {
    cursor: Cursor,
    fingerprint: StoredFingerprint,
    #[serde(default)]
    notes: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum StoredFingerprint {
    Settings(Fingerprint),
    /// Version 1: JSON inside of a text.
    Text(String),
}

impl<N: Notes> From<Stored> for Progress<N> {
    fn from(Stored { cursor, fingerprint, notes }: Stored) -> Self {
        let fingerprint = match fingerprint {
            StoredFingerprint::Settings(settings) => settings,
            // What cannot be read is unlike any other: the table starts anew.
            StoredFingerprint::Text(text) => serde_json::from_str(&text).unwrap_or_default(),
        };
        Self::new(cursor, fingerprint, N::read(notes))
    }
}
