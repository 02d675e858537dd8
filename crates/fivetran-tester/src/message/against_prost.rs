//! Compares how this crate reads a message with how prost reads it, for the tests and the fuzz
//! target.
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use std::collections::BTreeMap;

use fivetran_wire::update_response::Operation;
use fivetran_wire::value_type::Inner;
use fivetran_wire::{Record, UpdateResponse, ValueType};
use prost::Message as _;

use super::{Batch, Message, Value};

/// The records of a batch as prost's types. A single record is a batch of one.
fn as_prost(batch: &Batch) -> Vec<Record> {
    let text = |bytes: &[u8]| str::from_utf8(bytes).unwrap().to_owned();
    let record = |head| {
        let (schema, table) = batch.table(head);
        let (mut data, mut row_data) = (BTreeMap::new(), BTreeMap::new());
        for (name, value) in batch.row(head).iter() {
            let inner = match value {
                Value::Encoded(value) => {
                    row_data.insert(name.to_owned(), value.to_vec());
                    continue;
                }
                Value::Unset => None,
                Value::Null(value) => Some(Inner::Null(value)),
                Value::Bool(value) => Some(Inner::Bool(value)),
                Value::Short(value) => Some(Inner::Short(value)),
                Value::Int(value) => Some(Inner::Int(value)),
                Value::Long(value) => Some(Inner::Long(value)),
                Value::Float(value) => Some(Inner::Float(value)),
                Value::Double(value) => Some(Inner::Double(value)),
                Value::NaiveDate(at) => Some(Inner::NaiveDate(at)),
                Value::NaiveDatetime(at) => Some(Inner::NaiveDatetime(at)),
                Value::UtcDatetime(at) => Some(Inner::UtcDatetime(at)),
                Value::Decimal(value) => Some(Inner::Decimal(text(value))),
                Value::Binary(value) => Some(Inner::Binary(value.to_vec())),
                Value::String(value) => Some(Inner::String(text(value))),
                Value::Json(value) => Some(Inner::Json(text(value))),
                Value::Xml(value) => Some(Inner::Xml(text(value))),
                Value::NaiveTime(at) => Some(Inner::NaiveTime(at)),
            };
            data.insert(name.to_owned(), ValueType { inner });
        }
        let (schema_name, table_name) = (schema.map(text), text(table));
        Record { schema_name, table_name, r#type: head.kind, data, row_data }
    };
    batch.records().iter().map(record).collect()
}

/// Reads the bytes both ways, and compares the results as text, since NaN is not equal to itself.
///
/// # Panics
/// The results differ.
#[track_caller]
pub(crate) fn check(bytes: Vec<u8>) {
    let show = |message| match message {
        UpdateResponse { operation: Some(Operation::Record(record)) } => {
            format!("{:?}", vec![record])
        }
        UpdateResponse { operation: Some(Operation::Records(batch)) } => {
            format!("{:?}", batch.records)
        }
        other => format!("{other:?}"),
    };
    let expect = match UpdateResponse::decode(bytes.as_slice()) {
        Err(error) => format!("{error}"),
        Ok(message) => show(message),
    };
    let ours = match Message::decode(bytes.into()) {
        Err(error) => format!("{error}"),
        Ok(Message::Records(batch)) => format!("{:?}", as_prost(&batch)),
        Ok(Message::Other(message)) => show(message),
    };
    assert_eq!(ours, expect);
}
