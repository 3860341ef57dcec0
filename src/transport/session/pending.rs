//! A task that was sent: its results, and the contents that the helper asks for.

use std::io::Read;

use serde_json::{Map, Value as Json};
use sutler_protocol::{BodyPart, PART, ToHelper, encode};
use tokio::sync::mpsc;

use super::{Heard, Wire};
use crate::transport::{Bodies, ConnectError};

/// Hears the result of an item at a place.
pub type Done<'a> = &'a mut (dyn FnMut(usize, Map<String, Json>) + Send);

/// Names a task that was sent over a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(pub(super) u32);

/// Whether the helper did what it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// It did.
    Done,
    /// It did nothing of it: the task before failed, or it was withdrawn.
    Dropped,
}

/// A task that was sent. When it is dropped before its end the helper stops it.
pub struct Pending {
    pub(super) wire: Wire,
    pub(super) id: u32,
    /// What is said to have been done where the connection is lost.
    pub(super) during: String,
    /// Which items have no result yet.
    pub(super) open: Vec<bool>,
    pub(super) heard: mpsc::UnboundedReceiver<Heard>,
    pub(super) is_over: bool,
}

impl Pending {
    /// Its name for the one that follows it.
    pub fn id(&self) -> RequestId {
        RequestId(self.id)
    }

    /// Waits for the results, and sends the contents that the helper asks for.
    pub async fn finish(mut self, bodies: &dyn Bodies, done: Done<'_>) -> Result<Finished, ConnectError> {
        let mut refused = false;
        while self.open.contains(&true) {
            match self.heard.recv().await {
                Some(Heard::Item(item, result)) => {
                    if self.open.get_mut(item).is_some_and(|open| std::mem::replace(open, false)) {
                        done(item, result);
                    }
                }
                Some(Heard::Want(sha1)) => Box::pin(self.body(&sha1, bodies)).await?,
                // What was on its way when a part could not be taken is of no use.
                Some(Heard::Part(_)) if refused => {}
                Some(Heard::Part(bytes)) => {
                    let answer = match bodies.accept(&bytes) {
                        Ok(()) => ToHelper::Body(BodyPart { id: self.id, last: false, bytes: Vec::new() }),
                        Err(error) => ToHelper::NoBody { id: self.id, why: error.to_string() },
                    };
                    refused = matches!(answer, ToHelper::NoBody { .. });
                    self.send(&answer).await?;
                }
                Some(Heard::Dropped) => {
                    self.is_over = true;
                    return Ok(Finished::Dropped);
                }
                None => return Err(self.wire.shared.why(&self.during)),
            }
        }
        self.is_over = true;
        Ok(Finished::Done)
    }

    /// Sends a content that was asked for, a part at a time.
    async fn body(&self, sha1: &str, bodies: &dyn Bodies) -> Result<(), ConnectError> {
        let id = self.id;
        let mut reader = match bodies.open(sha1) {
            Ok(reader) => reader,
            Err(e) => return self.send(&ToHelper::NoBody { id, why: e.to_string() }).await,
        };
        loop {
            let read = tokio::task::spawn_blocking(move || {
                let mut bytes = Vec::with_capacity(PART);
                let outcome = reader.by_ref().take(PART as u64).read_to_end(&mut bytes);
                (reader, bytes, outcome)
            });
            let (back, bytes, outcome) = read
                .await
                .map_err(|e| ConnectError::Controller { action: "read a file's content".into(), why: e.to_string() })?;
            reader = back;
            if let Err(e) = outcome {
                return self.send(&ToHelper::NoBody { id, why: e.to_string() }).await;
            }
            let last = bytes.len() < PART;
            self.send(&ToHelper::Body(BodyPart { id, last, bytes })).await?;
            if last {
                return Ok(());
            }
        }
    }

    async fn send(&self, message: &ToHelper) -> Result<(), ConnectError> {
        self.wire.send(encode(message), &self.during).await
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.wire.shared.requests.lock().remove(&self.id);
        if !self.is_over {
            let frames = self.wire.frames.clone();
            let cancel = encode(&ToHelper::Cancel { id: self.id });
            if let Err(mpsc::error::TrySendError::Full(cancel)) = frames.try_send(cancel)
                && let Ok(runtime) = tokio::runtime::Handle::try_current()
            {
                runtime.spawn(async move { frames.send(cancel).await });
            }
        }
    }
}
