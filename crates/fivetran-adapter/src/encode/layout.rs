//! What the records of a table have in common, encoded once.

use prost::encoding::{WireType, encode_varint, encoded_len_varint};
use sync_core::{Table, Value};

use super::slot::{self, BLOCK_BYTES, SLACK_BYTES, Slot};
use super::value::{self, NUMBER_BYTES, Writer};

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
/// How many bytes a length takes at most: a message is below 2^28 bytes, and one byte more is to spare.
const LONGEST_LENGTH: usize = 5;

/// The constant parts of a table's records.
#[derive(Debug)]
pub(super) struct Layout {
    /// `schema_name` and `table_name`. `type` is absent, since an upsert is the enum's zero.
    head: Vec<u8>,
    columns: Vec<Entry>,
    /// How many bytes a record takes at most without its texts, with what writing may touch behind it.
    fixed_bytes: usize,
    /// How many bytes the length of the last record took: as many as that of the next one, as a rule.
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

    /// The length of a row as one of `Records`.
    pub(super) fn encoded_len(&self, row: &[Value<'_>]) -> usize {
        let entries = self.columns.iter().zip(row);
        let entries = entries.map(|(entry, value)| entry.encoded_len(value::encoded_len(value)));
        let body = self.head.len() + entries.sum::<usize>();
        1 + encoded_len_varint(body as u64) + body
    }

    /// How much room makes [`write`](Self::write) succeed for a row that takes so many bytes.
    pub(super) fn room_for(&self, encoded_len: usize) -> usize {
        encoded_len + 2 * self.fixed_bytes
    }

    /// Writes a row as one of `Records`: answers with its length, or with `None` where there may be too little room, having written anything.
    ///
    /// Lengths come before what they count, and are known after it. That of an entry takes one byte, but for long texts, and that of a record
    /// as many as the one before: so their places are kept free and filled in last, and nothing has to be looked at twice.
    #[inline]
    pub(super) fn write(&mut self, row: &[Value<'_>], room: &mut [u8]) -> Option<usize> {
        let fixed = self.fixed_bytes;
        if room.len() < fixed {
            return None;
        }
        let mut slot = Slot::new(room);
        slot.put_byte(RECORD_KEY);
        let from = 1 + self.length_bytes;
        slot.skip(self.length_bytes);
        slot.put_bytes(&self.head);
        for (entry, value) in self.columns.iter().zip(row) {
            value::write(value, &mut EntryWriter { entry, slot: &mut slot, fixed })?;
        }
        let end = slot.filled();
        let body = end - from;
        let length_bytes = encoded_len_varint(body as u64);
        if length_bytes != self.length_bytes {
            room.copy_within(from..end, 1 + length_bytes);
            self.length_bytes = length_bytes;
        }
        // Not by a whole word: what follows is there already.
        encode_varint(body as u64, &mut &mut room[1..1 + length_bytes]);
        Some(1 + length_bytes + body)
    }
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

    /// The most that it takes with any value but a text, or with a text but for its bytes.
    fn fixed_bytes(&self) -> usize {
        self.short.len() + 2 * LONGEST_LENGTH + value::LONGEST_NUMBER
    }

    /// The length of the whole entry with a value of `value` bytes.
    fn encoded_len(&self, value: usize) -> usize {
        let content = self.content_len(value);
        1 + encoded_len_varint(content as u64) + content
    }

    /// Writes the entry up to a value of so many bytes, whatever the lengths.
    #[cold]
    fn write_long(&self, value: usize, slot: &mut Slot<'_>) {
        let content = self.content_len(value) as u64;
        slot.put_byte(DATA_KEY);
        slot.put_varint(content);
        slot.put_bytes(self.between_lengths());
        slot.put_varint(value as u64);
    }

    /// Sets the lengths of an entry, whose value takes so many bytes, and at whose begin its block was put.
    #[inline(always)]
    fn set_lengths<const N: usize>(&self, value: usize, window: &mut [u8; N]) {
        let last = self.short.len() - 1;
        window[1] = (last - 1 + value) as u8;
        window[last] = value as u8;
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

/// Writes one entry of a record.
struct EntryWriter<'w, 'r> {
    entry: &'w Entry,
    slot: &'w mut Slot<'r>,
    /// How much has to stay free for what is fixed of the record.
    fixed: usize,
}

impl Writer for EntryWriter<'_, '_> {
    #[inline(always)]
    fn number(
        &mut self,
        value: &Value<'_>,
        put: impl FnOnce(&mut [u8; NUMBER_BYTES]) -> usize,
    ) -> Option<()> {
        let Self { entry, slot, .. } = self;
        // A name that fits into a block leaves room for every number.
        let Some(block) = &entry.block else {
            entry.write_long(value::encoded_len(value), slot);
            let length = put(slot.window());
            slot.skip(length);
            return Some(());
        };
        let window = slot.window::<{ BLOCK_BYTES + NUMBER_BYTES }>();
        window[..BLOCK_BYTES].copy_from_slice(block);
        let short = entry.short.len();
        let length = put(slot::window(&mut window[short..]));
        entry.set_lengths(length, window);
        slot.skip(short + length);
        Some(())
    }

    #[inline(always)]
    fn text(&mut self, key: u8, text: &[u8]) -> Option<()> {
        let Self { entry, slot, fixed } = self;
        if slot.left() < text.len() + *fixed {
            return None;
        }
        match &entry.block {
            // Its length takes one byte.
            Some(block) if 2 + text.len() <= entry.short_value => {
                let window = slot.window::<{ BLOCK_BYTES + NUMBER_BYTES }>();
                window[..BLOCK_BYTES].copy_from_slice(block);
                let short = entry.short.len();
                let before = slot::window::<2>(&mut window[short..]);
                *before = [key, text.len() as u8];
                entry.set_lengths(2 + text.len(), window);
                slot.skip(short + 2);
            }
            _ => {
                let length = text.len() as u64;
                entry.write_long(1 + encoded_len_varint(length) + text.len(), slot);
                slot.put_byte(key);
                slot.put_varint(length);
            }
        }
        slot.put_bytes(text);
        Some(())
    }
}

fn put_text(number: u32, text: &str, buffer: &mut Vec<u8>) {
    buffer.push(key(number, WireType::LengthDelimited));
    encode_varint(text.len() as u64, buffer);
    buffer.extend_from_slice(text.as_bytes());
}
