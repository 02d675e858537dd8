//! The whole stack in one process: a look-alike InfluxDB, the connector on a socket, and Fivetran's part played against it.

use std::future::pending;
use std::path::Path;

use fivetran_adapter::{Limits, listen, serve};
use fivetran_tester::{Configuration, End, Project, Report, Row, SyncOptions, Tester};
use fivetran_wire::update_response::Operation;
use fivetran_wire::{UpdateRequest, UpdateResponse, method};
use influx_demo::{Demo, Options, Running};
use influx_source::InfluxSource;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

pub(crate) const TOKEN: &str = "apiv3_s3cret-t0ken";

/// A connector on a socket.
pub(crate) struct Connector {
    pub(crate) tester: Tester,
    address: String,
    serving: JoinHandle<()>,
}

impl Connector {
    pub(crate) async fn start() -> Self {
        let listener = listen(0).unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            serve(InfluxSource::default(), listener, Limits::default(), pending()).await.unwrap();
        });
        let address = format!("127.0.0.1:{port}");
        Self { tester: Tester::connect(&address).await.unwrap(), address, serving }
    }

    /// Calls `Update` alone, and gives all that it says.
    pub(crate) async fn update(
        &self,
        configuration: &Configuration,
        state_json: Option<String>,
    ) -> Result<Vec<Operation>, Status> {
        let request =
            UpdateRequest { configuration: configuration.clone(), selection: None, state_json };
        let channel =
            Endpoint::new(format!("http://{}", self.address)).unwrap().connect().await.unwrap();
        let mut grpc = Grpc::new(channel);
        grpc.ready().await.unwrap();
        let codec = ProstCodec::<UpdateRequest, UpdateResponse>::default();
        let path = PathAndQuery::from_static(method::UPDATE);
        let mut stream =
            grpc.server_streaming(Request::new(request), path, codec).await?.into_inner();
        let mut said = Vec::new();
        while let Some(response) = stream.message().await? {
            said.extend(response.operation);
        }
        Ok(said)
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// All three, with a directory for the warehouse.
pub(crate) struct Stack {
    pub(crate) demo: Demo,
    pub(crate) influx: Running,
    pub(crate) connector: Connector,
    pub(crate) configuration: Configuration,
    pub(crate) directory: TempDir,
    pub(crate) project: Project,
}

impl Stack {
    pub(crate) async fn start(database: &str, line_protocol: &str) -> Self {
        let demo = Demo::new(Options::default().token(TOKEN));
        demo.write(database, line_protocol).unwrap();
        let influx = demo.spawn().await.unwrap();
        let configuration = [
            ("hostname", influx.url()),
            ("token", TOKEN.to_owned()),
            ("database", database.to_owned()),
            ("measurement", "*".to_owned()),
        ];
        let configuration = configuration.map(|(name, value)| (name.to_owned(), value)).into();
        let directory = tempfile::tempdir().unwrap();
        let project = Project::open(directory.path()).unwrap();
        Self {
            demo,
            influx,
            connector: Connector::start().await,
            configuration,
            directory,
            project,
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.configuration.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) async fn sync(&mut self, options: SyncOptions) -> Report {
        let Self { connector, project, configuration, .. } = self;
        connector.tester.sync(project, configuration, options, |_| {}).await.unwrap()
    }

    /// A sync that has to end well and to keep every rule.
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

/// Whether a file of a directory holds some bytes.
pub(crate) fn holds(directory: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(directory).unwrap().any(|entry| {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}
