//! The same path with messages as users of prost write them: a map for each record, and a message
//! for each value.

use std::collections::HashMap;
use std::sync::Arc;

use fivetran_wire::value_type::Inner;
use fivetran_wire::{Checkpoint, Timestamp, UpdateRequest, ValueType, Warning};
use futures::StreamExt;
use influx_source::{InfluxConfig, InfluxSource};
use prost::{Message, Oneof};
use sync_core::{
    CheckpointKind, RowError, Rows, Sink, SinkError, Source, SyncRequest, Table, Value,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic_prost::ProstCodec;

use crate::wire::{Answer, Handler};

/// Records that one message may hold.
const RECORDS: usize = 100;
/// Messages that may wait.
const WAITING: usize = 16;

/// `UpdateResponse`, with records as prost makes them of the protocol's description.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Response {
    #[prost(oneof = "Operation", tags = "3, 4, 6")]
    operation: Option<Operation>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Operation {
    #[prost(message, tag = "3")]
    Checkpoint(Checkpoint),
    #[prost(message, tag = "4")]
    Warning(Warning),
    #[prost(message, tag = "6")]
    Records(Records),
}

#[derive(Clone, PartialEq, Message)]
struct Records {
    #[prost(message, repeated, tag = "1")]
    records: Vec<Record>,
}

#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(string, tag = "2")]
    table_name: String,
    #[prost(map = "string, message", tag = "4")]
    data: HashMap<String, ValueType>,
}

/// Makes messages of rows, each with as many records as it may hold.
pub(crate) fn messages(
    table: &Table,
    rows: &mut dyn Rows,
    mut take: impl FnMut(Response),
) -> Result<(), RowError> {
    let mut records = Vec::with_capacity(RECORDS);
    while let Some(row) = rows.next_row()? {
        records.push(record(table, row));
        if records.len() == RECORDS {
            take(response(std::mem::replace(&mut records, Vec::with_capacity(RECORDS))));
        }
    }
    if !records.is_empty() {
        take(response(records));
    }
    Ok(())
}

fn response(records: Vec<Record>) -> Response {
    Response { operation: Some(Operation::Records(Records { records })) }
}

fn record(table: &Table, row: &[Value<'_>]) -> Record {
    let data = table
        .columns
        .iter()
        .zip(row)
        .map(|(column, value)| (column.name.clone(), ValueType { inner: Some(inner(value)) }));
    Record { table_name: table.name.clone(), data: data.collect() }
}

fn inner(value: &Value<'_>) -> Inner {
    let timestamp = |at: sync_core::Timestamp| Timestamp {
        seconds: at.seconds(),
        nanos: at.nanoseconds().cast_signed(),
    };
    match *value {
        Value::Null => Inner::Null(true),
        Value::Bool(value) => Inner::Bool(value),
        Value::Short(value) => Inner::Short(value.into()),
        Value::Int(value) => Inner::Int(value),
        Value::Long(value) => Inner::Long(value),
        Value::Float(value) => Inner::Float(value),
        Value::Double(value) => Inner::Double(value),
        Value::NaiveDate(days) => {
            Inner::NaiveDate(Timestamp { seconds: i64::from(days) * 86_400, nanos: 0 })
        }
        Value::NaiveDateTime(at) => Inner::NaiveDatetime(timestamp(at)),
        Value::UtcDateTime(at) => Inner::UtcDatetime(timestamp(at)),
        Value::Decimal(text) => Inner::Decimal(text.to_owned()),
        Value::Binary(bytes) => Inner::Binary(bytes.to_vec()),
        Value::String(text) => Inner::String(text.to_owned()),
        Value::Json(text) => Inner::Json(text.to_owned()),
    }
}

/// Serves syncs of InfluxDB with such messages.
#[derive(Clone, Default)]
pub(crate) struct Idiomatic(Arc<InfluxSource>);

impl Handler for Idiomatic {
    const SERVICE: &'static str = "fivetran_sdk.v2.SourceConnector";
    type Codec = ProstCodec<Response, UpdateRequest>;

    fn answer(&self, request: UpdateRequest) -> Answer<Response> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let source = Arc::clone(&self.0);
        tokio::spawn(async move {
            let failed = match sync_config::parse::<InfluxConfig>(&request.configuration) {
                Ok(parsed) => {
                    let sink = MessageSink(sender.clone());
                    let synced = source.sync(&parsed.config, SyncRequest::default(), &sink).await;
                    synced.err().map(|error| error.to_string())
                }
                Err(problems) => Some(problems.to_string()),
            };
            if let Some(text) = failed {
                // A client that has gone misses nothing.
                let _ = sender.send(Err(Status::internal(text))).await;
            }
        });
        ReceiverStream::new(receiver).boxed()
    }
}

struct MessageSink(mpsc::Sender<Result<Response, Status>>);

impl MessageSink {
    async fn send(&self, response: Response) -> Result<(), SinkError> {
        self.0.send(Ok(response)).await.map_err(|_closed| SinkError::Closed)
    }
}

impl Sink for MessageSink {
    // Neither is a part of what is measured.
    async fn truncate(&self, _: &Table) -> Result<(), SinkError> {
        Ok(())
    }
    async fn schema_change(&self, _: &[Table]) -> Result<(), SinkError> {
        Ok(())
    }

    async fn upsert(&self, table: &Table, rows: &mut (dyn Rows + Send)) -> Result<u64, SinkError> {
        let mut ready = Vec::new();
        messages(table, rows, |message| ready.push(message))?;
        let mut sent = 0;
        for message in ready {
            if let Some(Operation::Records(records)) = &message.operation {
                sent += records.records.len() as u64;
            }
            self.send(message).await?;
        }
        Ok(sent)
    }

    async fn checkpoint(&self, state_json: String, _: CheckpointKind) -> Result<(), SinkError> {
        let operation = Some(Operation::Checkpoint(Checkpoint { state_json }));
        self.send(Response { operation }).await
    }

    fn most_state_bytes(&self) -> usize {
        usize::MAX
    }

    async fn warn(&self, message: String) -> Result<(), SinkError> {
        self.send(Response { operation: Some(Operation::Warning(Warning { message })) }).await
    }
}
