//! Chunks of the answer: buffers with messages, one after the other, each behind gRPC's prefix.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{BufMut, Bytes};
use fivetran_wire::limit::RECORDS_PER_MESSAGE;
use prost::encoding::{WireType, encode_varint, encoded_len_varint};

use super::field_key::field_key;
use super::pool::{Buffer, Pool};
use crate::message::PREFIX_BYTES;

/// The key of the field `records` of `UpdateResponse`.
const RECORDS_KEY: u8 = field_key(6, WireType::LengthDelimited);
/// The longest header of a message: the key and the length of its records. A length up to 128 MiB
/// takes four bytes.
pub(super) const LONGEST_HEADER_BYTES: usize = 1 + 4;

/// A message is closed before it grows beyond this. The protocol's limit is much higher. This one
/// keeps memory and latency low, and costs nothing, since 100 common rows are much smaller.
const TARGET_BYTES: usize = 256 * 1024;
/// The size of the first buffer of a table. Each next one is twice as large, as long as rows come.
/// It is small since a chunk that waits for the client keeps its whole buffer, and chunks of a
/// thousand small tables may wait at once.
const FIRST_BYTES: usize = 4 * 1024;
/// The size of the largest buffer, unless one record needs more. Larger ones would leave the
/// processor's cache before they are sent.
const LARGEST_BYTES: usize = 256 * 1024;

/// Whole messages, ready to be sent.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The messages, each behind its prefix.
    pub(crate) bytes: Bytes,
    /// The size of the buffer that it keeps until it is sent.
    pub(crate) memory: usize,
    /// How many records its messages hold.
    pub(crate) records: usize,
    /// Where each message ends, and how many records it holds.
    ends: Vec<(usize, usize)>,
}

impl Chunk {
    /// The messages without their prefixes, each with the number of its records.
    pub(super) fn messages(self) -> impl Iterator<Item = (Bytes, usize)> {
        let Self { bytes, ends, .. } = self;
        let mut start = 0;
        ends.into_iter().map(move |(end, records)| {
            let message = bytes.slice(start + PREFIX_BYTES..end);
            start = end;
            (message, records)
        })
    }
}

/// A chunk that is being written.
#[derive(Debug)]
pub(super) struct OpenChunk {
    pool: Arc<Pool>,
    buffer: Option<Buffer>,
    /// Where each whole message ends, and how many records it holds.
    ends: Vec<(usize, usize)>,
    /// Where the open message starts, or the next one will.
    start: usize,
    /// Where the next record will start: behind the last record, or behind the space for the
    /// header.
    filled: usize,
    /// How many records the open message holds.
    records: usize,
    /// How many bytes the length in the header of the last message took. The next one mostly takes
    /// as many.
    length_bytes: usize,
    /// The size of the next buffer.
    next_bytes: usize,
    /// Chunks that are complete, and were not taken yet.
    ready: VecDeque<Chunk>,
}

impl OpenChunk {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Self {
            pool,
            buffer: None,
            ends: Vec::new(),
            start: 0,
            filled: PREFIX_BYTES + 2,
            records: 0,
            length_bytes: 1,
            next_bytes: FIRST_BYTES,
            ready: VecDeque::new(),
        }
    }

    /// The space for the prefix and the header of the open message, if its length takes as many
    /// bytes as that of the last message.
    fn header_bytes(&self) -> usize {
        PREFIX_BYTES + 1 + self.length_bytes
    }

    /// Starts a message at `start`.
    fn start_message(&mut self, start: usize) {
        self.start = start;
        self.filled = start + self.header_bytes();
        self.records = 0;
    }

    /// The rest of the buffer. It may be too small for the next record.
    #[inline]
    pub(super) fn spare_capacity(&mut self) -> &mut [u8] {
        let buffer = self.buffer.as_mut();
        buffer.and_then(|buffer| buffer.bytes.get_mut(self.filled..)).unwrap_or_default()
    }

    /// Takes a record that was written into [`spare_capacity`](Self::spare_capacity). If the
    /// message would grow too large, closes it instead and returns `false`: the caller has to write
    /// the record again.
    #[inline]
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let end = self.filled + bytes;
        if end - self.start > TARGET_BYTES && self.records > 0 {
            self.close();
            return false;
        }
        self.filled = end;
        self.records += 1;
        if self.records == RECORDS_PER_MESSAGE {
            let message = end - self.start;
            self.close();
            // The next message is mostly as large as this one. If it does not fit, end the chunk.
            if self.start + message > self.buffer.as_ref().map_or(0, |buffer| buffer.bytes.len()) {
                self.seal();
            }
        }
        true
    }

    /// The next chunk that is complete.
    #[inline]
    pub(super) fn ready(&mut self) -> Option<Chunk> {
        self.ready.pop_front()
    }

    /// Makes room for a record of at most `bytes` bytes.
    pub(super) fn reserve(&mut self, bytes: usize) {
        if self.filled - self.start + bytes > TARGET_BYTES {
            self.close();
        }
        let open = self.filled - self.start;
        let needed = open + bytes;
        if self.ends.is_empty()
            && let Some(buffer) = &mut self.buffer
        {
            // There is no whole message yet: enlarge the buffer.
            let grown = (2 * buffer.bytes.len()).min(LARGEST_BYTES).max(needed);
            buffer.bytes.resize(grown, 0);
            self.next_bytes = grown.min(LARGEST_BYTES);
            return;
        }
        let mut fresh = self.pool.take(self.next_bytes.max(needed));
        if let Some(buffer) = &self.buffer {
            // Move the open message into the new buffer.
            let records = buffer.bytes.get(self.start..self.filled).unwrap_or_default();
            fresh.bytes[..records.len()].copy_from_slice(records);
        }
        let records = self.records;
        self.seal();
        self.next_bytes = (2 * self.next_bytes).min(LARGEST_BYTES);
        self.buffer = Some(fresh);
        self.records = records;
        self.filled = open;
    }

    /// Forgets the records of the open message.
    pub(super) fn discard(&mut self) {
        self.start_message(self.start);
    }

    /// Forgets the open message and all chunks.
    pub(super) fn clear(&mut self) {
        self.discard();
        self.seal();
        self.ready.clear();
    }

    /// Ends the open message and the chunk.
    pub(super) fn finish(&mut self) {
        self.close();
        let held = self.buffer.as_ref().map_or(0, |buffer| buffer.bytes.len());
        if self.start < held / 4 {
            self.next_bytes = (self.next_bytes / 2).max(FIRST_BYTES);
        }
        self.seal();
    }

    /// Ends the chunk after its last whole message, if there is one.
    fn seal(&mut self) {
        let ends = std::mem::take(&mut self.ends);
        if let (Some(buffer), Some(&(end, _))) = (self.buffer.take(), ends.last()) {
            self.ready.push_back(Chunk {
                memory: buffer.bytes.len(),
                records: ends.iter().map(|(_, records)| records).sum(),
                bytes: Bytes::from_owner(buffer).slice(..end),
                ends,
            });
        }
        self.start_message(0);
    }

    /// Ends the open message, if it has a record.
    fn close(&mut self) {
        let Self { start, filled, records, length_bytes, .. } = *self;
        let Some(buffer) = self.buffer.as_mut().filter(|_| records > 0) else { return };
        let message = &mut buffer.bytes[start..];
        let from = PREFIX_BYTES + 1 + length_bytes;
        let body = filled - start - from;
        let length_bytes = encoded_len_varint(body as u64);
        let to = PREFIX_BYTES + 1 + length_bytes;
        if from != to {
            message.copy_within(from..from + body, to);
        }
        let mut header = &mut message[..to];
        // The flag for "not compressed".
        header.put_u8(0);
        // A message is below 128 MiB, so its length fits.
        header.put_u32((1 + length_bytes + body) as u32);
        header.put_u8(RECORDS_KEY);
        encode_varint(body as u64, &mut header);
        self.length_bytes = length_bytes;
        self.ends.push((start + to + body, records));
        self.start_message(start + to + body);
    }
}
