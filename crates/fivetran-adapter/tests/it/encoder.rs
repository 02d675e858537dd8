//! Compares the encoder with prost messages.

use std::collections::BTreeMap;

use fivetran_adapter::{EncodedMessage, TableEncoder};
use fivetran_wire::limit::{MESSAGE_BYTES, RECORDS_PER_MESSAGE};
use fivetran_wire::update_response::Operation;
use fivetran_wire::value_type::Inner;
use fivetran_wire::{Record, Records, UpdateResponse, ValueType};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use prost::Message;
use sync_core::{Column, DataType, RowError, Rows, SinkError, Table, Timestamp, Value};

/// A value that owns its text.
#[derive(Clone, Debug)]
enum Cell {
    Plain(Value<'static>),
    Decimal(String),
    Binary(Vec<u8>),
    String(String),
    Json(String),
}

impl Cell {
    fn lend(&self) -> Value<'_> {
        match self {
            Self::Plain(value) => *value,
            Self::Decimal(text) => Value::Decimal(text),
            Self::Binary(bytes) => Value::Binary(bytes),
            Self::String(text) => Value::String(text),
            Self::Json(text) => Value::Json(text),
        }
    }
}

/// Lends prepared rows, and then fails if it is told to.
struct Lent<'a> {
    rows: std::vec::IntoIter<Vec<Value<'a>>>,
    row: Vec<Value<'a>>,
    error: Option<RowError>,
}

impl<'a> Lent<'a> {
    fn new(rows: Vec<Vec<Value<'a>>>) -> Self {
        Self { rows: rows.into_iter(), row: Vec::new(), error: None }
    }
}

impl Rows for Lent<'_> {
    fn next_row(&mut self) -> Result<Option<&[Value<'_>]>, RowError> {
        match self.rows.next() {
            Some(row) => {
                self.row = row;
                Ok(Some(&self.row))
            }
            None => self.error.take().map_or(Ok(None), Err),
        }
    }
}

/// Encodes with prost: a map for each row, with a message for each value.
fn by_prost(table: &Table, row: &[Value<'_>]) -> Record {
    let timestamp = |seconds, nanos| fivetran_wire::Timestamp { seconds, nanos };
    let instant = |at: Timestamp| timestamp(at.seconds(), at.nanoseconds() as i32);
    let inner = |value: Value<'_>| match value {
        Value::Null => Inner::Null(true),
        Value::Bool(flag) => Inner::Bool(flag),
        Value::Short(number) => Inner::Short(number.into()),
        Value::Int(number) => Inner::Int(number),
        Value::Long(number) => Inner::Long(number),
        Value::Float(number) => Inner::Float(number),
        Value::Double(number) => Inner::Double(number),
        Value::Decimal(text) => Inner::Decimal(text.to_owned()),
        Value::NaiveDate(days) => Inner::NaiveDate(timestamp(i64::from(days) * 86_400, 0)),
        Value::NaiveDateTime(at) => Inner::NaiveDatetime(instant(at)),
        Value::UtcDateTime(at) => Inner::UtcDatetime(instant(at)),
        Value::Binary(bytes) => Inner::Binary(bytes.to_vec()),
        Value::String(text) => Inner::String(text.to_owned()),
        Value::Json(text) => Inner::Json(text.to_owned()),
    };
    let data: BTreeMap<_, _> = table
        .columns
        .iter()
        .zip(row)
        .map(|(column, value)| (column.name.clone(), ValueType { inner: Some(inner(*value)) }))
        .collect();
    Record {
        schema_name: table.schema.clone(),
        table_name: table.name.clone(),
        data,
        ..Record::default()
    }
}

fn records(message: &EncodedMessage) -> Vec<Record> {
    assert!(message.bytes.len() <= MESSAGE_BYTES);
    match UpdateResponse::decode(message.bytes.clone()).unwrap().operation {
        Some(Operation::Records(Records { records })) => records,
        other => panic!("no records: {other:?}"),
    }
}

fn cell() -> impl Strategy<Value = Cell> {
    let extreme = prop_oneof![
        any::<i64>(),
        prop::sample::select(vec![0, 1, -1, 127, 128, i64::MIN, i64::MAX])
    ];
    let instant = prop_oneof![
        extreme.clone().prop_map(Timestamp::from_nanoseconds),
        extreme.clone().prop_map(Timestamp::from_units::<1>),
        extreme.clone().prop_map(Timestamp::from_units::<1_000>),
    ];
    let text = prop_oneof![4 => ".{0,12}", 1 => ".{120,200}"];
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        prop_oneof![any::<i16>(), Just(0), Just(i16::MIN), Just(i16::MAX)].prop_map(Value::Short),
        prop_oneof![any::<i32>(), Just(0), Just(i32::MIN), Just(i32::MAX)].prop_map(Value::Int),
        extreme.prop_map(Value::Long),
        prop_oneof![prop::num::f32::ANY, Just(0.0), Just(-0.0)].prop_map(Value::Float),
        prop_oneof![prop::num::f64::ANY, Just(0.0), Just(-0.0)].prop_map(Value::Double),
        prop_oneof![any::<i32>(), Just(0), Just(i32::MIN), Just(i32::MAX)]
            .prop_map(Value::NaiveDate),
        instant.clone().prop_map(Value::NaiveDateTime),
        instant.prop_map(Value::UtcDateTime),
    ];
    prop_oneof![
        5 => plain.prop_map(Cell::Plain),
        1 => "-?[0-9]{1,38}(\\.[0-9]{1,9})?".prop_map(Cell::Decimal),
        1 => vec(any::<u8>(), 0..200).prop_map(Cell::Binary),
        2 => text.clone().prop_map(Cell::String),
        1 => text.prop_map(|text| Cell::Json(format!("{text:?}"))),
    ]
}

prop_compose! {
    fn table_and_rows()(
        schema in prop::option::of(".{0,8}"),
        name in ".{0,20}",
        columns in btree_set(prop_oneof![9 => ".{0,20}", 1 => ".{130,140}"], 0..8),
    )(
        rows in vec(vec(cell(), columns.len()), 0..220),
        table in Just(Table {
            schema,
            name,
            columns: columns.into_iter().map(|name| Column::new(name, DataType::Json)).collect(),
        }),
    ) -> (Table, Vec<Vec<Cell>>) {
        (table, rows)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Compares messages by their bytes, since NaN is not equal to itself.
    #[test]
    fn decodes_to_what_prost_would_have_sent((table, rows) in table_and_rows()) {
        let rows: Vec<Vec<Value<'_>>> =
            rows.iter().map(|row| row.iter().map(Cell::lend).collect()).collect();
        let expect = rows.iter().map(|row| by_prost(&table, row));
        let expect: Vec<Vec<u8>> = expect.map(|record| record.encode_to_vec()).collect();

        let mut encoder = TableEncoder::new(&table);
        let mut found = Vec::new();
        for message in encoder.messages(&mut Lent::new(rows)) {
            let message = message.unwrap();
            let records = records(&message);
            prop_assert_eq!(records.len(), message.records);
            prop_assert!((1..=RECORDS_PER_MESSAGE).contains(&records.len()));
            // Columns are in the order of prost's map here, so that the bytes are equal too. Only
            // an empty name differs: prost leaves it out.
            if table.columns.iter().all(|column| !column.name.is_empty()) {
                let operation = Some(Operation::Records(Records { records: records.clone() }));
                prop_assert_eq!(&message.bytes, &UpdateResponse { operation }.encode_to_vec());
            }
            found.extend(records.iter().map(Message::encode_to_vec));
        }
        prop_assert_eq!(found, expect);
    }
}

fn texts() -> Table {
    Table::new("texts", vec![Column::new("text", DataType::String)])
}

/// The number of records in each message, for rows with texts of so many bytes.
fn check_frames(bytes: &[usize], expect: &[usize]) {
    let texts_of: Vec<String> = bytes.iter().map(|&bytes| "x".repeat(bytes)).collect();
    let rows = texts_of.iter().map(|text| vec![Value::String(text)]).collect();
    let mut encoder = TableEncoder::new(&texts());
    let messages: Vec<EncodedMessage> =
        encoder.messages(&mut Lent::new(rows)).collect::<Result<_, _>>().unwrap();
    let records_of: Vec<usize> = messages.iter().map(|message| message.records).collect();
    assert_eq!(records_of, expect);
    let found: Vec<usize> = messages
        .iter()
        .flat_map(records)
        .map(|record| match &record.data["text"].inner {
            Some(Inner::String(text)) => text.len(),
            other => panic!("no text: {other:?}"),
        })
        .collect();
    assert_eq!(found, bytes);
}

#[test]
fn a_frame_holds_a_hundred_records() {
    check_frames(&[], &[]);
    check_frames(&[1; 1], &[1]);
    check_frames(&[1; 100], &[100]);
    check_frames(&[1; 101], &[100, 1]);
    check_frames(&[1; 200], &[100, 100]);
}

#[test]
fn a_frame_is_closed_at_its_size_and_a_large_record_goes_alone() {
    const KIB: usize = 1024;
    check_frames(&[60 * KIB; 10], &[4, 4, 2]);
    check_frames(&[1, 300 * KIB, 1, 1], &[1, 1, 2]);
    check_frames(&[300 * KIB, 300 * KIB], &[1, 1]);
    // Longer lengths of records and messages, byte by byte around a power of two.
    for bytes in (110..130).chain(16_340..16_390) {
        check_frames(&[bytes, 1], &[2]);
    }
}

#[test]
fn a_row_may_be_as_large_as_a_message_and_no_larger() {
    let encode = |text: &str| {
        let mut encoder = TableEncoder::new(&texts());
        let mut rows = Lent::new(vec![vec![Value::String(text)]]);
        let first = encoder.messages(&mut rows).next().unwrap();
        first.map(|message| message.bytes.len())
    };
    let mut text = "x".repeat(MESSAGE_BYTES - 1_000);
    let overhead = encode(&text).unwrap() - text.len();
    text.push_str(&"x".repeat(1_000 - overhead));
    assert_eq!(encode(&text).unwrap(), MESSAGE_BYTES);
    text.push('x');
    let error = encode(&text).unwrap_err();
    assert!(matches!(error, SinkError::RowTooLarge { limit: MESSAGE_BYTES, .. }), "{error}");
}

#[test]
fn an_error_ends_the_rows_and_spoils_nothing_later() {
    let error = RowError {
        table: "texts".to_owned(),
        column: "text".to_owned(),
        value: "?".to_owned(),
        reason: "it is odd".to_owned(),
    };
    let mut encoder = TableEncoder::new(&texts());
    let mut rows = Lent::new(vec![vec![Value::String("lost")]; 101]);
    rows.error = Some(error.clone());
    let mut messages = encoder.messages(&mut rows);
    assert_eq!(messages.next().unwrap().unwrap().records, 100);
    assert!(matches!(messages.next(), Some(Err(SinkError::Row(found))) if found == error));
    assert!(messages.next().is_none());
    drop(messages);

    let mut rows = Lent::new(vec![vec![Value::String("kept")]]);
    let messages: Vec<_> = encoder.messages(&mut rows).map(Result::unwrap).collect();
    assert_eq!(messages.len(), 1);
    assert_eq!(records(&messages[0]), [by_prost(&texts(), &[Value::String("kept")])]);
}

#[test]
fn a_frame_of_a_small_table_keeps_little_memory() {
    // A message that waits for the client keeps little memory, since a thousand small tables may
    // have a thousand of them.
    let mut waiting = None;
    let info = allocation_counter::measure(|| {
        let mut encoder = TableEncoder::new(&texts());
        let mut rows = Lent::new(vec![vec![Value::String("one")]]);
        waiting = encoder.messages(&mut rows).next();
    });
    assert_eq!(waiting.unwrap().unwrap().records, 1);
    assert!(info.bytes_max < 16 * 1024, "{}", info.bytes_max);
}

#[test]
fn a_row_must_have_a_value_for_each_column() {
    let mut encoder = TableEncoder::new(&texts());
    let mut rows = Lent::new(vec![vec![Value::Null, Value::Null]]);
    let error = encoder.messages(&mut rows).next().unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "column \"(all)\" of table \"texts\" cannot hold a row of 2 values: the table has 1 columns"
    );
}
