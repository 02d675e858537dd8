//! Encodes any record batch, and decodes the messages with prost.

use arrow_rows::{ArrowRows, TimeText, column_type};
use fivetran_adapter::TableEncoder;
use fivetran_wire::limit::RECORDS_PER_MESSAGE;
use fivetran_wire::update_response::Operation;
use fivetran_wire::value_type::Inner;
use fivetran_wire::{Record, RecordType, Timestamp, UpdateResponse, ValueType};
use proptest::prelude::*;
use prost::Message;
use sync_core::{Column, Table, Value};

use crate::reference::expected;
use crate::strategy::record_batches;

/// A decoded value, as the debug text of the [`Value`] that was encoded.
fn shown(value: &ValueType) -> String {
    let instant = |at: &Timestamp| {
        assert!((0..1_000_000_000).contains(&at.nanos));
        // The parts are compared by their text, since an instant is made of units of one kind.
        format!("Timestamp {{ seconds: {}, nanoseconds: {} }}", at.seconds, at.nanos)
    };
    match value.inner.as_ref().expect("a value has something set") {
        Inner::Null(set) => {
            assert!(set);
            format!("{:?}", Value::Null)
        }
        Inner::Bool(value) => format!("{:?}", Value::Bool(*value)),
        Inner::Short(value) => format!("{:?}", Value::Short(i16::try_from(*value).unwrap())),
        Inner::Int(value) => format!("{:?}", Value::Int(*value)),
        Inner::Long(value) => format!("{:?}", Value::Long(*value)),
        Inner::Float(value) => format!("{:?}", Value::Float(*value)),
        Inner::Double(value) => format!("{:?}", Value::Double(*value)),
        Inner::NaiveDate(at) => {
            assert_eq!((at.nanos, at.seconds % 86_400), (0, 0));
            format!("{:?}", Value::NaiveDate(i32::try_from(at.seconds / 86_400).unwrap()))
        }
        Inner::NaiveDatetime(at) => format!("NaiveDateTime({})", instant(at)),
        Inner::UtcDatetime(at) => format!("UtcDateTime({})", instant(at)),
        Inner::Decimal(text) => format!("{:?}", Value::Decimal(text)),
        Inner::Binary(bytes) => format!("{:?}", Value::Binary(bytes)),
        Inner::String(text) => format!("{:?}", Value::String(text)),
        Inner::Json(text) => format!("{:?}", Value::Json(text)),
        other @ (Inner::Xml(_) | Inner::NaiveTime(_)) => panic!("no source sends {other:?}"),
    }
}

fn records(message: &[u8]) -> Vec<Record> {
    match UpdateResponse::decode(message).unwrap().operation {
        Some(Operation::Records(records)) => records.records,
        other => panic!("not a batch of records: {other:?}"),
    }
}

proptest! {
    #[test]
    fn any_batch_arrives_as_its_cells_are(batch in record_batches(250)) {
        let schema = batch.schema();
        let columns = schema.fields().iter();
        let columns = columns.map(|field| {
            Column::new(field.name(), column_type(field.data_type()).unwrap())
        });
        let table = Table::new("t", columns.collect());
        let mut rows = ArrowRows::new(&schema, &table, TimeText::Nanoseconds).unwrap();
        let mut encoder = TableEncoder::new(&table);
        let mut row = 0;
        let mut lent = rows.of(&batch).unwrap();
        for message in encoder.messages(&mut lent) {
            let records = records(&message.unwrap().bytes);
            prop_assert!((1..=RECORDS_PER_MESSAGE).contains(&records.len()));
            for record in records {
                prop_assert_eq!(record.table_name.as_str(), "t");
                prop_assert_eq!(record.r#type(), RecordType::Upsert);
                prop_assert_eq!(record.schema_name.as_deref(), None);
                prop_assert_eq!(record.data.len(), table.columns.len());
                for (column, array) in table.columns.iter().zip(batch.columns()) {
                    let sent = shown(&record.data[&column.name]);
                    prop_assert_eq!(sent, expected(array, row), "{}", array.data_type());
                }
                row += 1;
            }
        }
        prop_assert_eq!(row, batch.num_rows());
    }
}
