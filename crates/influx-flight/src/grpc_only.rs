//! Refuses answers that are not gRPC, while their HTTP status is still known.

use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use thiserror::Error;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::transport::Channel;

use crate::error_kind::{ErrorKind, OtherServer};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A channel that accepts only answers in gRPC.
///
/// Tonic alone would read a web page as a broken gRPC message and lose its HTTP status.
#[derive(Debug, Clone)]
pub(crate) struct GrpcOnly(pub(crate) Channel);

impl Service<Request<Body>> for GrpcOnly {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move {
            let response = answer.await?;
            match NotGrpc::of(&response) {
                Some(error) => Err(error.into()),
                None => Ok(response),
            }
        })
    }
}

/// An answer in plain HTTP.
#[derive(Debug, Error)]
#[error("HTTP status {} in place of gRPC", status.as_u16())]
pub(crate) struct NotGrpc {
    status: StatusCode,
    is_page: bool,
    retry_after: Option<Duration>,
}

impl NotGrpc {
    fn of<T>(response: &Response<T>) -> Option<Self> {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = header(CONTENT_TYPE).unwrap_or_default();
        if content_type.starts_with("application/grpc") {
            return None;
        }
        Some(Self {
            status: response.status(),
            is_page: content_type.starts_with("text/html"),
            retry_after: header(RETRY_AFTER).and_then(parse_retry_after),
        })
    }

    /// Tells a gateway whose InfluxDB is away from another server.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => {
                ErrorKind::RateLimited { retry_after: self.retry_after }
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorKind::Token,
            StatusCode::REQUEST_TIMEOUT => ErrorKind::Unavailable,
            status if status.is_server_error() => ErrorKind::Unavailable,
            _ if self.is_page => ErrorKind::NotInfluxDb3(OtherServer::WebPage),
            _ => ErrorKind::NotInfluxDb3(OtherServer::Http),
        }
    }
}

/// Reads a wait in seconds. The other form of the header, a date, would need clocks that agree.
pub(crate) fn parse_retry_after(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}
