//! A response's body: by length, in chunks, or until the end; unpacked when it was compressed for transport.

use std::{
    fmt,
    io::{self, BufRead, BufReader, Read},
};

use super::tls::Wire;

/// A body that ended before all of it was there.
#[derive(Debug)]
pub struct Incomplete {
    /// How many bytes came.
    pub read: u64,
    /// How many should have come; `None` when it was not said.
    pub length: Option<u64>,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            Some(length) => write!(f, "IncompleteRead({} bytes read, {} more expected)", self.read, length - self.read),
            None => write!(f, "IncompleteRead({} bytes read)", self.read),
        }
    }
}

impl std::error::Error for Incomplete {}

impl Incomplete {
    /// The error that it is, if it is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    fn error(read: u64, length: Option<u64>) -> io::Error {
        io::Error::new(io::ErrorKind::UnexpectedEof, Self { read, length })
    }
}

/// The connection after the headers.
pub type Rest = BufReader<Box<dyn Wire>>;

/// The body that follows.
pub fn of(rest: Rest, header: impl Fn(&str) -> Option<String>, empty: bool, decompress: bool) -> Box<dyn Read + Send> {
    if empty {
        return Box::new(io::empty());
    }
    let is = |name: &str, value: &str| header(name).is_some_and(|given| given.to_ascii_lowercase().contains(value));
    let raw: Box<dyn Read + Send> = if is("transfer-encoding", "chunked") {
        Box::new(Chunked { rest, left: 0, read: 0, ended: false, first: true })
    } else if let Some(length) = header("content-length").and_then(|text| text.trim().parse().ok()) {
        Box::new(Sized { rest, length, read: 0 })
    } else {
        Box::new(UntilClose(rest))
    };
    if decompress && is("content-encoding", "gzip") {
        return Box::new(flate2::read::MultiGzDecoder::new(raw));
    }
    raw
}

struct Sized {
    rest: Rest,
    length: u64,
    read: u64,
}

impl Read for Sized {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length - self.read;
        if left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        match ragged(self.rest.read(&mut buffer[..most]))? {
            0 => Err(Incomplete::error(self.read, Some(self.length))),
            length => {
                self.read += length as u64;
                Ok(length)
            }
        }
    }
}

struct UntilClose(Rest);

impl Read for UntilClose {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        ragged(self.0.read(buffer))
    }
}

/// Servers close TLS connections without saying so; where it matters, the length tells.
fn ragged(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
        other => other,
    }
}

/// RFC 9112 §7.1.
struct Chunked {
    rest: Rest,
    left: u64,
    read: u64,
    ended: bool,
    first: bool,
}

impl Chunked {
    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        let length = (&mut self.rest).take(8 << 10).read_until(b'\n', &mut line);
        if ragged(length)? == 0 || line.last() != Some(&b'\n') {
            return Err(Incomplete::error(self.read, None));
        }
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        if !self.first {
            self.line()?;
        }
        self.first = false;
        let line = self.line()?;
        let size = line.split(';').next().unwrap_or_default().trim();
        self.left = u64::from_str_radix(size, 16)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("`{size}` is no chunk size")))?;
        if self.left == 0 {
            self.ended = true;
            while !self.line()?.is_empty() {}
        }
        Ok(())
    }
}

impl Read for Chunked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.ended {
            self.next_chunk()?;
        }
        if self.ended || buffer.is_empty() {
            return Ok(0);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let length = ragged(self.rest.read(&mut buffer[..most]))?;
        if length == 0 {
            return Err(Incomplete::error(self.read, None));
        }
        self.left -= length as u64;
        self.read += length as u64;
        Ok(length)
    }
}
