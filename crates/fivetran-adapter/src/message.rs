//! The messages of `Update` without rows, as gRPC frames them: each behind a prefix with its
//! length.

use bytes::{BufMut, Bytes, BytesMut};
use fivetran_wire::update_response::Operation;
use fivetran_wire::{
    Checkpoint, Record, RecordType, Records, SchemaChange, Task, UpdateResponse, Warning,
};
use prost::Message;
use sync_core::Table;

use crate::schema;
use crate::text::cut;

/// Marks all rows of `table` as deleted.
pub(crate) fn truncate(table: &Table) -> Bytes {
    let record = Record {
        schema_name: table.schema.clone(),
        table_name: table.name.clone(),
        r#type: RecordType::Truncate.into(),
        ..Record::default()
    };
    prefixed(Operation::Records(Records { records: vec![record] }))
}

/// Announces tables or columns; `None` if there are none.
pub(crate) fn schema_change(tables: &[Table]) -> Option<Bytes> {
    let change = schema::change(tables)?;
    Some(prefixed(Operation::SchemaChange(SchemaChange { change: Some(change) })))
}

/// Commits everything that was sent before it.
pub(crate) fn checkpoint(state: String) -> Bytes {
    prefixed(Operation::Checkpoint(Checkpoint { state_json: state }))
}

/// Tells the customer something. The sync goes on.
pub(crate) fn warning(message: &str) -> Bytes {
    prefixed(Operation::Warning(Warning { message: cut(message).into_owned() }))
}

/// Tells the customer what to mend. It is the last message of a sync.
pub(crate) fn task(message: &str) -> Bytes {
    prefixed(Operation::Task(Task { message: cut(message).into_owned() }))
}

/// The length of the prefix that gRPC puts before each message: a flag for compression, and the
/// length of the message.
pub(crate) const PREFIX_BYTES: usize = 1 + 4;

/// Encodes a message behind its prefix.
fn prefixed(operation: Operation) -> Bytes {
    let message = UpdateResponse { operation: Some(operation) };
    let bytes = message.encoded_len();
    let mut buffer = BytesMut::with_capacity(PREFIX_BYTES + bytes);
    buffer.put_u8(0);
    // It cannot overflow. The sink refuses a state that is too long for a message, and other texts
    // are cut. Only names of tables and columns are left, and no source has 4 GiB of them.
    buffer.put_u32(bytes as u32);
    message.encode_raw(&mut buffer);
    buffer.freeze()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use fivetran_wire::UpdateResponse;
    use fivetran_wire::update_response::Operation;
    use prost::Message;

    use super::{PREFIX_BYTES, task, warning};

    fn operation(prefixed: &Bytes) -> Operation {
        let message = prefixed.slice(PREFIX_BYTES..);
        assert_eq!(
            prefixed[..PREFIX_BYTES],
            [0, 0, 0, (message.len() >> 8) as u8, message.len() as u8]
        );
        UpdateResponse::decode(message).unwrap().operation.unwrap()
    }

    #[test]
    fn long_texts_are_cut() {
        let (long, cut) = ("x".repeat(5_000), "x".repeat(2_000) + " (cut)");
        let Operation::Task(said) = operation(&task(&long)) else { panic!("no task") };
        assert_eq!(said.message, cut);
        let Operation::Warning(said) = operation(&warning(&long)) else { panic!("no warning") };
        assert_eq!(said.message, cut);
    }
}
