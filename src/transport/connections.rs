//! All connections of a run: one per target, opened on first use, kept, shared.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Mutex as AsyncMutex,
};

use super::{
    Become, ConnectError, Kind, Session, Target,
    channel::{Channel, Connection, Exit},
    local::Local,
    openssh::OpenSsh,
    ssh,
    start::{Begun, Known, command, start},
};

/// Seconds between two tries to connect, at most.
const LONGEST_PAUSE: u64 = 30;

/// How many hosts stay connected that are not asked any more.
const IDLE: usize = 1000;

/// How long connections take to close that nobody needs.
const CLOSING: Duration = Duration::from_secs(5);

/// What ends the input on a terminal: a letter for a line that is not whole, and one for the input.
const END_OF_INPUT: [u8; 2] = [4; 2];

/// What holds for every connection of a run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many handshakes may be under way at once; more gain nothing and sshd drops them
    /// (`MaxStartups` in `man 5 sshd_config`).
    pub handshakes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { handshakes: 50 }
    }
}

/// What a command without a helper printed, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawOutput {
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error; empty where it had a terminal, which merges the two.
    pub stderr: Vec<u8>,
    /// Its status; 128 and the signal's number when a signal ended it.
    pub status: i32,
}

/// The connections of a run.
pub struct Connections {
    ssh: Arc<ssh::Client>,
    hosts: Mutex<HashMap<Target, Arc<Host>>>,
    /// How often hosts came and went.
    turn: AtomicU64,
}

/// A slot for the helper of one user.
type Slot = Arc<AsyncMutex<Option<Arc<Session>>>>;

/// What is open to one host.
#[derive(Default)]
struct Host {
    connection: AsyncMutex<Option<Arc<dyn Connection>>>,
    sessions: Mutex<HashMap<Option<Become>, Slot>>,
    known: Mutex<Known>,
    /// The turn in which it was used last.
    used: AtomicU64,
}

impl Connections {
    /// None is open yet.
    pub fn new(options: Options) -> Self {
        let Options { handshakes } = options;
        Self { ssh: Arc::new(ssh::Client::new(handshakes)), hosts: Mutex::default(), turn: AtomicU64::default() }
    }

    /// The helper on the host as that user; without `become`, as the login user. It is started on
    /// first use, and again when it has gone.
    pub async fn helper(&self, target: &Target, r#become: Option<&Become>) -> Result<Arc<Session>, ConnectError> {
        let host = self.host(target);
        let slot = host.sessions.lock().entry(r#become.cloned()).or_default().clone();
        let mut slot = slot.lock().await;
        if let Some(session) = slot.as_ref().filter(|session| session.is_alive()) {
            return Ok(session.clone());
        }
        let connection = self.connection(&host, target).await?;
        let mut known = host.known.lock().clone();
        let started = start(&*connection, target, r#become, &mut known).await?;
        let session = Arc::new(Session::open(started).await?);
        // Only root's helper serves other users: nobody else should run a file that a login user
        // can replace.
        if session.uid() == 0 {
            known.path = Some(session.path().to_owned());
        }
        *host.known.lock() = known;
        *slot = Some(session.clone());
        Ok(session)
    }

    /// The helper that runs already for that user.
    pub fn running(&self, target: &Target, r#become: Option<&Become>) -> Option<Arc<Session>> {
        let host = self.hosts.lock().get(target).cloned()?;
        self.mark(&host);
        let slot = host.sessions.lock().get(&r#become.cloned()).cloned()?;
        let session = slot.try_lock().ok()?.clone();
        session.filter(|session| session.is_alive())
    }

    /// Runs one command without a helper and waits for its end. The login shell of the user reads
    /// `command`, with become the target's shell.
    pub async fn raw(
        &self,
        target: &Target,
        r#become: Option<&Become>,
        line: &str,
        stdin: Option<Vec<u8>>,
    ) -> Result<RawOutput, ConnectError> {
        let host = self.host(target);
        let connection = self.connection(&host, target).await?;
        let begun = command(&*connection, target, r#become, line).await?;
        let Begun { channel, stdout: mut out, stderr: mut err, pty } = begun;
        let Channel { stdin: mut input, mut stdout, mut stderr, exit } = channel;
        let mut text = stdin.unwrap_or_default();
        if pty {
            let is_whole = text.last().is_none_or(|last| *last == b'\n');
            text.extend_from_slice(&END_OF_INPUT[usize::from(is_whole)..]);
        }
        let feed = async move {
            // A command need not read all of its input.
            let _ = input.write_all(&text).await;
            let _ = input.shutdown().await;
            // Dropping it closes a pipe, and hangs up a terminal.
            pty.then_some(input)
        };
        let read = futures::future::join(stdout.read_to_end(&mut out), stderr.read_to_end(&mut err));
        let (_terminal, _, exit) = futures::join!(feed, read, exit);
        if exit == Exit::Lost {
            let stderr = super::start::tail(&err);
            return Err(ConnectError::ConnectionLost { during: "a raw command".into(), stderr });
        }
        Ok(RawOutput { stdout: out, stderr: err, status: exit.code() })
    }

    /// Ends the helpers that run as a user of the host, who may be about to be removed there.
    pub async fn leave(&self, target: &Target, user: &str) {
        let Some(host) = self.hosts.lock().get(target).cloned() else { return };
        let slots: Vec<Slot> = {
            let mut sessions = host.sessions.lock();
            let is_user = |key: &&Become| key.user == user;
            let keys: Vec<Become> = sessions.keys().flatten().filter(is_user).cloned().collect();
            keys.into_iter().filter_map(|key| sessions.remove(&Some(key))).collect()
        };
        for slot in slots {
            if let Some(session) = slot.lock().await.take() {
                Session::close(session).await;
            }
        }
    }

    /// Closes what is open to one target; the next use opens it again.
    pub async fn reset(&self, target: &Target) {
        let host = self.hosts.lock().remove(target);
        if let Some(host) = host {
            host.close().await;
        }
    }

    /// Other hosts have their turn, so many: of all others no more than [`IDLE`] stay connected, those that were used last.
    pub async fn make_room(&self, coming: usize) {
        self.turn.fetch_add(1, Ordering::Relaxed);
        let idle: Vec<Arc<Host>> = {
            let mut hosts = self.hosts.lock();
            if hosts.len() <= IDLE.max(coming) {
                return;
            }
            let mut known: Vec<(u64, Target)> =
                hosts.iter().map(|(target, host)| (host.used.load(Ordering::Relaxed), target.clone())).collect();
            known.sort_by_key(|(used, _)| *used);
            known.truncate(hosts.len().saturating_sub(IDLE.max(coming)));
            known.iter().filter_map(|(_, target)| hosts.remove(target)).collect()
        };
        let _ = tokio::time::timeout(CLOSING, futures::future::join_all(idle.iter().map(|host| host.close()))).await;
    }

    /// Closes everything; every helper ends.
    pub async fn close(&self) {
        let hosts: Vec<_> = self.hosts.lock().drain().map(|(_, host)| host).collect();
        futures::future::join_all(hosts.iter().map(|host| host.close())).await;
    }

    fn host(&self, target: &Target) -> Arc<Host> {
        let host = self.hosts.lock().entry(target.clone()).or_default().clone();
        self.mark(&host);
        host
    }

    fn mark(&self, host: &Host) {
        host.used.store(self.turn.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// The target's connection, opened when there is none or it was lost.
    async fn connection(&self, host: &Host, target: &Target) -> Result<Arc<dyn Connection>, ConnectError> {
        let mut connection = host.connection.lock().await;
        if let Some(open) = connection.as_ref().filter(|open| open.is_open()) {
            return Ok(open.clone());
        }
        let mut tries = 0;
        let opened = loop {
            match self.open(target).await {
                Err(error) if tries < target.retries && error.is_transient() => {
                    // At once, then after 1, 3, 7 … seconds, as Ansible does.
                    let pause = 2_u64.saturating_pow(tries).saturating_sub(1).min(LONGEST_PAUSE);
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                    tries += 1;
                }
                opened => break opened?,
            }
        };
        *connection = Some(opened.clone());
        Ok(opened)
    }

    async fn open(&self, target: &Target) -> Result<Arc<dyn Connection>, ConnectError> {
        Ok(match target.kind {
            Kind::Local => Arc::new(Local),
            Kind::OpenSsh => Arc::new(OpenSsh::connect(target).await?),
            Kind::Ssh => Arc::new(self.ssh.connect(target).await?),
        })
    }
}

impl Host {
    async fn close(&self) {
        self.sessions.lock().clear();
        if let Some(connection) = self.connection.lock().await.take() {
            connection.close().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{NoBodies, Task};

    #[tokio::test]
    async fn a_connection_that_is_lost_at_once_is_tried_again() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut target = Target::new(Kind::Ssh, "127.0.0.1");
        target.port = Some(listener.local_addr().unwrap().port());
        target.retries = 1;
        target.connect_timeout = Duration::from_millis(500);
        let connections = Connections::new(Options::default());
        let count = async {
            let mut accepted = 0;
            while listener.accept().await.is_ok() {
                accepted += 1;
                if accepted == 2 {
                    break;
                }
            }
            accepted
        };
        let (accepted, tried) = futures::join!(count, connections.helper(&target, None));
        assert_eq!(accepted, 2);
        assert!(tried.is_err_and(|error| error.is_transient()));
    }

    fn local() -> Target {
        Target::new(Kind::Local, "localhost")
    }

    fn ping() -> Task {
        Task { module: "ping".into(), items: vec![serde_json::Map::new()], ..Task::default() }
    }

    #[tokio::test]
    async fn raw_gives_both_streams_and_the_status() {
        let connections = Connections::new(Options::default());
        let output = connections.raw(&local(), None, "cat; echo b >&2; exit 3", Some(b"a".to_vec())).await.unwrap();
        assert_eq!(output, RawOutput { stdout: b"a".to_vec(), stderr: b"b\n".to_vec(), status: 3 });
    }

    #[tokio::test]
    async fn hosts_that_were_used_last_stay_connected() {
        let connections = Connections::new(Options::default());
        let target = |number: usize| Target::new(Kind::Local, &format!("h{number}"));
        for number in 0..IDLE {
            connections.host(&target(number));
        }
        connections.make_room(1).await;
        connections.host(&target(0));
        connections.host(&target(IDLE));
        assert_eq!(connections.hosts.lock().len(), IDLE + 1);
        connections.make_room(1).await;
        let known = connections.hosts.lock();
        assert_eq!(known.len(), IDLE);
        assert!(known.contains_key(&target(0)) && known.contains_key(&target(IDLE)));
    }

    #[tokio::test]
    async fn local_helper_answers_and_is_shared() {
        let connections = Connections::new(Options::default());
        let session = connections.helper(&local(), None).await.unwrap();
        let results = session.run(ping(), &NoBodies).await.unwrap();
        assert_eq!(results[0]["ping"], "pong");
        assert!(Arc::ptr_eq(&session, &connections.helper(&local(), None).await.unwrap()));
        connections.close().await;
    }
}
