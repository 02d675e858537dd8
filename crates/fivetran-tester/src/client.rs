//! A gRPC client for the four calls.
//!
//! It is written by hand over [`tonic::client::Grpc`], which is shorter than a build script that
//! generates it.

use std::collections::BTreeMap;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use fivetran_wire::{
    ConfigurationFormRequest, ConfigurationFormResponse, SchemaRequest, SchemaResponse,
    TestRequest, TestResponse, UpdateRequest, limit, method,
};
use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::Error;
use crate::message::{Message, UpdateCodec};

/// The longest pause between two tries to connect.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// The first pause; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// How often a silent connector is pinged, and how long it may take to answer.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long one try to connect may take. The system would try for minutes if nothing answers, not
/// even with a refusal.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
pub(crate) struct Client {
    channel: Channel,
}

impl Client {
    /// Connects. Tries again with growing pauses, since a connector that was just started needs a
    /// moment.
    pub(crate) async fn connect(address: &str, tries: usize) -> Result<Self, Error> {
        let endpoint = endpoint(address)?;
        let pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(tries.saturating_sub(1));
        let channel = (|| endpoint.connect())
            .retry(pauses)
            .await
            .map_err(|source| Error::Connect { address: address.to_owned(), tries, source })?;
        Ok(Self { channel })
    }

    pub(crate) async fn form(&self) -> Result<ConfigurationFormResponse, Status> {
        self.ask(method::CONFIGURATION_FORM, ConfigurationFormRequest {}).await
    }

    pub(crate) async fn test(
        &self,
        name: &str,
        configuration: &BTreeMap<String, String>,
    ) -> Result<TestResponse, Status> {
        let request = TestRequest { name: name.to_owned(), configuration: configuration.clone() };
        self.ask(method::TEST, request).await
    }

    pub(crate) async fn schema(
        &self,
        configuration: &BTreeMap<String, String>,
    ) -> Result<SchemaResponse, Status> {
        self.ask(method::SCHEMA, SchemaRequest { configuration: configuration.clone() }).await
    }

    pub(crate) async fn update(
        &self,
        request: UpdateRequest,
    ) -> Result<Streaming<Message>, Status> {
        let mut grpc = self.grpc().await?;
        let path = PathAndQuery::from_static(method::UPDATE);
        let response =
            grpc.server_streaming(tonic::Request::new(request), path, UpdateCodec).await?;
        Ok(response.into_inner())
    }

    async fn ask<Q, A>(&self, path: &'static str, question: Q) -> Result<A, Status>
    where
        Q: prost::Message + Default + 'static,
        A: prost::Message + Default + 'static,
    {
        let mut grpc = self.grpc().await?;
        let codec = ProstCodec::<Q, A>::default();
        let path = PathAndQuery::from_static(path);
        Ok(grpc.unary(tonic::Request::new(question), path, codec).await?.into_inner())
    }

    async fn grpc(&self) -> Result<Grpc<Channel>, Status> {
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(limit::MESSAGE_BYTES)
            .max_encoding_message_size(limit::MESSAGE_BYTES);
        grpc.ready()
            .await
            .map_err(|error| Status::unavailable(format!("the connector is gone: {error}")))?;
        Ok(grpc)
    }
}

/// Whether our decoder refused a message that is above the limit. tonic tells that by a text only,
/// which a test checks.
pub(crate) fn is_message_too_large(status: &Status) -> bool {
    status.code() == Code::OutOfRange && status.message().contains("message length too large")
}

fn endpoint(address: &str) -> Result<Endpoint, Error> {
    let invalid = |reason: String| Error::Address { address: address.to_owned(), reason };
    let uri = match address.split_once("://") {
        None => format!("http://{address}"),
        Some(("http", _)) => address.to_owned(),
        // Fivetran connects without TLS.
        Some((scheme, _)) => return Err(invalid(format!("Fivetran does not speak `{scheme}`"))),
    };
    let endpoint = Endpoint::from_shared(uri).map_err(|error| invalid(error.to_string()))?;
    if endpoint.uri().port_u16().is_none() {
        return Err(invalid("it has no port".to_owned()));
    }
    // Pings end the wait for a connector whose machine is gone.
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT))
}
