//! As much of an HTTP/1.1 server as the API and the file server need.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// A client may be silent for so long.
const PATIENCE: Duration = Duration::from_mins(1);
const MAX_BODY: u64 = 8 << 20;
const MAX_LINE: u64 = 16 << 10;

/// What a client asks.
#[derive(Debug, Default)]
pub struct Request {
    /// `GET`, `PUT` …
    pub method: String,
    /// Decoded, without the query.
    pub path: String,
    /// Decoded; a name without a value has an empty one.
    pub query: BTreeMap<String, String>,
    /// Names in small letters.
    pub headers: BTreeMap<String, String>,
    /// As sent.
    pub body: Vec<u8>,
}

/// What it gets.
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Beyond length and connection.
    pub headers: Vec<(&'static str, String)>,
    /// Read to its end.
    pub body: Box<dyn Read>,
    /// How long the body is.
    pub length: u64,
}

impl Response {
    /// A text in one piece.
    pub fn text(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self {
            status,
            headers: vec![("Content-Type", content_type.to_owned())],
            length: body.len() as u64,
            body: Box::new(std::io::Cursor::new(body)),
        }
    }
}

/// Takes the address.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address)
}

/// Answers until the process ends, a thread per connection.
pub fn serve(listener: &TcpListener, answer: impl Fn(&Request) -> Response + Send + Sync + 'static) {
    let answer = Arc::new(answer);
    for stream in listener.incoming().flatten() {
        let answer = Arc::clone(&answer);
        std::thread::spawn(move || {
            // A client that went away needs no answer.
            let _ = converse(stream, answer.as_ref());
        });
    }
}

fn converse(stream: TcpStream, answer: &dyn Fn(&Request) -> Response) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader)? {
        let close = request.headers.get("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let mut response = answer(&request);
        let mut head = Vec::new();
        write!(head, "HTTP/1.1 {} {}\r\n", response.status, reason(response.status))?;
        for (name, value) in &response.headers {
            write!(head, "{name}: {value}\r\n")?;
        }
        let connection = if close { "close" } else { "keep-alive" };
        write!(head, "Content-Length: {}\r\nConnection: {connection}\r\n\r\n", response.length)?;
        writer.write_all(&head)?;
        if request.method != "HEAD" {
            std::io::copy(&mut response.body, &mut writer)?;
        }
        writer.flush()?;
        if close {
            break;
        }
    }
    Ok(())
}

fn read_request(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let line = read_line(reader)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        path: decode(path),
        query: query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name), decode(&value.replace('+', " "))))
            .collect(),
        ..Default::default()
    };
    loop {
        let line = read_line(reader)?;
        let Some((name, value)) = line.split_once(':') else { break };
        request.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = request.headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    reader.take(u64::min(length, MAX_BODY)).read_to_end(&mut request.body)?;
    Ok(Some(request))
}

fn read_line(reader: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

/// Resolves `%41`; what is no valid escape stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        if let Some(byte) = escape.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn escapes_are_resolved_and_broken_ones_stay() {
        assert_eq!(decode("/a%20b%2Fc"), "/a b/c");
        assert_eq!(decode("100%"), "100%");
    }
}
