//! Streams of batches: whole ones, odd ones, and those that break off.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Int64Type, SchemaRef};
use bytes::Bytes;
use influx_flight::{Client, Error, ErrorKind, Timeouts};

use crate::scripted::{
    Server, Step, client, collect, grpc, messages, plain, serve, target, tells_its_end, timeouts,
};

fn numbers(values: impl IntoIterator<Item = i64>) -> RecordBatch {
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
    RecordBatch::try_from_iter([("n", values)]).unwrap()
}

fn schema() -> SchemaRef {
    numbers([]).schema()
}

/// Each batch in a message, after the schema.
fn send(batches: &[RecordBatch]) -> Step {
    Step::Send(messages(&schema(), batches))
}

async fn server(answer: impl Fn() -> Vec<Step> + Clone + Send + Sync + 'static) -> Server {
    serve(move |_| grpc(answer())).await
}

/// Reads an answer to its end and gives its numbers, or what it failed with.
async fn read(client: &Client) -> Result<Vec<i64>, Error> {
    let batches = collect(client, "SELECT n FROM t").await?;
    Ok(batches
        .iter()
        .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec())
        .collect())
}

#[tokio::test]
async fn batches_come_in_order() {
    let server = server(|| vec![send(&[numbers([1, 2]), numbers([3])]), Step::ok()]).await;
    let client = client(server.http()).await;
    assert_eq!(read(&client).await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn the_schema_is_known_before_the_first_batch() {
    let server = server(|| vec![send(&[]), Step::Hang]).await;
    let stream = client(server.http()).await.query("SELECT n FROM t").await.unwrap();
    assert_eq!(stream.schema(), &schema());
}

#[tokio::test]
async fn no_rows_are_an_answer() {
    let server = server(|| vec![send(&[]), Step::ok()]).await;
    let client = client(server.http()).await;
    let mut stream = client.query("SELECT n FROM t").await.unwrap();
    assert!(stream.try_next().await.unwrap().is_none());
    assert!(stream.try_next().await.unwrap().is_none(), "an end stays an end");
}

#[tokio::test]
async fn keep_alives_are_neither_rows_nor_an_end() {
    let server = server(|| {
        let batches =
            [numbers([]), numbers([1]), numbers([]), numbers([]), numbers([2]), numbers([])];
        vec![send(&batches), Step::ok()]
    })
    .await;
    let client = client(server.http()).await;
    let batches = collect(&client, "SELECT n FROM t").await.unwrap();
    assert_eq!(batches, [numbers([1]), numbers([2])]);
}

#[tokio::test]
async fn a_message_over_four_mebibytes() {
    let long = "x".repeat(1_000_000);
    let text: ArrayRef = Arc::new(StringArray::from_iter_values((0..6).map(|_| &long)));
    let batch = RecordBatch::try_from_iter([("s", text)]).unwrap();
    let expect = batch.clone();
    let server = serve(move |_| {
        grpc(vec![Step::Send(messages(&batch.schema(), std::slice::from_ref(&batch))), Step::ok()])
    })
    .await;
    let client = client(server.http()).await;
    assert_eq!(collect(&client, "SELECT s FROM t").await.unwrap(), [expect]);
}

#[tokio::test]
async fn a_message_over_our_limit() {
    // Only its length is sent: 200 MB.
    let server = server(|| {
        vec![
            send(&[numbers([1])]),
            Step::SendBytes(Bytes::from_static(&[0, 0x0b, 0xeb, 0xc2, 0x00])),
        ]
    })
    .await;
    let error = read(&client(server.http()).await).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::MessageTooLarge);
}

#[tokio::test]
async fn compressed_messages() {
    let server = serve(|request| {
        let accepted = request.headers()["grpc-accept-encoding"].to_str().unwrap();
        assert!(accepted.contains("gzip"), "{accepted}");
        grpc(vec![Step::SendGzip(messages(&schema(), &[numbers(0..1000)])), Step::ok()])
    })
    .await;
    let client = client(server.http()).await;
    assert_eq!(read(&client).await.unwrap(), Vec::from_iter(0..1000));
}

#[tokio::test]
async fn a_path_before_the_service() {
    let server = serve(|request| match request.uri().path() {
        "/influx/a/arrow.flight.protocol.FlightService/DoGet" => {
            grpc(vec![send(&[numbers([1])]), Step::ok()])
        }
        _ => plain(404, &[], ""),
    })
    .await;
    let endpoint = format!("{}/influx/a/", server.http()).parse().unwrap();
    assert_eq!(read(&client(endpoint).await).await.unwrap(), [1]);
}

/// What an answer fails with, and whether it had given its first batch by then.
async fn broken(steps: fn() -> Vec<Step>) -> (ErrorKind, bool) {
    let server = server(steps).await;
    let client = client(server.http()).await;
    let mut stream = match client.query("SELECT n FROM t").await {
        Ok(stream) => stream,
        Err(error) => return (error.kind().clone(), false),
    };
    let mut had_rows = false;
    let error = loop {
        match stream.try_next().await {
            Ok(Some(_)) => had_rows = true,
            Ok(None) => panic!("a broken answer seems whole"),
            Err(error) => break error,
        }
    };
    // A later call must not report an end either.
    let again = stream.try_next().await.unwrap_err();
    assert_eq!(again.kind(), error.kind());
    (error.kind().clone(), had_rows)
}

#[tokio::test]
async fn a_stream_without_a_final_status_is_cut() {
    let cut = broken(|| vec![send(&[numbers([1])])]).await;
    assert_eq!(cut, (ErrorKind::Unavailable, true));
}

#[tokio::test]
async fn a_stream_that_is_reset() {
    // A reset may overtake the rows before it.
    let (kind, _) = broken(|| vec![send(&[numbers([1])]), Step::Reset]).await;
    assert_eq!(kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn half_a_message() {
    let half = broken(|| {
        vec![send(&[numbers([1])]), Step::SendBytes(Bytes::from_static(&[0, 0, 0, 1, 0, 7]))]
    });
    assert_eq!(half.await, (ErrorKind::Unavailable, true));
}

#[tokio::test]
async fn an_error_after_rows() {
    let full = broken(|| {
        let text = "Resources exhausted: Memory Exhausted while Sorting (DiskManager is disabled)";
        vec![send(&[numbers([1])]), Step::Status(8, text.to_owned())]
    });
    assert_eq!(full.await, (ErrorKind::Memory, true));
}

#[tokio::test]
async fn an_error_after_the_schema() {
    let failed = broken(|| {
        let text = "Error while execution Flight SQL stream: Arrow error: Divide by zero error";
        vec![send(&[]), Step::Status(3, text.to_owned())]
    });
    assert_eq!(failed.await, (ErrorKind::InvalidQuery, false));
}

#[tokio::test]
async fn messages_that_are_no_answer() {
    assert_eq!(broken(|| vec![Step::ok()]).await, (ErrorKind::Protocol, false));
    let second_schema = broken(|| vec![send(&[numbers([1])]), send(&[]), Step::ok()]).await;
    assert_eq!(second_schema, (ErrorKind::Protocol, true));
    let batch_first = broken(|| {
        let mut messages = messages(&schema(), &[numbers([1])]);
        messages.remove(0);
        vec![Step::Send(messages), Step::ok()]
    });
    assert_eq!(batch_first.await, (ErrorKind::Protocol, false));
    let no_arrow = broken(|| {
        let message =
            arrow_flight::FlightData { data_header: "hello".into(), ..Default::default() };
        vec![Step::Send(vec![message]), Step::ok()]
    });
    assert_eq!(no_arrow.await, (ErrorKind::Protocol, false));
}

/// The same messages, in which a batch of one row, a null, claims to have very many.
fn with_too_many_rows() -> Vec<arrow_flight::FlightData> {
    let null: ArrayRef = Arc::new(Int64Array::from(vec![None]));
    let batch = RecordBatch::try_from_iter_with_nullable([("n", null, true)]).unwrap();
    let mut messages = messages(&batch.schema(), &[batch]);
    let header = &mut messages[1].data_header;
    // A node of Arrow's message: so many values, so many of them null.
    let counts = |values: i64| [values.to_le_bytes(), 1_i64.to_le_bytes()].concat();
    let place = header.windows(16).position(|bytes| bytes == counts(1)).unwrap();
    let mut changed = header.to_vec();
    changed[place..place + 16].copy_from_slice(&counts(1_279));
    *header = changed.into();
    messages
}

/// Found by fuzzing: Arrow panics on it.
#[tokio::test]
async fn a_message_that_contradicts_itself() {
    let contradiction = broken(|| vec![Step::Send(with_too_many_rows()), Step::ok()]);
    assert_eq!(contradiction.await, (ErrorKind::Protocol, false));
}

async fn connect(server: &Server, timeouts: Timeouts) -> Client {
    Client::connect(target(server.http()).with_timeouts(timeouts)).await.unwrap()
}

#[tokio::test]
async fn silence_is_a_fault() {
    let server = server(|| vec![send(&[numbers([1])]), Step::Hang]).await;
    let timeouts = Timeouts { idle: Duration::from_millis(50), ..timeouts() };
    let error = read(&connect(&server, timeouts).await).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Stalled);
    insta::assert_snapshot!(
        error.to_string().replace(&server.http().to_string(), "HOST"),
        @"InfluxDB at HOST went silent (no message for 50ms): check the server and the network in between, then try again"
    );
}

#[tokio::test]
async fn keep_alives_do_not_last_for_ever() {
    let server = server(|| {
        let keep_alives = vec![numbers([]); 3];
        vec![send(&keep_alives), Step::Hang]
    })
    .await;
    let timeouts = Timeouts { rows: Duration::ZERO, ..timeouts() };
    let error = read(&connect(&server, timeouts).await).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Deadline);
}

#[tokio::test]
async fn a_dropped_stream_is_cancelled() {
    let (sender, mut cancelled) = tokio::sync::mpsc::channel(1);
    let server = serve(move |_| {
        grpc(vec![send(&[]), Step::Hang]).map(|body| tells_its_end(body, sender.clone()))
    })
    .await;
    let client = client(server.http()).await;
    let stream = client.query("SELECT n FROM t").await.unwrap();
    assert!(cancelled.try_recv().is_err());
    drop(stream);
    let waited = tokio::time::timeout(Duration::from_secs(20), cancelled.recv()).await;
    assert_eq!(waited.unwrap(), Some(()));
}
