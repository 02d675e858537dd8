//! The plainest clients there are: raw Flight messages, and one HTTP request on one connection.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::util::pretty::pretty_format_batches;
use arrow_flight::decode::{DecodedPayload, FlightDataDecoder};
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::{FlightData, Ticket};
use futures::{StreamExt, TryStreamExt};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use influx_fake::{Fake, Options, Running};
use serde_json::json;
use tonic::Status;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;

/// A fake on a port, with a client for it.
pub(crate) struct Served {
    pub(crate) fake: Fake,
    pub(crate) running: Running,
    pub(crate) flight: FlightServiceClient<Channel>,
}

pub(crate) async fn serve(options: Options) -> Served {
    let fake = Fake::new(options);
    let running = fake.spawn().await.unwrap();
    let flight = connect(&running.url()).await;
    Served { fake, running, flight }
}

/// A fake with some points in database `db`.
pub(crate) async fn serve_points(lines: &str) -> Served {
    let served = serve(Options::default()).await;
    served.fake.write("db", lines).unwrap();
    served
}

pub(crate) async fn connect(url: &str) -> FlightServiceClient<Channel> {
    let channel = Channel::from_shared(url.to_owned()).unwrap().connect().await.unwrap();
    FlightServiceClient::new(channel).max_decoding_message_size(usize::MAX)
}

/// A point of table `m` every ten minutes: as many files, in one snapshot.
pub(crate) fn every_ten_minutes(start: i64, points: i64) -> String {
    const TEN_MINUTES: i64 = 600_000_000_000;
    let line = |point: i64| format!("m,host=a v={point}i {}", start + point * TEN_MINUTES);
    (0..points).map(line).collect::<Vec<_>>().join("\n")
}

/// The ticket of an SQL query.
pub(crate) fn ticket(database: &str, sql: &str) -> String {
    json!({ "database": database, "sql_query": sql, "query_type": "sql" }).to_string()
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) schema: SchemaRef,
    /// Batches without rows among them.
    pub(crate) batches: Vec<RecordBatch>,
    /// What ended it, if not its end.
    pub(crate) error: Option<Status>,
}

impl Answer {
    pub(crate) fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    pub(crate) fn batch_rows(&self) -> Vec<usize> {
        self.batches.iter().map(RecordBatch::num_rows).collect()
    }

    /// The rows as a table of text, sorted, so that the order of an unordered query does not
    /// matter.
    pub(crate) fn sorted(&self) -> String {
        let text = self.table();
        let mut lines: Vec<&str> = text.lines().collect();
        let end = lines.len() - 1;
        lines[3.min(end)..end].sort_unstable();
        lines.join("\n")
    }

    pub(crate) fn table(&self) -> String {
        pretty_format_batches(&self.batches).unwrap().to_string()
    }
}

/// Asks by ticket and reads to the end; the error is one that came before the schema.
pub(crate) async fn do_get(
    flight: &mut FlightServiceClient<Channel>,
    ticket: &str,
    authorization: Option<&str>,
) -> Result<Answer, Status> {
    let mut request = tonic::Request::new(Ticket { ticket: ticket.to_owned().into() });
    if let Some(authorization) = authorization {
        request
            .metadata_mut()
            .insert("authorization", authorization.parse::<AsciiMetadataValue>().unwrap());
    }
    let frames = flight.do_get(request).await?.into_inner();
    Ok(decode(frames.map_err(FlightError::from)).await)
}

pub(crate) async fn decode(
    frames: impl futures::Stream<Item = Result<FlightData, FlightError>> + Send + 'static,
) -> Answer {
    let mut decoder = FlightDataDecoder::new(frames);
    let (mut schema, mut batches, mut error) = (None, Vec::new(), None);
    while let Some(decoded) = decoder.next().await {
        match decoded.map(|data| data.payload) {
            Ok(DecodedPayload::Schema(of_answer)) => {
                assert!(schema.replace(of_answer).is_none(), "the schema comes once");
            }
            Ok(DecodedPayload::RecordBatch(batch)) => batches.push(batch),
            Ok(DecodedPayload::None) => panic!("a message without a payload"),
            Err(FlightError::Tonic(status)) => {
                error = Some(*status);
                break;
            }
            Err(other) => panic!("{other}"),
        }
    }
    Answer { schema: schema.expect("the schema comes first"), batches, error }
}

impl Served {
    pub(crate) async fn ask(&mut self, sql: &str) -> Result<Answer, Status> {
        self.ask_in("db", sql).await
    }

    pub(crate) async fn ask_in(&mut self, database: &str, sql: &str) -> Result<Answer, Status> {
        do_get(&mut self.flight, &ticket(database, sql), None).await
    }

    /// An answer that must be whole.
    pub(crate) async fn rows(&mut self, sql: &str) -> Answer {
        let answer = self.ask(sql).await.unwrap();
        assert!(answer.error.is_none(), "{:?}", answer.error);
        answer
    }

    pub(crate) async fn http(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        http(&self.running.url(), request(method, path, body)).await
    }
}

pub(crate) fn request(
    method: &str,
    path: &str,
    body: impl Into<Vec<u8>>,
) -> Request<Full<bytes::Bytes>> {
    let body = Full::new(bytes::Bytes::from(body.into()));
    Request::builder().method(method).uri(path).header("host", "test").body(body).unwrap()
}

/// One HTTP/1.1 exchange: the status and the body.
pub(crate) async fn http(url: &str, request: Request<Full<bytes::Bytes>>) -> (u16, String) {
    let response = exchange(url, request).await;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// One HTTP/1.1 exchange.
pub(crate) async fn exchange(
    url: &str,
    request: Request<Full<bytes::Bytes>>,
) -> Response<Incoming> {
    let address = url.strip_prefix("http://").unwrap().trim_end_matches('/');
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender.send_request(request).await.unwrap()
}
