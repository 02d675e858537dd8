//! The answer to a query, batch by batch.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_flight::FlightData;
use arrow_flight::decode::{DecodedFlightData, DecodedPayload, FlightDataDecoder};
use arrow_flight::error::FlightError;
use arrow_schema::SchemaRef;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt};
use tokio::time::{Instant, timeout};
use tonic::Status;

use crate::error::Error;
use crate::error_kind::ErrorKind;
use crate::report::{QueryFailure, Reporter};
use crate::target::Timeouts;

/// The record batches that answer one query, in the order in which the server sends them.
///
/// Ends only when the server says that the answer is whole. A connection that breaks, a proxy that
/// cuts the stream short and a server that goes silent are errors. Dropping the stream cancels the
/// query on the server.
pub struct BatchStream {
    /// None once the stream has failed.
    messages: Option<FlightDataDecoder>,
    schema: SchemaRef,
    timeouts: Timeouts,
    reporter: Arc<Reporter>,
    /// What it failed with. Later calls fail with it too, so that no failure looks like an end.
    failed: Option<ErrorKind>,
}

impl BatchStream {
    /// Waits for the first message of an answer, which is its schema.
    pub(crate) async fn open(
        messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static,
        timeouts: Timeouts,
        reporter: Arc<Reporter>,
    ) -> Result<Self, QueryFailure> {
        let mut messages = FlightDataDecoder::new(messages.map_err(FlightError::from));
        loop {
            let message = next_message(&mut messages, timeouts.idle).await?;
            match message.map(|message| message.payload) {
                Some(DecodedPayload::Schema(schema)) => {
                    return Ok(Self {
                        messages: Some(messages),
                        schema,
                        timeouts,
                        reporter,
                        failed: None,
                    });
                }
                Some(DecodedPayload::None) => {}
                // The decoder itself refuses a batch that comes before the schema.
                Some(DecodedPayload::RecordBatch(_)) | None => {
                    return Err(QueryFailure::Flight(FlightError::protocol("no schema came")));
                }
            }
        }
    }

    /// The columns of every batch, known before the first one comes.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next batch with rows, or `None` after the last one.
    ///
    /// Skips the empty batches that a busy server sends as keep-alives. Dropping the future loses
    /// no batch.
    ///
    /// # Errors
    /// After an error every further call fails with the same kind: part of the rows never came.
    pub async fn try_next(&mut self) -> Result<Option<RecordBatch>, Error> {
        let Some(messages) = &mut self.messages else {
            let kind = self.failed.clone().unwrap_or(ErrorKind::Internal);
            return Err(self.reporter.error(kind).with_detail("the answer has already failed"));
        };
        // Set by the first batch without rows: reading the clock costs a system call.
        let mut waiting_since = None;
        let failure = loop {
            let message = match next_message(messages, self.timeouts.idle).await {
                Ok(Some(message)) => message.payload,
                Ok(None) => return Ok(None),
                Err(failure) => break failure,
            };
            match message {
                DecodedPayload::RecordBatch(batch) if batch.num_rows() > 0 => {
                    return Ok(Some(batch));
                }
                DecodedPayload::RecordBatch(_) | DecodedPayload::None => {
                    let since = *waiting_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= self.timeouts.rows {
                        break QueryFailure::NoRows(self.timeouts.rows);
                    }
                }
                DecodedPayload::Schema(_) => {
                    break QueryFailure::Flight(FlightError::protocol("a second schema came"));
                }
            }
        };
        let error = self.reporter.failure(failure);
        self.messages = None;
        self.failed = Some(error.kind().clone());
        Err(error)
    }
}

impl fmt::Debug for BatchStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchStream")
            .field("schema", &self.schema)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

/// Reads the next message. After a failure `messages` must not be read again.
async fn next_message(
    messages: &mut FlightDataDecoder,
    idle: Duration,
) -> Result<Option<DecodedFlightData>, QueryFailure> {
    // Arrow panics on some malformed messages, such as a buffer that is shorter than its length
    // says. Catching the panic is safe: `messages` is not read again, so nobody sees a half-made
    // batch.
    let message = AssertUnwindSafe(messages.next()).catch_unwind();
    match timeout(idle, message).await {
        Ok(Ok(message)) => message.transpose().map_err(QueryFailure::Flight),
        Ok(Err(_panic)) => {
            Err(QueryFailure::Flight(FlightError::protocol("a message contradicts itself")))
        }
        Err(_) => Err(QueryFailure::Silence(idle)),
    }
}
