//! A connector that sends what a test tells it, served by tonic on a port of its own; and a project
//! to sync it into.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use fivetran_tester::{Configuration, Error, Project, Report, Row, SyncOptions, Tester};
use fivetran_wire::{
    ConfigurationFormRequest, ConfigurationFormResponse, SchemaRequest, SchemaResponse,
    TestRequest, TestResponse, UpdateRequest, UpdateResponse, method,
};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

/// The answers of a connector.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) form: ConfigurationFormResponse,
    /// Answers to tests, by name; any other test is unknown.
    pub(crate) tests: BTreeMap<String, TestResponse>,
    /// `None`: the schema fails with a status.
    pub(crate) schema: Option<SchemaResponse>,
    /// What each sync sends, one after the other.
    pub(crate) syncs: Mutex<VecDeque<Sync>>,
    /// The requests to `Update` so far.
    pub(crate) requests: Mutex<Vec<UpdateRequest>>,
}

/// What one sync sends.
#[derive(Clone, Default)]
pub(crate) struct Sync {
    pub(crate) messages: Vec<UpdateResponse>,
    pub(crate) then: Then,
}

/// How a sync goes on after its messages.
#[derive(Clone, Default)]
pub(crate) enum Then {
    #[default]
    End,
    Fail(Status),
    /// Hangs.
    Silence,
    /// Fails before the first message.
    Refuse(Status),
}

impl Sync {
    pub(crate) fn of(messages: impl Into<Vec<UpdateResponse>>) -> Self {
        Self { messages: messages.into(), then: Then::End }
    }

    pub(crate) fn then(self, then: Then) -> Self {
        Self { then, ..self }
    }
}

#[derive(Clone)]
struct Connector(Arc<Script>);

impl NamedService for Connector {
    const NAME: &'static str = "fivetran_sdk.v2.SourceConnector";
}

impl tower::Service<http::Request<Body>> for Connector {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let script = self.0.clone();
        Box::pin(async move { Ok(script.answer(request).await) })
    }
}

impl Script {
    async fn answer(self: Arc<Self>, request: http::Request<Body>) -> http::Response<Body> {
        match request.uri().path() {
            method::CONFIGURATION_FORM => {
                let codec =
                    ProstCodec::<ConfigurationFormResponse, ConfigurationFormRequest>::default();
                let answer = move |_: Request<ConfigurationFormRequest>| {
                    futures::future::ok::<_, Status>(Response::new(self.form.clone()))
                };
                Grpc::new(codec).unary(tower::service_fn(answer), request).await
            }
            method::TEST => {
                let codec = ProstCodec::<TestResponse, TestRequest>::default();
                let answer = move |request: Request<TestRequest>| {
                    let response = self.tests.get(&request.get_ref().name).cloned();
                    let response = response.ok_or_else(|| Status::not_found("no such test"));
                    futures::future::ready(response.map(Response::new))
                };
                Grpc::new(codec).unary(tower::service_fn(answer), request).await
            }
            method::SCHEMA => {
                let codec = ProstCodec::<SchemaResponse, SchemaRequest>::default();
                let answer = move |_: Request<SchemaRequest>| {
                    let response = self.schema.clone();
                    let response = response.ok_or_else(|| Status::unavailable("no database"));
                    futures::future::ready(response.map(Response::new))
                };
                Grpc::new(codec).unary(tower::service_fn(answer), request).await
            }
            method::UPDATE => {
                let codec = ProstCodec::<UpdateResponse, UpdateRequest>::default();
                let answer = move |request: Request<UpdateRequest>| {
                    self.requests.lock().unwrap().push(request.into_inner());
                    let sync = self.syncs.lock().unwrap().pop_front().unwrap_or_default();
                    futures::future::ready(sync.stream().map(Response::new))
                };
                Grpc::new(codec).server_streaming(tower::service_fn(answer), request).await
            }
            path => panic!("Fivetran does not call {path}"),
        }
    }
}

impl Sync {
    fn stream(self) -> Result<BoxStream<'static, Result<UpdateResponse, Status>>, Status> {
        let messages = stream::iter(self.messages.into_iter().map(Ok));
        Ok(match self.then {
            Then::End => messages.boxed(),
            Then::Fail(status) => messages.chain(stream::iter([Err(status)])).boxed(),
            Then::Silence => messages.chain(stream::pending()).boxed(),
            Then::Refuse(status) => return Err(status),
        })
    }
}

/// A connector that runs, a tester that is connected to it, and a project.
pub(crate) struct Stage {
    pub(crate) tester: Tester,
    pub(crate) project: Project,
    pub(crate) script: Arc<Script>,
    pub(crate) directory: tempfile::TempDir,
    /// Where the connector listens.
    pub(crate) address: String,
    server: tokio::task::JoinHandle<()>,
}

impl Stage {
    pub(crate) async fn new(script: Script) -> Self {
        let script = Arc::new(script);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let connector = Connector(script.clone());
        let server = tokio::spawn(async move {
            let incoming = TcpListenerStream::new(listener);
            let server = tonic::transport::Server::builder().add_service(connector);
            server.serve_with_incoming(incoming).await.unwrap();
        });
        let tester = Tester::connect(&address).await.unwrap().with_clock(still);
        let directory = tempfile::tempdir().unwrap();
        let project = Project::open(directory.path()).unwrap();
        Self { tester, project, script, directory, address, server }
    }

    /// A connector with this schema and these syncs.
    pub(crate) async fn syncs(schema: SchemaResponse, syncs: impl Into<Vec<Sync>>) -> Self {
        let syncs = Mutex::new(VecDeque::from(syncs.into()));
        Self::new(Script { schema: Some(schema), syncs, ..Script::default() }).await
    }

    pub(crate) async fn sync(&mut self) -> Report {
        self.sync_with(SyncOptions::default()).await
    }

    pub(crate) async fn sync_with(&mut self, options: SyncOptions) -> Report {
        self.try_sync(options).await.unwrap()
    }

    pub(crate) async fn try_sync(&mut self, options: SyncOptions) -> Result<Report, Error> {
        self.tester.sync(&mut self.project, &Configuration::new(), options, |_| {}).await
    }

    pub(crate) fn state(&self) -> Option<String> {
        self.project.state().unwrap()
    }

    /// A table's rows, one a line.
    pub(crate) fn rows(&self, table: &str) -> String {
        shown(&self.project.warehouse().unwrap().rows(table).unwrap())
    }

    /// The connector's last request.
    pub(crate) fn last_request(&self) -> UpdateRequest {
        self.script.requests.lock().unwrap().last().unwrap().clone()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Runs one sync. Returns the breaches, one a line.
pub(crate) async fn breaches(
    schema: SchemaResponse,
    messages: impl Into<Vec<UpdateResponse>>,
) -> String {
    let report = Stage::syncs(schema, [Sync::of(messages)]).await.sync().await;
    lines(&report)
}

/// Rows, one a line. A dagger marks deleted rows.
pub(crate) fn shown(rows: &[Row]) -> String {
    let lines = rows.iter().map(|row| {
        let cells = row.cells.iter().map(|cell| cell.as_deref().unwrap_or("NULL"));
        let line = cells.collect::<Vec<_>>().join(" | ");
        if row.deleted { format!("{line} †") } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub(crate) fn lines(report: &Report) -> String {
    report.breaches.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// 2026-01-31, 12:00 UTC.
pub(crate) fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_860_800)
}

fn still() -> SystemTime {
    noon()
}

/// A clock that advances by `step` each time that it is read.
pub(crate) fn ticking(
    step: Duration,
) -> impl Fn() -> SystemTime + Send + std::marker::Sync + 'static {
    let asked = AtomicU32::new(0);
    move || noon() + step * asked.fetch_add(1, Ordering::Relaxed)
}
