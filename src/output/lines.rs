//! What an event prints, and where.

/// Standard output or standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Whole lines for the two streams, in their order.
#[derive(Clone, Debug, Default)]
pub struct Lines(Vec<(Stream, String)>);

impl Lines {
    /// Adds lines to a stream. The ends of lines that other systems have become our own.
    pub fn push(&mut self, stream: Stream, text: &str) {
        let text = if text.contains('\r') { &*text.replace("\r\n", "\n") } else { text };
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some((last, lines)) if *last == stream => lines.push_str(text),
            _ => self.0.push((stream, text.to_owned())),
        }
    }

    /// Adds lines to standard output.
    pub fn out(&mut self, text: &str) {
        self.push(Stream::Out, text);
    }

    /// The texts, each with its stream.
    pub fn parts(&self) -> &[(Stream, String)] {
        &self.0
    }
}
