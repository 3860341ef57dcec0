//! A client of etcd that writes and reads without pause, and a watch on the members' health.
//!
//! It speaks to the JSON gateway (`/v3/kv/put`, `/v3/kv/range`) over connections that stay open. As
//! the balancer of etcd's own clients does, it goes on to the next member when one does not answer
//! or says that it has no leader; an operation fails when no member has done it within its deadline.

use std::{
    collections::HashMap,
    fmt,
    io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};

/// How long an operation may take, with all its tries. etcd's own clients use 5 seconds and more.
const DEADLINE: Duration = Duration::from_secs(5);

/// How long a member may take to be connected to, and to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Workers that each write a key of their own and read it back.
const WORKERS: usize = 6;

/// Where the members are, and how to be let in.
#[derive(Clone)]
pub struct Members {
    addresses: Vec<IpAddr>,
    tls: Arc<ClientConfig>,
}

impl Members {
    /// `pki` is the folder in which the playbook keeps the authority's and the members' certificates.
    pub fn new(addresses: &[String], pki: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(pki.join("ca.crt")).expect("the playbook made an authority");
        roots.add(authority).expect("it is one");
        let certificate = CertificateDer::from_pem_file(pki.join("etcd-1.crt")).expect("the playbook made it");
        let key = PrivateKeyDer::from_pem_file(pki.join("etcd-1.key")).expect("the playbook made it");
        let tls = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("they are the provider's own")
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![certificate], key)
            .expect("they belong together");
        let addresses = addresses.iter().map(|address| address.parse().expect("it is an address")).collect();
        Self { addresses, tls: Arc::new(tls) }
    }
}

/// What all workers did, and what was seen meanwhile.
#[derive(Default)]
pub struct Tally {
    /// Writes and reads that succeeded.
    pub operations: usize,
    /// Tries that another member had to make good.
    pub retries: usize,
    /// What failed within no deadline, or was read otherwise than it had been written.
    pub failures: Vec<String>,
    /// The operation that took longest.
    pub slowest: Duration,
    /// How long all this went on.
    pub time: Duration,
    /// The fewest members that were healthy at one time.
    pub fewest_healthy: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operations, retries, failures, slowest, time, fewest_healthy } = self;
        write!(
            f,
            "{operations} operations in {time:.1?} ({:.0} a second), {} failed, {retries} tried again, \
             slowest {slowest:.0?}, never fewer than {fewest_healthy} healthy",
            *operations as f64 / time.as_secs_f64(),
            failures.len(),
        )
    }
}

/// A load that goes on until it is ended.
pub struct Load {
    stop: Arc<AtomicBool>,
    workers: Vec<JoinHandle<Tally>>,
    watches: Vec<JoinHandle<()>>,
    fewest_healthy: Arc<AtomicUsize>,
    begin: Instant,
}

impl Load {
    /// Begins; the members have to be up.
    pub fn start(members: &Members) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let fewest_healthy = Arc::new(AtomicUsize::new(members.addresses.len()));
        let healthy: Arc<Vec<_>> = Arc::new(members.addresses.iter().map(|_| AtomicBool::new(true)).collect());
        let watches = (0..members.addresses.len())
            .map(|member| {
                let (stop, fewest, healthy) = (stop.clone(), fewest_healthy.clone(), healthy.clone());
                let address = members.addresses[member];
                thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        healthy[member].store(is_healthy(address), Ordering::Relaxed);
                        let now = healthy.iter().filter(|healthy| healthy.load(Ordering::Relaxed)).count();
                        fewest.fetch_min(now, Ordering::Relaxed);
                        thread::sleep(Duration::from_millis(20));
                    }
                })
            })
            .collect();
        let workers = (0..WORKERS)
            .map(|worker| {
                let (members, stop) = (members.clone(), stop.clone());
                thread::spawn(move || Worker::new(members, worker).run(&stop))
            })
            .collect();
        Self { stop, workers, watches, fewest_healthy, begin: Instant::now() }
    }

    /// Ends it.
    pub fn end(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally { time: self.begin.elapsed(), ..Tally::default() };
        for worker in self.workers {
            let tally = worker.join().expect("a worker does not panic");
            all.operations += tally.operations;
            all.retries += tally.retries;
            all.failures.extend(tally.failures);
            all.slowest = all.slowest.max(tally.slowest);
        }
        for watch in self.watches {
            watch.join().expect("a watch does not panic");
        }
        all.fewest_healthy = self.fewest_healthy.load(Ordering::Relaxed);
        all
    }
}

/// Whether a member has a leader and can write.
///
/// It is down if it cannot be connected to. In a handover, and on a machine that is busy, a member
/// may have no leader or be slow to answer: that is held against it after the time that
/// `etcdctl endpoint health` grants it.
fn is_healthy(address: IpAddr) -> bool {
    let begin = Instant::now();
    loop {
        match ask_health(address) {
            Ok(answer) if answer.contains(r#""health":"true""#) => return true,
            Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return false,
            _ if begin.elapsed() > DEADLINE => return false,
            _ => thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn ask_health(address: IpAddr) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::new(address, 2381), PATIENCE)?;
    // Not longer: the answer is about the moment in which it was asked.
    stream.set_read_timeout(Some(Duration::from_millis(250)))?;
    write!(stream, "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

type Connection = BufReader<StreamOwned<ClientConnection, TcpStream>>;

struct Worker {
    members: Members,
    key: String,
    member: usize,
    connection: Option<Connection>,
    tally: Tally,
}

impl Worker {
    fn new(members: Members, number: usize) -> Self {
        let key = STANDARD.encode(format!("load/{number}"));
        Self { members, key, member: number, connection: None, tally: Tally::default() }
    }

    fn run(mut self, stop: &AtomicBool) -> Tally {
        for turn in 0.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let value = STANDARD.encode(format!("{turn}"));
            let key = self.key.clone();
            if self.operation("/v3/kv/put", &json!({"key": key, "value": value})).is_some()
                && let Some(answer) = self.operation("/v3/kv/range", &json!({"key": key}))
                && answer["kvs"][0]["value"] != value.as_str()
            {
                self.tally.failures.push(format!("{turn} was written, and {answer} was read"));
            }
        }
        self.tally
    }

    /// What the first member answers that can.
    fn operation(&mut self, path: &str, body: &Value) -> Option<Value> {
        let begin = Instant::now();
        loop {
            let answer = self.attempt(path, body);
            self.tally.slowest = self.tally.slowest.max(begin.elapsed());
            match answer {
                Ok(answer) => {
                    self.tally.operations += 1;
                    return Some(answer);
                }
                Err(error) if begin.elapsed() > DEADLINE => {
                    self.tally.failures.push(format!("{path} within {DEADLINE:?}: {error}"));
                    return None;
                }
                Err(_) => {
                    self.tally.retries += 1;
                    self.connection = None;
                    self.member += 1;
                    thread::sleep(Duration::from_millis(10));
                }
            }
        }
    }

    fn attempt(&mut self, path: &str, body: &Value) -> Result<Value> {
        if self.connection.is_none() {
            self.connection = Some(self.connect()?);
        }
        let connection = self.connection.as_mut().expect("it was just made");
        let body = body.to_string();
        let request = format!("POST {path} HTTP/1.1\r\nHost: etcd\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        connection.get_mut().write_all(request.as_bytes())?;
        let (status, body) = read_answer(connection)?;
        if status != 200 {
            return Err(Error::other(format!("{status}: {}", String::from_utf8_lossy(&body))));
        }
        Ok(serde_json::from_slice(&body)?)
    }

    fn connect(&self) -> Result<Connection> {
        let address = self.members.addresses[self.member % self.members.addresses.len()];
        let socket = TcpStream::connect_timeout(&SocketAddr::new(address, 2379), PATIENCE)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_nodelay(true)?;
        let tls = ClientConnection::new(self.members.tls.clone(), address.into()).map_err(Error::other)?;
        Ok(BufReader::new(StreamOwned::new(tls, socket)))
    }
}

/// The status and the body of an answer of known length, or in chunks.
fn read_answer(connection: &mut Connection) -> Result<(u16, Vec<u8>)> {
    let first = read_line(connection)?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| Error::other("the connection was closed"))?;
    let mut headers = HashMap::new();
    loop {
        let line = read_line(connection)?;
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = Vec::new();
    if let Some(length) = headers.get("content-length") {
        let length = length.parse().map_err(Error::other)?;
        connection.take(length).read_to_end(&mut body)?;
        return Ok((status, body));
    }
    loop {
        let length = u64::from_str_radix(&read_line(connection)?, 16).map_err(Error::other)?;
        connection.by_ref().take(length).read_to_end(&mut body)?;
        read_line(connection)?;
        if length == 0 {
            return Ok((status, body));
        }
    }
}

fn read_line(connection: &mut Connection) -> Result<String> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
