//! A connector that knows its schema, and the bytes of all that it will ever send.

use std::convert::Infallible;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes};
use fivetran_wire::{SchemaRequest, SchemaResponse, UpdateRequest, method};
use futures::future::BoxFuture;
use futures::stream;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tonic_prost::{ProstCodec, ProstDecoder};

/// The schema and the updates that the connector answers with.
#[derive(Clone)]
pub(crate) struct PrebuiltConnector {
    pub(crate) schema: SchemaResponse,
    /// Serialized `UpdateResponse` messages.
    pub(crate) messages: Vec<Bytes>,
}

impl PrebuiltConnector {
    /// Serves on a port of its own, for as long as the runtime lives.
    pub(crate) async fn listen(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let incoming = TcpListenerStream::new(listener);
            let server = tonic::transport::Server::builder().add_service(self);
            server.serve_with_incoming(incoming).await.unwrap();
        });
        address
    }

    async fn answer(self, request: http::Request<Body>) -> http::Response<Body> {
        match request.uri().path() {
            method::SCHEMA => {
                let codec = ProstCodec::<SchemaResponse, SchemaRequest>::default();
                let answer = move |_: Request<SchemaRequest>| {
                    futures::future::ok::<_, Status>(Response::new(self.schema.clone()))
                };
                Grpc::new(codec).unary(tower::service_fn(answer), request).await
            }
            method::UPDATE => {
                let answer = move |_: Request<UpdateRequest>| {
                    let messages = stream::iter(self.messages.clone().into_iter().map(Ok));
                    futures::future::ok::<_, Status>(Response::new(messages))
                };
                Grpc::new(BytesCodec).server_streaming(tower::service_fn(answer), request).await
            }
            path => panic!("a sync does not call {path}"),
        }
    }
}

impl NamedService for PrebuiltConnector {
    const NAME: &'static str = "fivetran_sdk.v2.SourceConnector";
}

impl tower::Service<http::Request<Body>> for PrebuiltConnector {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { Ok(connector.answer(request).await) })
    }
}

/// Passes each [`Bytes`] on as one message.
#[derive(Clone, Copy)]
struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = UpdateRequest;
    type Encoder = Self;
    type Decoder = ProstDecoder<UpdateRequest>;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> ProstDecoder<UpdateRequest> {
        ProstDecoder::default()
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(64 * 1024, 128 * 1024)
    }
}
