//! Records the messages of a connector, and a server that only sends them again, as fast as HTTP/2
//! can.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use fivetran_wire::update_response::Operation;
use fivetran_wire::{Record, RecordType, Records, UpdateResponse};
use futures::{StreamExt, stream};
use http_body_util::StreamBody;
use prost::Message;
use tonic::body::Body;

use crate::drain::each;
use crate::wire::{Answer, BytesCodec, Handler};

/// A message of records, or several.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) records: u64,
    pub(crate) bytes: Bytes,
}

/// Keeps the first messages of a sync, with so many rows at least if there are as many.
pub(crate) async fn capture(
    port: u16,
    configuration: BTreeMap<String, String>,
    rows: u64,
) -> Result<Vec<Frame>> {
    let mut frames = Vec::new();
    let mut captured = 0;
    each(port, configuration, |bytes| {
        let records = records(&bytes)?.len() as u64;
        if records > 0 {
            captured += records;
            frames.push(Frame { records, bytes });
        }
        Ok(captured < rows)
    })
    .await?;
    Ok(frames)
}

/// The rows that a message holds. The mark of a re-sync is a record too, and no row.
pub(crate) fn records(message: &Bytes) -> Result<Vec<Record>> {
    match UpdateResponse::decode(message.clone())?.operation {
        Some(Operation::Records(Records { mut records })) => {
            records.retain(|record| record.r#type() == RecordType::Upsert);
            Ok(records)
        }
        other => anyhow::bail!("no records, but {other:?}"),
    }
}

/// Writes messages to a file, each behind the number of its records and its length.
pub(crate) fn write(frames: &[Frame], file: &Path) -> Result<()> {
    let mut bytes = BytesMut::new();
    for frame in frames {
        bytes.put_u64(frame.records);
        bytes.put_u64(frame.bytes.len() as u64);
        bytes.put_slice(&frame.bytes);
    }
    fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

/// Reads what [`write()`] has written.
pub(crate) fn read(file: &Path) -> Result<Vec<Frame>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut bytes = Bytes::from(bytes);
    let mut frames = Vec::new();
    while bytes.has_remaining() {
        let (records, length) = (bytes.try_get_u64()?, bytes.try_get_u64()?);
        frames.push(Frame { records, bytes: bytes.split_to(usize::try_from(length)?) });
    }
    Ok(frames)
}

/// As large as the connector's.
const PIECE_BYTES: usize = 256 * 1024;

/// Answers every sync with the same messages in turn, until it has sent enough rows.
#[derive(Clone)]
pub(crate) struct Replay {
    pieces: Arc<Vec<Frame>>,
    rows: u64,
}

impl Replay {
    pub(crate) fn new(file: &Path, rows: u64) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut open = (0, BytesMut::new());
        let frames = read(file)?;
        let last = frames.len().saturating_sub(1);
        for (index, Frame { records, bytes }) in frames.into_iter().enumerate() {
            let (rows, piece) = &mut open;
            *rows += records;
            piece.put_u8(0);
            piece.put_u32(u32::try_from(bytes.len())?);
            piece.put_slice(&bytes);
            if piece.len() + bytes.len() > PIECE_BYTES || index == last {
                let (records, bytes) = std::mem::take(&mut open);
                pieces.push(Frame { records, bytes: bytes.freeze() });
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
                let Frame { records, bytes } = piece?;
                Some((http_body::Frame::data(bytes), (sent + records, index + 1)))
            }
        });
        let mut status = http::HeaderMap::new();
        status.insert("grpc-status", http::HeaderValue::from_static("0"));
        let end = stream::iter([http_body::Frame::trailers(status)]);
        Some(Body::new(StreamBody::new(pieces.chain(end).map(Ok::<_, Infallible>))))
    }
}
