//! A piece of the answer that still grows: messages, one after the other, each behind gRPC's prefix.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{BufMut, Bytes};
use fivetran_wire::limit::RECORDS_PER_MESSAGE;
use prost::encoding::{WireType, encode_varint, encoded_len_varint};

use super::layout::key;
use super::pool::{Buffer, Pool};
use crate::message::PREFIX_BYTES;

/// The field of `UpdateResponse` that holds `Records`.
const RECORDS_KEY: u8 = key(6, WireType::LengthDelimited);
/// The key and the length that come before the records: one of up to 128 MiB takes four bytes.
pub(super) const LONGEST_HEADER_BYTES: usize = 1 + 4;

/// A message that has grown to this many bytes takes no further record. The protocol's limit is far above; this one
/// keeps memory and latency low, and costs nothing, since 100 common rows are well below it.
const TARGET_BYTES: usize = 256 * 1024;
/// The first piece of memory that is taken; each next one is twice as large, as long as rows come. What waits for the client keeps its piece, and the
/// messages of a thousand small tables may wait at once.
const FIRST_BYTES: usize = 4 * 1024;
/// The largest, unless one record needs more. Much larger ones would leave the processor's cache before they are sent.
const LARGEST_BYTES: usize = 256 * 1024;

/// Some whole messages, ready to be sent.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The messages, each behind its prefix.
    pub(crate) bytes: Bytes,
    /// How much memory it keeps until it is sent.
    pub(crate) memory: usize,
    /// How many records its messages hold.
    pub(crate) records: usize,
    /// Where each message ends, and how many records it holds.
    ends: Vec<(usize, usize)>,
}

impl Chunk {
    /// The messages without their prefixes, with their records' number.
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

/// Records that will be messages.
#[derive(Debug)]
pub(super) struct OpenChunk {
    pool: Arc<Pool>,
    buffer: Option<Buffer>,
    /// Where whole messages end, and how many records each holds.
    ends: Vec<(usize, usize)>,
    /// Where the open message begins, or the next one.
    start: usize,
    /// Where the last record ends, and the next one goes: behind the room for a header, if there is no record yet.
    filled: usize,
    /// Records in the open message.
    records: usize,
    /// How many bytes the length of the records took in the last message: as many as it will take in the next one, as a rule.
    length_bytes: usize,
    /// How much memory to take next.
    next_bytes: usize,
    /// What has ended and is still here.
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

    /// The room that the header of the open message takes, if its length takes as many bytes as that of the one before.
    fn header_bytes(&self) -> usize {
        PREFIX_BYTES + 1 + self.length_bytes
    }

    /// Begins a message behind what there is.
    fn begin(&mut self, start: usize) {
        self.start = start;
        self.filled = start + self.header_bytes();
        self.records = 0;
    }

    /// Room for the next record, which may be too little.
    #[inline]
    pub(super) fn room(&mut self) -> &mut [u8] {
        let buffer = self.buffer.as_mut();
        buffer.and_then(|buffer| buffer.bytes.get_mut(self.filled..)).unwrap_or_default()
    }

    /// Takes a record of so many bytes, which was written into [`room`](Self::room). If the open message has grown enough it is closed instead, and the
    /// record is to be written again: `false`.
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
            // The next message is like this one, as a rule.
            if self.start + message > self.buffer.as_ref().map_or(0, |buffer| buffer.bytes.len()) {
                self.seal();
            }
        }
        true
    }

    /// What has ended.
    #[inline]
    pub(super) fn ready(&mut self) -> Option<Chunk> {
        self.ready.pop_front()
    }

    /// Makes room for a record of at most so many bytes.
    pub(super) fn make_room(&mut self, bytes: usize) {
        if self.filled - self.start + bytes > TARGET_BYTES {
            self.close();
        }
        let open = self.filled - self.start;
        let needed = open + bytes;
        if self.ends.is_empty()
            && let Some(buffer) = &mut self.buffer
        {
            // It grows in its place.
            let grown = (2 * buffer.bytes.len()).min(LARGEST_BYTES).max(needed);
            buffer.bytes.resize(grown, 0);
            self.next_bytes = grown.min(LARGEST_BYTES);
            return;
        }
        let mut fresh = self.pool.take(self.next_bytes.max(needed));
        if let Some(buffer) = &self.buffer {
            // What there is of the open message moves.
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
        self.begin(self.start);
    }

    /// Forgets all that there is.
    pub(super) fn clear(&mut self) {
        self.discard();
        self.seal();
        self.ready.clear();
    }

    /// Ends the open message, and the piece.
    pub(super) fn finish(&mut self) {
        self.close();
        let held = self.buffer.as_ref().map_or(0, |buffer| buffer.bytes.len());
        if self.start < held / 4 {
            self.next_bytes = (self.next_bytes / 2).max(FIRST_BYTES);
        }
        self.seal();
    }

    /// Ends the piece after its last whole message, unless there is none.
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
        self.begin(0);
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
        // Not compressed.
        header.put_u8(0);
        // A message is below 128 MiB.
        header.put_u32((1 + length_bytes + body) as u32);
        header.put_u8(RECORDS_KEY);
        encode_varint(body as u64, &mut header);
        self.length_bytes = length_bytes;
        self.ends.push((start + to + body, records));
        self.begin(start + to + body);
    }
}
