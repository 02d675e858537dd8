//! A server that sends captured messages again, as fast as HTTP/2 can.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use bytes::{BufMut, Bytes, BytesMut};
use futures::{StreamExt, stream};
use http_body_util::StreamBody;
use tonic::body::Body;

use crate::capture::{self, CapturedMessage};
use crate::wire::{Answer, BytesCodec, Handler};

/// How many bytes are sent at once: as many as the connector sends.
const PIECE_BYTES: usize = 256 * 1024;

/// Some messages behind their gRPC prefixes, sent at once.
#[derive(Clone)]
struct Piece {
    records: u64,
    bytes: Bytes,
}

/// Answers every sync with the same messages in turn, until it has sent enough rows.
#[derive(Clone)]
pub(crate) struct Replay {
    pieces: Arc<Vec<Piece>>,
    rows: u64,
}

impl Replay {
    pub(crate) fn new(file: &Path, rows: u64) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut open = (0, BytesMut::new());
        let messages = capture::read(file)?;
        let last = messages.len().saturating_sub(1);
        for (index, CapturedMessage { records, bytes }) in messages.into_iter().enumerate() {
            let (rows, piece) = &mut open;
            *rows += records;
            piece.put_u8(0);
            piece.put_u32(u32::try_from(bytes.len())?);
            piece.put_slice(&bytes);
            if piece.len() + bytes.len() > PIECE_BYTES || index == last {
                let (records, bytes) = std::mem::take(&mut open);
                pieces.push(Piece { records, bytes: bytes.freeze() });
            }
        }
        Ok(Self { pieces: Arc::new(pieces), rows })
    }
}

impl Handler for Replay {
    const SERVICE: &'static str = "fivetran_sdk.v2.SourceConnector";
    type Codec = BytesCodec;

    /// Nothing: see the body.
    fn answer(&self, _: Bytes) -> Answer<Bytes> {
        stream::empty().boxed()
    }

    /// Messages behind their prefixes, in pieces of memory as the connector makes them.
    fn body(&self) -> Option<Body> {
        let Self { pieces, rows } = self.clone();
        let pieces = stream::unfold((0, 0), move |(sent, index)| {
            let piece = pieces.get(index % pieces.len().max(1)).filter(|_| sent < rows).cloned();
            async move {
                let Piece { records, bytes } = piece?;
                Some((http_body::Frame::data(bytes), (sent + records, index + 1)))
            }
        });
        let mut status = http::HeaderMap::new();
        status.insert("grpc-status", http::HeaderValue::from_static("0"));
        let end = stream::iter([http_body::Frame::trailers(status)]);
        Some(Body::new(StreamBody::new(pieces.chain(end).map(Ok::<_, Infallible>))))
    }
}
