//! The messages that a connector streams. Values are slices of a message's bytes, and are not
//! copied.
//!
//! A map with a `String` for each name and value would cost more than all other work on a row. But
//! most records of a message have the same columns in the same order. So their names are stored
//! once, as a [`ColumnSet`], and a record is a row of values.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod against_prost;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod against_sdk;
mod batch;
mod codec;
mod decode;
mod row_data;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]
mod tests;
mod value;

pub(crate) use batch::{Batch, ColumnSet, RecordHead, Row};
pub(crate) use codec::UpdateCodec;
pub(crate) use value::Value;

use fivetran_wire::UpdateResponse;

/// One message of an `Update`.
#[derive(Debug)]
pub(crate) enum Message {
    /// A single record, or a batch.
    Records(Batch),
    /// Any other operation, or none.
    Other(UpdateResponse),
}

impl Message {
    /// About how many bytes it takes up in memory.
    pub(crate) fn footprint(&self) -> usize {
        match self {
            Self::Records(batch) => batch.footprint(),
            Self::Other(message) => prost::Message::encoded_len(message),
        }
    }
}
