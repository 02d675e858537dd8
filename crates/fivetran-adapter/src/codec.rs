//! The codec of `Update`: requests are decoded as messages, answers are bytes that are messages already.

use bytes::{BufMut, Bytes};
use fivetran_wire::UpdateRequest;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, EncodeBuf, Encoder};
use tonic_prost::ProstDecoder;

/// A buffer this large holds a few frames of 100 small records.
const BUFFER_BYTES: usize = 64 * 1024;
/// Bytes that are handed to HTTP/2 at once while more are ready: larger pieces mean fewer turns.
const YIELD_BYTES: usize = 128 * 1024;

/// Decodes [`UpdateRequest`], and passes on each [`Bytes`] as one serialized `UpdateResponse`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FrameCodec;

impl Codec for FrameCodec {
    type Encode = Bytes;
    type Decode = UpdateRequest;
    type Encoder = FrameEncoder;
    type Decoder = ProstDecoder<UpdateRequest>;

    fn encoder(&mut self) -> FrameEncoder {
        FrameEncoder
    }

    fn decoder(&mut self) -> ProstDecoder<UpdateRequest> {
        ProstDecoder::default()
    }
}

/// The sending half of [`FrameCodec`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameEncoder;

impl Encoder for FrameEncoder {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, frame: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(frame.len());
        buffer.put_slice(&frame);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, YIELD_BYTES)
    }
}
