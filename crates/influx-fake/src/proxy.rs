//! A proxy between a client and the server, whose patience a fault can limit.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use hyper::body::{Frame, SizeHint};
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// What a proxy sends in place of an answer that has not begun.
const PAGE: &str = "<html><head><title>504 Gateway Time-out</title></head></html>";

/// The proxy that passes one answer on. It travels with the request, so that a fault can limit its
/// patience, which has no limit otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxy {
    ends: Arc<watch::Sender<Option<Instant>>>,
}

#[derive(Debug, Error)]
#[error("a proxy has cut the answer off")]
struct CutOff;

impl Proxy {
    /// Lets it wait no longer than this for the end of the answer. Without any patience no answer
    /// begins: this never returns.
    pub(crate) async fn limit(&self, patience: Duration) {
        self.ends.send_replace(Some(Instant::now() + patience));
        if patience.is_zero() {
            pending().await
        }
    }

    /// Returns when its patience is at an end.
    async fn patience_ends(self) {
        let mut ends = self.ends.subscribe();
        let at = ends.wait_for(Option::is_some).await.ok().and_then(|at| *at);
        match at {
            Some(at) => sleep_until(at).await,
            // Nobody can limit it any more.
            None => pending().await,
        }
    }

    /// Passes an answer on, or cuts it off: with HTTP 504 before it has begun, and by a reset of
    /// its stream later.
    pub(crate) async fn pass<E>(
        self,
        answer: impl Future<Output = Result<Response, E>>,
    ) -> Result<Response, E> {
        tokio::select! {
            answer = answer => Ok(answer?.map(|body| {
                Body::new(Passed { body, cut_off: Box::pin(self.patience_ends()) })
            })),
            () = self.clone().patience_ends() => {
                Ok((StatusCode::GATEWAY_TIMEOUT, Html(PAGE)).into_response())
            }
        }
    }
}

/// A body that ends with an error when the proxy's patience does, which HTTP/2 sends as a reset.
struct Passed {
    body: Body,
    cut_off: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl hyper::body::Body for Passed {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        if self.cut_off.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(CutOff.into())));
        }
        Pin::new(&mut self.body).poll_frame(context).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
