//! The `ssh` transport: the SSH client inside sutler.

mod algorithms;
mod auth;
mod dial;
mod endpoint;
mod exec;
mod host_key;
mod keys;
mod patient;

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use russh::{Disconnect, client::Handle};
use tokio::{
    sync::{OnceCell, Semaphore},
    time::{Instant, sleep, timeout},
};

use super::{
    ConnectError, Stage, Target,
    channel::{Channel, Connection},
    known_hosts::KnownHosts,
};

use dial::Stream;
use endpoint::Endpoint;
use host_key::{Failure, Verifier};
use keys::Keys;
use patient::Patient;

/// The longest chain of jump hosts.
const JUMPS: usize = 8;
/// How long a ProxyCommand that failed may take to say why.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long a channel may take to open on a connection that works.
const CHANNEL: Duration = Duration::from_mins(1);

/// What all SSH connections of a run share.
pub struct Client {
    handshakes: Semaphore,
    known_hosts: Arc<KnownHosts>,
    keys: Keys,
    jumps: Mutex<HashMap<Endpoint, Jump>>,
}

/// A jump host's connection, opened by the first that needs it.
type Jump = Arc<OnceCell<Arc<Ssh>>>;

/// An authenticated connection.
pub struct Ssh {
    handle: Handle<Verifier>,
    agent: bool,
    /// The connections that this one runs through.
    _through: Option<Arc<Ssh>>,
}

impl Client {
    /// At most `handshakes` are made at once.
    pub fn new(handshakes: usize) -> Self {
        Self {
            handshakes: Semaphore::new(handshakes.max(1)),
            known_hosts: Arc::default(),
            keys: Keys::default(),
            jumps: Mutex::default(),
        }
    }

    /// Connects to a target and logs in.
    pub async fn connect(&self, target: &Target) -> Result<Ssh, ConnectError> {
        let endpoint = Endpoint::of(target)?;
        self.open(&endpoint, 0).await
    }

    /// Connects, through jump hosts where there are any.
    fn open<'a>(&'a self, endpoint: &'a Endpoint, depth: usize) -> BoxFuture<'a, Result<Ssh, ConnectError>> {
        Box::pin(async move {
            let jump = match endpoint.jump()? {
                Some(_) if depth == JUMPS => {
                    return Err(endpoint.config.wrong("proxyjump", "the chain of jump hosts is too long"));
                }
                Some(jump) => Some(self.jump(jump, depth + 1).await?),
                None => None,
            };
            // Only now: a jump host's handshake needs a permit of its own.
            let _permit = self.handshakes.acquire().await.expect("the semaphore is never closed");
            let start = Instant::now();
            let mut round = 0;
            loop {
                let limit = endpoint.timeout;
                let (stage, reached) = (Mutex::new(Stage::Connect), Mutex::new(false));
                let attempt = self.attempt(endpoint, jump.as_ref(), &stage, &reached);
                let outcome = match timeout(limit, attempt).await {
                    Ok(outcome) => outcome,
                    Err(_) => Err(ConnectError::Timeout { stage: *stage.lock(), limit }),
                };
                match outcome {
                    // sshd drops connections before its banner when many come at once.
                    Err(ConnectError::Handshake { .. })
                        if !*reached.lock() && !endpoint.is_proxied() && start.elapsed() < limit && round < 12 =>
                    {
                        sleep(jitter(round)).await;
                        round += 1;
                    }
                    Ok(handle) => {
                        return Ok(Ssh { handle, agent: endpoint.forwarded_agent().is_some(), _through: jump });
                    }
                    Err(error) => return Err(error),
                }
            }
        })
    }

    /// The connection to a jump host; all targets behind it share one.
    async fn jump(&self, endpoint: Endpoint, depth: usize) -> Result<Arc<Ssh>, ConnectError> {
        let cell = {
            let mut jumps = self.jumps.lock();
            let cell = jumps.entry(endpoint.clone()).or_default();
            if cell.get().is_some_and(|jump| !jump.is_open()) {
                *cell = Jump::default();
            }
            cell.clone()
        };
        cell.get_or_try_init(async || self.open(&endpoint, depth).await.map(Arc::new)).await.cloned()
    }

    /// One connect, handshake and log-in. `reached` becomes true when the server showed its key.
    async fn attempt(
        &self,
        endpoint: &Endpoint,
        jump: Option<&Arc<Ssh>>,
        stage: &Mutex<Stage>,
        reached: &Mutex<bool>,
    ) -> Result<Handle<Verifier>, ConnectError> {
        let Stream { bytes, said } = match jump {
            Some(jump) => dial::through(jump, endpoint).await?,
            None => dial::direct(endpoint, stage).await?,
        };
        *stage.lock() = Stage::Handshake;
        let verifier = Verifier::new(endpoint, &self.known_hosts);
        let shown = verifier.shown.clone();
        let config = Arc::new(algorithms::config(endpoint, &verifier.keys)?);
        // As long as the keepalive would take to give up.
        let rounds = u32::try_from(config.keepalive_max).unwrap_or(u32::MAX);
        let patience = config.keepalive_interval.filter(|_| rounds > 0).and_then(|every| every.checked_mul(rounds));
        let connected = match patience {
            Some(limit) => russh::client::connect_stream(config, Patient::new(bytes, limit), verifier).await,
            None => russh::client::connect_stream(config, bytes, verifier).await,
        };
        *reached.lock() = shown.load(std::sync::atomic::Ordering::Relaxed);
        let mut handle = match connected {
            Ok(handle) => handle,
            Err(Failure::Refused(error)) => return Err(error),
            Err(Failure::Ssh(error)) => {
                let mut why = error.to_string();
                if let Some(said) = said
                    && let Ok(Ok(said)) = timeout(LAST_WORDS, said).await
                    && !said.is_empty()
                {
                    why = format!("{why}: {}", super::start::tail(&said));
                }
                return Err(ConnectError::Handshake { address: endpoint.host.clone(), port: endpoint.port, why });
            }
        };
        *stage.lock() = Stage::Authenticate;
        auth::log_in(&mut handle, endpoint, &self.keys).await?;
        Ok(handle)
    }
}

impl Connection for Ssh {
    fn exec<'a>(&'a self, command: &'a str, pty: bool) -> BoxFuture<'a, Result<Channel, ConnectError>> {
        Box::pin(async move {
            let open = async {
                let channel = self.handle.channel_open_session().await?;
                exec::run(channel, command, pty, self.agent).await
            };
            match timeout(CHANNEL, open).await {
                Ok(Ok(channel)) => Ok(channel),
                Ok(Err(russh::Error::ChannelOpenFailure(reason))) => Err(ConnectError::ExecFailed {
                    what: "a new channel (`MaxSessions` in sshd_config bounds their number)".into(),
                    exit: format!("{reason:?}"),
                    stderr: String::new(),
                }),
                Ok(Err(error)) => Err(ConnectError::ConnectionLost {
                    during: "the opening of a channel".into(),
                    stderr: error.to_string(),
                }),
                Err(_) => Err(ConnectError::Timeout { stage: Stage::Channel, limit: CHANNEL }),
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let _ = self.handle.disconnect(Disconnect::ByApplication, "", "").await;
        })
    }

    fn is_open(&self) -> bool {
        !self.handle.is_closed()
    }
}

/// A pause before a connect is tried again: longer each time, and not the same for all hosts.
fn jitter(round: u32) -> Duration {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let most = 100u64 << round.min(4);
    Duration::from_millis(20 + RandomState::new().build_hasher().finish() % most)
}

#[cfg(test)]
mod tests;
