//! The gRPC service: tonic answers three calls, and `Update` sends its messages without tonic's
//! encoder.
//!
//! That encoder would copy each message into a buffer of its own, to put gRPC's prefix before it.
//! Our messages are encoded behind their prefixes, many in one buffer, and HTTP/2 gets that buffer
//! without a copy. Headers, the request and its limits are left to tonic in `Update` too.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use fivetran_wire::limit::MESSAGE_BYTES;
use fivetran_wire::{UpdateRequest, UpdateResponse, method};
use futures::future::BoxFuture;
use futures::{StreamExt, future, stream};
use http_body_util::StreamBody;
use sync_config::Config;
use sync_core::Source;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use crate::generated::SourceConnectorServer;
use crate::service::Connector;

/// Serves all four calls.
pub(crate) struct ConnectorService<S> {
    connector: Arc<Connector<S>>,
    others: SourceConnectorServer<Connector<S>>,
}

impl<S> ConnectorService<S> {
    pub(crate) fn new(connector: Connector<S>) -> Self {
        let connector = Arc::new(connector);
        let others = SourceConnectorServer::from_arc(Arc::clone(&connector))
            .max_decoding_message_size(MESSAGE_BYTES)
            .max_encoding_message_size(MESSAGE_BYTES);
        Self { connector, others }
    }
}

impl<S> Clone for ConnectorService<S> {
    fn clone(&self) -> Self {
        Self { connector: Arc::clone(&self.connector), others: self.others.clone() }
    }
}

impl<S> NamedService for ConnectorService<S> {
    const NAME: &'static str = <SourceConnectorServer<Connector<S>> as NamedService>::NAME;
}

impl<S> tower::Service<http::Request<Body>> for ConnectorService<S>
where
    S: Source,
    S::Config: Config,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        tower::Service::<http::Request<Body>>::poll_ready(&mut self.others, context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        match request.uri().path() {
            method::UPDATE => Box::pin(update(Arc::clone(&self.connector), request)),
            _ => tower::Service::call(&mut self.others, request),
        }
    }
}

/// Serves `Update`: lets tonic read the request and start an empty answer, and then replaces the
/// body of that answer with the messages of the sync.
async fn update<S>(
    connector: Arc<Connector<S>>,
    request: http::Request<Body>,
) -> Result<http::Response<Body>, Infallible>
where
    S: Source,
    S::Config: Config,
{
    let mut sync = None;
    let begin = tower::service_fn(|request: Request<UpdateRequest>| {
        sync = Some(connector.update(request.into_inner()));
        future::ok::<_, Status>(Response::new(stream::empty::<Result<UpdateResponse, Status>>()))
    });
    let codec = ProstCodec::<UpdateResponse, UpdateRequest>::default();
    let mut grpc = Grpc::new(codec).max_decoding_message_size(MESSAGE_BYTES);
    let answer = grpc.server_streaming(begin, request).await;
    Ok(match sync {
        Some(sync) => {
            answer.map(|_empty| Body::new(StreamBody::new(sync.map(Ok::<_, Infallible>))))
        }
        // The request could not be read: the answer is a status already.
        None => answer,
    })
}
