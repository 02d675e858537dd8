//! Decimal numbers: an optional `-`, digits, and an optional fraction after a point.

use std::fmt::Display;
use std::io::Write;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type};
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_schema::DataType as ArrowType;

use crate::error::Refusal;
use crate::text::plain::whole;
use crate::text::{Output, WriteCell};

/// How many digits a DECIMAL column holds.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    pub(crate) precision: u8,
    pub(crate) scale: u8,
}

/// The cells of integers and decimals, as long as they fit a column.
pub(crate) fn decimals(array: &dyn Array, room: Room) -> Option<Box<dyn WriteCell>> {
    if array.data_type().is_integer() {
        return whole(array, move |start, out| room.check_whole(start, out));
    }
    scaled(array, move |start, out| room.check(start, out))
}

/// The cells of decimals; `check` sees where the text of each starts.
pub(super) fn scaled(
    array: &dyn Array,
    check: impl Fn(usize, &mut Output) -> Result<(), Refusal> + Send + 'static,
) -> Option<Box<dyn WriteCell>> {
    fn cells<T: ArrowPrimitiveType<Native: Display>>(
        array: &dyn Array,
        scale: i8,
        check: impl Fn(usize, &mut Output) -> Result<(), Refusal> + Send + 'static,
    ) -> Box<dyn WriteCell> {
        let array = array.as_primitive::<T>().clone();
        Box::new(move |row: usize, out: &mut Output| {
            let start = out.bytes.len();
            write!(out.bytes, "{}", array.value(row))?;
            place_point(start, scale, &mut out.bytes);
            check(start, out)
        })
    }
    Some(match *array.data_type() {
        ArrowType::Decimal32(_, scale) => cells::<Decimal32Type>(array, scale, check),
        ArrowType::Decimal64(_, scale) => cells::<Decimal64Type>(array, scale, check),
        ArrowType::Decimal128(_, scale) => cells::<Decimal128Type>(array, scale, check),
        ArrowType::Decimal256(_, scale) => cells::<Decimal256Type>(array, scale, check),
        _ => return None,
    })
}

/// Turns the integer that starts at `start` into that integer divided by 10 to the power of `scale`.
fn place_point(start: usize, scale: i8, text: &mut Vec<u8>) {
    let first = start + usize::from(text[start] == b'-');
    let size = usize::from(scale.unsigned_abs());
    if scale > 0 {
        let missing = (size + 1).saturating_sub(text.len() - first);
        text.splice(first..first, std::iter::repeat_n(b'0', missing));
        text.insert(text.len() - size, b'.');
    } else if text[first..] != *b"0" {
        text.extend(std::iter::repeat_n(b'0', size));
    }
}

impl Room {
    /// Takes the integer that starts at `start` and ends the output.
    fn check_whole(self, start: usize, out: &mut Output) -> Result<(), Refusal> {
        let first = start + usize::from(out.bytes[start] == b'-');
        self.check_digits(start, first..out.bytes.len(), out)
    }

    /// Takes the number that starts at `start` and ends the output, without zeros at its end for which there is no room.
    fn check(self, start: usize, out: &mut Output) -> Result<(), Refusal> {
        let text = &mut out.bytes;
        let first = start + usize::from(text[start] == b'-');
        let Some(point) = text[first..].iter().position(|&byte| byte == b'.') else {
            return self.check_whole(start, out);
        };
        let point = first + point;
        let last = point + usize::from(self.scale);
        while text.len() - 1 > last && text.last() == Some(&b'0') {
            text.pop();
        }
        if text.len() - 1 > last {
            return Err(self.refuse(start, out));
        }
        if text.len() - 1 == point {
            text.pop();
        }
        self.check_digits(start, first..point, out)
    }

    /// Takes the digits before the point, of which a zero that is alone needs no room.
    fn check_digits(self, start: usize, whole: Range<usize>, out: &Output) -> Result<(), Refusal> {
        let room = usize::from(self.precision.saturating_sub(self.scale));
        if whole.len() <= room || out.bytes[whole] == *b"0" {
            Ok(())
        } else {
            Err(self.refuse(start, out))
        }
    }

    #[cold]
    fn refuse(self, start: usize, out: &Output) -> Refusal {
        let Self { precision, scale } = self;
        Refusal::new(
            String::from_utf8_lossy(&out.bytes[start..]),
            format!("it has more digits than DECIMAL({precision},{scale})"),
        )
    }
}
