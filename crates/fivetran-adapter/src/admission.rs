//! What a call takes of the server, over all connections: a place, the bytes of its request, and the time that the request needs to come.

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

/// A request this large takes nothing of the budget: the number of calls bounds these.
const SMALL_BYTES: usize = 64 * 1024;
/// What a request may have that brings neither state nor selection: room for a configuration with some uploaded files.
const CONFIGURATION_BYTES: usize = 8 * 1024 * 1024;

/// Lets calls through to a service, as far as there is room for them.
#[derive(Clone)]
pub(crate) struct Admission<S> {
    service: S,
    room: Arc<Room>,
}

/// What there is for all calls.
struct Room {
    calls: Arc<Semaphore>,
    request_bytes: Arc<Semaphore>,
    limits: Limits,
}

impl<S> Admission<S> {
    pub(crate) fn new(service: S, limits: Limits) -> Self {
        let room = Room {
            calls: Arc::new(Semaphore::new(limits.calls)),
            request_bytes: Arc::new(Semaphore::new(limits.request_bytes as usize)),
            limits,
        };
        Self { service, room: Arc::new(room) }
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
        let Ok(place) = Arc::clone(&self.room.calls).try_acquire_owned() else {
            tracing::warn!(calls = self.room.limits.calls, "A call was refused: too many are open");
            let status = Status::resource_exhausted("Too many calls are open; try again later.");
            return Box::pin(std::future::ready(Ok(status.into_http())));
        };
        let of_connection = request.extensions().get::<Arc<Calls>>().map(Calls::open);
        let call =
            Arc::new(Call { _place: place, _of_connection: of_connection, share: None.into() });
        let most = match request.uri().path() {
            method::UPDATE => MESSAGE_BYTES,
            _ => CONFIGURATION_BYTES,
        };
        let arriving = |body| Arriving {
            body,
            bytes: 0,
            most: most + PREFIX_BYTES,
            late: Box::pin(sleep(self.room.limits.request_timeout)),
            room: Arc::clone(&self.room),
            call: Arc::clone(&call),
        };
        let answer = self.service.call(request.map(|body| Body::new(arriving(body))));
        Box::pin(async move {
            let response = answer.await?;
            Ok(response.map(|body| Body::new(Answer { body, call })))
        })
    }
}

/// What one call holds until its answer is sent, or given up.
struct Call {
    _place: OwnedSemaphorePermit,
    _of_connection: Option<OpenCall>,
    /// Its share of the bytes for requests.
    share: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Call {
    fn add(&self, more: OwnedSemaphorePermit) {
        let mut share = self.share.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *share {
            Some(share) => share.merge(more),
            none => *none = Some(more),
        }
    }
}

/// A request on its way in.
struct Arriving {
    body: Body,
    /// How many have come.
    bytes: usize,
    most: usize,
    /// Rings when the request should have come in full.
    late: Pin<Box<Sleep>>,
    room: Arc<Room>,
    call: Arc<Call>,
}

impl Arriving {
    /// Takes room for some more bytes, or says that there is none.
    fn take(&mut self, more: usize) -> Result<(), Status> {
        let before = self.bytes;
        self.bytes += more;
        if self.bytes > self.most {
            let most = self.most - PREFIX_BYTES;
            return Err(Status::out_of_range(format!(
                "A request of this kind may have {most} bytes at most."
            )));
        }
        let taken = self.bytes.saturating_sub(SMALL_BYTES) - before.saturating_sub(SMALL_BYTES);
        if taken == 0 {
            return Ok(());
        }
        let share = u32::try_from(taken).unwrap_or(u32::MAX);
        match Arc::clone(&self.room.request_bytes).try_acquire_many_owned(share) {
            Ok(share) => {
                self.call.add(share);
                Ok(())
            }
            Err(_) => {
                tracing::warn!("A request was refused: others hold the bytes that there are");
                Err(Status::resource_exhausted(
                    "The requests that are being served leave no room for one of this size; try again later.",
                ))
            }
        }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                Poll::Ready(Some(self.take(bytes).map(|()| frame)))
            }
            Poll::Ready(end) => Poll::Ready(end),
            Poll::Pending => self.late.as_mut().poll(context).map(|()| {
                let seconds = self.room.limits.request_timeout.as_secs_f32();
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

/// An answer on its way out, and the call that lasts as long as it.
struct Answer {
    body: Body,
    call: Arc<Call>,
}

/// A piece of an answer, and the call that lasts until HTTP/2 has sent it and lets go of it.
///
/// HTTP/2 takes a whole piece when the client has room for its first byte. If a call were over then, a client that takes a byte of each answer could have
/// any number of answers wait, and one whose last checkpoint waits would be taken for one without a call.
struct Piece {
    bytes: Bytes,
    _call: Arc<Call>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let of_call = |bytes| Bytes::from_owner(Piece { bytes, _call: Arc::clone(&self.call) });
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(of_call))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
