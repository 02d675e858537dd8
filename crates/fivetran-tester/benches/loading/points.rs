//! Narrow points: a time, a tag, two integers and a float, and the two key columns that this
//! connector adds.

use bytes::Bytes;
use fivetran_wire::schema_response::Response;
use fivetran_wire::value_type::Inner;
use fivetran_wire::{
    Checkpoint, Column, DataType, RecordType, SchemaResponse, Table, TableList, Timestamp,
    UpdateResponse, ValueType, limit, update_response,
};
use prost::Message;

const TABLE: &str = "narrow";
/// 2026-01-31, 12:00 UTC.
const START: i64 = 1_769_860_800;
const SECONDS_PER_TURN: i64 = 10;

#[derive(Clone, Copy)]
pub(crate) struct Points {
    pub(crate) rows: u64,
    pub(crate) series: u64,
    pub(crate) rows_per_checkpoint: u64,
}

/// [`fivetran_wire::Records`], with the values of a record in the order in which a connector has
/// them.
#[derive(Clone, PartialEq, Message)]
struct Batch {
    #[prost(message, repeated, tag = "1")]
    records: Vec<OrderedRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct OrderedRecord {
    #[prost(string, tag = "2")]
    table_name: String,
    #[prost(enumeration = "RecordType", tag = "3")]
    r#type: i32,
    #[prost(message, repeated, tag = "4")]
    data: Vec<Cell>,
}

#[derive(Clone, PartialEq, Message)]
struct Cell {
    #[prost(string, tag = "1")]
    column: String,
    #[prost(message, optional, tag = "2")]
    value: Option<ValueType>,
}

#[derive(Clone, PartialEq, Message)]
struct BatchMessage {
    #[prost(message, optional, tag = "6")]
    records: Option<Batch>,
}

impl Points {
    pub(crate) fn schema(&self) -> SchemaResponse {
        let column = |name: &str, data_type: DataType, primary_key| Column {
            name: name.to_owned(),
            r#type: data_type.into(),
            primary_key,
            ..Column::default()
        };
        let columns = vec![
            column("_series_id", DataType::String, true),
            column("_time_ns", DataType::Long, true),
            column("time", DataType::UtcDatetime, false),
            column("host", DataType::String, false),
            column("requests", DataType::Long, false),
            column("errors", DataType::Long, false),
            column("usage", DataType::Double, false),
        ];
        let tables = vec![Table { name: TABLE.to_owned(), columns }];
        SchemaResponse {
            selection_not_supported: Some(false),
            response: Some(Response::WithoutSchema(TableList { tables })),
        }
    }

    /// The messages of a sync, serialized: full batches, with a checkpoint after each so many rows
    /// and at the end.
    pub(crate) fn messages(&self) -> Vec<Bytes> {
        let mut messages = Vec::new();
        let mut batch = Batch::default();
        for row in 1..=self.rows {
            batch.records.push(self.record(row - 1));
            let is_vouched_for = row % self.rows_per_checkpoint == 0 || row == self.rows;
            if batch.records.len() == limit::RECORDS_PER_MESSAGE || is_vouched_for {
                let records = Some(std::mem::take(&mut batch));
                messages.push(BatchMessage { records }.encode_to_vec().into());
            }
            if is_vouched_for {
                let state_json = format!(r#"{{"rows": {row}}}"#);
                let operation = update_response::Operation::Checkpoint(Checkpoint { state_json });
                let message = UpdateResponse { operation: Some(operation) };
                messages.push(message.encode_to_vec().into());
            }
        }
        messages
    }

    fn record(&self, row: u64) -> OrderedRecord {
        let host = format!("host-{}", row % self.series);
        let mut series = blake3::hash(host.as_bytes()).to_hex().to_string();
        series.truncate(32);
        let turn = i64::try_from(row / self.series).unwrap();
        let seconds = START + turn * SECONDS_PER_TURN;
        let noise = (row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as i64;
        let cell = |column: &str, inner| Cell {
            column: column.to_owned(),
            value: Some(ValueType { inner: Some(inner) }),
        };
        OrderedRecord {
            table_name: TABLE.to_owned(),
            r#type: RecordType::Upsert.into(),
            data: vec![
                cell("_series_id", Inner::String(series)),
                cell("_time_ns", Inner::Long(seconds * 1_000_000_000)),
                cell("time", Inner::UtcDatetime(Timestamp { seconds, nanos: 0 })),
                cell("host", Inner::String(host)),
                cell("requests", Inner::Long(noise)),
                cell("errors", Inner::Long(noise % 100)),
                cell("usage", Inner::Double(noise as f64 / 1000.0)),
            ],
        }
    }
}
