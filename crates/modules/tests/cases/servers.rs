//! Servers on loopback, one set for all cases: HTTP with and without TLS, on a Unix socket, and ports
//! that say or do one thing.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
    thread,
    time::Duration,
};

use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use serde_json::json;

struct Servers {
    places: Vec<(&'static str, String)>,
    _socket: tempfile::TempDir,
}

/// Where the certificates stand in the source.
pub const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/tls");

static SERVERS: OnceLock<Servers> = OnceLock::new();

/// Writes the servers' places into a text that names them.
pub fn fill_in(mut text: String) -> String {
    const NAMES: [&str; 8] = ["$https", "$http", "$banner", "$busy", "$closed", "$socket", "$tls", "$silent"];
    if NAMES.iter().any(|name| text.contains(name)) {
        for (name, place) in &SERVERS.get_or_init(Servers::start).places {
            text = text.replace(name, place);
        }
    }
    text
}

impl Servers {
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let socket = directory.path().join("http.sock");
        let unix = UnixListener::bind(&socket).expect("a socket");
        thread::spawn(move || unix.incoming().flatten().for_each(|stream| spawn(move || serve(stream))));
        let certificates = certificates();
        let config = Arc::new(tls(&certificates));
        let https = listen(move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            serve(StreamOwned::new(connection, stream));
        });
        let busy = listen(|stream| {
            thread::sleep(Duration::from_mins(10));
            drop(stream);
        });
        let port = busy.parse().expect("a port");
        // Kept for as long as the tests run.
        std::mem::forget(TcpStream::connect(("127.0.0.1", port)).expect("a connection"));
        let closed = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let places = vec![
            ("$https", https),
            ("$http", listen(serve)),
            ("$banner", listen(|mut stream| drop(stream.write_all(b"SSH-2.0-test\r\n")))),
            (
                "$silent",
                listen(|stream| {
                    thread::sleep(Duration::from_secs(30));
                    drop(stream);
                }),
            ),
            ("$busy", busy),
            ("$closed", closed.port().to_string()),
            ("$socket", text(socket)),
            ("$tls", text(certificates)),
        ];
        Self { places, _socket: directory }
    }
}

/// The folder of certificates: on a host it lies where the host's making put it.
fn certificates() -> PathBuf {
    let on_host = PathBuf::from("/run/tls");
    if on_host.exists() { on_host } else { Path::new(CERTIFICATES).to_owned() }
}

fn spawn(work: impl FnOnce() + Send + 'static) {
    thread::spawn(work);
}

fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its port").port();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            spawn(move || serve(stream));
        }
    });
    port.to_string()
}

/// Client certificates are asked for, not needed.
fn tls(folder: &Path) -> ServerConfig {
    let certificate = |name: &str| CertificateDer::from_pem_file(folder.join(name)).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("a key");
    let mut roots = RootCertStore::empty();
    roots.add(certificate("ca.pem")).expect("a root");
    let provider = Arc::new(ring::default_provider());
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(clients.allow_unauthenticated().build().expect("a verifier"))
        .with_single_cert(vec![certificate("server.pem")], key)
        .expect("a configuration")
}

/// Whether the other side showed a certificate.
trait Peer: Read + Write {
    fn is_known(&self) -> bool {
        false
    }

    /// The connection, when it is plain TCP.
    fn tcp(&self) -> Option<&TcpStream> {
        None
    }
}

impl Peer for TcpStream {
    fn tcp(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl Peer for std::os::unix::net::UnixStream {}
impl Peer for StreamOwned<ServerConnection, TcpStream> {
    fn is_known(&self) -> bool {
        self.conn.peer_certificates().is_some()
    }
}

struct Asked {
    method: String,
    target: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
    known: bool,
}

/// What is answered: status, headers, body.
struct Answer {
    status: &'static str,
    headers: String,
    body: Vec<u8>,
    /// Sent instead of the body's size.
    length: Option<usize>,
}

fn serve(stream: impl Peer) {
    let mut stream = BufReader::new(stream);
    let Some(asked) = read(&mut stream) else { return };
    if asked.method == "CONNECT" {
        return tunnel(stream, &asked);
    }
    let Answer { status, mut headers, body, length } = answer(&asked);
    if !headers.contains("Transfer-Encoding") && !headers.contains("X-Until-Close") {
        let _ = write!(headers, "Content-Length: {}\r\n", length.unwrap_or(body.len()));
    }
    let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n").into_bytes();
    if asked.method != "HEAD" {
        bytes.extend(body);
    }
    let _ = stream.get_mut().write_all(&bytes).and_then(|()| stream.get_mut().flush());
}

/// A proxy for those who know its password: one question there, one answer back.
fn tunnel(mut client: BufReader<impl Peer>, asked: &Asked) {
    if asked.headers.get("proxy-authorization").is_none_or(|given| given != "Basic dTpw") {
        let _ = client.get_mut().write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        return;
    }
    let Ok(mut server) = TcpStream::connect(&asked.target) else { return };
    let Some(stream) = client.get_ref().tcp() else { return };
    let (Ok(mut from), Ok(mut back)) = (stream.try_clone(), server.try_clone()) else { return };
    let _ = client.get_mut().write_all(b"HTTP/1.1 200 OK\r\n\r\n");
    let Ok(mut to) = from.try_clone() else { return };
    spawn(move || drop(std::io::copy(&mut from, &mut back)));
    let _ = std::io::copy(&mut server, &mut to);
}

fn read(stream: &mut BufReader<impl Peer>) -> Option<Asked> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|length| *length > 0)?;
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let mut words = lines.first()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: HashMap<String, String> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut body = vec![0; headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some(Asked { method, target, headers, body, known: stream.get_ref().is_known() })
}

fn answer(asked: &Asked) -> Answer {
    let path =
        asked.target.split_once("://").map_or(asked.target.as_str(), |(_, rest)| &rest[rest.find('/').unwrap_or(0)..]);
    let ok = |headers: &str, body: &[u8]| Answer {
        status: "200 OK",
        headers: headers.into(),
        body: body.into(),
        length: None,
    };
    let path = path.split('?').next().unwrap_or_default();
    let (name, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    match name {
        "file" => ok("Content-Type: text/plain\r\n", b"hello\n"),
        "named" => ok("Content-Disposition: attachment; filename=\"named.txt\"\r\n", b"hello\n"),
        "evil" => ok("Content-Disposition: attachment; filename=\"../../named.txt\"\r\n", b"hello\n"),
        "once" if asked.method == "GET" && !first_time(rest) => status("410 Gone"),
        "once" => ok("", b"hello\n"),
        "dated" if asked.headers.contains_key("if-modified-since") => status("304 Not Modified"),
        "dated" => ok("Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT\r\n", b"hello\n"),
        "gzip" => ok("Content-Encoding: gzip\r\n", GZIPPED),
        "chunked" => ok("Transfer-Encoding: chunked\r\n", b"3;x=y\r\nhel\r\n3\r\nlo\n\r\n0\r\nT: x\r\n\r\n"),
        "cut" => Answer { length: Some(1000), ..ok("", &[b'x'; 100]) },
        "cut-chunk" => ok("Transfer-Encoding: chunked\r\n", b"ff\r\nhel"),
        "close" => ok("X-Until-Close: 1\r\n", b"hello\n"),
        "sums" => ok("", SUMS.as_bytes()),
        "bare" => ok("", "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\n".as_bytes()),
        "cookies" => ok("Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/\r\nX-Two: 1\r\nX-Two: 2\r\n", b""),
        "login" => Answer {
            status: "302 Found",
            headers: "Set-Cookie: s=1; Path=/\r\nLocation: /echo\r\n".into(),
            ..ok("", b"")
        },
        "loop" => Answer { status: "302 Found", headers: "Location: /loop\r\n".into(), ..ok("", b"") },
        "to" => Answer {
            status: match rest {
                "301" => "301 Moved Permanently",
                "303" => "303 See Other",
                "307" => "307 Temporary Redirect",
                "308" => "308 Permanent Redirect",
                _ => "302 Found",
            },
            headers: "Location: ../echo\r\n".into(),
            ..ok("", b"")
        },
        "auth" if asked.headers.get("authorization").is_none_or(|given| given != "Basic dTpw") => {
            Answer { headers: "WWW-Authenticate: Basic realm=\"x\"\r\n".into(), ..status("401 Unauthorized") }
        }
        "digest"
            if !asked.headers.get("authorization").is_some_and(|given| given.starts_with("Digest username=\"u\"")) =>
        {
            Answer {
                headers: "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\"\r\n".into(),
                ..status("401 Unauthorized")
            }
        }
        "echo" | "auth" | "digest" => ok("Content-Type: application/json; charset=utf-8\r\n", &echo(asked)),
        "broken-json" => ok("Content-Type: application/json\r\n", b"{"),
        "latin" => ok("Content-Type: text/plain; charset=iso-8859-1\r\n", b"caf\xe9"),
        "created" => Answer { status: "201 Created", ..ok("", b"") },
        "empty" => Answer { status: "204 No Content", ..ok("", b"") },
        "archive" => std::fs::read(format!("/{rest}")).map_or_else(|_| status("404 Not Found"), |bytes| ok("", &bytes)),
        _ => status("404 Not Found"),
    }
}

fn status(status: &'static str) -> Answer {
    Answer { status, headers: String::new(), body: b"nothing here".to_vec(), length: None }
}

fn first_time(what: &str) -> bool {
    static SEEN: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    SEEN.lock().expect("no panic before").get_or_insert_with(HashSet::new).insert(what.to_owned())
}

fn echo(asked: &Asked) -> Vec<u8> {
    let body = String::from_utf8_lossy(&asked.body);
    let headers = json!(asked.headers);
    json!({ "method": asked.method, "target": asked.target, "headers": headers, "body": body, "known": asked.known })
        .to_string()
        .into_bytes()
}

/// `hello\n`, by `gzip -n`.
const GZIPPED: &[u8] = &[
    0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 0x02, 0, 0x20, 0x30, 0x3a, 0x36,
    0x06, 0, 0, 0,
];

/// As `sha256sum` writes it, with and without `*` and folders, and as BSD's `sha256` does.
const SUMS: &str = "\
# sums
0000000000000000000000000000000000000000000000000000000000000000  other
5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03  file
5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 *./named
SHA256 (chunked) = 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
";
