//! The entry point for the fuzz targets of `xtask/fuzz`: reads a message, without a connector.

use crate::message::against_prost;

/// Reads the bytes of a message of `Update` as the tester does, and as prost does.
///
/// # Panics
///
/// The two read different messages, or only one of them reads any.
pub fn is_read_as_prost_reads_it(bytes: &[u8]) {
    against_prost::check(bytes.to_vec());
}
