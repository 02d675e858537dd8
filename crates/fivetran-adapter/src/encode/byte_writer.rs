//! Writes the bytes of one record.

use prost::encoding::encoded_len_varint;

/// The size of a block: bytes that are copied at once, although only the first ones may count.
pub(super) const BLOCK_BYTES: usize = 32;

/// How many bytes behind a record may be overwritten: the size of the largest array that
/// [`next_array`](ByteWriter::next_array) is asked for.
pub(super) const SLACK_BYTES: usize = 2 * BLOCK_BYTES;

/// Writes a record into a buffer, from its start.
///
/// It writes numbers and short texts as whole words and blocks. Only the first bytes of these
/// count, and the next write overwrites the others. That is much faster than writing single bytes,
/// or than calling `memcpy` for a dozen bytes, on which an encoder would spend most of its time. It
/// is also why a buffer needs [`SLACK_BYTES`] behind the record.
///
/// The methods are always inlined. Without that the compiler makes calls of them, which costs a
/// tenth of the rows per second.
#[derive(Debug)]
pub(super) struct ByteWriter<'a> {
    buffer: &'a mut [u8],
    filled: usize,
}

impl<'a> ByteWriter<'a> {
    /// A writer of at most `buffer.len() - SLACK_BYTES` bytes.
    #[inline(always)]
    pub(super) fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, filled: 0 }
    }

    /// How many bytes were written.
    #[inline(always)]
    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    /// How many bytes of the buffer are left.
    #[inline(always)]
    pub(super) fn left(&self) -> usize {
        self.buffer.len() - self.filled
    }

    /// Skips bytes, which the caller fills in later.
    #[inline(always)]
    pub(super) fn skip(&mut self, bytes: usize) {
        self.filled += bytes;
    }

    /// Adds a byte.
    #[inline(always)]
    pub(super) fn put_byte(&mut self, byte: u8) {
        self.put_word([byte], 1);
    }

    /// Adds bytes.
    #[inline(always)]
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) {
        let end = self.filled + bytes.len();
        // Write short texts as two words. These overlap if the text is shorter than both together.
        if let (Some(first), Some(last)) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>())
            && bytes.len() <= 32
        {
            self.put_at(self.filled, first);
            self.put_at(end - 16, last);
        } else if let (Some(first), Some(last)) =
            (bytes.first_chunk::<4>(), bytes.last_chunk::<4>())
            && bytes.len() <= 8
        {
            self.put_at(self.filled, first);
            self.put_at(end - 4, last);
        } else if let (Some(first), Some(last)) =
            (bytes.first_chunk::<8>(), bytes.last_chunk::<8>())
            && bytes.len() <= 16
        {
            self.put_at(self.filled, first);
            self.put_at(end - 8, last);
        } else {
            self.buffer[self.filled..end].copy_from_slice(bytes);
        }
        self.filled = end;
    }

    /// The next `N` bytes of the buffer. The caller writes into them, and [skips](Self::skip) those
    /// that count. One check of the length serves all these writes.
    #[inline(always)]
    pub(super) fn next_array<const N: usize>(&mut self) -> &mut [u8; N] {
        first_array(&mut self.buffer[self.filled..])
    }

    #[inline(always)]
    fn put_at<const N: usize>(&mut self, place: usize, word: &[u8; N]) {
        self.buffer[place..][..N].copy_from_slice(word);
    }

    /// Adds the first `counted` bytes of `word`.
    #[inline(always)]
    pub(super) fn put_word<const N: usize>(&mut self, word: [u8; N], counted: usize) {
        self.buffer[self.filled..][..N].copy_from_slice(&word);
        self.filled += counted;
    }

    /// Adds a number as a varint: seven bits a byte, the lowest first. Each byte but the last has a
    /// bit which says that another byte follows.
    #[inline(always)]
    pub(super) fn put_varint(&mut self, number: u64) {
        self.filled += put_varint(number, self.next_array());
    }
}

/// The most bytes that a varint takes.
pub(super) const VARINT_BYTES: usize = 10;

/// Writes a number as a varint to the start of `out`, and returns its length.
#[inline(always)]
pub(super) fn put_varint(number: u64, out: &mut [u8; VARINT_BYTES]) -> usize {
    if number < 0x80 {
        out[0] = number as u8;
        1
    } else if number < 1 << 56 {
        let bytes = encoded_len_varint(number);
        let more = MORE & ((1 << (8 * (bytes - 1))) - 1);
        out[..8].copy_from_slice(&(spread(number) | more).to_le_bytes());
        bytes
    } else {
        let ninth = (number >> 56) as u8 & 0x7F;
        let tenth = (number >> 63) as u8;
        out[..8].copy_from_slice(&(spread(number) | MORE).to_le_bytes());
        out[8] = ninth | (tenth << 7);
        out[9] = tenth;
        9 + usize::from(tenth)
    }
}

/// The first `N` of `bytes`, which must have as many.
#[inline(always)]
pub(super) fn first_array<const N: usize>(bytes: &mut [u8]) -> &mut [u8; N] {
    match bytes.first_chunk_mut() {
        Some(out) => out,
        None => too_short(),
    }
}

/// Panics as an index beyond the end of a slice does.
#[cold]
#[allow(clippy::panic, reason = "a layout that reserves too little capacity is a bug")]
fn too_short() -> ! {
    panic!("a record is longer than the capacity that was reserved for it")
}

/// In each byte of a word, the bit of a varint which says that another byte follows.
const MORE: u64 = 0x8080_8080_8080_8080;

/// Spreads the lower 56 bits of a number over eight bytes, seven bits to a byte: first to two
/// halves of 28 bits, then to four parts of 14, then to eight of 7.
#[inline]
fn spread(number: u64) -> u64 {
    let fours = ((number & 0x00FF_FFFF_F000_0000) << 4) | (number & 0x0FFF_FFFF);
    let twos = ((fours & 0x0FFF_C000_0FFF_C000) << 2) | (fours & 0x0000_3FFF_0000_3FFF);
    ((twos & 0x3F80_3F80_3F80_3F80) << 1) | (twos & 0x007F_007F_007F_007F)
}

#[cfg(test)]
mod tests {
    use prost::encoding::encode_varint;

    use super::{ByteWriter, SLACK_BYTES};

    #[test]
    fn bytes_are_copied_whatever_their_length() {
        let bytes: Vec<u8> = (1..100).collect();
        for length in 0..bytes.len() {
            let mut buffer = vec![0; 1 + length + SLACK_BYTES];
            let mut out = ByteWriter::new(&mut buffer);
            out.put_byte(7);
            out.put_bytes(&bytes[..length]);
            assert_eq!(out.filled, 1 + length);
            assert_eq!((buffer[0], &buffer[1..=length]), (7, &bytes[..length]));
        }
    }

    #[test]
    fn varints_are_those_of_prost() {
        let near = |bit: u32| {
            let power = 1_u64 << bit;
            [power - 1, power, power + 1, power | (power >> 1), 0xA5A5_A5A5_A5A5_A5A5 >> bit]
        };
        for number in (0..64).flat_map(near).chain([u64::MAX]) {
            let mut expect = Vec::new();
            encode_varint(number, &mut expect);
            let mut buffer = vec![0; expect.len() + SLACK_BYTES];
            let mut out = ByteWriter::new(&mut buffer);
            out.put_varint(number);
            assert_eq!(out.filled, expect.len(), "{number:#x}");
            assert_eq!(buffer[..expect.len()], expect, "{number:#x}");
        }
    }
}
