//! Messages that a connector has sent, kept to be sent again: by a server that does nothing else, which is as fast as the wire can be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use fivetran_wire::update_response::Operation;
use fivetran_wire::{Record, RecordType, Records, UpdateResponse};
use futures::{StreamExt, stream};
use prost::Message;

use crate::drain::each;
use crate::wire::{Answer, BytesCodec, Handler};

/// A message of records.
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

/// Counts all rows of a sync.
pub(crate) async fn count(port: u16, configuration: BTreeMap<String, String>) -> Result<u64> {
    let mut count = 0;
    each(port, configuration, |bytes| {
        count += records(&bytes)?.len() as u64;
        Ok(true)
    })
    .await?;
    Ok(count)
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

fn read(file: &Path) -> Result<Vec<Frame>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut bytes = Bytes::from(bytes);
    let mut frames = Vec::new();
    while bytes.has_remaining() {
        let (records, length) = (bytes.try_get_u64()?, bytes.try_get_u64()?);
        frames.push(Frame { records, bytes: bytes.split_to(usize::try_from(length)?) });
    }
    Ok(frames)
}

/// Answers every sync with the same messages in turn, until it has sent enough rows.
#[derive(Clone)]
pub(crate) struct Replay {
    frames: Arc<Vec<Frame>>,
    rows: u64,
}

impl Replay {
    pub(crate) fn new(file: &Path, rows: u64) -> Result<Self> {
        Ok(Self { frames: Arc::new(read(file)?), rows })
    }
}

impl Handler for Replay {
    const SERVICE: &'static str = "fivetran_sdk.v2.SourceConnector";
    type Codec = BytesCodec;

    fn answer(&self, _: Bytes) -> Answer<Bytes> {
        let Self { frames, rows } = self.clone();
        let frames = stream::unfold((0, 0), move |(sent, index)| {
            let frame = frames.get(index % frames.len().max(1)).filter(|_| sent < rows).cloned();
            async move {
                let Frame { records, bytes } = frame?;
                Some((Ok(bytes), (sent + records, index + 1)))
            }
        });
        frames.boxed()
    }
}
