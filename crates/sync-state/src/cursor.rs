//! A position in a table.

use std::fmt;
use std::num::ParseIntError;

use serde::{Deserialize, Serialize};

/// Everything before this position has been delivered; the position itself has not.
///
/// The unit is the source's own (for time series: nanoseconds since 1970-01-01T00:00:00Z). In JSON
/// it is a text of digits, because numbers beyond 2^53 do not survive every JSON library on the
/// way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(pub i64);

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

impl TryFrom<String> for Cursor {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}
