//! `uri`: talks to a web service.

mod body;

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    time::Instant,
};

use serde_json::{Value, json};
use sutler_protocol::{Arguments, Content};

use crate::{
    choice,
    get_url::{arrival::Arrival, download::response_name},
    http::{self, Body, Follow, HttpError, Options, Request, Response, Url, UrlArgs, body::Incomplete, date},
    kit::{
        Args, Changes, Failure, Fields, FileArgs, InCheck, Module, Reader, Writer,
        args::plain_text,
        failure::{errno, os_text},
    },
};

choice! {
    /// How the body is written.
    pub enum Format {
        /// `a=1&b=2`.
        Form = "form-urlencoded",
        /// JSON.
        Json = "json",
        /// As it is.
        Raw = "raw",
        /// Fields and files.
        Multipart = "form-multipart",
    }
}

choice! {
    /// Which redirects are followed.
    pub enum Redirects {
        /// Every one.
        All = "all",
        /// None.
        No = "no",
        /// None.
        None = "none",
        /// Those of GET and HEAD.
        Safe = "safe",
        /// As Python's library does.
        Urllib2 = "urllib2",
        /// Every one.
        Yes = "yes",
    }
}

/// Sends a request to a web service and returns what it answered.
///
/// ```yaml
/// - uri:
///     url: http://localhost:9200/_cluster/health
///     return_content: true
///   register: health
///   until: health.json.status == 'green'
/// - uri:
///     url: https://example.com/api/items
///     method: POST
///     body_format: json
///     body: {name: new}
///     status_code: [201, 409]
/// ```
#[derive(Args)]
#[args(exclusive("body", "src"))]
pub struct Uri {
    /// The address; name and password may be part of it.
    url: String,
    /// What is sent: text, or what `body_format` turns into text.
    body: Option<Value>,
    /// How `body` is written. All but `raw` set `Content-Type`, unless `headers` do.
    #[arg(default = "raw")]
    body_format: Format,
    /// A file, or a directory, of certificates to trust instead of the host's, PEM.
    ca_path: Option<PathBuf>,
    /// Does nothing when this path is there.
    creates: Option<PathBuf>,
    /// Where the answer is written: a file, or a directory for it.
    dest: Option<PathBuf>,
    /// Which redirects are followed: `safe` means those of GET and HEAD, `urllib2` those of POST too
    /// when they turn into a GET. `yes` and `no` are old words for `all` and `none`.
    #[arg(default = "safe")]
    follow_redirects: Redirects,
    /// Asks for the file even when `dest` is not older.
    #[arg(default = false)]
    force: bool,
    /// Headers to send.
    #[arg(default = "{}")]
    headers: Arguments,
    /// The method, in capitals.
    #[arg(default = "GET")]
    method: String,
    /// Takes `src` from the host instead of from the controller.
    #[arg(default = false)]
    remote_src: bool,
    /// Does nothing when this path is not there.
    removes: Option<PathBuf>,
    /// Returns the answer as `content`. JSON is returned as `json` in any case.
    #[arg(default = false)]
    return_content: bool,
    /// A file that is sent as the body.
    src: Option<PathBuf>,
    /// The statuses that are a success.
    #[arg(default = "[200]")]
    status_code: Vec<i64>,
    /// Seconds that the server may be silent.
    #[arg(default = 30)]
    timeout: i64,
    /// A Unix socket to connect to instead of the address's host.
    unix_socket: Option<PathBuf>,
    /// The name for servers that ask for one, by Basic or Digest authentication.
    #[arg(alias = "user")]
    url_username: Option<String>,
    /// The password that goes with it.
    #[arg(alias = "password", secret)]
    url_password: Option<String>,
    /// The content of `src` when that is on the controller.
    #[arg(internal, name = "_content")]
    content: Option<Content>,
    #[arg(flatten)]
    connection: UrlArgs,
    #[arg(flatten)]
    file: FileArgs,
}

impl Module for Uri {
    type Plan = ();

    fn inspect(&self, _: &Reader) -> Result<Changes<()>, Failure> {
        // A request may change anything, here or elsewhere.
        Ok(Changes::of(())
            .in_check(InCheck::Skip("This action (ansible.builtin.uri) does not support check mode.".into())))
    }

    fn apply(&self, (): (), host: &mut Writer) -> Result<Fields, Failure> {
        if !self.method.bytes().all(|byte| byte.is_ascii_alphabetic()) || self.method.is_empty() {
            let text = "Parameter 'method' needs to be a single word in uppercase, like GET or POST.";
            return Err(Failure::new(text));
        }
        if let Some(path) = self.creates.as_ref().filter(|path| host.exists(path)) {
            return Ok(skipped(&format!("skipped, since '{}' exists", path.display())));
        }
        if let Some(path) = self.removes.as_ref().filter(|path| !host.exists(path)) {
            return Ok(skipped(&format!("skipped, since '{}' does not exist", path.display())));
        }
        let started = Instant::now();
        let request = self.request(host)?;
        match http::send(host, &self.options()?, request) {
            Ok(response) => self.report(host, response, started),
            Err(error @ HttpError::Scheme(_)) => Err(error.into_failure(&self.url)),
            Err(error) => Err(Failure::new(self.unexpected(-1, &error.to_string()))
                .with("status", -1)
                .with("url", http::masked(&self.url))
                .with("redirected", false)
                .with("elapsed", started.elapsed().as_secs())),
        }
    }
}

impl Uri {
    fn options(&self) -> Result<Options, Failure> {
        let mut options =
            self.connection.options(self.timeout, self.url_username.as_ref(), self.url_password.as_ref())?;
        options.tls.ca_path.clone_from(&self.ca_path);
        options.unix_socket.clone_from(&self.unix_socket);
        options.follow = match self.follow_redirects {
            Redirects::All | Redirects::Yes => Follow::All,
            Redirects::None | Redirects::No => Follow::None,
            Redirects::Safe => Follow::Safe,
            Redirects::Urllib2 => Follow::Usual,
        };
        Ok(options)
    }

    fn request(&self, host: &Reader) -> Result<Request, Failure> {
        let mut request = Request::new(&self.method.to_ascii_uppercase(), &self.url);
        for (name, value) in &self.headers {
            request = request.header(name, &plain_text(value));
        }
        let has_type = self.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
        let typed =
            |request: Request, kind: &str| if has_type { request } else { request.header("Content-Type", kind) };
        let body = self.body.as_ref().unwrap_or(&Value::Null);
        match self.body_format {
            Format::Raw => request.body = self.body.as_ref().map(|body| Body::Bytes(raw(body))),
            Format::Json => {
                let bytes = body.as_str().map_or_else(|| body::json(body), |text| text.as_bytes().to_vec());
                request = typed(request, "application/json");
                request.body = Some(Body::Bytes(bytes));
            }
            Format::Form => {
                request = typed(request, "application/x-www-form-urlencoded");
                request.body = self.body.as_ref().map(|body| body::form(body).map(Body::Bytes)).transpose()?;
            }
            Format::Multipart => {
                let (kind, bytes) = body::multipart(host, body)?;
                request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                request = request.header("Content-Type", &kind);
                request.body = Some(Body::Bytes(bytes));
            }
        }
        if let Some(body) = self.source(host)? {
            request.body = Some(body);
        }
        if self.force {
            request = request.default_header("Cache-Control", "no-cache");
        }
        let old = self.dest.as_ref().filter(|_| !self.force).map(|dest| host.stat(dest)).transpose()?.flatten();
        if let Some(time) = old.filter(crate::kit::Meta::is_file).and_then(|meta| meta.raw().modified().ok()) {
            request = request.default_header("If-Modified-Since", &date::text(time));
        }
        Ok(request)
    }

    fn source(&self, host: &Reader) -> Result<Option<Body>, Failure> {
        if let Some(content) = &self.content {
            return Ok(Some(Body::Bytes(host.body(content)?.into_bytes()?)));
        }
        let Some(path) = &self.src else { return Ok(None) };
        if !self.remote_src {
            return Err(Failure::new(format!("Unable to find '{}' on the controller", path.display())));
        }
        let failed = |e: std::io::Error| {
            let failure = Failure::new(format!("Unable to open source file {}", path.display())).with("elapsed", 0);
            failure.because(errno(&e, &path.to_string_lossy()))
        };
        let file = std::fs::File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        Ok(Some(Body::File(file, size)))
    }

    fn unexpected(&self, status: i64, msg: &str) -> String {
        let codes: Vec<String> = self.status_code.iter().map(i64::to_string).collect();
        format!("Status code was {status} and not [{}]: {msg}", codes.join(", "))
    }

    fn report(&self, host: &mut Writer, mut response: Response, started: Instant) -> Result<Fields, Failure> {
        let mut fields = self.describe(&response);
        let expected = self.status_code.contains(&i64::from(response.status));
        let kind = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let is_json = kind.split(';').next().is_some_and(|kind| kind.contains("json") || kind.contains("javascript"));
        let mut content = None;
        if let Some(dest) = &self.dest {
            fields.insert("path".into(), json!(dest.to_string_lossy()));
        }
        // What was not modified has no body.
        if let Some(dest) = self.dest.clone().filter(|_| expected && response.status != 304) {
            let headers: Vec<String> = response.headers.iter().map(|(name, _)| name.clone()).collect();
            let written = self.write(host, dest, &mut response).map_err(|failure| {
                // Ansible has the headers under their own names here.
                let mut all: Fields = fields
                    .iter()
                    .map(|(name, value)| {
                        let own = name.replace('_', "-");
                        let is_header = headers.iter().any(|header| header.eq_ignore_ascii_case(&own));
                        (if is_header { own } else { name.clone() }, value.clone())
                    })
                    .collect();
                all.insert("elapsed".into(), json!(started.elapsed().as_secs()));
                all.extend(failure.fields);
                Failure { msg: failure.msg, fields: all }
            })?;
            if self.return_content || is_json {
                content = Some(host.read(&written)?);
            }
            fields.insert("path".into(), json!(written.to_string_lossy()));
            fields.insert("changed".into(), json!(true));
        } else {
            fields.insert("changed".into(), json!(false));
            if self.return_content || is_json || !expected || response.is_error() {
                let mut bytes = Vec::new();
                response.body.read_to_end(&mut bytes).map_err(|error| broken(&self.url, &error))?;
                content = Some(bytes);
            }
        }
        if let Some(text) = content.map(|bytes| decode(bytes, &kind)) {
            if let Some(value) = is_json.then(|| serde_json::from_str::<Value>(&text).ok()).flatten() {
                fields.insert("json".into(), value);
            }
            if self.return_content {
                fields.insert("content".into(), json!(text));
            } else if expected && !is_json {
                // Of an error Ansible keeps the text apart.
                fields.insert("body".into(), json!(text));
            }
        }
        fields.insert("elapsed".into(), json!(started.elapsed().as_secs()));
        self.connection.warn(&mut fields);
        if expected {
            return Ok(fields);
        }
        let msg = self.unexpected(i64::from(response.status), &response.message());
        Err(Failure { msg, fields })
    }

    /// Status, headers and cookies as return values.
    fn describe(&self, response: &Response) -> Fields {
        let mut fields = Fields::new();
        for (name, _) in &response.headers {
            let value = response.header(name).unwrap_or_default();
            fields.insert(name.replace('-', "_").to_lowercase(), json!(value));
        }
        if let (Some(location), Ok(url)) = (response.header("location"), Url::parse(&response.url)) {
            fields.insert("location".into(), json!(url.absolute(&location)));
        }
        if !response.is_error() {
            let cookies: Fields =
                response.cookies.pairs().map(|(name, value)| (name.to_owned(), json!(value))).collect();
            fields.insert("cookies".into(), json!(cookies));
            fields.insert("cookies_string".into(), json!(response.cookies.text()));
        }
        fields.insert("status".into(), json!(response.status));
        fields.insert("msg".into(), json!(response.message()));
        let asked = http::masked(&self.url);
        let url = if response.is_error() { &asked } else { &response.url };
        fields.insert("url".into(), json!(url));
        fields.insert("redirected".into(), json!(*url != asked));
        fields
    }

    /// Writes the answer to its file, unless that has it already, and sets owner and mode.
    fn write(&self, host: &mut Writer, dest: PathBuf, response: &mut Response) -> Result<PathBuf, Failure> {
        let is_directory = host.stat(&dest)?.is_some_and(|meta| meta.is_dir());
        let dest = if is_directory { dest.join(response_name(response)) } else { dest };
        let body = std::mem::replace(&mut response.body, Box::new(std::io::empty()));
        let broken = |why| Failure::new(format!("HTTP Error while fetching {}: {why}", response.url));
        let arrived = Arrival::receive(host, body, &dest, None, broken)?;
        let existing = host.stat(&dest)?;
        let attributes = self.file.resolve(existing.as_ref(), false)?;
        if existing.is_some() && is_same(&mut host.open(&dest)?, &mut arrived.open(host)?) {
            host.set_attributes(&dest, &attributes)?;
        } else {
            arrived.commit(host, &dest, &attributes)?;
        }
        Ok(dest)
    }
}

/// Whether both have the same bytes; a file that cannot be read is not the same.
fn is_same(one: &mut impl Read, other: &mut impl Read) -> bool {
    let (mut left, mut right) = (BufReader::new(one), BufReader::new(other));
    loop {
        let (Ok(a), Ok(b)) = (left.fill_buf(), right.fill_buf()) else { return false };
        let length = a.len().min(b.len());
        if length == 0 || a[..length] != b[..length] {
            return length == 0 && a.len() == b.len();
        }
        left.consume(length);
        right.consume(length);
    }
}

fn raw(body: &Value) -> Vec<u8> {
    match body {
        Value::String(text) => text.as_bytes().to_vec(),
        Value::Object(_) | Value::Array(_) => body::json(body),
        other => plain_text(other).into_bytes(),
    }
}

fn skipped(text: &str) -> Fields {
    let mut fields = Fields::new();
    fields.insert("stdout".into(), json!(text));
    fields.insert("stdout_lines".into(), json!([text]));
    fields.insert("changed".into(), json!(false));
    fields
}

fn broken(url: &str, error: &std::io::Error) -> Failure {
    let why = Incomplete::of(error).map_or_else(|| os_text(error), ToString::to_string);
    Failure::new(format!("HTTP Error while fetching {}: {why}", http::masked(url)))
}

/// The body as text: UTF-8 unless the server says Latin-1.
fn decode(bytes: Vec<u8>, kind: &str) -> String {
    let charset = kind.split("charset=").nth(1).map(|rest| rest.trim_matches(['"', ' ', ';']));
    match charset {
        Some("iso-8859-1" | "latin-1" | "latin1" | "windows-1252") => bytes.into_iter().map(char::from).collect(),
        _ => String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()),
    }
}
