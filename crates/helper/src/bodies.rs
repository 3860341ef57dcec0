//! File contents that the controller sends when a module asks for them.

use std::{
    io::{self, Read},
    sync::{Arc, Condvar, Mutex, PoisonError, mpsc::Receiver},
};

use sutler_modules::kit::{Failure, engine};
use sutler_protocol::{BodyPart, Content, PART, PARTS_AHEAD, ToController};

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

/// The bodies of one request: asked for one after the other, also where items run side by side.
pub struct Bodies {
    id: u32,
    output: Output,
    parts: Arc<Mutex<Receiver<Part>>>,
    line: Arc<Line>,
}

/// The line that the parts come on, which one body has at a time.
#[derive(Default)]
struct Line {
    is_taken: Mutex<bool>,
    freed: Condvar,
}

impl Line {
    fn take(&self) {
        let is_taken = self.freed.wait_while(lock(&self.is_taken), |is_taken| *is_taken);
        *is_taken.unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn free(&self) {
        *lock(&self.is_taken) = false;
        self.freed.notify_one();
    }
}

impl Bodies {
    /// The bodies of the request `id`, whose parts arrive through `parts`.
    pub fn new(id: u32, output: Output, parts: Receiver<Part>) -> Self {
        Self { id, output, parts: Arc::new(Mutex::new(parts)), line: Arc::default() }
    }
}

impl engine::Bodies for Bodies {
    fn open(&self, content: &Content) -> Result<Box<dyn Read + Send>, Failure> {
        let want = ToController::Want { id: self.id, sha1: content.sha1.clone() };
        self.line.take();
        if let Err(error) = send(&self.output, &want) {
            self.line.free();
            return Err(Failure::new(format!("cannot ask for the content: {error}")));
        }
        let (parts, line) = (Arc::clone(&self.parts), Arc::clone(&self.line));
        Ok(Box::new(Body { parts, line, chunk: Vec::new(), read: 0, ended: false }))
    }

    fn send(&self, stream: &mut dyn Read) -> Result<(), Failure> {
        let failed = |why: &dyn std::fmt::Display| Failure::new(format!("cannot send the file: {why}"));
        let mut unanswered = 0;
        loop {
            let mut bytes = Vec::with_capacity(PART);
            (&mut *stream).take(PART as u64).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
            let last = bytes.len() < PART;
            send(&self.output, &ToController::Body(BodyPart { id: self.id, last, bytes })).map_err(|e| failed(&e))?;
            unanswered += 1;
            while unanswered >= PARTS_AHEAD || last && unanswered > 0 {
                match lock(&self.parts).recv() {
                    Ok(Part::Bytes { .. }) => unanswered -= 1,
                    Ok(Part::Missing(why)) => return Err(Failure::new(why)),
                    Err(_) => return Err(failed(&"the task was cancelled")),
                }
            }
            if last {
                return Ok(());
            }
        }
    }
}

/// One body as it arrives.
struct Body {
    parts: Arc<Mutex<Receiver<Part>>>,
    line: Arc<Line>,
    chunk: Vec<u8>,
    read: usize,
    ended: bool,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.chunk.len() && !self.ended {
            let part = lock(&self.parts).recv().map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            match part {
                Part::Bytes { bytes, last } => {
                    (self.chunk, self.read) = (bytes, 0);
                    self.end(last);
                }
                Part::Missing(why) => {
                    self.end(true);
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

impl Body {
    /// At its end the next body has the line.
    fn end(&mut self, last: bool) {
        self.ended = last;
        if last {
            self.line.free();
        }
    }
}

/// The controller sends a body to its end: what a module that failed did not read is taken off the
/// line, so that neither the next request nor the next body waits behind it.
impl Drop for Body {
    fn drop(&mut self) {
        while !self.ended {
            let last = match lock(&self.parts).recv() {
                Ok(Part::Bytes { last, .. }) => last,
                Ok(Part::Missing(_)) | Err(_) => true,
            };
            self.end(last);
        }
    }
}
