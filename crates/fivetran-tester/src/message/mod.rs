//! What a connector streams, as the tester reads it: the bytes of a message stay where they are, and values point into them.
//!
//! A map with a text for each name and value costs more than all else that is done with a row. Records are of few shapes, though: the
//! same names in the same order, row after row. So names are kept once for each [`Shape`], and a record is a row of values.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod agreement;
mod batch;
mod codec;
mod decode;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]
mod tests;
mod value;

pub(crate) use batch::{Batch, RecordHead, Row, Shape};
pub(crate) use codec::UpdateCodec;
pub(crate) use value::Value;

use fivetran_wire::UpdateResponse;

/// One message of an `Update`.
#[derive(Debug)]
pub(crate) enum Message {
    /// One record or a batch of them.
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
