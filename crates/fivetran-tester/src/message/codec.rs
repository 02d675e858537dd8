//! The client's codec for `Update`.

use bytes::Buf;
use fivetran_wire::{UpdateRequest, UpdateResponse};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstCodec, ProstEncoder};

use super::Message;

/// Sends an [`UpdateRequest`], receives [`Message`]s.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UpdateCodec;

impl Codec for UpdateCodec {
    type Encode = UpdateRequest;
    type Decode = Message;
    type Encoder = ProstEncoder<UpdateRequest>;
    type Decoder = Self;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<UpdateRequest, UpdateResponse>::default().encoder()
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Decoder for UpdateCodec {
    type Item = Message;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Message>, Status> {
        // This is a slice of the receive buffer, and not a copy.
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        // Answer bytes that are no message as tonic's own codec does.
        Message::decode(bytes).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
