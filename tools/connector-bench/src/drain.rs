//! A client that takes a sync and looks at none of it but what is no record.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::Bytes;
use fivetran_wire::update_response::Operation;
use fivetran_wire::{UpdateRequest, UpdateResponse, method};
use prost::Message;

use crate::wire::call;
use crate::workload::Workload;

/// What came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drained {
    pub(crate) bytes: u64,
    pub(crate) elapsed: Duration,
}

/// Takes a whole first sync.
pub(crate) async fn drain(port: u16, configuration: BTreeMap<String, String>) -> Result<Drained> {
    let mut bytes = 0;
    let started = Instant::now();
    each(port, configuration, |message| {
        bytes += message.len() as u64;
        Ok(true)
    })
    .await?;
    Ok(Drained { bytes, elapsed: started.elapsed() })
}

/// Hands on the messages that hold records, until that is enough.
///
/// # Errors
///
/// A sync that fails, or that has a task for the customer.
pub(crate) async fn each(
    port: u16,
    configuration: BTreeMap<String, String>,
    mut take: impl FnMut(Bytes) -> Result<bool>,
) -> Result<()> {
    let request = UpdateRequest { configuration, ..UpdateRequest::default() };
    let mut messages = call(port, method::UPDATE, request.encode_to_vec().into()).await?;
    while let Some(message) = messages.message().await? {
        if message.first() == Some(&RECORDS_KEY) {
            if !take(message)? {
                break;
            }
        } else if let Some(Operation::Task(task)) = UpdateResponse::decode(message)?.operation {
            bail!("the sync has failed: {}", task.message);
        }
    }
    Ok(())
}

/// How a message with records begins: field 6, with a length.
const RECORDS_KEY: u8 = (6 << 3) | 2;

/// The configuration for the table of a workload on a source of ours.
pub(crate) fn configuration(source: u16, workload: Workload) -> BTreeMap<String, String> {
    let fields = [
        ("hostname", format!("http://127.0.0.1:{source}")),
        ("token", "measured".to_owned()),
        ("database", "measured".to_owned()),
        ("measurement", workload.name()),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}
