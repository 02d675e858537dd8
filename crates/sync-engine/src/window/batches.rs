//! The record batches of an answer, small ones joined.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use arrow_select::concat::concat_batches;
use futures::FutureExt;

use crate::time_series::Answer;
use crate::window::{WindowFailure, unexpected};

/// Batches with fewer rows are joined with those that follow: some databases send one row at a
/// time, and what is done once for each batch costs more than the rows of such a one.
const FEW_ROWS: usize = 1_024;
/// No more than this is joined, since rows may be of any size.
const JOINED_BYTES: usize = 1024 * 1024;

/// The record batches of an answer, in their order.
pub(crate) struct Batches<A> {
    answer: A,
    /// Whether the answer has said that there are no more.
    is_over: bool,
}

impl<A: Answer> Batches<A> {
    pub(crate) fn new(answer: A) -> Self {
        Self { answer, is_over: false }
    }

    /// The next batch: one as it came, or several small ones that have come already. Nothing is
    /// waited for once there is one.
    ///
    /// # Errors
    ///
    /// The answer broke off. Of what came since the call before nothing is handed out then, and all
    /// of it is to be asked for again.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, WindowFailure> {
        if self.is_over {
            return Ok(None);
        }
        let Some(first) = self.answer.next().await? else { return Ok(None) };
        let (mut rows, mut bytes) = (first.num_rows(), first.get_array_memory_size());
        let mut batches = vec![first];
        // A batch of no rows means nothing, and is handed out as it came.
        while rows > 0 && rows < FEW_ROWS && bytes < JOINED_BYTES {
            match self.answer.next().now_or_never() {
                None => break,
                Some(Ok(None)) => {
                    self.is_over = true;
                    break;
                }
                Some(Ok(Some(batch))) => {
                    rows += batch.num_rows();
                    bytes += batch.get_array_memory_size();
                    batches.push(batch);
                }
                Some(Err(error)) => return Err(error.into()),
            }
        }
        joined(batches).map_err(unexpected)
    }
}

fn joined(mut batches: Vec<RecordBatch>) -> Result<Option<RecordBatch>, ArrowError> {
    match batches.as_slice() {
        [] | [_] => Ok(batches.pop()),
        [first, ..] => concat_batches(first.schema_ref(), &batches).map(Some),
    }
}
