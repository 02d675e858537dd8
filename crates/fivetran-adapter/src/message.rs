//! The messages of `Update` that are not hot, each behind gRPC's prefix.

use bytes::{BufMut, Bytes, BytesMut};
use fivetran_wire::update_response::Operation;
use fivetran_wire::{
    Checkpoint, Record, RecordType, Records, SchemaChange, Task, UpdateResponse, Warning,
};
use prost::Message;
use sync_core::Table;

use crate::schema;

/// Marks all rows of `table` as deleted.
pub(crate) fn truncate(table: &Table) -> Bytes {
    let record = Record {
        schema_name: table.schema.clone(),
        table_name: table.name.clone(),
        r#type: RecordType::Truncate.into(),
        ..Record::default()
    };
    frame(Operation::Records(Records { records: vec![record] }))
}

/// Announces tables or columns; nothing if there are none.
pub(crate) fn schema_change(tables: &[Table]) -> Option<Bytes> {
    let change = schema::change(tables)?;
    Some(frame(Operation::SchemaChange(SchemaChange { change: Some(change) })))
}

/// Vouches for everything before it.
pub(crate) fn checkpoint(state: String) -> Bytes {
    frame(Operation::Checkpoint(Checkpoint { state_json: state }))
}

/// Tells the customer something; the sync goes on.
pub(crate) fn warning(message: String) -> Bytes {
    frame(Operation::Warning(Warning { message }))
}

/// Tells the customer what to mend; the last thing that is said.
pub(crate) fn task(message: String) -> Bytes {
    frame(Operation::Task(Task { message }))
}

/// What gRPC puts before each message: whether it is compressed, and its length.
pub(crate) const PREFIX_BYTES: usize = 1 + 4;

fn frame(operation: Operation) -> Bytes {
    let message = UpdateResponse { operation: Some(operation) };
    let bytes = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + bytes);
    frame.put_u8(0);
    // The service refuses what is longer than a message may be before it could overflow here.
    frame.put_u32(bytes as u32);
    message.encode_raw(&mut frame);
    frame.freeze()
}
