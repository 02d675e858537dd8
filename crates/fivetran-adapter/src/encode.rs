//! Rows, straight to the bytes of `UpdateResponse` messages.
//!
//! The idiomatic way builds a map of messages for each row, which costs an allocation or more for each cell. Here all that rows of a
//! table have in common (names of schema, table and columns, with their keys and lengths) is encoded once, and one pass over a row writes it; lengths
//! are filled in behind what they count. What comes out decodes to the same messages.
//!
//! Of the instructions that a narrow row (seven columns) takes in the whole connector, by `cargo xtask bench instructions`, most are spent in three places:
//!
//! 1. `Layout::write`, 36 %: for each cell it asks what the value is, puts the column's constant bytes as one block, and writes the value as words. It is a loop
//!    over cells and not over columns since a record's entries follow each other on the wire.
//! 2. `memcpy`, 20 %: half of it gathers frames for the socket (`gathered.rs`), which saves more system calls than it costs; the rest is InfluxDB's messages on
//!    their way into Arrow, which wants its buffers aligned.
//! 3. `Reader::fill` of arrow-rows, 12 %: Arrow's arrays become values, block by block and column by column, so that types are asked for once a block.

mod chunk;
mod layout;
mod pool;
mod slot;
mod value;

use std::sync::Arc;

use bytes::Bytes;
use fivetran_wire::limit::MESSAGE_BYTES;
use sync_core::{RowError, Rows, SinkError, Table, Value};

pub(crate) use chunk::Chunk;
use chunk::{LONGEST_HEADER_BYTES, OpenChunk};
use layout::Layout;
pub(crate) use pool::Pool;

/// One serialized `UpdateResponse` that holds records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The whole message.
    pub bytes: Bytes,
    /// How many records it holds, 1 to [`RECORDS_PER_MESSAGE`](fivetran_wire::limit::RECORDS_PER_MESSAGE).
    pub records: usize,
}

/// Encodes the rows of one table as upserts.
#[derive(Debug)]
pub struct TableEncoder {
    table: Table,
    layout: Layout,
    open: OpenChunk,
}

impl TableEncoder {
    /// An encoder for rows that have the columns of `table`, in their order.
    #[must_use]
    pub fn new(table: &Table) -> Self {
        Self::with_pool(table, Arc::default())
    }

    /// The same, with memory that encoders share.
    pub(crate) fn with_pool(table: &Table, pool: Arc<Pool>) -> Self {
        Self { layout: Layout::new(table), open: OpenChunk::new(pool), table: table.clone() }
    }

    /// The table that it was made for.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Encodes all that `rows` lends, a frame at a time.
    ///
    /// A frame holds at most [`RECORDS_PER_MESSAGE`](fivetran_wire::limit::RECORDS_PER_MESSAGE) records, and is closed at 256 KiB; a larger record goes alone.
    /// The first error is the last item: the rows before it may be missing, if their frame was not full yet.
    pub fn frames<'a, R: Rows + ?Sized>(
        &'a mut self,
        rows: &'a mut R,
    ) -> impl Iterator<Item = Result<Frame, SinkError>> + use<'a, R> {
        self.chunks(rows).flat_map(|chunk| {
            let (chunk, error) = match chunk {
                Ok(chunk) => (Some(chunk), None),
                Err(error) => (None, Some(Err(error))),
            };
            let messages = chunk.into_iter().flat_map(Chunk::messages);
            let frames = messages.map(|(bytes, records)| Ok(Frame { bytes, records }));
            frames.chain(error)
        })
    }

    /// The same, with as many frames at a time as fit into a piece of memory.
    pub(crate) fn chunks<'a, R: Rows + ?Sized>(&'a mut self, rows: &'a mut R) -> Chunks<'a, R> {
        // What somebody before did not want to the end.
        self.open.clear();
        Chunks { encoder: self, rows: Some(rows), error: None }
    }

    /// Encodes one row.
    #[inline]
    fn push(&mut self, row: &[Value<'_>]) -> Result<(), SinkError> {
        if row.len() != self.table.columns.len() {
            return Err(SinkError::Row(self.misshapen(row.len())));
        }
        loop {
            match self.layout.write(row, self.open.room()) {
                Some(bytes) if self.open.take(bytes) => return Ok(()),
                Some(_) => {}
                None => self.make_room(row)?,
            }
        }
    }

    #[cold]
    fn make_room(&mut self, row: &[Value<'_>]) -> Result<(), SinkError> {
        let bytes = self.layout.encoded_len(row);
        if LONGEST_HEADER_BYTES + bytes > MESSAGE_BYTES {
            return Err(SinkError::RowTooLarge {
                table: self.table.name.clone(),
                bytes,
                limit: MESSAGE_BYTES,
            });
        }
        self.open.make_room(self.layout.room_for(bytes));
        Ok(())
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

/// The frames of some rows; see [`TableEncoder::chunks`].
pub(crate) struct Chunks<'a, R: ?Sized> {
    encoder: &'a mut TableEncoder,
    /// `None` after the last row, and after an error.
    rows: Option<&'a mut R>,
    /// What ends them, once what was ready before it is out.
    error: Option<SinkError>,
}

impl<R: Rows + ?Sized> Iterator for Chunks<'_, R> {
    type Item = Result<Chunk, SinkError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Self { encoder, rows, error } = self;
        loop {
            if let Some(chunk) = encoder.open.ready() {
                return Some(Ok(chunk));
            }
            let Some(lender) = rows else { return error.take().map(Err) };
            let pushed = match lender.next_row() {
                Ok(Some(row)) => encoder.push(row).map(|()| true),
                Ok(None) => Ok(false),
                Err(refused) => Err(refused.into()),
            };
            match pushed {
                Ok(true) => continue,
                Ok(false) => {}
                Err(failed) => {
                    encoder.open.discard();
                    *error = Some(failed);
                }
            }
            *rows = None;
            encoder.open.finish();
        }
    }
}
