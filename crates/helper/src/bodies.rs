//! File contents that the controller sends when a module asks for them.

use std::{
    io::{self, Read},
    sync::{Arc, Mutex, mpsc::Receiver},
};

use sutler_modules::kit::{Failure, engine};
use sutler_protocol::{Content, ToController};

use crate::{Output, lock, send};

/// What the controller answers to a request for a body.
pub enum Part {
    /// Some of it.
    Bytes {
        /// The bytes.
        bytes: Vec<u8>,
        /// Nothing follows.
        last: bool,
    },
    /// It cannot be had; the text says why.
    Missing(String),
}

/// The bodies of one request: asked for one after the other.
pub struct Bodies {
    id: u32,
    output: Output,
    parts: Arc<Mutex<Receiver<Part>>>,
}

impl Bodies {
    /// The bodies of the request `id`, whose parts arrive through `parts`.
    pub fn new(id: u32, output: Output, parts: Receiver<Part>) -> Self {
        Self { id, output, parts: Arc::new(Mutex::new(parts)) }
    }
}

impl engine::Bodies for Bodies {
    fn open(&self, content: &Content) -> Result<Box<dyn Read + Send>, Failure> {
        let want = ToController::Want { id: self.id, sha1: content.sha1.clone() };
        send(&self.output, &want).map_err(|error| Failure::new(format!("cannot ask for the content: {error}")))?;
        Ok(Box::new(Body { parts: Arc::clone(&self.parts), chunk: Vec::new(), read: 0, ended: false }))
    }
}

/// One body as it arrives.
struct Body {
    parts: Arc<Mutex<Receiver<Part>>>,
    chunk: Vec<u8>,
    read: usize,
    ended: bool,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() && !self.ended {
            let part = lock(&self.parts).recv().map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            match part {
                Part::Bytes { bytes, last } => (self.chunk, self.read, self.ended) = (bytes, 0, last),
                Part::Missing(why) => {
                    self.ended = true;
                    return Err(io::Error::other(why));
                }
            }
        }
        let length = buffer.len().min(self.chunk.len() - self.read);
        buffer[..length].copy_from_slice(&self.chunk[self.read..self.read + length]);
        self.read += length;
        Ok(length)
    }
}

/// The controller sends a body to its end: what a module that failed did not read is taken off the
/// line, so that neither the next request nor the next body waits behind it.
impl Drop for Body {
    fn drop(&mut self) {
        while !self.ended {
            self.ended = match lock(&self.parts).recv() {
                Ok(Part::Bytes { last, .. }) => last,
                Ok(Part::Missing(_)) | Err(_) => true,
            };
        }
    }
}
