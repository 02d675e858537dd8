//! Messages of records that a connector has sent, captured to be sent or encoded again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use fivetran_wire::update_response::Operation;
use fivetran_wire::{Record, RecordType, Records, UpdateResponse};
use prost::Message;

use crate::drain::each;

/// A message of records, as it came over the wire.
#[derive(Clone, Debug)]
pub(crate) struct CapturedMessage {
    pub(crate) records: u64,
    pub(crate) bytes: Bytes,
}

/// Keeps the first messages of a sync, with so many rows at least if there are as many.
pub(crate) async fn capture(
    port: u16,
    configuration: BTreeMap<String, String>,
    rows: u64,
) -> Result<Vec<CapturedMessage>> {
    let mut messages = Vec::new();
    let mut captured = 0;
    each(port, configuration, |bytes| {
        let records = records(&bytes)?.len() as u64;
        if records > 0 {
            captured += records;
            messages.push(CapturedMessage { records, bytes });
        }
        Ok(captured < rows)
    })
    .await?;
    Ok(messages)
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
pub(crate) fn write(messages: &[CapturedMessage], file: &Path) -> Result<()> {
    let mut bytes = BytesMut::new();
    for message in messages {
        bytes.put_u64(message.records);
        bytes.put_u64(message.bytes.len() as u64);
        bytes.put_slice(&message.bytes);
    }
    fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

/// Reads what [`write()`] has written.
pub(crate) fn read(file: &Path) -> Result<Vec<CapturedMessage>> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut bytes = Bytes::from(bytes);
    let mut messages = Vec::new();
    while bytes.has_remaining() {
        let (records, length) = (bytes.try_get_u64()?, bytes.try_get_u64()?);
        messages.push(CapturedMessage { records, bytes: bytes.split_to(usize::try_from(length)?) });
    }
    Ok(messages)
}
