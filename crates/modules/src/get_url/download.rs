//! Where a file comes from: a server, or a path of the host.

use std::{
    io::{self, Read},
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::{
    http::{self, HttpError, Options, Request, body::Incomplete, url::decode},
    kit::{Failure, Reader, failure::os_text},
};

/// What a request came to.
pub struct Download {
    /// HTTP's status; `null` for files.
    pub status: Value,
    /// `OK (6 bytes)`, or the error in words.
    pub msg: String,
    /// What the server, or the address, calls the file.
    pub name: String,
    /// The content.
    pub body: Box<dyn Read + Send>,
}

impl Download {
    /// Asks for a file; `request` has the method and headers.
    pub fn start(host: &Reader, options: &Options, request: Request) -> Result<Self, Failure> {
        let url = request.url.clone();
        let (scheme, place) = url.split_once(':').unwrap_or_default();
        match scheme.to_ascii_lowercase().as_str() {
            "file" => return Self::file(host, &url, place),
            "ftp" if place.starts_with("//") => {
                return Err(Failure::new("ftp is not supported: use http, https or file").with("url", url));
            }
            _ => {}
        }
        let response = http::send(host, options, request).map_err(|e| e.into_failure(&url))?;
        let name = given_name(&response).unwrap_or_else(|| address_name(&response.url));
        Ok(Self { status: json!(response.status), msg: response.message(), name, body: response.body })
    }

    /// A file of the host: `file:///path`, `file://localhost/path` or `file:/path`.
    fn file(host: &Reader, url: &str, place: &str) -> Result<Self, Failure> {
        let path = decode(place.strip_prefix("//").unwrap_or(place).trim_start_matches("localhost"));
        let refused = |why| HttpError::Address(format!("[Errno {why}: '{path}'")).into_failure(url);
        let meta = host.stat(&path)?.ok_or_else(|| refused("2] No such file or directory"))?;
        if meta.is_dir() {
            return Err(refused("21] Is a directory"));
        }
        Ok(Self {
            status: Value::Null,
            msg: format!("OK ({} bytes)", meta.size()),
            name: address_name(url),
            body: Box::new(host.open(&path)?),
        })
    }

    /// Whether there is a content to take.
    pub fn is_ok(&self) -> bool {
        self.status.is_null() || self.status == 200
    }
}

/// What the server calls the file.
fn given_name(response: &http::Response) -> Option<String> {
    disposition_name(&response.header("content-disposition")?)
}

/// What the server calls the file, or its address, decoded.
pub fn response_name(response: &http::Response) -> String {
    given_name(response).unwrap_or_else(|| {
        let path = response.url.split(['?', '#']).next().unwrap_or_default();
        let name = decode(&address_name(path.trim_end_matches('/')));
        file_name(&name).unwrap_or("index.html").to_owned()
    })
}

/// A name without its folders, if it can be one of a file.
fn file_name(name: &str) -> Option<&str> {
    name.rsplit('/').next().filter(|name| !matches!(*name, "" | "." | ".."))
}

/// `attachment; filename="x"` (RFC 6266); folders are dropped, whoever named them.
fn disposition_name(header: &str) -> Option<String> {
    let lower = header.to_ascii_lowercase();
    let at = lower.find("filename=")? + "filename=".len();
    let rest = &header[at..];
    let name = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split(';').next(),
    }?;
    let name = name.trim().rsplit(['/', '\\']).next()?;
    (!matches!(name, "" | "." | "..")).then(|| name.to_owned())
}

/// The last part of an address's path.
pub fn address_name(url: &str) -> String {
    let path = url.split_once("://").map_or("", |(_, rest)| &rest[rest.find('/').unwrap_or(rest.len())..]);
    path.split(['?', '#']).next().and_then(file_name).unwrap_or("index.html").to_owned()
}

/// A body whose own errors can be told from those of the disk it is written to.
pub struct Watched {
    body: Box<dyn Read + Send>,
    error: Arc<Mutex<Option<String>>>,
}

impl Watched {
    /// The body, and where its error will be.
    pub fn new(body: Box<dyn Read + Send>) -> (Self, Arc<Mutex<Option<String>>>) {
        let error = Arc::default();
        (Self { body, error: Arc::clone(&error) }, error)
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted
                && let Ok(mut place) = self.error.lock()
            {
                *place = Some(describe(error));
            }
        })
    }
}

/// A broken-off body in Ansible's words.
pub fn describe(error: &io::Error) -> String {
    match Incomplete::of(error) {
        Some(Incomplete { read, length: Some(length) }) => {
            let left = length - read;
            format!(
                "Incomplete read, (rsp.length={left}, cl={length}, st.st_size={read}) failed to read remaining {left} bytes"
            )
        }
        Some(cut) => format!("Incomplete read: {cut}"),
        None => format!("Connection failure: {}", os_text(error)),
    }
}

/// The folder that a file lies in.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_folders() {
        assert_eq!(disposition_name("attachment; filename=\"a b.txt\"; x=y").as_deref(), Some("a b.txt"));
        assert_eq!(disposition_name("attachment; filename=../../etc/x").as_deref(), Some("x"));
        assert_eq!(disposition_name("attachment; filename=\"..\""), None);
        assert_eq!(disposition_name("inline"), None);
        assert_eq!(address_name("http://h/a/b.tgz?x=/y"), "b.tgz");
        assert_eq!(address_name("http://h"), "index.html");
        assert_eq!(address_name("http://h/a/.."), "index.html");
    }
}
