//! The answer to a question, batch by batch.

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

use crate::error::{Error, ErrorKind};
use crate::report::{Fault, Reporter};
use crate::target::Timeouts;

/// The record batches that answer one query, in the order in which the server sends them.
///
/// A stream that has ended well has said so: a connection that breaks, a proxy that cuts the
/// stream short and a server that goes silent are errors, never an early end. Dropping the stream
/// cancels the query on the server.
pub struct BatchStream {
    /// None once the stream has failed.
    messages: Option<FlightDataDecoder>,
    schema: SchemaRef,
    timeouts: Timeouts,
    reporter: Arc<Reporter>,
    /// What it failed with, so that it cannot seem to have ended well to whoever asks again.
    failed: Option<ErrorKind>,
}

impl BatchStream {
    /// Waits for the first message of an answer, which is its schema.
    pub(crate) async fn open(
        messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static,
        timeouts: Timeouts,
        reporter: Arc<Reporter>,
    ) -> Result<Self, Fault> {
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
                    return Err(Fault::Flight(FlightError::protocol("no schema came")));
                }
            }
        }
    }

    /// The columns of every batch, known before the first one comes.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next batch with rows, or `None` when the server has said that there are no more.
    ///
    /// The empty batches by which a server at work shows that it is alive are swallowed. Dropping
    /// the future loses no batch.
    ///
    /// # Errors
    /// After an error every further call fails with the same kind: part of the rows never came.
    pub async fn try_next(&mut self) -> Result<Option<RecordBatch>, Error> {
        let Some(messages) = &mut self.messages else {
            let kind = self.failed.clone().unwrap_or(ErrorKind::Internal);
            return Err(self.reporter.error(kind).saying("the answer has already failed"));
        };
        // Read only once the server keeps us waiting without rows: the clock costs a system call.
        let mut waiting_since = None;
        let fault = loop {
            let message = match next_message(messages, self.timeouts.idle).await {
                Ok(Some(message)) => message.payload,
                Ok(None) => return Ok(None),
                Err(fault) => break fault,
            };
            match message {
                DecodedPayload::RecordBatch(batch) if batch.num_rows() > 0 => {
                    return Ok(Some(batch));
                }
                DecodedPayload::RecordBatch(_) | DecodedPayload::None => {
                    let since = *waiting_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= self.timeouts.rows {
                        break Fault::NoRows(self.timeouts.rows);
                    }
                }
                DecodedPayload::Schema(_) => {
                    break Fault::Flight(FlightError::protocol("a second schema came"));
                }
            }
        };
        let error = self.reporter.fault(fault);
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

/// The next message. After a fault there is nothing more to be had from `messages`.
async fn next_message(
    messages: &mut FlightDataDecoder,
    idle: Duration,
) -> Result<Option<DecodedFlightData>, Fault> {
    // Arrow checks most of what it reads, and panics on some of the rest, such as a buffer that is shorter than its length says. What
    // it was making is lost with the panic, and `messages` is not asked again, so that nothing half made is seen.
    let message = AssertUnwindSafe(messages.next()).catch_unwind();
    match timeout(idle, message).await {
        Ok(Ok(message)) => message.transpose().map_err(Fault::Flight),
        Ok(Err(_panic)) => {
            Err(Fault::Flight(FlightError::protocol("a message contradicts itself")))
        }
        Err(_) => Err(Fault::Silence(idle)),
    }
}
