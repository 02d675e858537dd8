//! Compares the records that are read here with those that prost reads.

use std::collections::BTreeMap;

use fivetran_wire::update_response::Operation;
use fivetran_wire::value_type::Inner;
use fivetran_wire::{
    Checkpoint, Record, RecordType, Records, Timestamp, UpdateResponse, ValueType,
};
use proptest::prelude::*;
use prost::Message as _;

use super::against_prost::check;
use super::against_sdk;
use super::{Message, Value};

fn timestamp() -> impl Strategy<Value = Timestamp> {
    any::<(i64, i32)>().prop_map(|(seconds, nanos)| Timestamp { seconds, nanos })
}

fn value() -> impl Strategy<Value = ValueType> {
    let inner = prop_oneof![
        any::<bool>().prop_map(Inner::Null),
        any::<bool>().prop_map(Inner::Bool),
        any::<i32>().prop_map(Inner::Short),
        any::<i32>().prop_map(Inner::Int),
        any::<i64>().prop_map(Inner::Long),
        any::<f32>().prop_map(Inner::Float),
        any::<f64>().prop_map(Inner::Double),
        timestamp().prop_map(Inner::NaiveDate),
        timestamp().prop_map(Inner::NaiveDatetime),
        timestamp().prop_map(Inner::UtcDatetime),
        ".{0,9}".prop_map(Inner::Decimal),
        any::<Vec<u8>>().prop_map(Inner::Binary),
        ".{0,9}".prop_map(Inner::String),
        ".{0,9}".prop_map(Inner::Json),
        ".{0,9}".prop_map(Inner::Xml),
        timestamp().prop_map(Inner::NaiveTime),
    ];
    proptest::option::weighted(0.9, inner).prop_map(|inner| ValueType { inner })
}

fn record() -> impl Strategy<Value = Record> {
    let schema_name = proptest::option::of("[a-b]{0,2}");
    let names = "[a-cä]{0,2}";
    let data = || proptest::collection::btree_map(names, value(), 0..5);
    let row_data = || proptest::collection::btree_map(names, any::<Vec<u8>>(), 0..5);
    let values = prop_oneof![
        4 => data().prop_map(|data| (data, BTreeMap::new())),
        4 => row_data().prop_map(|row_data| (BTreeMap::new(), row_data)),
        1 => (data(), row_data()),
    ];
    (schema_name, "[a-b]{0,2}", -1..5, values).prop_map(
        |(schema_name, table_name, r#type, (data, row_data))| Record {
            schema_name,
            table_name,
            r#type,
            data,
            row_data,
        },
    )
}

fn message() -> impl Strategy<Value = UpdateResponse> {
    let operation = prop_oneof![
        record().prop_map(Operation::Record),
        proptest::collection::vec(record(), 0..5)
            .prop_map(|records| Operation::Records(Records { records })),
        ".{0,9}".prop_map(|state_json| Operation::Checkpoint(Checkpoint { state_json })),
    ];
    operation.prop_map(|operation| UpdateResponse { operation: Some(operation) })
}

proptest! {
    #[test]
    fn messages_are_read_as_prost_reads_them(message in message()) {
        check(message.encode_to_vec());
    }

    /// The same holds for messages that are concatenated, cut or changed.
    #[test]
    fn broken_messages_are_read_as_prost_reads_them(
        first in message(),
        second in message(),
        length in any::<prop::sample::Index>(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut bytes = first.encode_to_vec();
        second.encode(&mut bytes).unwrap();
        bytes.truncate(length.index(bytes.len() + 1).max(first.encoded_len()));
        for (at, mask) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= mask;
            }
        }
        check(bytes);
    }
}

/// Values of `row_data` as the SDK writes them, and others that are nearly so.
fn encoded() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        "[-+]?[0-9]{1,3}",
        "true|false|True",
        "[0-9]{4}-[01][0-9]-[0-3][0-9]",
        "2026-01-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,9}|\\.[05]00)?Z?",
        ".{0,9}",
    ];
    (0_u8..7, text).prop_map(|(kind, text)| [&[kind], text.as_bytes()].concat())
}

proptest! {
    #[test]
    fn values_are_read_as_the_sdk_writes_them(bytes in encoded()) {
        against_sdk::check(&bytes);
    }
}

fn plain() -> UpdateResponse {
    let cell = |name: &str, inner| (name.to_owned(), ValueType { inner: Some(inner) });
    let record = Record {
        schema_name: None,
        table_name: "cpu".to_owned(),
        r#type: RecordType::Upsert.into(),
        data: BTreeMap::from([
            cell("host", Inner::String("a".to_owned())),
            cell("load", Inner::Double(1.0)),
        ]),
        row_data: BTreeMap::new(),
    };
    let records = Records { records: vec![record.clone(), record] };
    UpdateResponse { operation: Some(Operation::Records(records)) }
}

#[test]
fn records_are_read_in_place() {
    let message = plain();
    let bytes = bytes::Bytes::from(message.encode_to_vec());
    let Ok(Message::Records(batch)) = Message::decode(bytes.clone()) else {
        panic!("records are expected")
    };
    assert_eq!(batch.bytes.as_ptr(), bytes.as_ptr());
    // Rows with the same columns share their names.
    assert_eq!((batch.column_sets.len(), batch.records().len()), (1, 2));
}

#[test]
fn a_name_that_comes_twice_has_its_last_value() {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Entry {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(message, optional, tag = "2")]
        value: Option<ValueType>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Twice {
        #[prost(message, repeated, tag = "4")]
        data: Vec<Entry>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    struct Response {
        #[prost(message, optional, tag = "1")]
        record: Option<Twice>,
    }
    let entry = |value| Entry {
        name: "a".to_owned(),
        value: Some(ValueType { inner: Some(Inner::Int(value)) }),
    };
    let record = Some(Twice { data: vec![entry(1), entry(2)] });
    let bytes = Response { record }.encode_to_vec();
    check(bytes.clone());
    let Ok(Message::Records(batch)) = Message::decode(bytes.into()) else {
        panic!("a record is expected")
    };
    assert_eq!(batch.row(&batch.records()[0]).get("a"), Some(Value::Int(2)));
}
