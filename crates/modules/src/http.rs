//! An HTTP/1.1 client of the size that modules need: one request, its redirects, and a body that streams.
//!
//! It asks no libc for addresses, keeps no connection and starts no thread. Semantics are those of
//! Ansible's `url` arguments, messages included.

mod arguments;
pub mod auth;
pub mod body;
pub mod cookies;
pub mod date;
mod ec_key;
pub mod error;
pub mod netrc;
mod p256;
mod provider;
pub mod proxy;
pub mod random;
pub mod resolve;
pub mod socket;
pub mod tls;
pub mod url;
mod wire;

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    path::PathBuf,
    time::Duration,
};

pub use arguments::UrlArgs;
use cookies::Cookies;
pub use error::HttpError;
pub use tls::TlsOptions;
pub use url::Url;

use crate::kit::{Reader, args::python_repr};

/// How many redirects are followed.
const REDIRECTS: usize = 10;

/// What is wrong when there are more.
const ENDLESS: &str = "The HTTP server returned a redirect error that would lead to an infinite loop.";

/// Which redirects are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// Every one.
    All,
    /// None.
    None,
    /// Those of GET and HEAD.
    Safe,
    /// As Python's library does: those of GET and HEAD, and of POST as long as it becomes a GET.
    #[default]
    Usual,
}

/// How requests are made.
#[derive(Clone, Debug)]
pub struct Options {
    /// The longest time without a byte.
    pub timeout: Duration,
    /// Certificates.
    pub tls: TlsOptions,
    /// Name and password for servers that ask for them.
    pub credentials: Option<(String, String)>,
    /// They are sent without being asked for.
    pub force_basic_auth: bool,
    /// The task's environment may name a proxy.
    pub use_proxy: bool,
    /// `~/.netrc` may have name and password.
    pub use_netrc: bool,
    /// Where to connect instead of the address's host.
    pub unix_socket: Option<PathBuf>,
    /// Which redirects are followed.
    pub follow: Follow,
    /// Headers that only the first server gets, in lower case.
    pub unredirected_headers: Vec<String>,
    /// The `User-Agent`.
    pub agent: String,
    /// Bodies that were compressed for transport are unpacked.
    pub decompress: bool,
}

/// How a module without arguments for it makes requests.
pub fn simple_options(validate_certs: bool) -> Options {
    Options {
        timeout: Duration::from_secs(10),
        tls: TlsOptions { insecure: !validate_certs, ca_path: None, client_cert: None, client_key: None },
        credentials: None,
        force_basic_auth: false,
        use_proxy: true,
        use_netrc: true,
        unix_socket: None,
        follow: Follow::Usual,
        unredirected_headers: Vec::new(),
        agent: "ansible-httpget".into(),
        decompress: true,
    }
}

/// What is asked.
pub struct Request {
    /// `GET` and its kin.
    pub method: String,
    /// The address.
    pub url: String,
    /// Headers, over those that every request has.
    pub headers: Vec<(String, String)>,
    /// What is sent along.
    pub body: Option<Body>,
}

/// What is sent along with a request.
pub enum Body {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A file from its beginning, of this size.
    File(File, u64),
}

/// What was answered.
pub struct Response {
    /// The status, as 404.
    pub status: u16,
    /// The status in words, as "Not Found".
    pub reason: String,
    /// Headers as they came; see [`Response::header`].
    pub headers: Vec<(String, String)>,
    /// Where it came from in the end, without credentials.
    pub url: String,
    /// Cookies of all the responses.
    pub cookies: Cookies,
    /// The body; reading fails when it ends too early ([`body::Incomplete`]).
    pub body: Box<dyn Read + Send>,
}

impl Request {
    /// A request without headers or a body.
    pub fn new(method: &str, url: &str) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), headers: Vec::new(), body: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a header, unless the task has given it.
    #[must_use]
    pub fn default_header(self, name: &str, value: &str) -> Self {
        if self.has(name) { self } else { self.header(name, value) }
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))
    }

    fn drop_header(&mut self, name: &str) {
        self.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
    }
}

impl Body {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, size) => *size,
        }
    }

    fn send(&mut self, to: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Bytes(bytes) => to.write_all(bytes),
            Self::File(file, size) => {
                file.rewind()?;
                io::copy(&mut file.take(*size), &mut { to }).map(drop)
            }
        }
    }
}

impl Response {
    /// A header's value, those of repeated ones joined by `, `.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Whether urllib would have raised it as an error.
    pub fn is_error(&self) -> bool {
        !(200..300).contains(&self.status)
    }

    /// The `msg` that Ansible has for it: `OK (6 bytes)` or `HTTP Error 404: Not Found`.
    pub fn message(&self) -> String {
        if self.is_error() {
            return format!("HTTP Error {}: {}", self.status, self.reason);
        }
        format!("OK ({} bytes)", self.header("content-length").unwrap_or_else(|| "unknown".into()))
    }
}

/// Sends a request and follows where it leads.
pub fn send(host: &Reader, options: &Options, mut request: Request) -> Result<Response, HttpError> {
    let mut url = Url::parse(&request.url)?;
    if let Some(at) = request.url.find(|sign| matches!(sign, '\0'..=' ' | '\x7f')) {
        let path = request.url.split_once("//").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
        let (path, sign) = (python_repr(&path.into()), python_repr(&request.url[at..=at].into()));
        return Err(HttpError::Invalid(format!(
            "URL can't contain control characters. {path} (found at least {sign})"
        )));
    }
    let mut shown = without_credentials(&request.url);
    let credentials = url.credentials.take().or_else(|| options.credentials.clone());
    let origin = url.clone();
    let mut authorization = first_authorization(host, options, credentials.as_ref(), &url);
    if authorization.is_some() {
        request.drop_header("authorization");
    }
    let mut cookies = Cookies::default();
    let mut asked = false;
    let mut followed = 0;
    loop {
        let mut response = wire::exchange(
            host,
            options,
            &url,
            &mut request,
            authorization.as_deref(),
            cookies.header(&url).as_deref(),
        )?;
        cookies.take(&url, &response.headers);
        let challenge = response.header("www-authenticate").filter(|_| response.status == 401 && !asked);
        if let (Some(challenge), Some((name, password))) = (challenge, &credentials)
            && url.is_same_server(&origin)
            && authorization.is_none()
            && !request.has("authorization")
            && let Some(answer) = auth::answer(&challenge, name, password, &request.method, &url.target)
        {
            (asked, authorization) = (true, Some(answer));
            continue;
        }
        let location = response.header("location").filter(|_| is_followed(options.follow, &request, response.status));
        let Some(location) = location else {
            (response.url, response.cookies) = (shown, cookies);
            return Ok(response);
        };
        followed += 1;
        if followed > REDIRECTS {
            response.reason = format!("{ENDLESS}\nThe last 30x error message was:\n{}", response.reason);
            response.url = without_credentials(&request.url);
            return Ok(response);
        }
        let next = url.join(&location)?;
        redirect(&mut request, response.status, options, url.is_same_server(&next));
        if !next.is_same_server(&origin) {
            authorization = None;
        }
        url = Url { credentials: None, ..next };
        shown = url.to_string();
    }
}

/// What is sent before the server asked for anything.
fn first_authorization(
    host: &Reader,
    options: &Options,
    credentials: Option<&(String, String)>,
    url: &Url,
) -> Option<String> {
    match credentials {
        Some((name, password)) => options.force_basic_auth.then(|| auth::basic(name, password)),
        None if options.use_netrc => netrc::find(host, &url.host).map(|(name, password)| auth::basic(&name, &password)),
        None => None,
    }
}

fn is_followed(follow: Follow, request: &Request, status: u16) -> bool {
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    matches!(status, 301 | 302 | 303 | 307 | 308)
        && match follow {
            Follow::All => true,
            Follow::None => false,
            Follow::Safe => reads,
            Follow::Usual => reads || (request.method == "POST" && status < 307),
        }
}

/// What of a request goes to the next place. Only 307 and 308 keep method and body.
fn redirect(request: &mut Request, status: u16, options: &Options, same_server: bool) {
    let becomes_get = match status {
        301 => request.method == "POST",
        302 | 303 => request.method != "HEAD",
        _ => false,
    };
    if becomes_get {
        request.method = "GET".into();
    }
    if status < 307 {
        request.body = None;
        for name in ["content-length", "content-type", "transfer-encoding"] {
            request.drop_header(name);
        }
    }
    for name in &options.unredirected_headers {
        request.drop_header(name);
    }
    if !same_server {
        request.drop_header("host");
    }
}

/// The address as results show it.
pub fn without_credentials(url: &str) -> String {
    with_credentials(url, |_| "")
}

/// The address as messages show it: that it has name and password is seen.
pub fn masked(url: &str) -> String {
    with_credentials(url, |user| if user.contains(':') { "****:****@" } else { "****@" })
}

fn with_credentials(url: &str, shown: impl Fn(&str) -> &'static str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, place) = authority.rsplit_once('@').map_or(("", authority), |(user, place)| (shown(user), place));
    format!("{scheme}://{user}{place}{path}")
}
