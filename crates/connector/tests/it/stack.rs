//! The whole stack in one process: a fake InfluxDB, the connector on a socket, and the
//! tester.

use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fivetran_adapter::{Limits, listen, serve};
use fivetran_tester::{Configuration, End, Project, Report, Row, SyncOptions, Tester};
use fivetran_wire::update_response::Operation;
use fivetran_wire::{UpdateRequest, UpdateResponse, method};
use influx_fake::{Fake, Options, Running};
use influx_source::{Clock, InfluxSource};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::fast_clock::FastClock;
use crate::process::Process;

pub(crate) const TOKEN: &str = "apiv3_s3cret-t0ken";

/// A connector on a socket.
pub(crate) struct Connector {
    pub(crate) tester: Tester,
    address: String,
    serving: Serving,
}

/// Where a connector runs. It is stopped when this is dropped, as a process that is killed.
enum Serving {
    Here(JoinHandle<()>),
    WithFastClock(#[allow(dead_code, reason = "it is there to be dropped")] FastClock),
    Apart(Process),
}

impl Connector {
    /// Serves a source. The default one uses the machine's clock.
    pub(crate) async fn start(source: InfluxSource) -> Self {
        let listener = listen(0).unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            serve(source, listener, Limits::default(), pending()).await.unwrap();
        });
        Self::at(port, Serving::Here(serving)).await
    }

    /// Serves in a thread with a fast clock, for tests of long timeouts.
    pub(crate) async fn start_with_fast_clock(source: InfluxSource, speed: u32) -> Self {
        let listener = listen(0).unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = FastClock::start(speed, async move {
            serve(source, listener, Limits::default(), pending()).await.unwrap();
        });
        Self::at(port, Serving::WithFastClock(serving)).await
    }

    /// Starts the program in a process of its own, so that its memory can be measured.
    pub(crate) async fn start_apart() -> Self {
        let process = tokio::task::spawn_blocking(Process::start).await.unwrap();
        Self::at(process.port(), Serving::Apart(process)).await
    }

    /// The peak memory of its process so far, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        match &self.serving {
            Serving::Apart(process) => process.peak_memory(),
            Serving::Here(_) | Serving::WithFastClock(_) => {
                panic!("it shares its process with the test")
            }
        }
    }

    async fn at(port: u16, serving: Serving) -> Self {
        let address = format!("127.0.0.1:{port}");
        Self { tester: Tester::connect(&address).await.unwrap(), address, serving }
    }

    /// Calls `Update` without the tester. Returns all messages.
    pub(crate) async fn update(
        &self,
        configuration: &Configuration,
        state_json: Option<String>,
    ) -> Result<Vec<Operation>, Status> {
        let mut stream = self.updates(configuration, state_json).await?;
        let mut said = Vec::new();
        while let Some(response) = stream.message().await? {
            said.extend(response.operation);
        }
        Ok(said)
    }

    /// Calls `Update` without the tester, over a connection of its own. The test reads the
    /// messages.
    pub(crate) async fn updates(
        &self,
        configuration: &Configuration,
        state_json: Option<String>,
    ) -> Result<Streaming<UpdateResponse>, Status> {
        let request =
            UpdateRequest { configuration: configuration.clone(), selection: None, state_json };
        let channel =
            Endpoint::new(format!("http://{}", self.address)).unwrap().connect().await.unwrap();
        let mut grpc = Grpc::new(channel);
        grpc.ready().await.unwrap();
        let codec = ProstCodec::<UpdateRequest, UpdateResponse>::default();
        let path = PathAndQuery::from_static(method::UPDATE);
        Ok(grpc.server_streaming(Request::new(request), path, codec).await?.into_inner())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        match self {
            Self::Here(task) => task.abort(),
            // They end by themselves when they are dropped.
            Self::WithFastClock(_) | Self::Apart(_) => {}
        }
    }
}

/// All three, and a directory for the warehouse.
pub(crate) struct Stack {
    pub(crate) fake: Fake,
    pub(crate) influx: Running,
    pub(crate) connector: Connector,
    pub(crate) configuration: Configuration,
    pub(crate) directory: TempDir,
    pub(crate) project: Project,
}

impl Stack {
    pub(crate) async fn start(database: &str, line_protocol: &str) -> Self {
        let connector = Connector::start(InfluxSource::default()).await;
        let stack = Self::with(connector, Options::default().token(TOKEN), database).await;
        stack.fake.write(database, line_protocol).unwrap();
        stack
    }

    /// A stack with this connector, and this InfluxDB with an empty database.
    pub(crate) async fn with(connector: Connector, options: Options, database: &str) -> Self {
        // A release without caveats, of which every first sync would warn.
        let fake = Fake::new(options.release("3.11.4".parse().unwrap()));
        fake.create_database(database);
        let influx = fake.spawn().await.unwrap();
        let configuration = [
            ("hostname", influx.url()),
            ("token", TOKEN.to_owned()),
            ("database", database.to_owned()),
            ("measurement", "*".to_owned()),
        ];
        let configuration = configuration.map(|(name, value)| (name.to_owned(), value)).into();
        let directory = tempfile::tempdir().unwrap();
        let project = Project::open(directory.path()).unwrap();
        Self { fake, influx, connector, configuration, directory, project }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.configuration.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) async fn sync(&mut self, options: SyncOptions) -> Report {
        let Self { connector, project, configuration, .. } = self;
        connector.tester.sync(project, configuration, options, |_| {}).await.unwrap()
    }

    /// Runs a sync, which has to succeed and to break no rule.
    pub(crate) async fn good_sync(&mut self) -> Report {
        let report = self.sync(SyncOptions::default()).await;
        assert_eq!(
            (&report.end, report.breaches.as_slice()),
            (&End::Completed, [].as_slice()),
            "{report}"
        );
        report
    }

    /// The live rows of a table, each as its cells with a bar between them.
    pub(crate) fn rows(&self, table: &str) -> Vec<String> {
        let rows = self.project.warehouse().unwrap().rows(table).unwrap();
        let cell = |cell: &Option<String>| cell.clone().unwrap_or_else(|| "NULL".to_owned());
        let shown = |row: Row| row.cells.iter().map(cell).collect::<Vec<_>>().join(" | ");
        rows.into_iter().filter(|row| !row.deleted).map(shown).collect()
    }
}

/// A clock that tests advance.
#[derive(Clone, Debug)]
pub(crate) struct Hand(Arc<AtomicI64>);

impl Hand {
    pub(crate) fn at(now: i64) -> Self {
        Self(Arc::new(AtomicI64::new(now)))
    }

    pub(crate) fn set(&self, now: i64) {
        self.0.store(now, Ordering::Relaxed);
    }
}

impl Clock for Hand {
    fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether a file of a directory holds some bytes.
pub(crate) fn holds(directory: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(directory).unwrap().any(|entry| {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}
