//! Values of a DECIMAL column: an optional `-`, digits, and an optional fraction after a point.

use std::ops::Range;

use arrow_array::Array;

use crate::error::CellError;
use crate::text::number;
use crate::text::{Output, WriteCell};

/// The type of a DECIMAL column: how many digits it holds, and how many of them after the point.
#[derive(Clone, Copy)]
pub(crate) struct DecimalType {
    pub(crate) precision: u8,
    pub(crate) scale: u8,
}

/// Writes integers and decimals as values of a DECIMAL column; `None` for any other array.
pub(crate) fn decimals(array: &dyn Array, column: DecimalType) -> Option<Box<dyn WriteCell>> {
    if array.data_type().is_integer() {
        return number::integers(array, move |start, out| column.check_integer(start, out));
    }
    number::decimals(array, move |start, out| column.check(start, out))
}

impl DecimalType {
    /// Checks that the integer at the end of the output, from `start` on, fits the column.
    fn check_integer(self, start: usize, out: &mut Output) -> Result<(), CellError> {
        let first = start + usize::from(out.bytes[start] == b'-');
        self.check_digits(start, first..out.bytes.len(), out)
    }

    /// Checks that the number at the end of the output, from `start` on, fits the column.
    ///
    /// Removes zeros from the end of its fraction if there are more than the column has places.
    fn check(self, start: usize, out: &mut Output) -> Result<(), CellError> {
        let text = &mut out.bytes;
        let first = start + usize::from(text[start] == b'-');
        let Some(point) = text[first..].iter().position(|&byte| byte == b'.') else {
            return self.check_integer(start, out);
        };
        let point = first + point;
        let last = point + usize::from(self.scale);
        while text.len() - 1 > last && text.last() == Some(&b'0') {
            text.pop();
        }
        if text.len() - 1 > last {
            return Err(self.too_long(start, out));
        }
        if text.len() - 1 == point {
            text.pop();
        }
        self.check_digits(start, first..point, out)
    }

    /// Checks the number of digits before the point. A single zero takes none.
    fn check_digits(
        self,
        start: usize,
        whole: Range<usize>,
        out: &Output,
    ) -> Result<(), CellError> {
        let most = usize::from(self.precision.saturating_sub(self.scale));
        if whole.len() <= most || out.bytes[whole] == *b"0" {
            Ok(())
        } else {
            Err(self.too_long(start, out))
        }
    }

    #[cold]
    fn too_long(self, start: usize, out: &Output) -> CellError {
        let Self { precision, scale } = self;
        CellError::new(
            String::from_utf8_lossy(&out.bytes[start..]),
            format!("it has more digits than DECIMAL({precision},{scale})"),
        )
    }
}
