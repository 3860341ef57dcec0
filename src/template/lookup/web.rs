//! Requests over HTTP from the controller, with the client that modules have.

use std::{
    io::Read as _,
    sync::{Arc, atomic::AtomicBool},
};

use sutler_modules::{
    http::{self, HttpError, Options, Request},
    kit::{Context, Failure, Reader, engine::Bodies},
};
use sutler_protocol::{Content, Mode};

/// A response with all of its body.
pub(super) struct Answer {
    /// The status, as 404.
    pub status: u16,
    /// The status in words.
    pub message: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether it says that the request was done.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Requests here carry what they send.
struct NoBodies;

impl Bodies for NoBodies {
    fn open(&self, _: &Content) -> Result<Box<dyn std::io::Read + Send>, Failure> {
        Err(Failure::new("the controller has no contents that did not travel with a request"))
    }
}

/// Sends a request and waits for all of the response; `environment` goes before that of the process, for proxies.
pub(super) fn ask(environment: Vec<(String, String)>, options: &Options, request: Request) -> Result<Answer, String> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let predicted = Arc::default();
    let context = Context { mode: Mode::default(), environment, bodies: Arc::new(NoBodies), cancelled, predicted };
    let host = Reader::new(Arc::new(context));
    super::waiting(|| {
        let mut response = http::send(&host, options, request).map_err(|error| worded(&error))?;
        let mut body = Vec::new();
        response.body.read_to_end(&mut body).map_err(|error| format!("the response broke off: {error}"))?;
        Ok(Answer { status: response.status, message: response.message(), body })
    })
}

/// Without the words that only a module's result has.
fn worded(error: &HttpError) -> String {
    let text = error.to_string();
    text.strip_prefix("Request failed: ").unwrap_or(&text).to_owned()
}
