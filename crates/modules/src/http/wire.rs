//! One request and the head of its response.

use std::io::{self, BufRead, BufReader, Read, Write};

use super::{
    HttpError, Options, Request, Response, Url, body,
    cookies::Cookies,
    proxy::{self, Proxy},
    resolve::{nobody_answers, resolve},
    socket::Socket,
    tls::Wire,
};
use crate::kit::Reader;

/// More than any head has; what is longer is not HTTP.
const HEAD_LIMIT: u64 = 256 << 10;

/// Sends a request to one place; neither redirects nor challenges are answered.
pub fn exchange(
    host: &Reader,
    options: &Options,
    url: &Url,
    request: &mut Request,
    authorization: Option<&str>,
    cookies: Option<&str>,
) -> Result<Response, HttpError> {
    let proxy = match &options.unix_socket {
        None if options.use_proxy => proxy::find(host, url)?,
        _ => None,
    };
    let mut wire = connect(host, options, url, proxy.as_ref())?;
    let head = head(options, url, request, authorization, cookies, proxy.as_ref())?;
    wire.write_all(head.as_bytes()).map_err(failed)?;
    if let Some(body) = &mut request.body {
        body.send(&mut *wire).map_err(failed)?;
    }
    wire.flush().map_err(failed)?;
    let mut rest = BufReader::with_capacity(64 << 10, wire);
    let (status, reason, headers) = loop {
        let head = read_head(&mut rest)?;
        if head.0 >= 200 || head.0 == 101 {
            break head;
        }
    };
    let mut response = Response {
        status,
        reason,
        headers,
        url: String::new(),
        cookies: Cookies::default(),
        body: Box::new(io::empty()),
    };
    let empty = request.method == "HEAD" || status == 204 || status == 304;
    response.body = body::of(rest, |name| response.header(name), empty, options.decompress);
    Ok(response)
}

fn failed(error: io::Error) -> HttpError {
    HttpError::Io(error)
}

fn connect(host: &Reader, options: &Options, url: &Url, proxy: Option<&Proxy>) -> Result<Box<dyn Wire>, HttpError> {
    let cancelled = host.cancellation();
    let tcp = |name: &str, port: u16| {
        let addresses = resolve(host, name, options.timeout);
        if addresses.is_empty() {
            return Err(HttpError::Name { is_temporary: nobody_answers(host, options.timeout) });
        }
        Socket::tcp(&addresses, port, options.timeout, &cancelled).map_err(HttpError::Connect)
    };
    let mut socket = match (&options.unix_socket, proxy) {
        (Some(path), _) => Socket::unix(path, options.timeout, &cancelled).map_err(HttpError::Connect)?,
        (None, Some(proxy)) => tcp(&proxy.host, proxy.port)?,
        (None, None) => tcp(&url.host, url.port)?,
    };
    if url.scheme == "http" {
        return Ok(Box::new(socket));
    }
    if let Some(proxy) = proxy {
        socket = tunnel(socket, url, proxy)?;
    }
    Ok(Box::new(options.tls.connect(host, socket, &url.host)?))
}

/// `CONNECT` through a proxy (RFC 9110 §9.3.6).
fn tunnel(mut socket: Socket, url: &Url, proxy: &Proxy) -> Result<Socket, HttpError> {
    let place = format!("{}:{}", url.bracketed(), url.port);
    let authorization =
        proxy.authorization.as_ref().map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
    let head = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{authorization}\r\n");
    socket.write_all(head.as_bytes()).map_err(failed)?;
    // The proxy is silent after its head until we speak: nothing of the tunnel is buffered.
    let mut rest = BufReader::with_capacity(1, socket);
    let (status, reason, _) = read_head(&mut rest)?;
    if status != 200 {
        return Err(HttpError::Proxy(format!("{status} {reason}")));
    }
    Ok(rest.into_inner())
}

fn head(
    options: &Options,
    url: &Url,
    request: &Request,
    authorization: Option<&str>,
    cookies: Option<&str>,
    proxy: Option<&Proxy>,
) -> Result<String, HttpError> {
    let through = proxy.filter(|_| url.scheme == "http");
    let target = if through.is_some() { url.to_string() } else { url.target.clone() };
    let mut lines = vec![format!("{} {target} HTTP/1.1", request.method)];
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|_| !request.has(name)) {
            lines.push(format!("{name}: {value}"));
        }
    };
    add("Host", Some(&url.authority()));
    add("Accept-Encoding", Some("identity"));
    add("User-Agent", Some(&options.agent));
    add("Connection", Some("close"));
    add("Authorization", authorization);
    add("Proxy-Authorization", through.and_then(|proxy| proxy.authorization.as_deref()));
    add("Cookie", cookies);
    let length = request.body.as_ref().map(super::Body::len);
    let length = length.or_else(|| matches!(request.method.as_str(), "POST" | "PUT" | "PATCH").then_some(0));
    add("Content-Length", length.map(|length| length.to_string()).as_deref());
    add("Content-Type", request.body.as_ref().map(|_| "application/x-www-form-urlencoded"));
    lines.extend(request.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    match lines.iter().find(|line| line.contains(['\r', '\n', '\0'])) {
        Some(line) => Err(HttpError::Protocol(format!("a header has a line break: {line:?}"))),
        None => Ok(lines.join("\r\n") + "\r\n\r\n"),
    }
}

type Head = (u16, String, Vec<(String, String)>);

fn read_head(rest: &mut impl BufRead) -> Result<Head, HttpError> {
    let mut limited = rest.take(HEAD_LIMIT);
    let first = line(&mut limited)?;
    let mut words = first.splitn(3, ' ');
    let version = words.next().unwrap_or_default();
    let status = words.next().and_then(|word| word.parse().ok()).filter(|_| version.starts_with("HTTP/"));
    let Some(status) = status else {
        return Err(HttpError::Protocol(if first.is_empty() {
            "Remote end closed connection without response".into()
        } else {
            format!("the answer is not HTTP: {:?}", first.chars().take(60).collect::<String>())
        }));
    };
    let reason = words.next().unwrap_or_default().trim().to_owned();
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        let text = line(&mut limited)?;
        if text.is_empty() {
            return Ok((status, reason, headers));
        }
        match (text.strip_prefix([' ', '\t']), headers.last_mut(), text.split_once(':')) {
            (Some(more), Some((_, value)), _) => *value = format!("{value} {}", more.trim()),
            (_, _, Some((name, value))) => headers.push((name.trim().to_owned(), value.trim().to_owned())),
            _ => {}
        }
    }
}

fn line(from: &mut impl BufRead) -> Result<String, HttpError> {
    let mut bytes = Vec::new();
    match from.read_until(b'\n', &mut bytes) {
        Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => Err(failed(e)),
        _ => Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned()),
    }
}
