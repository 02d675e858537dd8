//! What the records of a table have in common, encoded once.

use prost::encoding::{WireType, encode_varint, encoded_len_varint};
use sync_core::{Table, Value};

use super::slot::{BLOCK_BYTES, Slot};
use super::value;

// Field numbers of `Record` and of the entries of its map.
const SCHEMA_NAME: u32 = 1;
const TABLE_NAME: u32 = 2;
const DATA: u32 = 4;
const ENTRY_KEY: u32 = 1;
const ENTRY_VALUE: u32 = 2;
/// The field of `Records` that holds them.
const RECORDS: u32 = 1;

/// The key of a field, which takes one byte for numbers up to 15.
pub(super) const fn key(number: u32, wire_type: WireType) -> u8 {
    assert!(number < 16, "a larger number takes two bytes");
    ((number << 3) | wire_type as u32) as u8
}

const RECORD_KEY: u8 = key(RECORDS, WireType::LengthDelimited);
const DATA_KEY: u8 = key(DATA, WireType::LengthDelimited);
const ENTRY_VALUE_KEY: u8 = key(ENTRY_VALUE, WireType::LengthDelimited);

/// The largest length that takes one byte.
const ONE_BYTE: usize = 0x7F;

/// The constant parts of a table's records.
#[derive(Debug)]
pub(super) struct Layout {
    /// `schema_name` and `table_name`. `type` is absent, since an upsert is the enum's zero.
    head: Vec<u8>,
    columns: Vec<Entry>,
}

impl Layout {
    pub(super) fn new(table: &Table) -> Self {
        let mut head = Vec::new();
        if let Some(schema) = &table.schema {
            put_text(SCHEMA_NAME, schema, &mut head);
        }
        if !table.name.is_empty() {
            put_text(TABLE_NAME, &table.name, &mut head);
        }
        Self {
            head,
            columns: table.columns.iter().map(|column| Entry::new(&column.name)).collect(),
        }
    }

    /// The length of a `Record` that holds `row`; the length of each value is left in `lengths`.
    pub(super) fn measure(&self, row: &[Value<'_>], lengths: &mut [usize]) -> usize {
        let mut body = self.head.len();
        for ((entry, value), length) in self.columns.iter().zip(row).zip(lengths) {
            *length = value::encoded_len(value);
            body += entry.encoded_len(*length);
        }
        body
    }

    /// Writes a `Record` of `body` bytes as one of `Records`.
    ///
    /// `body` and `lengths` are what [`measure`](Self::measure) found for the same row.
    pub(super) fn write(
        &self,
        row: &[Value<'_>],
        lengths: &[usize],
        body: usize,
        mut slot: Slot<'_>,
    ) {
        slot.put_byte(RECORD_KEY);
        slot.put_varint(body as u64);
        slot.put_bytes(&self.head);
        for ((entry, value), &length) in self.columns.iter().zip(row).zip(lengths) {
            entry.write(length, &mut slot);
            value::encode(value, length, &mut slot);
        }
    }
}

/// The length of a `Record` of `body` bytes as one of `Records`.
pub(super) fn record_len(body: usize) -> usize {
    1 + encoded_len_varint(body as u64) + body
}

/// The entry of one column in a record's map, up to the value.
#[derive(Debug)]
struct Entry {
    /// All of it if both lengths (of the entry, of the value) take one byte each, as they do but for long texts: the lengths
    /// themselves, second and last, are to be filled in.
    short: Vec<u8>,
    /// The same, in a block; nothing if it is longer than that, as with names of more than 26 bytes.
    block: Option<[u8; BLOCK_BYTES]>,
    /// The length of the longest value for which they do.
    short_value: usize,
}

impl Entry {
    fn new(column: &str) -> Self {
        let mut short = vec![DATA_KEY, 0];
        put_text(ENTRY_KEY, column, &mut short);
        short.extend([ENTRY_VALUE_KEY, 0]);
        // The entry's length counts neither its own key nor itself.
        let short_value = (2 + ONE_BYTE).saturating_sub(short.len());
        let block = (short.len() <= BLOCK_BYTES).then(|| {
            let mut block = [0; BLOCK_BYTES];
            block[..short.len()].copy_from_slice(&short);
            block
        });
        Self { short, block, short_value }
    }

    /// The length of the whole entry with a value of `value` bytes.
    #[inline]
    fn encoded_len(&self, value: usize) -> usize {
        if value <= self.short_value {
            self.short.len() + value
        } else {
            let content = self.content_len(value);
            1 + encoded_len_varint(content as u64) + content
        }
    }

    #[inline]
    fn write(&self, value: usize, slot: &mut Slot<'_>) {
        if let Some(block) = &self.block
            && value <= self.short_value
        {
            let last = self.short.len() - 1;
            let lengths = [(1, (last - 1 + value) as u8), (last, value as u8)];
            slot.put_block(block, self.short.len(), lengths);
        } else {
            slot.put_byte(DATA_KEY);
            slot.put_varint(self.content_len(value) as u64);
            slot.put_bytes(self.between_lengths());
            slot.put_varint(value as u64);
        }
    }

    /// The entry without its own key and length.
    fn content_len(&self, value: usize) -> usize {
        self.between_lengths().len() + encoded_len_varint(value as u64) + value
    }

    /// The column's name, and the key of the value.
    fn between_lengths(&self) -> &[u8] {
        &self.short[2..self.short.len() - 1]
    }
}

fn put_text(number: u32, text: &str, buffer: &mut Vec<u8>) {
    buffer.push(key(number, WireType::LengthDelimited));
    encode_varint(text.len() as u64, buffer);
    buffer.extend_from_slice(text.as_bytes());
}
