//! The bytes of one record, while they are written.

use prost::encoding::encoded_len_varint;

/// Bytes that are written at once, of which only the first may count.
pub(super) const BLOCK_BYTES: usize = 32;

/// Bytes behind a record that writing may touch: the most that a [window](Slot::window) has.
pub(super) const SLACK_BYTES: usize = 2 * BLOCK_BYTES;

/// Room for one record and more, filled from the start.
///
/// Numbers and short texts are written as whole words and blocks, of which only the first bytes count, and what follows is written over:
/// much faster than byte by byte or by a call of `memcpy` for a dozen bytes, which would take most of an encoder's time. This is why there
/// is [slack](SLACK_BYTES). The methods are always inlined: left alone, the compiler makes calls of them, and one row in ten is lost.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    room: &'a mut [u8],
    filled: usize,
}

impl<'a> Slot<'a> {
    /// Room for `room.len() - SLACK_BYTES` bytes.
    #[inline(always)]
    pub(super) fn new(room: &'a mut [u8]) -> Self {
        Self { room, filled: 0 }
    }

    /// How many bytes there are.
    #[inline(always)]
    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    /// How many bytes there is still room for.
    #[inline(always)]
    pub(super) fn left(&self) -> usize {
        self.room.len() - self.filled
    }

    /// Leaves some bytes out, to be set later.
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
        // Short texts go as two words, which overlap where the text has no use for all of both.
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
            self.room[self.filled..end].copy_from_slice(bytes);
        }
        self.filled = end;
    }

    /// The next bytes of the room, however many of them are then [filled](Self::skip): one look at whether there are as many serves all that is written
    /// into them.
    #[inline(always)]
    pub(super) fn window<const N: usize>(&mut self) -> &mut [u8; N] {
        window(&mut self.room[self.filled..])
    }

    #[inline(always)]
    fn put_at<const N: usize>(&mut self, place: usize, word: &[u8; N]) {
        self.room[place..][..N].copy_from_slice(word);
    }

    /// Adds the first `counted` bytes of `word`.
    #[inline(always)]
    pub(super) fn put_word<const N: usize>(&mut self, word: [u8; N], counted: usize) {
        self.room[self.filled..][..N].copy_from_slice(&word);
        self.filled += counted;
    }

    /// Adds a number as a varint: seven bits a byte, lowest first, each byte but the last with a bit that says that more follows.
    #[inline(always)]
    pub(super) fn put_varint(&mut self, number: u64) {
        self.filled += put_varint(number, self.window());
    }
}

/// The most bytes that a varint takes.
pub(super) const VARINT_BYTES: usize = 10;

/// Begins a window with a number as a varint, and answers with its length.
#[inline(always)]
pub(super) fn put_varint(number: u64, window: &mut [u8; VARINT_BYTES]) -> usize {
    if number < 0x80 {
        window[0] = number as u8;
        1
    } else if number < 1 << 56 {
        let bytes = encoded_len_varint(number);
        let more = MORE & ((1 << (8 * (bytes - 1))) - 1);
        window[..8].copy_from_slice(&(spread(number) | more).to_le_bytes());
        bytes
    } else {
        let ninth = (number >> 56) as u8 & 0x7F;
        let tenth = (number >> 63) as u8;
        window[..8].copy_from_slice(&(spread(number) | MORE).to_le_bytes());
        window[8] = ninth | (tenth << 7);
        window[9] = tenth;
        9 + usize::from(tenth)
    }
}

/// The first bytes of some, which are at least as many.
#[inline(always)]
pub(super) fn window<const N: usize>(bytes: &mut [u8]) -> &mut [u8; N] {
    match bytes.first_chunk_mut() {
        Some(window) => window,
        None => no_room(),
    }
}

/// As for any other place behind the end of a slice.
#[cold]
#[allow(clippy::panic, reason = "a layout that asks for too little room is a mistake of ours")]
fn no_room() -> ! {
    panic!("a record is written behind the room that was made for it")
}

/// In each byte of a word, the bit that says that more follows.
const MORE: u64 = 0x8080_8080_8080_8080;

/// The lower 56 bits of a number, seven to a byte: halved into 28 to four bytes, halved again, and again.
#[inline]
fn spread(number: u64) -> u64 {
    let fours = ((number & 0x00FF_FFFF_F000_0000) << 4) | (number & 0x0FFF_FFFF);
    let twos = ((fours & 0x0FFF_C000_0FFF_C000) << 2) | (fours & 0x0000_3FFF_0000_3FFF);
    ((twos & 0x3F80_3F80_3F80_3F80) << 1) | (twos & 0x007F_007F_007F_007F)
}

#[cfg(test)]
mod tests {
    use prost::encoding::encode_varint;

    use super::{SLACK_BYTES, Slot};

    #[test]
    fn bytes_are_copied_whatever_their_length() {
        let bytes: Vec<u8> = (1..100).collect();
        for length in 0..bytes.len() {
            let mut room = vec![0; 1 + length + SLACK_BYTES];
            let mut slot = Slot::new(&mut room);
            slot.put_byte(7);
            slot.put_bytes(&bytes[..length]);
            assert_eq!(slot.filled, 1 + length);
            assert_eq!((room[0], &room[1..=length]), (7, &bytes[..length]));
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
            let mut room = vec![0; expect.len() + SLACK_BYTES];
            let mut slot = Slot::new(&mut room);
            slot.put_varint(number);
            assert_eq!(slot.filled, expect.len(), "{number:#x}");
            assert_eq!(room[..expect.len()], expect, "{number:#x}");
        }
    }
}
