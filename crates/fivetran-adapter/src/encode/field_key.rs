//! Keys of fields, as protobuf encodes them.

use prost::encoding::WireType;

/// The key of a field: its number and its wire type. It takes one byte, for numbers up to 15.
pub(super) const fn field_key(number: u32, wire_type: WireType) -> u8 {
    assert!(number < 16, "a larger number takes two bytes");
    ((number << 3) | wire_type as u32) as u8
}
