//! A message that still grows.

use bytes::{Buf, BufMut, BytesMut};
use prost::encoding::{WireType, encode_varint, encoded_len_varint};

use super::Frame;
use super::layout::key;
use super::slot::{SLACK_BYTES, Slot};

/// The field of `UpdateResponse` that holds `Records`.
const RECORDS_KEY: u8 = key(6, WireType::LengthDelimited);

/// Room for the key and the length that come before the records: the length is known last, and one of up to 128 MiB
/// takes four bytes.
pub(super) const HEADER_BYTES: usize = 1 + 4;

/// Memory is taken in pieces of this many bytes, which several frames share.
const CHUNK_BYTES: usize = 512 * 1024;
/// The first piece; each next one is twice as large. A frame that waits for the client keeps its whole piece, and the frames of a thousand
/// small tables may wait at once.
const FIRST_CHUNK_BYTES: usize = 4 * 1024;

/// Records that will be one message.
#[derive(Debug)]
pub(super) struct OpenFrame {
    /// Empty if there is no record; else the header's room and the records.
    buffer: BytesMut,
    records: usize,
    /// The size of the frame before, as a guess at the size of this one.
    usual_bytes: usize,
    /// How much memory to take next.
    chunk_bytes: usize,
}

impl Default for OpenFrame {
    fn default() -> Self {
        Self { buffer: BytesMut::new(), records: 0, usual_bytes: 0, chunk_bytes: FIRST_CHUNK_BYTES }
    }
}

impl OpenFrame {
    pub(super) fn records(&self) -> usize {
        self.records
    }

    /// Whether a record of so many bytes still belongs into this frame. The first one always does.
    pub(super) fn fits(&self, bytes: usize, target: usize) -> bool {
        self.records == 0 || self.buffer.len() + bytes <= target
    }

    /// Adds a record of exactly so many bytes, which `write` fills in.
    pub(super) fn record(&mut self, bytes: usize, write: impl FnOnce(Slot<'_>)) {
        let spare = self.buffer.capacity() - self.buffer.len();
        let mut needed = bytes + SLACK_BYTES;
        let mut wanted = needed;
        if self.records == 0 {
            needed += HEADER_BYTES;
            // Room for a whole frame, or else its records would have to move.
            wanted = needed.max(self.usual_bytes);
        }
        if spare < wanted {
            self.buffer.reserve(needed.max(self.chunk_bytes));
            self.chunk_bytes = (2 * self.chunk_bytes).min(CHUNK_BYTES);
        }
        if self.records == 0 {
            self.buffer.put_bytes(0, HEADER_BYTES);
        }
        let start = self.buffer.len();
        self.buffer.put_bytes(0, bytes + SLACK_BYTES);
        write(Slot::new(&mut self.buffer[start..]));
        self.buffer.truncate(start + bytes);
        self.records += 1;
    }

    /// The message, unless there is no record.
    pub(super) fn close(&mut self) -> Option<Frame> {
        if self.records == 0 {
            return None;
        }
        let records = std::mem::take(&mut self.records);
        let mut message = self.buffer.split();
        self.usual_bytes = message.len();
        let body = (message.len() - HEADER_BYTES) as u64;
        let header = 1 + encoded_len_varint(body);
        // The header ends where the records begin, and what is left before it is cut off.
        message.advance(HEADER_BYTES - header);
        let mut room = &mut message[..header];
        room.put_u8(RECORDS_KEY);
        encode_varint(body, &mut room);
        Some(Frame { bytes: message.freeze(), records })
    }

    /// Forgets the records.
    pub(super) fn discard(&mut self) {
        self.buffer.clear();
        self.records = 0;
    }
}
