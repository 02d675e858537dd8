//! Sends an answer: the schema, rows in batches, keep-alives in between, and faults.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow_flight::FlightData;
use arrow_flight::encode::{FlightDataEncoder, FlightDataEncoderBuilder};
use arrow_flight::error::FlightError;
use arrow_flight::utils::batches_to_flight_data;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tonic::Status;

use crate::connection::Connection;
use crate::engine::{MAX_BATCH_ROWS, Planned, QueryError, Scan};
use crate::faults::{End, QueryFaults};
use crate::state::ServerState;

/// The size that a message aims at. Batches are split by rows, so uneven rows can make a message
/// far larger, as in the real server.
const TARGET_BYTES: usize = 2 * 1024 * 1024;

/// The rows of an answer, as the engine makes them.
pub(super) type Batches = BoxStream<'static, Result<RecordBatch, QueryError>>;

/// What a query is answered with on a good day.
pub(super) struct Rows {
    pub(super) schema: SchemaRef,
    pub(super) batches: Batches,
    /// What is read of stored tables for it.
    pub(super) scans: Vec<Scan>,
}

impl Rows {
    /// The rows of a query that has been planned.
    pub(super) fn of(planned: Planned) -> Result<Self, QueryError> {
        let (schema, scans) = (planned.schema(), planned.scans().to_vec());
        let batches = planned.execute()?.map_err(QueryError::running).boxed();
        Ok(Self { schema, batches, scans })
    }

    /// Rows that are no points.
    pub(super) fn listing(batch: RecordBatch) -> Self {
        let schema = batch.schema();
        Self { schema, batches: stream::iter([Ok(batch)]).boxed(), scans: Vec::new() }
    }
}

pub(super) struct Answer {
    pub(super) schema: SchemaRef,
    pub(super) batches: Batches,
    pub(super) faults: QueryFaults,
    pub(super) ending: Ending,
    pub(super) keep_alive: Duration,
}

/// What it takes to end a query before its time.
pub(super) struct Ending {
    pub(super) state: Arc<ServerState>,
    pub(super) connection: Connection,
}

impl Ending {
    /// Ends the query: with a status, or without one and never to return.
    pub(super) async fn strike(&self, end: &End) -> Status {
        match end {
            End::Fail(code, message) => Status::new(*code, message),
            End::Cut => match self.connection.cut().await {},
            End::Crash { away } => match self.state.downtime.begin(*away).await {},
        }
    }
}

impl Answer {
    /// Tags leave as plain text: the encoder replaces dictionaries by their values.
    pub(super) fn frames(
        self,
    ) -> Result<impl Stream<Item = Result<FlightData, Status>> + Send + use<>, Status> {
        // Batches are cut to size before they come here, by the bytes that they really hold.
        let encoder = |schema| {
            FlightDataEncoderBuilder::new()
                .with_schema(schema)
                .with_max_flight_data_size(usize::MAX)
        };
        let bare = encoder(Arc::clone(&self.schema)).build(stream::empty());
        let wire_schema = bare.known_schema().unwrap_or_else(|| Arc::clone(&self.schema));
        let empty = RecordBatch::new_empty(Arc::clone(&wire_schema));
        let empty = batches_to_flight_data(&wire_schema, vec![empty])
            .map_err(|error| Status::internal(error.to_string()))?;
        let empty = empty.into_iter().next_back().unwrap_or_default();

        let keep_alive = match self.faults.stall {
            Some(stall) if stall.silent => Duration::MAX,
            _ => self.keep_alive,
        };
        let last = self.faults.empty_last_batch.then(|| empty.clone());
        let rows = FaultyRows {
            ending: self.ending,
            faults: self.faults,
            batches: self.batches,
            ready: VecDeque::new(),
            sent: 0,
        };
        let encoded = encoder(self.schema).build(rows.stream().map_err(FlightError::from));
        Ok(kept_alive(encoded, keep_alive, empty, last))
    }
}

/// Fills silence with batches without rows, and ends with `last`.
fn kept_alive(
    encoded: FlightDataEncoder,
    silence: Duration,
    empty: FlightData,
    last: Option<FlightData>,
) -> impl Stream<Item = Result<FlightData, Status>> + Send {
    stream::unfold(Some((encoded, last)), move |state| {
        let empty = empty.clone();
        async move {
            let (mut encoded, last) = state?;
            match timeout(silence, encoded.next()).await {
                Err(_) => Some((Ok(empty), Some((encoded, last)))),
                Ok(Some(Ok(frame))) => Some((Ok(frame), Some((encoded, last)))),
                Ok(Some(Err(error))) => Some((Err(status(error)), None)),
                Ok(None) => last.map(|frame| (Ok(frame), None)),
            }
        }
    })
}

fn status(error: FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => *status,
        other => Status::internal(other.to_string()),
    }
}

/// Ends a stream with an error when its `grpc-timeout` is over, which the server enforces itself.
pub(super) fn within(
    frames: impl Stream<Item = Result<FlightData, Status>> + Send,
    time: Duration,
) -> impl Stream<Item = Result<FlightData, Status>> + Send {
    let deadline = Instant::now() + time;
    stream::unfold(Some(Box::pin(frames)), move |frames| async move {
        let mut frames = frames?;
        tokio::select! {
            frame = frames.next() => frame.map(|frame| (frame, Some(frames))),
            () = sleep_until(deadline) => {
                Some((Err(Status::resource_exhausted("grpc-timeout elapsed")), None))
            }
        }
    })
}

/// The rows of an answer, with the query's faults.
struct FaultyRows {
    batches: Batches,
    faults: QueryFaults,
    ending: Ending,
    /// Batches of the right size that wait to be sent.
    ready: VecDeque<RecordBatch>,
    sent: usize,
}

impl FaultyRows {
    fn stream(self) -> impl Stream<Item = Result<RecordBatch, Status>> + Send {
        stream::unfold(Some(self), |rows| async move {
            let mut rows = rows?;
            match rows.next().await {
                Ok(Some(batch)) => Some((Ok(batch), Some(rows))),
                Ok(None) => None,
                Err(status) => Some((Err(status), None)),
            }
        })
    }

    async fn next(&mut self) -> Result<Option<RecordBatch>, Status> {
        if let Some(stall) = self.faults.stall.take_if(|stall| stall.after_batches <= self.sent) {
            sleep(stall.lasting).await;
        }
        if let Some((Some(batches), end)) = &self.faults.end
            && *batches <= self.sent
        {
            return Err(self.ending.strike(end).await);
        }
        while self.ready.is_empty() {
            let Some(batch) = self.batches.try_next().await? else { return Ok(None) };
            let rows =
                rows_per_batch(&batch).min(self.faults.rows_per_batch.unwrap_or(MAX_BATCH_ROWS));
            let starts = (0..batch.num_rows()).step_by(rows);
            self.ready
                .extend(starts.map(|start| batch.slice(start, rows.min(batch.num_rows() - start))));
        }
        self.sent += 1;
        Ok(self.ready.pop_front())
    }
}

/// How many of a batch's rows make a message of the right size, if all are alike.
fn rows_per_batch(batch: &RecordBatch) -> usize {
    // Count what a slice shows, not the whole array that it keeps alive.
    let bytes =
        |column: &Arc<dyn Array>| column.to_data().get_slice_memory_size().unwrap_or_default();
    let total: usize = batch.columns().iter().map(bytes).sum();
    (batch.num_rows() / total.div_ceil(TARGET_BYTES).max(1)).max(1)
}
