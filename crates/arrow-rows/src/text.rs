//! Cells that need a text of their own: written for a whole column at once, into one buffer that every batch reuses.

pub(crate) mod decimal;
mod iso;
pub(crate) mod json;
pub(crate) mod plain;

use std::slice::Iter;

use arrow_schema::ArrowError;
use sync_core::Value;

use crate::encoded::Layout;
use crate::error::Refusal;
use crate::loss::Losses;
use crate::reader::{BoxedReader, Cell};

/// How times are written where a column holds them as text, or inside of a JSON document.
///
/// Either way it is ISO 8601 in UTC. Years before 0 and after 9999 carry a sign, as in `+10000-01-01T00:00:00.000000Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeText {
    /// Nine digits of a second, always: `2025-06-02T06:36:58.190260123Z`. Nothing is lost, and texts sort as times do.
    #[default]
    Nanoseconds,
    /// Six digits of a second, always: `2025-06-02T06:36:58.190260Z`. What is cut is counted as
    /// [`LossKind::SubMicrosecond`](crate::LossKind::SubMicrosecond).
    Microseconds,
}

/// Where cells are written to, and what they lost on the way.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Well-formed UTF-8 between any two cells.
    pub(crate) bytes: Vec<u8>,
    pub(crate) losses: Losses,
}

impl Output {
    pub(crate) fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// Writes cells of one array, each on its own.
pub(crate) trait WriteCell: Send {
    /// Appends the cell of this row, which is not null. Writing nothing means that it becomes null after all.
    fn write(&self, row: usize, out: &mut Output) -> Result<(), Refusal>;

    /// Appends the cells of the first `rows` rows of `layout`, whose plain array these cells are of, and notes where each ends.
    ///
    /// It is provided here, so that a dynamic call is made once per column and the loop is compiled for its kind of cell.
    fn write_all(&self, layout: &Layout, rows: usize, texts: &mut Texts) {
        for row in 0..rows {
            if let Some(position) = layout.find(row)
                && let Err(refusal) = self.write(position, &mut texts.out)
            {
                texts.refused = Some(refusal);
                return;
            }
            texts.ends.push(texts.out.bytes.len());
        }
    }
}

/// A closure is enough for most types.
impl<F: Fn(usize, &mut Output) -> Result<(), Refusal> + Send> WriteCell for F {
    fn write(&self, row: usize, out: &mut Output) -> Result<(), Refusal> {
        self(row, out)
    }
}

/// The texts of one column of one batch.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pub(crate) out: Output,
    /// Where each row's text ends. No type writes an empty text, so an empty one stands for null.
    ends: Vec<usize>,
    /// Why there is no row after those.
    refused: Option<Refusal>,
}

impl Texts {
    /// Writes the cells of all rows, and reads them back as values.
    pub(crate) fn read<'a>(
        &'a mut self,
        layout: &Layout,
        rows: usize,
        cells: &dyn WriteCell,
        value: impl Fn(&'a str) -> Value<'a> + Send + 'a,
    ) -> Result<BoxedReader<'a>, ArrowError> {
        self.out.bytes.clear();
        self.ends.clear();
        self.ends.reserve(rows);
        self.refused = None;
        cells.write_all(layout, rows, self);
        // Checking the whole column at once is cheaper than pushing characters one by one.
        let text = str::from_utf8(&self.out.bytes)
            .map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
        let refused = self.refused.take();
        Ok(Box::new(Cells { text, start: 0, ends: self.ends.iter(), refused, value }))
    }
}

struct Cells<'a, F> {
    text: &'a str,
    start: usize,
    ends: Iter<'a, usize>,
    refused: Option<Refusal>,
    value: F,
}

impl<'a, F: Fn(&'a str) -> Value<'a>> Iterator for Cells<'a, F> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        let Some(&end) = self.ends.next() else { return self.refused.take().map(Err) };
        let text = &self.text[self.start..end];
        self.start = end;
        Some(Ok(if text.is_empty() { Value::Null } else { (self.value)(text) }))
    }
}
