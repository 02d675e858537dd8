//! Writes records. The bytes that all records of a table have in common are encoded once.

use prost::encoding::{WireType, encode_varint, encoded_len_varint};
use sync_core::{Table, Value};

use super::byte_writer::{BLOCK_BYTES, ByteWriter, SLACK_BYTES, first_array};
use super::field_key::field_key;
use super::value::{self, NUMBER_BYTES, ValueWriter};

// Field numbers of `Record`, and of the entries of its map.
const SCHEMA_NAME: u32 = 1;
const TABLE_NAME: u32 = 2;
const DATA: u32 = 4;
const ENTRY_KEY: u32 = 1;
const ENTRY_VALUE: u32 = 2;
/// The field number of the records in `Records`.
const RECORDS: u32 = 1;

const RECORD_KEY: u8 = field_key(RECORDS, WireType::LengthDelimited);
const DATA_KEY: u8 = field_key(DATA, WireType::LengthDelimited);
const ENTRY_VALUE_KEY: u8 = field_key(ENTRY_VALUE, WireType::LengthDelimited);

/// The largest length that takes one byte.
const ONE_BYTE: usize = 0x7F;
/// The most bytes that a length takes. A message is below 2^28 bytes, so four would do.
const LONGEST_LENGTH: usize = 5;

/// The constant bytes of the records of a table.
#[derive(Debug)]
pub(super) struct Layout {
    /// The fields `schema_name` and `table_name`. `type` is left out, since an upsert is the enum's
    /// zero.
    head: Vec<u8>,
    columns: Vec<Entry>,
    /// The most bytes of a record without its texts, and with the slack that writing needs behind
    /// it.
    fixed_bytes: usize,
    /// How many bytes the length of the last record took. That of the next one mostly takes as
    /// many.
    length_bytes: usize,
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
        let columns: Vec<_> = table.columns.iter().map(|column| Entry::new(&column.name)).collect();
        let entries: usize = columns.iter().map(Entry::fixed_bytes).sum();
        let fixed_bytes = 1 + LONGEST_LENGTH + head.len() + entries + SLACK_BYTES;
        Self { head, columns, fixed_bytes, length_bytes: 1 }
    }

    /// The length of a row as an element of `Records`.
    pub(super) fn encoded_len(&self, row: &[Value<'_>]) -> usize {
        let entries = self.columns.iter().zip(row);
        let entries = entries.map(|(entry, value)| entry.encoded_len(value::encoded_len(value)));
        let body = self.head.len() + entries.sum::<usize>();
        1 + encoded_len_varint(body as u64) + body
    }

    /// The capacity with which [`write`](Self::write) succeeds for a row of `encoded_len` bytes.
    pub(super) fn capacity_for(&self, encoded_len: usize) -> usize {
        encoded_len + 2 * self.fixed_bytes
    }

    /// Writes a row as an element of `Records`, and returns its length. Returns `None` if there may
    /// be too little capacity; `buffer` then holds anything.
    ///
    /// On the wire a length comes before what it counts, but is known only after that is written.
    /// So it leaves space for the length and fills it in last, and looks at each value only once.
    /// The length of an entry takes one byte, except for long texts. The length of a record is
    /// expected to take as many bytes as the one before; if not, the record is moved.
    #[inline]
    pub(super) fn write(&mut self, row: &[Value<'_>], buffer: &mut [u8]) -> Option<usize> {
        let fixed = self.fixed_bytes;
        if buffer.len() < fixed {
            return None;
        }
        let mut out = ByteWriter::new(buffer);
        out.put_byte(RECORD_KEY);
        let from = 1 + self.length_bytes;
        out.skip(self.length_bytes);
        out.put_bytes(&self.head);
        for (entry, value) in self.columns.iter().zip(row) {
            value::write(value, &mut EntryWriter { entry, out: &mut out, fixed })?;
        }
        let end = out.filled();
        let body = end - from;
        let length_bytes = encoded_len_varint(body as u64);
        if length_bytes != self.length_bytes {
            buffer.copy_within(from..end, 1 + length_bytes);
            self.length_bytes = length_bytes;
        }
        // Do not write a whole word here: the bytes behind the length are written already.
        encode_varint(body as u64, &mut &mut buffer[1..1 + length_bytes]);
        Some(1 + length_bytes + body)
    }
}

/// The bytes of one column's entry in the map of a record, up to the value.
#[derive(Debug)]
struct Entry {
    /// These bytes if both lengths, of the entry and of the value, take one byte each. That is so
    /// except for long texts. The lengths are the second and the last byte, and are zero here.
    short: Vec<u8>,
    /// The same bytes in a block of constant size. `None` if they are longer, as with names of more
    /// than 26 bytes.
    block: Option<[u8; BLOCK_BYTES]>,
    /// The length of the longest value for which both lengths take one byte.
    short_value: usize,
}

impl Entry {
    fn new(column: &str) -> Self {
        let mut short = vec![DATA_KEY, 0];
        put_text(ENTRY_KEY, column, &mut short);
        short.extend([ENTRY_VALUE_KEY, 0]);
        // The length of the entry does not count its own key and itself.
        let short_value = (2 + ONE_BYTE).saturating_sub(short.len());
        let block = (short.len() <= BLOCK_BYTES).then(|| {
            let mut block = [0; BLOCK_BYTES];
            block[..short.len()].copy_from_slice(&short);
            block
        });
        Self { short, block, short_value }
    }

    /// The most bytes that the entry takes, without the bytes of a text.
    fn fixed_bytes(&self) -> usize {
        self.short.len() + 2 * LONGEST_LENGTH + value::LONGEST_NUMBER
    }

    /// The length of the whole entry with a value of `value` bytes.
    fn encoded_len(&self, value: usize) -> usize {
        let content = self.content_len(value);
        1 + encoded_len_varint(content as u64) + content
    }

    /// Writes the entry up to a value of `value` bytes, with lengths of any size.
    #[cold]
    fn write_long(&self, value: usize, out: &mut ByteWriter<'_>) {
        let content = self.content_len(value) as u64;
        out.put_byte(DATA_KEY);
        out.put_varint(content);
        out.put_bytes(self.between_lengths());
        out.put_varint(value as u64);
    }

    /// Fills in both lengths of an entry that starts with its block, and whose value has `value`
    /// bytes.
    #[inline(always)]
    fn set_lengths<const N: usize>(&self, value: usize, bytes: &mut [u8; N]) {
        let last = self.short.len() - 1;
        bytes[1] = (last - 1 + value) as u8;
        bytes[last] = value as u8;
    }

    /// The length of the entry without its own key and length.
    fn content_len(&self, value: usize) -> usize {
        self.between_lengths().len() + encoded_len_varint(value as u64) + value
    }

    /// The constant bytes between the two lengths: the column's name, and the key of the value.
    fn between_lengths(&self) -> &[u8] {
        &self.short[2..self.short.len() - 1]
    }
}

/// Writes one entry of a record.
struct EntryWriter<'w, 'r> {
    entry: &'w Entry,
    out: &'w mut ByteWriter<'r>,
    /// How much capacity has to stay free for the constant bytes of the record.
    fixed: usize,
}

impl ValueWriter for EntryWriter<'_, '_> {
    #[inline(always)]
    fn number(
        &mut self,
        value: &Value<'_>,
        put: impl FnOnce(&mut [u8; NUMBER_BYTES]) -> usize,
    ) -> Option<()> {
        let Self { entry, out, .. } = self;
        // With a name that fits into a block, both lengths take one byte for every number.
        let Some(block) = &entry.block else {
            entry.write_long(value::encoded_len(value), out);
            let length = put(out.next_array());
            out.skip(length);
            return Some(());
        };
        let bytes = out.next_array::<{ BLOCK_BYTES + NUMBER_BYTES }>();
        bytes[..BLOCK_BYTES].copy_from_slice(block);
        let short = entry.short.len();
        let length = put(first_array(&mut bytes[short..]));
        entry.set_lengths(length, bytes);
        out.skip(short + length);
        Some(())
    }

    #[inline(always)]
    fn text(&mut self, key: u8, text: &[u8]) -> Option<()> {
        let Self { entry, out, fixed } = self;
        if out.left() < text.len() + *fixed {
            return None;
        }
        match &entry.block {
            // Both lengths take one byte.
            Some(block) if 2 + text.len() <= entry.short_value => {
                let bytes = out.next_array::<{ BLOCK_BYTES + NUMBER_BYTES }>();
                bytes[..BLOCK_BYTES].copy_from_slice(block);
                let short = entry.short.len();
                let before = first_array::<2>(&mut bytes[short..]);
                *before = [key, text.len() as u8];
                entry.set_lengths(2 + text.len(), bytes);
                out.skip(short + 2);
            }
            _ => {
                let length = text.len() as u64;
                entry.write_long(1 + encoded_len_varint(length) + text.len(), out);
                out.put_byte(key);
                out.put_varint(length);
            }
        }
        out.put_bytes(text);
        Some(())
    }
}

fn put_text(number: u32, text: &str, buffer: &mut Vec<u8>) {
    buffer.push(field_key(number, WireType::LengthDelimited));
    encode_varint(text.len() as u64, buffer);
    buffer.extend_from_slice(text.as_bytes());
}
