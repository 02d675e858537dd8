//! Rows, straight to the bytes of `UpdateResponse` messages.
//!
//! The idiomatic way builds a map of messages for each row, which costs an allocation or more for each cell. Here all that rows of a
//! table have in common (names of schema, table and columns, with their keys and lengths) is encoded once, a first pass over a row
//! adds up lengths, and a second one writes. What comes out decodes to the same messages.

mod frame;
mod layout;
mod slot;
mod value;

use bytes::Bytes;
use fivetran_wire::limit::{MESSAGE_BYTES, RECORDS_PER_MESSAGE};
use sync_core::{RowError, Rows, SinkError, Table, Value};

use frame::OpenFrame;
use layout::Layout;

/// A message that has grown to this many bytes takes no further record. The protocol's limit is far above; this one
/// keeps memory and latency low, and costs nothing, since 100 common rows are well below it.
const TARGET_BYTES: usize = 256 * 1024;

/// One serialized `UpdateResponse` that holds records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The whole message.
    pub bytes: Bytes,
    /// How many records it holds, 1 to [`RECORDS_PER_MESSAGE`].
    pub records: usize,
}

/// Encodes the rows of one table as upserts.
#[derive(Debug)]
pub struct TableEncoder {
    table: Table,
    layout: Layout,
    /// The lengths of the present row's values: kept here to be allocated once.
    lengths: Vec<usize>,
    open: OpenFrame,
}

impl TableEncoder {
    /// An encoder for rows that have the columns of `table`, in their order.
    #[must_use]
    pub fn new(table: &Table) -> Self {
        Self {
            layout: Layout::new(table),
            lengths: vec![0; table.columns.len()],
            open: OpenFrame::default(),
            table: table.clone(),
        }
    }

    /// The table that it was made for.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Encodes all that `rows` lends, a frame at a time.
    ///
    /// A frame holds at most [`RECORDS_PER_MESSAGE`] records, and is closed at 256 KiB; a larger record goes alone. The first error
    /// is the last item: the rows before it may be missing, if their frame was not full yet.
    pub fn frames<'a, R: Rows + ?Sized>(
        &'a mut self,
        rows: &'a mut R,
    ) -> impl Iterator<Item = Result<Frame, SinkError>> + use<'a, R> {
        self.open.discard();
        Frames { encoder: self, rows: Some(rows) }
    }

    /// Encodes one row; answers with the frame that was open if the row is no longer in it.
    fn push(&mut self, row: &[Value<'_>]) -> Result<Option<Frame>, SinkError> {
        if row.len() != self.table.columns.len() {
            return Err(SinkError::Row(self.misshapen(row.len())));
        }
        let body = self.layout.measure(row, &mut self.lengths);
        let bytes = layout::record_len(body);
        if frame::HEADER_BYTES + bytes > MESSAGE_BYTES {
            return Err(SinkError::RowTooLarge {
                table: self.table.name.clone(),
                bytes,
                limit: MESSAGE_BYTES,
            });
        }
        let full = !self.open.fits(bytes, TARGET_BYTES);
        let closed = if full { self.open.close() } else { None };
        let (layout, lengths) = (&self.layout, &self.lengths);
        self.open.record(bytes, |slot| layout.write(row, lengths, body, slot));
        Ok(closed)
    }

    fn misshapen(&self, values: usize) -> RowError {
        RowError {
            table: self.table.name.clone(),
            column: String::from("(all)"),
            value: format!("a row of {values} values"),
            reason: format!("the table has {} columns", self.table.columns.len()),
        }
    }
}

/// The frames of some rows; see [`TableEncoder::frames`].
struct Frames<'a, R: ?Sized> {
    encoder: &'a mut TableEncoder,
    /// `None` after the last row, and after an error.
    rows: Option<&'a mut R>,
}

impl<R: Rows + ?Sized> Frames<'_, R> {
    fn advance(&mut self) -> Result<Option<Frame>, SinkError> {
        let Some(rows) = &mut self.rows else { return Ok(None) };
        while let Some(row) = rows.next_row()? {
            if let Some(closed) = self.encoder.push(row)? {
                return Ok(Some(closed));
            }
            if self.encoder.open.records() == RECORDS_PER_MESSAGE {
                return Ok(self.encoder.open.close());
            }
        }
        self.rows = None;
        Ok(self.encoder.open.close())
    }
}

impl<R: Rows + ?Sized> Iterator for Frames<'_, R> {
    type Item = Result<Frame, SinkError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        if next.is_err() {
            self.rows = None;
        }
        next.transpose()
    }
}
