//! The messages of `Update` that are not hot, each behind gRPC's prefix.

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
pub(crate) fn warning(message: &str) -> Bytes {
    frame(Operation::Warning(Warning { message: cut(message).into_owned() }))
}

/// Tells the customer what to mend; the last thing that is said.
pub(crate) fn task(message: &str) -> Bytes {
    frame(Operation::Task(Task { message: cut(message).into_owned() }))
}

/// What gRPC puts before each message: whether it is compressed, and its length.
pub(crate) const PREFIX_BYTES: usize = 1 + 4;

fn frame(operation: Operation) -> Bytes {
    let message = UpdateResponse { operation: Some(operation) };
    let bytes = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + bytes);
    frame.put_u8(0);
    // It cannot overflow: the sink refuses a state that is longer than a message may be, other texts are cut, and what is left are names of tables and
    // columns, which no source has by the GiB.
    frame.put_u32(bytes as u32);
    message.encode_raw(&mut frame);
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use fivetran_wire::UpdateResponse;
    use fivetran_wire::update_response::Operation;
    use prost::Message;

    use super::{PREFIX_BYTES, task, warning};

    fn operation(frame: &Bytes) -> Operation {
        let message = frame.slice(PREFIX_BYTES..);
        assert_eq!(
            frame[..PREFIX_BYTES],
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
