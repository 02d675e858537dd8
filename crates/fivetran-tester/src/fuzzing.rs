//! The entry points for the fuzz targets of `xtask/fuzz`: read a message, or a value of
//! `row_data`, without a connector.

use crate::message::{against_prost, against_sdk};

/// Reads the bytes of a message of `Update` as the tester does, and as prost does.
///
/// # Panics
///
/// The two read different messages, or only one of them reads any.
pub fn is_read_as_prost_reads_it(bytes: &[u8]) {
    against_prost::check(bytes.to_vec());
}

/// Reads the bytes of a value of `row_data`, as of a column of each type.
///
/// # Panics
///
/// A value was read that the Connector SDK would have written differently.
pub fn is_read_as_the_sdk_writes_it(bytes: &[u8]) {
    against_sdk::check(bytes);
}
