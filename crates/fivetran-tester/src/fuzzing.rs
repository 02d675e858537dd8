//! What the fuzz targets of `xtask/fuzz` drive: the reading of a message, without a connector that has sent it.

use crate::message::agreement;

/// Reads the bytes of a message of `Update` as the tester does, and as prost does.
///
/// # Panics
///
/// The two read different messages, or only one of them reads any.
pub fn is_read_as_prost_reads_it(bytes: &[u8]) {
    agreement::check(bytes.to_vec());
}
