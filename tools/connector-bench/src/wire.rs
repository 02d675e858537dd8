//! gRPC without meaning: servers and clients of one streaming call.

use std::convert::Infallible;
use std::io::Write;
use std::task::{Context, Poll};

use anyhow::Result;
use bytes::{Buf, BufMut, Bytes};
use futures::TryStreamExt;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use http::uri::PathAndQuery;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::client::Grpc as Client;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};

// The file of the adapter itself, so that this server writes as the connector does.
#[path = "../../../crates/fivetran-adapter/src/coalesced_writes.rs"]
mod coalesced_writes;

use coalesced_writes::CoalescedWrites;

/// What the server of a role says in answer to a call.
pub(crate) type Answer<T> = BoxStream<'static, Result<T, Status>>;

/// A service whose calls are all server-streaming. On the wire a single answer is a stream of one.
pub(crate) trait Handler: Clone + Send + Sync + 'static {
    /// The service's name, with its package.
    const SERVICE: &'static str;
    /// How questions and answers become bytes.
    type Codec: Codec<Encode: Send + 'static, Decode: Send + 'static> + Default + Send;

    /// Answers a call.
    fn answer(
        &self,
        question: <Self::Codec as Codec>::Decode,
    ) -> Answer<<Self::Codec as Codec>::Encode>;

    /// The body of an answer as it is, in the place of one that is encoded.
    fn body(&self) -> Option<Body> {
        None
    }
}

/// Serves on a free port of the loopback, and prints it, until the process is stopped.
pub(crate) async fn serve(handler: impl Handler) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    say_port(listener.local_addr()?.port())?;
    // As the connector serves.
    let incoming =
        TcpIncoming::from(listener).with_nodelay(Some(true)).map_ok(CoalescedWrites::new);
    Ok(Server::builder().add_service(Calls(handler)).serve_with_incoming(incoming).await?)
}

/// In the form of the connector's own log line.
fn say_port(port: u16) -> Result<()> {
    let line = serde_json::json!({ "context": { "port": port } });
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

#[derive(Clone)]
struct Calls<H>(H);

impl<H: Handler> NamedService for Calls<H> {
    const NAME: &'static str = H::SERVICE;
}

impl<H: Handler> tower::Service<http::Request<Body>> for Calls<H> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let handler = self.0.clone();
        Box::pin(async move {
            let body = handler.body();
            let answer = move |request: Request<_>| {
                let answer = handler.answer(request.into_inner());
                futures::future::ok::<_, Status>(Response::new(answer))
            };
            let mut grpc = Grpc::new(H::Codec::default());
            let answer = grpc.server_streaming(tower::service_fn(answer), request).await;
            Ok(match body {
                Some(body) => answer.map(|_| body),
                None => answer,
            })
        })
    }
}

/// Passes messages on as the bytes that they are.
#[derive(Default)]
pub(crate) struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = BytesCoder;
    type Decoder = BytesCoder;

    fn encoder(&mut self) -> BytesCoder {
        BytesCoder
    }

    fn decoder(&mut self) -> BytesCoder {
        BytesCoder
    }
}

/// Both halves of [`BytesCodec`].
pub(crate) struct BytesCoder;

impl Encoder for BytesCoder {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }

    /// As the connector has them.
    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(64 * 1024, 128 * 1024)
    }
}

impl Decoder for BytesCoder {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

/// Calls a method, and gives the answers as bytes.
pub(crate) async fn call(
    port: u16,
    method: &'static str,
    question: Bytes,
) -> Result<Streaming<Bytes>> {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?
        .initial_stream_window_size(CLIENT_WINDOW)
        .initial_connection_window_size(CLIENT_WINDOW);
    let mut grpc = Client::new(endpoint.connect().await?).max_decoding_message_size(usize::MAX);
    grpc.ready().await?;
    let path = PathAndQuery::from_static(method);
    let answer = grpc.server_streaming(Request::new(question), path, BytesCodec).await?;
    Ok(answer.into_inner())
}

/// The HTTP/2 window of the client: what gRPC's own clients use after they have measured a fast
/// connection.
const CLIENT_WINDOW: u32 = 4 * 1024 * 1024;
