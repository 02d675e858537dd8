//! Admission control: limits the calls of all connections together, in number, in the bytes of
//! their requests, and in the time that a request may take to arrive.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use fivetran_wire::limit::MESSAGE_BYTES;
use fivetran_wire::method;
use futures::future::BoxFuture;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};

use crate::connection::{Calls, OpenCall};
use crate::limits::Limits;
use crate::message::PREFIX_BYTES;

/// Requests up to this size do not count against the budget of bytes. The limit on the number of
/// calls bounds them.
const SMALL_BYTES: usize = 64 * 1024;
/// The most bytes of a request without state and selection: enough for a configuration with some
/// uploaded files.
const CONFIGURATION_BYTES: usize = 8 * 1024 * 1024;

/// Passes calls on to a service while there is capacity, and refuses them otherwise.
#[derive(Clone)]
pub(crate) struct Admission<S> {
    service: S,
    capacity: Arc<Capacity>,
}

/// What all calls share.
struct Capacity {
    calls: Arc<Semaphore>,
    request_bytes: Arc<Semaphore>,
    limits: Limits,
}

impl<S> Admission<S> {
    pub(crate) fn new(service: S, limits: Limits) -> Self {
        let capacity = Capacity {
            calls: Arc::new(Semaphore::new(limits.calls)),
            request_bytes: Arc::new(Semaphore::new(limits.request_bytes as usize)),
            limits,
        };
        Self { service, capacity: Arc::new(capacity) }
    }
}

impl<S> Service<Request<Body>> for Admission<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Ok(permit) = Arc::clone(&self.capacity.calls).try_acquire_owned() else {
            tracing::warn!(
                calls = self.capacity.limits.calls,
                "A call was refused: too many are open"
            );
            let status = Status::resource_exhausted("Too many calls are open; try again later.");
            return Box::pin(std::future::ready(Ok(status.into_http())));
        };
        let open_call = request.extensions().get::<Arc<Calls>>().map(Calls::open);
        let reservation = Arc::new(Reservation {
            _permit: permit,
            _open_call: open_call,
            request_bytes: None.into(),
        });
        let max_bytes = match request.uri().path() {
            method::UPDATE => MESSAGE_BYTES,
            _ => CONFIGURATION_BYTES,
        };
        let limited = |body| RequestBody {
            body,
            received: 0,
            max_bytes: max_bytes + PREFIX_BYTES,
            deadline: Box::pin(sleep(self.capacity.limits.request_timeout)),
            capacity: Arc::clone(&self.capacity),
            reservation: Arc::clone(&reservation),
        };
        let response = self.service.call(request.map(|body| Body::new(limited(body))));
        Box::pin(async move {
            let response = response.await?;
            Ok(response.map(|body| Body::new(ResponseBody { body, reservation })))
        })
    }
}

/// The share of the capacity that one call holds until its response is sent, or given up.
struct Reservation {
    _permit: OwnedSemaphorePermit,
    _open_call: Option<OpenCall>,
    request_bytes: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Reservation {
    fn add_bytes(&self, more: OwnedSemaphorePermit) {
        let mut held = self.request_bytes.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *held {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
    }
}

/// The body of a request. Reading it fails when it is too large, too slow, or when the capacity is
/// used up.
struct RequestBody {
    body: Body,
    /// How many bytes were received so far.
    received: usize,
    max_bytes: usize,
    /// Completes when the whole request should have arrived.
    deadline: Pin<Box<Sleep>>,
    capacity: Arc<Capacity>,
    reservation: Arc<Reservation>,
}

impl RequestBody {
    /// Reserves capacity for `more` bytes, which were just received.
    fn reserve(&mut self, more: usize) -> Result<(), Status> {
        let before = self.received;
        self.received += more;
        if self.received > self.max_bytes {
            let most = self.max_bytes - PREFIX_BYTES;
            return Err(Status::out_of_range(format!(
                "A request of this kind may have {most} bytes at most."
            )));
        }
        let counted =
            self.received.saturating_sub(SMALL_BYTES) - before.saturating_sub(SMALL_BYTES);
        if counted == 0 {
            return Ok(());
        }
        let counted = u32::try_from(counted).unwrap_or(u32::MAX);
        match Arc::clone(&self.capacity.request_bytes).try_acquire_many_owned(counted) {
            Ok(permit) => {
                self.reservation.add_bytes(permit);
                Ok(())
            }
            Err(_) => {
                tracing::warn!("A request was refused: others hold the bytes that there are");
                Err(Status::resource_exhausted(
                    "The requests that are being served leave no room for one of this size; \
                     try again later.",
                ))
            }
        }
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                Poll::Ready(Some(self.reserve(bytes).map(|()| frame)))
            }
            Poll::Ready(end) => Poll::Ready(end),
            Poll::Pending => self.deadline.as_mut().poll(context).map(|()| {
                let seconds = self.capacity.limits.request_timeout.as_secs_f32();
                Some(Err(Status::deadline_exceeded(format!(
                    "The request did not arrive in full within {seconds} s."
                ))))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a response. It holds the call's reservation.
struct ResponseBody {
    body: Body,
    reservation: Arc<Reservation>,
}

/// Some bytes of a response. They hold the call's reservation until HTTP/2 has sent and dropped
/// them.
///
/// HTTP/2 takes the whole of these bytes as soon as the client's window has room for one of them.
/// If the reservation ended there, a client that reads one byte of each response could make the
/// server keep any number of responses. A connection whose last checkpoint still waits would count
/// as idle, too.
struct ResponseBytes {
    bytes: Bytes,
    _reservation: Arc<Reservation>,
}

impl AsRef<[u8]> for ResponseBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let reserved = |bytes| {
            Bytes::from_owner(ResponseBytes { bytes, _reservation: Arc::clone(&self.reservation) })
        };
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(reserved))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
