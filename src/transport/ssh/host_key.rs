//! Whether the server is the one it should be.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use russh::{
    Channel, ChannelOpenFailure, client,
    keys::{Certificate, HashAlg, PublicKey, PublicKeyOrCertificate, ssh_key::certificate::CertType},
};

use tokio::{io::copy_bidirectional, net::UnixStream};

use super::endpoint::Endpoint;
use crate::transport::{
    ConnectError,
    known_hosts::{HostKeys, KnownHosts, Line, Verdict},
    pattern::matches,
    ssh_config::Strict,
};

/// Checks the key that a server shows.
pub struct Verifier {
    /// What is known of the server.
    pub keys: HostKeys,
    /// True once the server has shown its key.
    pub shown: Arc<AtomicBool>,
    name: String,
    principal: String,
    strict: Strict,
    user_files: Vec<PathBuf>,
    files: Vec<PathBuf>,
    hashed: bool,
    known_hosts: Arc<KnownHosts>,
    agent: Option<PathBuf>,
}

/// Why a handshake failed.
#[derive(Debug)]
pub enum Failure {
    /// The protocol.
    Ssh(russh::Error),
    /// The host key.
    Refused(ConnectError),
}

impl From<russh::Error> for Failure {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

impl Verifier {
    /// Looks up what is known of the endpoint.
    pub fn new(endpoint: &Endpoint, known_hosts: &Arc<KnownHosts>) -> Self {
        let (user_files, system) = endpoint.known_files();
        let files: Vec<_> = user_files.iter().cloned().chain(system).collect();
        let name = endpoint.known_name();
        Self {
            keys: known_hosts.find(&files, &name),
            shown: Arc::default(),
            name,
            principal: endpoint.tokens.alias.clone(),
            strict: endpoint.strict,
            user_files,
            files,
            hashed: endpoint.config.flag("hashknownhosts", false),
            known_hosts: known_hosts.clone(),
            agent: endpoint.forwarded_agent(),
        }
    }

    fn check(&self, key: &PublicKey) -> Result<(), ConnectError> {
        match self.keys.check(key) {
            Verdict::Known => Ok(()),
            Verdict::Revoked(Line { file, number: line, .. }) => {
                Err(ConnectError::HostKeyRevoked { host: self.name.clone(), file: file.clone(), line: *line })
            }
            _ if self.strict == Strict::No => Ok(()),
            Verdict::Changed(Line { key: old, file, number: line }) => Err(ConnectError::HostKeyChanged {
                host: self.name.clone(),
                file: file.clone(),
                line: *line,
                expected: format!("{} {}", old.algorithm(), fingerprint(old)),
                offered: format!("{} {}", key.algorithm(), fingerprint(key)),
            }),
            Verdict::Unknown if self.strict == Strict::AcceptNew => self.remember(key),
            Verdict::Unknown => Err(ConnectError::HostKeyUnknown {
                host: self.name.clone(),
                algorithm: key.algorithm().to_string(),
                fingerprint: fingerprint(key),
                files: self.files.clone(),
            }),
        }
    }

    fn remember(&self, key: &PublicKey) -> Result<(), ConnectError> {
        let Some(file) = self.user_files.first() else { return Ok(()) };
        self.known_hosts
            .remember(file, &self.name, key, self.hashed)
            .map_err(|e| ConnectError::Controller { action: format!("write {}", file.display()), why: e.to_string() })
    }

    /// True when a known authority vouches for the host now.
    fn vouched(&self, certificate: &Certificate) -> bool {
        let authorities: Vec<_> =
            self.keys.authorities.iter().map(|line| line.key.fingerprint(HashAlg::Sha256)).collect();
        let principals = certificate.valid_principals();
        certificate.cert_type() == CertType::Host
            && principals.iter().any(|pattern| matches(&pattern.to_lowercase(), &self.principal.to_lowercase()))
            && certificate.validate(&authorities).is_ok()
            && !self.keys.revoked.iter().any(|line| line.key.key_data() == certificate.signature_key())
    }
}

impl client::Handler for Verifier {
    type Error = Failure;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Failure> {
        self.shown.store(true, Ordering::Relaxed);
        let key = shown.public_key();
        if let Some(certificate) = shown.certificate()
            && self.vouched(certificate)
            && !matches!(self.keys.check(&key), Verdict::Revoked(_))
        {
            return Ok(true);
        }
        self.check(&key).map(|()| true).map_err(Failure::Refused)
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        channel: Channel<client::Msg>,
        reply: client::ChannelOpenHandle,
        _session: &mut client::Session,
    ) -> Result<(), Failure> {
        // A host that was not offered the agent gets none.
        let Some(agent) = self.agent.clone() else {
            reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
            return Ok(());
        };
        reply.accept().await;
        tokio::spawn(async move {
            if let Ok(mut agent) = UnixStream::connect(agent).await {
                let _ = copy_bidirectional(&mut channel.into_stream(), &mut agent).await;
            }
        });
        Ok(())
    }
}

/// A key's fingerprint as `ssh-keygen -l` prints it.
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
