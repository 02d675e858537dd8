//! A server and its client, over a real socket.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fivetran_adapter::{Limits, ServeError, listen, serve};
use fivetran_wire::{
    ConfigurationFormRequest, ConfigurationFormResponse, SchemaRequest, SchemaResponse,
    TestRequest, TestResponse, UpdateRequest, UpdateResponse, limit, method,
};
use prost::Message;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::scripted::{Probe, Scripted, Step};

/// The longest that a test waits, so that a defect cannot hang it.
const TOO_LONG: Duration = Duration::from_secs(60);

/// The value of a future that must complete.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(TOO_LONG, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited too long for {what}"),
    }
}

pub(crate) struct Server {
    pub(crate) probe: Arc<Probe>,
    pub(crate) port: u16,
    shutdown: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub(crate) fn start(steps: impl Into<Vec<Step>>) -> Self {
        Self::serve(Scripted::new(steps), Limits::default())
    }

    pub(crate) fn serve(source: Scripted, limits: Limits) -> Self {
        let probe = Arc::clone(&source.probe);
        let listener = listen(0).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (shutdown, asked) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(source, listener, limits, async {
            // Dropping the sender at the end of a test is no shutdown.
            if asked.await.is_err() {
                std::future::pending().await
            }
        }));
        Self { probe, port, shutdown, serving }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).await.unwrap()
    }

    /// A client with a connection that is set up like this.
    pub(crate) async fn client_with(&self, set_up: impl FnOnce(Endpoint) -> Endpoint) -> Client {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        Client::connect_with(address, set_up).await.unwrap()
    }

    /// Starts the shutdown, and returns a future that waits for it.
    pub(crate) fn shut_down(self) -> JoinHandle<Result<(), ServeError>> {
        self.shutdown.send(()).unwrap();
        self.serving
    }
}

#[derive(Clone)]
pub(crate) struct Client(Grpc<Channel>);

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, tonic::transport::Error> {
        Self::connect_with(address, |endpoint| endpoint).await
    }

    async fn connect_with(
        address: SocketAddr,
        set_up: impl FnOnce(Endpoint) -> Endpoint,
    ) -> Result<Self, tonic::transport::Error> {
        let endpoint = set_up(Endpoint::from_shared(format!("http://{address}"))?);
        let grpc = Grpc::new(endpoint.connect().await?);
        Ok(Self(grpc.max_decoding_message_size(limit::MESSAGE_BYTES)))
    }

    pub(crate) async fn form(&mut self) -> Result<ConfigurationFormResponse, Status> {
        self.call(method::CONFIGURATION_FORM, ConfigurationFormRequest {}).await
    }

    /// The form, asked for with a header of so many bytes.
    pub(crate) async fn form_with_header(
        &mut self,
        bytes: usize,
    ) -> Result<ConfigurationFormResponse, Status> {
        self.0.ready().await.unwrap();
        let mut request = Request::new(ConfigurationFormRequest {});
        request.metadata_mut().insert("x-large", "x".repeat(bytes).parse().unwrap());
        let path = PathAndQuery::from_static(method::CONFIGURATION_FORM);
        let call = self.0.unary(request, path, ProstCodec::default());
        Ok(soon("an answer", call).await?.into_inner())
    }

    pub(crate) async fn test(
        &mut self,
        name: &str,
        configuration: BTreeMap<String, String>,
    ) -> Result<TestResponse, Status> {
        self.call(method::TEST, TestRequest { name: name.to_owned(), configuration }).await
    }

    pub(crate) async fn schema(
        &mut self,
        configuration: BTreeMap<String, String>,
    ) -> Result<SchemaResponse, Status> {
        self.call(method::SCHEMA, SchemaRequest { configuration }).await
    }

    pub(crate) async fn update(
        &mut self,
        request: UpdateRequest,
    ) -> Result<Streaming<UpdateResponse>, Status> {
        self.0.ready().await.unwrap();
        let codec = ProstCodec::default();
        let path = PathAndQuery::from_static(method::UPDATE);
        let response = self.0.server_streaming(Request::new(request), path, codec).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn call<Q, A>(&mut self, path: &'static str, question: Q) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        self.0.ready().await.unwrap();
        let path = PathAndQuery::from_static(path);
        let call = self.0.unary(Request::new(question), path, ProstCodec::default());
        Ok(soon("an answer", call).await?.into_inner())
    }
}

/// A configuration without problems, plus these settings.
pub(crate) fn configuration(more: &[(&str, &str)]) -> BTreeMap<String, String> {
    [("token", "s3cret")]
        .iter()
        .chain(more)
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A request without problems.
pub(crate) fn request() -> UpdateRequest {
    UpdateRequest { configuration: configuration(&[]), ..UpdateRequest::default() }
}
