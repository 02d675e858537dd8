//! The entry point for the fuzz targets of `xtask/fuzz`: the service, without sockets and HTTP/2.

use std::convert::Infallible;

use sync_config::Config;
use sync_core::Source;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::{Service, http};

use crate::serve;

/// The service that [`serve`](crate::serve()) runs. It takes a request with the bytes of a gRPC
/// message, and returns the answer.
pub fn service<S>(
    source: S,
) -> impl Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
where
    S: Source,
    S::Config: Config,
{
    serve::service(source, CancellationToken::new())
}
