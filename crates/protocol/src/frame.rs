//! A frame: four bytes of length, big-endian, then one message.
//!
//! The first byte of a message says how it is written: `J` is JSON, `B` a part of a file's body,
//! whose bytes travel as they are.

use std::io::{Read, Write};

use serde::{Serialize, de::DeserializeOwned};

use crate::message::BodyPart;

/// The longest frame either side accepts, in bytes. A longer one means that the stream is not
/// ours (a login banner, a shell's message) and would otherwise be waited for for ever.
pub const MAX_FRAME: usize = 256 << 20;

/// Why a frame could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream ended or broke.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The length is beyond [`MAX_FRAME`].
    #[error("a frame of {0} bytes is not part of the protocol")]
    TooLong(usize),
    /// The message is not one of ours.
    #[error("a frame holds no message: {0}")]
    Malformed(String),
}

/// A message that has bytes beside its JSON.
pub(crate) trait Carrier: Sized {
    /// The body part that this message is, if it is one.
    fn as_body(&self) -> Option<&BodyPart>;
    /// The message for a body part.
    fn from_body(part: BodyPart) -> Self;
}

/// The frame for `message`, length included.
#[expect(private_bounds, reason = "only the two message types of this crate are sent")]
pub fn encode<M: Serialize + Carrier>(message: &M) -> Vec<u8> {
    let mut frame = vec![0; 4];
    if let Some(part) = message.as_body() {
        frame.push(b'B');
        frame.extend_from_slice(&part.id.to_be_bytes());
        frame.push(u8::from(part.last));
        frame.extend_from_slice(&part.bytes);
    } else {
        frame.push(b'J');
        serde_json::to_writer(&mut frame, message).expect("messages have string keys only");
    }
    let length = u32::try_from(frame.len() - 4).expect("bodies are sent in parts");
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame
}

/// The message in a frame's payload (without its length).
#[expect(private_bounds, reason = "only the two message types of this crate are received")]
pub fn decode<M: DeserializeOwned + Carrier>(payload: &[u8]) -> Result<M, FrameError> {
    let malformed = |why: String| FrameError::Malformed(why);
    match payload.split_first() {
        Some((b'J', json)) => serde_json::from_slice(json).map_err(|e| malformed(e.to_string())),
        Some((b'B', body)) if body.len() >= 5 => {
            let part = BodyPart {
                id: u32::from_be_bytes([body[0], body[1], body[2], body[3]]),
                last: body[4] != 0,
                bytes: body[5..].to_vec(),
            };
            Ok(M::from_body(part))
        }
        _ => Err(malformed("unknown kind".into())),
    }
}

/// Reads one message; `None` at a clean end of the stream.
#[expect(private_bounds, reason = "only the two message types of this crate are received")]
pub fn read_frame<M: DeserializeOwned + Carrier>(input: &mut impl Read) -> Result<Option<M>, FrameError> {
    let mut length = [0; 4];
    let mut filled = 0;
    while filled < length.len() {
        match input.read(&mut length[filled..])? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
            n => filled += n,
        }
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_FRAME {
        return Err(FrameError::TooLong(length));
    }
    let mut payload = vec![0; length];
    input.read_exact(&mut payload)?;
    decode(&payload).map(Some)
}

/// Writes one message and flushes.
#[expect(private_bounds, reason = "only the two message types of this crate are sent")]
pub fn write_frame<M: Serialize + Carrier>(output: &mut impl Write, message: &M) -> Result<(), FrameError> {
    output.write_all(&encode(message))?;
    Ok(output.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{ToController, ToHelper};

    #[test]
    fn body_survives_the_wire() {
        let part = BodyPart { id: 7, last: true, bytes: vec![0, 255, b'J'] };
        let mut wire = Vec::new();
        write_frame(&mut wire, &ToHelper::Body(part.clone())).unwrap();
        let back: ToHelper = read_frame(&mut wire.as_slice()).unwrap().unwrap();
        assert!(matches!(back, ToHelper::Body(got) if got == part));
    }

    #[test]
    fn a_login_banner_is_refused_not_waited_for() {
        let result = read_frame::<ToController>(&mut b"Welcome to Debian".as_slice());
        assert!(matches!(result, Err(FrameError::TooLong(_))));
    }

    #[test]
    fn a_cut_stream_is_an_error_and_a_closed_one_is_not() {
        assert!(read_frame::<ToController>(&mut [].as_slice()).unwrap().is_none());
        assert!(read_frame::<ToController>(&mut [0, 0].as_slice()).is_err());
    }
}
