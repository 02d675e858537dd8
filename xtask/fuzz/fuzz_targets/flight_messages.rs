//! Reads an answer of InfluxDB, Flight messages each behind its length, to its end, and makes rows
//! of it.
#![no_main]

use std::panic::{self, Location};
use std::sync::Once;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow_flight::FlightData;
use arrow_rows::{ArrowRows, TimeText, column_type};
use futures::stream;
use influx_flight::{Error, Target};
use libfuzzer_sys::fuzz_target;
use prost::Message;
use sync_core::{Column, Rows, Table};

/// The most rows that are read. A message can claim any number of rows without bytes.
const ROWS: usize = 1_000;

fuzz_target!(|input: &[u8]| {
    let_arrow_panic();
    let mut rest = input;
    let mut messages = Vec::new();
    while let Ok(message) = FlightData::decode_length_delimited(&mut rest) {
        messages.push(Ok(message));
    }
    let endpoint = "influxdb.example.com".parse().expect("an address");
    let target = Target::new(endpoint, "plant").with_token(fuzz::SECRET.into());
    fuzz::run(async {
        let mut answer = match influx_flight::fuzzing::answer(stream::iter(messages), &target).await
        {
            Ok(answer) => answer,
            Err(error) => return check(&error),
        };
        let schema = answer.schema().clone();
        loop {
            match answer.try_next().await {
                Ok(None) => return,
                Ok(Some(batch)) => {
                    assert_eq!(batch.schema().fields().len(), schema.fields().len());
                    assert!(batch.num_rows() > 0);
                    read(&batch, &schema);
                }
                Err(error) => {
                    check(&error);
                    // After an error, the stream must not seem to have completed.
                    let again = answer.try_next().await.expect_err("the answer has failed");
                    return assert_eq!(again.kind(), error.kind());
                }
            }
        }
    });
});

/// Lets panics of Arrow unwind, since the client has to turn them into errors. Any other panic ends
/// the process at once.
fn let_arrow_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_arrows = |place: &Location<'_>| place.file().contains("/arrow-");
            if !info.location().is_some_and(is_arrows) {
                hook(info);
            }
        }));
    });
}

fn check(error: &Error) {
    assert!(error.to_string().contains("influxdb.example.com"), "{error}");
    assert!(!format!("{error} {error:?}").contains(fuzz::SECRET), "{error}");
}

/// Makes rows of a batch, as a sync does.
fn read(batch: &RecordBatch, schema: &Schema) {
    let columns = schema.fields().iter().filter_map(|field| {
        column_type(field.data_type()).map(|data_type| Column::new(field.name(), data_type))
    });
    let table = Table::new("plant", columns.collect());
    let Ok(mut rows) = ArrowRows::new(schema, &table, TimeText::Nanoseconds) else { return };
    let Ok(mut lent) = rows.of(batch) else { return };
    for _ in 0..batch.num_rows().min(ROWS) {
        match lent.next_row() {
            Ok(row) => assert_eq!(row.map(<[_]>::len), Some(table.columns.len())),
            Err(error) => return assert!(!error.to_string().is_empty()),
        }
    }
    if batch.num_rows() <= ROWS {
        assert_eq!(lent.next_row().ok(), Some(None), "a row too many");
    }
}
