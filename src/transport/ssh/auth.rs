//! Logging in: keys from the agent and from files, then passwords.

use std::path::PathBuf;

use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle, KeyboardInteractiveAuthResponse as Answer},
    keys::{
        Algorithm, HashAlg, PrivateKeyWithHashAlg, PublicKey,
        agent::{AgentIdentity, client::AgentClient},
        load_openssh_certificate,
    },
};
use tokio::{net::UnixStream, sync::OnceCell};

use super::{
    endpoint::Endpoint,
    host_key::{Verifier, fingerprint},
    keys::{KeyFile, Keys, public},
};
use crate::transport::ConnectError;

/// Where keys are when nothing names one.
const DEFAULT_KEYS: [&str; 3] = ["~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"];
/// How often a server may ask in one keyboard-interactive exchange.
const QUESTIONS: usize = 8;

/// Logs in with whatever the endpoint has; fails with all that was tried.
pub async fn log_in(handle: &mut Handle<Verifier>, endpoint: &Endpoint, keys: &Keys) -> Result<(), ConnectError> {
    let mut login = Login { handle, endpoint, keys, tried: Vec::new(), accepted: None, rsa: OnceCell::new() };
    match login.run().await {
        Ok(true) => Ok(()),
        Ok(false) => Err(ConnectError::AuthFailed {
            user: endpoint.user.clone(),
            host: endpoint.host.clone(),
            accepted: login.accepted.iter().flat_map(|methods| methods.iter()).map(String::from).collect(),
            tried: login.tried,
        }),
        Err(error) => Err(ConnectError::ConnectionLost { during: "authentication".into(), stderr: error.to_string() }),
    }
}

/// One log-in.
struct Login<'a> {
    handle: &'a mut Handle<Verifier>,
    endpoint: &'a Endpoint,
    keys: &'a Keys,
    tried: Vec<String>,
    /// What the server said it accepts; nothing before the first answer.
    accepted: Option<MethodSet>,
    /// The hash for RSA keys.
    rsa: OnceCell<Option<HashAlg>>,
}

impl Login<'_> {
    async fn run(&mut self) -> Result<bool, russh::Error> {
        let preferred = self.endpoint.config.value("preferredauthentications");
        let preferred = preferred.unwrap_or("publickey,keyboard-interactive,password").to_owned();
        for method in preferred.split(',') {
            let done = match method.trim() {
                "publickey" if self.may(MethodKind::PublicKey, "pubkeyauthentication") => self.public_keys().await?,
                "keyboard-interactive" if self.may(MethodKind::KeyboardInteractive, "kbdinteractiveauthentication") => {
                    self.questions().await?
                }
                "password" if self.may(MethodKind::Password, "passwordauthentication") => self.password().await?,
                _ => false,
            };
            if done {
                return Ok(true);
            }
            if self.handle.is_closed() {
                self.tried.push("then the server closed the connection (`MaxAuthTries` in sshd_config)".into());
                return Ok(false);
            }
        }
        if self.tried.is_empty() {
            let result = self.handle.authenticate_none(&self.endpoint.user).await?;
            return Ok(self.note(None, &result));
        }
        Ok(false)
    }

    /// True when neither the server nor the configuration rules a method out.
    fn may(&self, method: MethodKind, keyword: &str) -> bool {
        self.accepted.as_ref().is_none_or(|accepted| accepted.contains(&method))
            && self.endpoint.config.flag(keyword, true)
    }

    /// Keeps the server's answer; true when it was yes.
    fn note(&mut self, what: Option<String>, result: &AuthResult) -> bool {
        match result {
            AuthResult::Success => true,
            AuthResult::Failure { remaining_methods, partial_success } => {
                // An empty list is a closed connection, not an answer.
                if !remaining_methods.is_empty() {
                    self.accepted = Some(remaining_methods.clone());
                }
                if let Some(what) = what {
                    let verdict = if *partial_success { "accepted, more is asked for" } else { "refused" };
                    self.tried.push(format!("{what} ({verdict})"));
                }
                false
            }
        }
    }

    /// True while another key makes sense.
    fn more_keys(&self) -> bool {
        !self.handle.is_closed()
            && self.accepted.as_ref().is_none_or(|accepted| accepted.contains(&MethodKind::PublicKey))
    }

    /// The files that may hold keys: the inventory's first, then the configured or the usual ones.
    fn files(&self) -> Vec<PathBuf> {
        let configured = self.endpoint.config.words("identityfile");
        let mut files: Vec<PathBuf> =
            self.endpoint.key_file.iter().map(|file| self.endpoint.tokens.path(&file.to_string_lossy())).collect();
        let usual: &[&str] = if configured.is_empty() && files.is_empty() { &DEFAULT_KEYS } else { &[] };
        for name in configured.into_iter().chain(usual.iter().copied()).filter(|name| *name != "none") {
            let path = self.endpoint.tokens.path(name);
            if !files.contains(&path) {
                files.push(path);
            }
        }
        files
    }

    async fn public_keys(&mut self) -> Result<bool, russh::Error> {
        let files = self.files();
        let only = self.endpoint.config.flag("identitiesonly", false);
        let named: Vec<Option<PublicKey>> = files.iter().map(|path| public(path)).collect();
        let is_named = |key: &PublicKey| named.iter().flatten().any(|named| named.key_data() == key.key_data());
        let mut done: Vec<PublicKey> = Vec::new();
        let (mut agent, identities) = self.agent().await.map_or((None, Vec::new()), |(agent, ids)| (Some(agent), ids));
        let (first, rest): (Vec<_>, Vec<_>) = identities.into_iter().partition(|id| is_named(&id.public_key()));
        let explicit = usize::from(self.endpoint.key_file.is_some());
        // Keys that were named, in the agent or in the inventory, before the agent's many others:
        // a server counts each attempt.
        for identity in &first {
            if let Some(agent) = &mut agent {
                done.push(identity.public_key().into_owned());
                if self.agent_key(agent, identity).await? {
                    return Ok(true);
                }
            }
        }
        for path in &files[..explicit] {
            if self.file(path, &mut done).await? {
                return Ok(true);
            }
        }
        for identity in rest.iter().filter(|_| !only) {
            if let Some(agent) = &mut agent
                && self.agent_key(agent, identity).await?
            {
                return Ok(true);
            }
        }
        for path in &files[explicit..] {
            if self.file(path, &mut done).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The agent and what it holds, when there is one.
    async fn agent(&mut self) -> Option<(AgentClient<UnixStream>, Vec<AgentIdentity>)> {
        let socket = self.endpoint.agent()?;
        let mut agent = AgentClient::connect_uds(&socket).await.ok()?;
        if let Some(binding) = self.handle.agent_session_binding() {
            // Only agents with restricted keys care; others do not know the message.
            let _ = agent.bind_session(binding, false).await;
        }
        match agent.request_identities().await {
            Ok(identities) => Some((agent, identities)),
            Err(error) => {
                self.tried.push(format!("the agent at {} ({error})", socket.display()));
                None
            }
        }
    }

    async fn agent_key(
        &mut self,
        agent: &mut AgentClient<UnixStream>,
        identity: &AgentIdentity,
    ) -> Result<bool, russh::Error> {
        if !self.more_keys() {
            return Ok(false);
        }
        let key = identity.public_key().into_owned();
        let hash = self.hash(&key.algorithm()).await?;
        let user = self.endpoint.user.as_str();
        let result = match identity {
            AgentIdentity::PublicKey { key, .. } => {
                self.handle.authenticate_publickey_with(user, key.clone(), hash, agent).await
            }
            AgentIdentity::Certificate { certificate, .. } => {
                self.handle.authenticate_certificate_with(user, certificate.clone(), hash, agent).await
            }
        };
        let what = format!("agent key {} {}", key.algorithm(), fingerprint(&key));
        match result {
            Ok(result) => Ok(self.note(Some(what), &result)),
            Err(error) => {
                self.tried.push(format!("{what} ({error})"));
                Ok(false)
            }
        }
    }

    async fn file(&mut self, path: &std::path::Path, done: &mut Vec<PublicKey>) -> Result<bool, russh::Error> {
        if !self.more_keys()
            || public(path).is_some_and(|key| done.iter().any(|done| done.key_data() == key.key_data()))
        {
            return Ok(false);
        }
        let (key, beside) = match self.keys.load(path, self.endpoint.passphrase.as_ref()).await {
            KeyFile::Key(key, certificate) => (key, certificate),
            KeyFile::Missing => {
                // Only a file that somebody named is missed.
                if self.endpoint.key_file.is_some() || !self.endpoint.config.words("identityfile").is_empty() {
                    self.tried.push(format!("{} (there is no such file)", path.display()));
                }
                return Ok(false);
            }
            KeyFile::Unusable(why) => {
                self.tried.push(format!("{} ({why})", path.display()));
                return Ok(false);
            }
        };
        done.push(key.public_key().clone());
        let user = self.endpoint.user.as_str();
        let configured = self.endpoint.config.words("certificatefile");
        let configured =
            configured.into_iter().filter_map(|name| load_openssh_certificate(self.endpoint.tokens.path(name)).ok());
        for certificate in configured
            .chain(beside.map(|certificate| *certificate))
            .filter(|certificate| certificate.public_key() == key.public_key().key_data())
        {
            let what = format!("{} with certificate {}", path.display(), certificate.key_id());
            let result = self.handle.authenticate_openssh_cert(user, key.clone(), certificate).await?;
            if self.note(Some(what), &result) {
                return Ok(true);
            }
        }
        let hash = self.hash(&key.algorithm()).await?;
        let what = format!("{} {}", path.display(), fingerprint(key.public_key()));
        let result = self.handle.authenticate_publickey(user, PrivateKeyWithHashAlg::new(key, hash)).await?;
        Ok(self.note(Some(what), &result))
    }

    /// The hash that goes with an RSA key on this server.
    async fn hash(&self, algorithm: &Algorithm) -> Result<Option<HashAlg>, russh::Error> {
        if !matches!(algorithm, Algorithm::Rsa { .. }) {
            return Ok(None);
        }
        let ask = async || {
            // A server that says nothing is taken for one that knows SHA-2, as all since 2016 do.
            self.handle.best_supported_rsa_hash().await.map(|best| best.unwrap_or(Some(HashAlg::Sha512)))
        };
        self.rsa.get_or_try_init(ask).await.copied()
    }

    async fn password(&mut self) -> Result<bool, russh::Error> {
        let Some(password) = &self.endpoint.password else { return Ok(false) };
        let result = self.handle.authenticate_password(&self.endpoint.user, password.expose()).await?;
        Ok(self.note(Some("password".into()), &result))
    }

    /// Answers what is not echoed with the password, once.
    async fn questions(&mut self) -> Result<bool, russh::Error> {
        let Some(password) = &self.endpoint.password else { return Ok(false) };
        let password = password.clone();
        let mut answered = false;
        let mut answer = self.handle.authenticate_keyboard_interactive_start(&self.endpoint.user, None).await?;
        for _ in 0..QUESTIONS {
            match answer {
                Answer::Success => return Ok(true),
                Answer::Failure { remaining_methods, partial_success } => {
                    let result = AuthResult::Failure { remaining_methods, partial_success };
                    let what = answered.then(|| "keyboard-interactive".to_owned());
                    return Ok(self.note(what, &result));
                }
                Answer::InfoRequest { prompts, .. } => {
                    if answered && !prompts.is_empty() {
                        self.tried.push("keyboard-interactive (the password was refused)".into());
                        return Ok(false);
                    }
                    answered |= !prompts.is_empty();
                    let replies = prompts
                        .iter()
                        .map(|prompt| if prompt.echo { String::new() } else { password.expose().to_owned() });
                    answer = self.handle.authenticate_keyboard_interactive_respond(replies.collect()).await?;
                }
            }
        }
        Ok(false)
    }
}
