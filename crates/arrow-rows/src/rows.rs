//! Reads record batches as rows.

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use sync_core::{RowError, Rows, Table, Value};

use crate::column::{Column, OpenColumn};
use crate::error::{CellError, Error};
use crate::loss::Loss;
use crate::reader::CellErrorAt;
use crate::text::TimeText;

/// Turns the record batches of one schema into the rows of one table.
///
/// Use one for all batches of a query: it reuses the memory that text is written into, and counts
/// what was lost in all of them.
#[derive(Debug)]
pub struct ArrowRows {
    table: String,
    columns: Vec<Column>,
    times: TimeText,
}

impl ArrowRows {
    /// Finds each column of `table` in `schema` by its name, and chooses how to convert it.
    ///
    /// Ignores columns of the schema that the table does not have. Their order does not matter.
    ///
    /// # Errors
    ///
    /// A column is missing, or there twice, or its Arrow type [cannot become](crate::can_become)
    /// the type that the table declares.
    pub fn new(schema: &Schema, table: &Table, times: TimeText) -> Result<Self, Error> {
        let columns = table.columns.iter().map(|column| Column::find(schema, table, column));
        Ok(Self { table: table.name.clone(), columns: columns.collect::<Result<_, _>>()?, times })
    }

    /// The rows of one batch.
    ///
    /// # Errors
    ///
    /// The batch has another schema, or Arrow cannot decode it. A value that its column cannot hold
    /// is an error of [`next_row`](Rows::next_row), after the rows before it.
    pub fn of<'a>(&'a mut self, batch: &'a RecordBatch) -> Result<BatchRows<'a>, Error> {
        let Self { table, columns, times } = self;
        let columns = columns.iter_mut().map(|column| column.open(table, batch, *times));
        Ok(BatchRows::new(table, columns.collect::<Result<_, _>>()?, batch.num_rows()))
    }

    /// What the columns lost so far, in all batches; a column that lost nothing is not listed.
    pub fn losses(&self) -> impl Iterator<Item = Loss<'_>> {
        self.columns.iter().flat_map(Column::losses)
    }
}

/// The rows of one record batch: made by [`ArrowRows::of`].
pub struct BatchRows<'a> {
    table: &'a str,
    columns: Vec<OpenColumn<'a>>,
    /// A block of rows, one after the other. It is filled column by column, so that the type of a
    /// column is looked up once a block and not once a cell.
    cells: Vec<Value<'a>>,
    /// How many rows of the block are filled.
    filled: usize,
    /// How many of them were lent.
    lent: usize,
    /// How many rows of the batch follow the block.
    rest: usize,
    /// The error that ends the rows, after those of the block.
    failure: Option<RowError>,
}

/// About how many values a block holds.
///
/// Blocks of one row are measurably slower. More than some hundred values gain nothing, and a block
/// should share the processor's nearest cache with the arrays that it is filled from.
const CELLS_PER_BLOCK: usize = 1_024;

impl<'a> BatchRows<'a> {
    fn new(table: &'a str, columns: Vec<OpenColumn<'a>>, rows: usize) -> Self {
        let width = columns.len();
        let height = (CELLS_PER_BLOCK / width.max(1)).clamp(1, rows.max(1));
        Self {
            table,
            columns,
            cells: vec![Value::Null; height * width],
            filled: 0,
            lent: 0,
            rest: rows,
            failure: None,
        }
    }

    /// Fills the next block, up to the first row with a value that its column cannot hold.
    fn fill(&mut self) {
        let width = self.columns.len();
        let mut rows = match width {
            0 => self.rest,
            _ => self.rest.min(self.cells.len() / width),
        };
        self.rest -= rows;
        for (position, column) in self.columns.iter_mut().enumerate() {
            let block = &mut self.cells[..rows * width];
            if let Err(CellErrorAt { row, error }) =
                column.fill(block.get_mut(position..).unwrap_or_default(), width)
            {
                // This row comes before the error of any earlier column: `block` ends there.
                rows = row;
                self.failure = Some(error.of(self.table, column.name));
                self.rest = 0;
            }
        }
        self.filled = rows;
        self.lent = 0;
    }
}

impl<'a> OpenColumn<'a> {
    /// Fills every `width`th cell. A null in a column of the primary key is an error.
    fn fill(&mut self, cells: &mut [Value<'a>], width: usize) -> Result<(), CellErrorAt> {
        let filled = self.reader.fill(cells.iter_mut().step_by(width));
        if self.primary_key {
            let filled_rows = match &filled {
                Ok(()) => usize::MAX,
                Err(error) => error.row,
            };
            let mut keys = cells.iter().step_by(width).take(filled_rows);
            if let Some(row) = keys.position(|key| matches!(key, Value::Null)) {
                let reason = "a value of the key must not be null; \
                              a number that is not finite counts as null";
                return Err(CellErrorAt { row, error: CellError::new("null", reason) });
            }
        }
        filled
    }
}

impl Rows for BatchRows<'_> {
    fn next_row(&mut self) -> Result<Option<&[Value<'_>]>, RowError> {
        if self.lent == self.filled {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            self.fill();
            if self.filled == 0 {
                return self.failure.take().map_or(Ok(None), Err);
            }
        }
        let width = self.columns.len();
        let start = self.lent * width;
        self.lent += 1;
        Ok(Some(&self.cells[start..start + width]))
    }
}
