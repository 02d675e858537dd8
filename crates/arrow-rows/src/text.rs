//! Values that have to be written as text, such as decimals and JSON documents.
//!
//! A whole column is written at once into one buffer, which every batch uses again. Its values are
//! then slices of that buffer.

pub(crate) mod decimal;
mod iso;
pub(crate) mod json;
mod number;
pub(crate) mod scalar;

use std::slice::Iter;

use arrow_schema::ArrowError;
use sync_core::Value;

use crate::error::CellError;
use crate::logical_array::LogicalArray;
use crate::loss::Losses;
use crate::reader::{BoxedReader, Cell};

/// How a time is written in a STRING column, and inside of a JSON document.
///
/// Both are ISO 8601 in UTC. Years before 0 and after 9999 carry a sign, as in
/// `+10000-01-01T00:00:00.000000Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeText {
    /// Always nine digits of a second: `2025-06-02T06:36:58.190260123Z`. Nothing is lost, and texts
    /// sort as times do.
    #[default]
    Nanoseconds,
    /// Always six digits of a second: `2025-06-02T06:36:58.190260Z`. A time that loses digits is
    /// counted as [`LossKind::SubMicrosecond`](crate::LossKind::SubMicrosecond).
    Microseconds,
}

/// The text of a column, and what its values lost when they were written.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// UTF-8 after each whole cell.
    pub(crate) bytes: Vec<u8>,
    pub(crate) losses: Losses,
}

impl Output {
    pub(crate) fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// Writes the cells of one array, one at a time.
pub(crate) trait WriteCell: Send {
    /// Appends the cell of this row, which is not null. Writing nothing makes it null.
    fn write(&self, row: usize, out: &mut Output) -> Result<(), CellError>;

    /// Appends the cells of the first `rows` rows of `logical`, and notes where each ends.
    ///
    /// `self` must write the cells of `logical.values`. Do not override this method: as a provided
    /// one it is compiled for each kind of cell, with one dynamic call a column.
    fn write_all(&self, logical: &LogicalArray, rows: usize, text: &mut TextBuffer) {
        for row in 0..rows {
            if let Some(position) = logical.physical_index(row)
                && let Err(error) = self.write(position, &mut text.out)
            {
                text.error = Some(error);
                return;
            }
            text.ends.push(text.out.bytes.len());
        }
    }
}

/// Makes a closure a writer, which is enough for most types.
impl<F: Fn(usize, &mut Output) -> Result<(), CellError> + Send> WriteCell for F {
    fn write(&self, row: usize, out: &mut Output) -> Result<(), CellError> {
        self(row, out)
    }
}

/// The text of one column of one batch.
#[derive(Debug, Default)]
pub(crate) struct TextBuffer {
    pub(crate) out: Output,
    /// Where the text of each row ends. An empty text stands for null, since no type writes one.
    ends: Vec<usize>,
    /// The error that ends the rows, after those.
    error: Option<CellError>,
}

impl TextBuffer {
    /// Writes the cells of all rows, and returns a reader of them.
    pub(crate) fn read<'a>(
        &'a mut self,
        logical: &LogicalArray,
        rows: usize,
        cells: &dyn WriteCell,
        value: impl Fn(&'a str) -> Value<'a> + Send + 'a,
    ) -> Result<BoxedReader<'a>, ArrowError> {
        self.out.bytes.clear();
        self.ends.clear();
        self.ends.reserve(rows);
        self.error = None;
        cells.write_all(logical, rows, self);
        // Checking the whole column once is cheaper than pushing its characters one by one.
        let text = str::from_utf8(&self.out.bytes)
            .map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
        let error = self.error.take();
        Ok(Box::new(Cells { text, start: 0, ends: self.ends.iter(), error, value }))
    }
}

struct Cells<'a, F> {
    text: &'a str,
    start: usize,
    ends: Iter<'a, usize>,
    error: Option<CellError>,
    value: F,
}

impl<'a, F: Fn(&'a str) -> Value<'a>> Iterator for Cells<'a, F> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        let Some(&end) = self.ends.next() else { return self.error.take().map(Err) };
        let text = &self.text[self.start..end];
        self.start = end;
        Some(Ok(if text.is_empty() { Value::Null } else { (self.value)(text) }))
    }
}
