//! Encodes rows straight to the bytes of `UpdateResponse` messages.
//!
//! prost would build a map of messages for each row, with an allocation or more for each cell. This
//! encoder encodes once what all rows of a table have in common: the names of schema, table and
//! columns, with their keys and lengths. Then it writes each row in one pass, and fills in a length
//! after it has written what the length counts. The bytes decode to the same messages.
//!
//! `cargo xtask bench instructions` counts what a narrow row (seven columns) costs in the whole
//! connector. Most instructions are in three places:
//!
//! 1. `Layout::write`, 36 %: for each cell it looks up the kind of value, copies the constant bytes
//!    of the column as one block, and writes the value as words. It loops over the cells of a row,
//!    and not over columns, since the entries of a record follow each other on the wire.
//! 2. `memcpy`, 20 %: half of it joins frames for the socket (`coalesced_writes.rs`), which saves
//!    more in system calls. The rest copies InfluxDB's messages into Arrow's aligned buffers.
//! 3. `Reader::fill` of arrow-rows, 12 %: it turns Arrow's arrays into values, by block and by
//!    column, so that it looks up a type once a block.

mod byte_writer;
mod chunk;
mod field_key;
mod layout;
mod pool;
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
pub struct EncodedMessage {
    /// The bytes of the message.
    pub bytes: Bytes,
    /// How many records it holds, 1 to
    /// [`RECORDS_PER_MESSAGE`](fivetran_wire::limit::RECORDS_PER_MESSAGE).
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

    /// An encoder that shares memory with others.
    pub(crate) fn with_pool(table: &Table, pool: Arc<Pool>) -> Self {
        Self { layout: Layout::new(table), open: OpenChunk::new(pool), table: table.clone() }
    }

    /// The table whose rows it encodes.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Encodes all rows, a message at a time.
    ///
    /// A message holds at most [`RECORDS_PER_MESSAGE`](fivetran_wire::limit::RECORDS_PER_MESSAGE)
    /// records in at most 256 KiB, or one larger record. An error is the last item. The rows right
    /// before it may be missing, if their message was not complete.
    pub fn messages<'a, R: Rows + ?Sized>(
        &'a mut self,
        rows: &'a mut R,
    ) -> impl Iterator<Item = Result<EncodedMessage, SinkError>> + use<'a, R> {
        self.chunks(rows).flat_map(|chunk| {
            let (chunk, error) = match chunk {
                Ok(chunk) => (Some(chunk), None),
                Err(error) => (None, Some(Err(error))),
            };
            let messages = chunk.into_iter().flat_map(Chunk::messages);
            messages.map(|(bytes, records)| Ok(EncodedMessage { bytes, records })).chain(error)
        })
    }

    /// Encodes all rows, a chunk at a time: as many messages as fit into one buffer.
    pub(crate) fn chunks<'a, R: Rows + ?Sized>(&'a mut self, rows: &'a mut R) -> Chunks<'a, R> {
        // Forget what is left of earlier chunks, if the caller dropped them before their end.
        self.open.clear();
        Chunks { encoder: self, rows: Some(rows), error: None }
    }

    /// Encodes one row.
    #[inline]
    fn push(&mut self, row: &[Value<'_>]) -> Result<(), SinkError> {
        if row.len() != self.table.columns.len() {
            return Err(SinkError::Row(self.wrong_width(row.len())));
        }
        loop {
            match self.layout.write(row, self.open.spare_capacity()) {
                Some(bytes) if self.open.take(bytes) => return Ok(()),
                Some(_) => {}
                None => self.reserve(row)?,
            }
        }
    }

    /// Makes room for a row in the open chunk.
    #[cold]
    fn reserve(&mut self, row: &[Value<'_>]) -> Result<(), SinkError> {
        let bytes = self.layout.encoded_len(row);
        if LONGEST_HEADER_BYTES + bytes > MESSAGE_BYTES {
            return Err(SinkError::RowTooLarge {
                table: self.table.name.clone(),
                bytes,
                limit: MESSAGE_BYTES,
            });
        }
        self.open.reserve(self.layout.capacity_for(bytes));
        Ok(())
    }

    fn wrong_width(&self, values: usize) -> RowError {
        RowError {
            table: self.table.name.clone(),
            column: String::from("(all)"),
            value: format!("a row of {values} values"),
            reason: format!("the table has {} columns", self.table.columns.len()),
        }
    }
}

/// The chunks of some rows; see [`TableEncoder::chunks`].
pub(crate) struct Chunks<'a, R: ?Sized> {
    encoder: &'a mut TableEncoder,
    /// `None` after the last row, and after an error.
    rows: Option<&'a mut R>,
    /// The error that ends the chunks, after those that are ready.
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
                Err(error) => Err(error.into()),
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
