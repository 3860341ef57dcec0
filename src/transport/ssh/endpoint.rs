//! One server: where it is, who logs in, with what, after the SSH configuration has been read.

use std::{
    env,
    hash::{Hash, Hasher},
    path::PathBuf,
    time::Duration,
};

use crate::transport::{
    ConnectError, Secret, Target, known_hosts,
    ssh_args::SshArgs,
    ssh_config::{SshConfig, Strict, Tokens, local_user},
};

/// A server to connect to.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The name or address to connect to.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Who logs in.
    pub user: String,
    /// All other settings.
    pub config: SshConfig,
    /// What the tokens in values stand for.
    pub tokens: Tokens,
    /// The password, if there is one.
    pub password: Option<Secret>,
    /// The key that the inventory names.
    pub key_file: Option<PathBuf>,
    /// Opens encrypted keys.
    pub passphrase: Option<Secret>,
    /// What to do with unknown host keys.
    pub strict: Strict,
    /// Bounds the connect, handshake and log-in.
    pub timeout: Duration,
    /// How often a silent server is asked for a sign of life.
    pub keepalive: Option<Duration>,
    args: SshArgs,
}

impl Endpoint {
    /// The server of a target.
    pub fn of(target: &Target) -> Result<Self, ConnectError> {
        let args = SshArgs::parse(&target.ssh_args)?;
        let mut endpoint = Self::resolve(&target.address, target.user.as_deref(), target.port, &args)?;
        endpoint.password.clone_from(&target.password);
        endpoint.key_file.clone_from(&target.key_file);
        endpoint.passphrase.clone_from(&target.key_passphrase);
        if !target.host_key_checking {
            endpoint.strict = Strict::No;
        }
        if endpoint.config.value("connecttimeout").is_none() {
            endpoint.timeout = target.connect_timeout;
        }
        if endpoint.config.value("serveraliveinterval").is_none() {
            endpoint.keepalive = Some(target.keepalive).filter(|every| !every.is_zero());
        }
        Ok(endpoint)
    }

    fn resolve(original: &str, user: Option<&str>, port: Option<u16>, args: &SshArgs) -> Result<Self, ConnectError> {
        let config = SshConfig::resolve(original, user, port, args)?;
        let host = config.host_name(original);
        let port = config.number("port")?.unwrap_or(22);
        let user = config.user();
        let strict = config.strict();
        let alias = config.value("hostkeyalias").unwrap_or(&host).to_owned();
        let tokens = Tokens {
            host: host.clone(),
            original: original.to_owned(),
            port,
            user: user.clone(),
            local_user: local_user(),
            alias,
            jump: config.value("proxyjump").unwrap_or_default().to_owned(),
        };
        let timeout = config.time("connecttimeout")?.filter(|limit| !limit.is_zero());
        let keepalive = config.time("serveraliveinterval")?.filter(|every| !every.is_zero());
        Ok(Self {
            host,
            port,
            user,
            tokens,
            password: None,
            key_file: None,
            passphrase: None,
            strict,
            timeout: timeout.unwrap_or(Duration::from_secs(10)),
            keepalive,
            config,
            args: args.clone(),
        })
    }

    /// The server to go through, if there is one: the last of a list, which goes through the rest.
    pub fn jump(&self) -> Result<Option<Self>, ConnectError> {
        // Whichever of the two is said first holds, and `-J` is said first.
        let Some(list) = self.config.value("proxyjump").filter(|list| !list.eq_ignore_ascii_case("none")) else {
            return Ok(None);
        };
        let list = self.tokens.expand(list);
        let (rest, hop) = match list.rsplit_once(',') {
            Some((rest, hop)) => (Some(rest), hop.trim()),
            None => (None, list.trim()),
        };
        let hop = hop.strip_prefix("ssh://").unwrap_or(hop).trim_end_matches('/');
        let (user, place) = match hop.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, hop),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|place| place.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            // More than one colon is an IPv6 address.
            None if place.matches(':').count() == 1 => {
                place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)))
            }
            None => (place, None),
        };
        let wrong = || self.config.wrong("proxyjump", &format!("`{list}` is not a list of jump hosts"));
        let port = port.map(str::parse).transpose().map_err(|_| wrong())?;
        if host.is_empty() {
            return Err(wrong());
        }
        // As `ssh` does it, only `-F` and the host-key policy reach the jump host.
        let keep = ["stricthostkeychecking", "userknownhostsfile", "globalknownhostsfile"];
        let mut options: Vec<_> =
            self.args.options.iter().filter(|(keyword, _)| keep.contains(&keyword.as_str())).cloned().collect();
        if let Some(rest) = rest {
            options.push(("proxyjump".into(), rest.to_owned()));
        }
        let args = SshArgs { options, config: self.args.config.clone() };
        let mut jump = Self::resolve(host, user, port, &args)?;
        jump.key_file.clone_from(&self.key_file);
        jump.passphrase.clone_from(&self.passphrase);
        jump.timeout = self.timeout;
        jump.keepalive = self.keepalive;
        if self.strict == Strict::No {
            jump.strict = Strict::No;
        }
        Ok(Some(jump))
    }

    /// The agent's socket, if one is to be asked.
    pub fn agent(&self) -> Option<PathBuf> {
        match self.config.value("identityagent") {
            Some("none") => None,
            Some("SSH_AUTH_SOCK") | None => Some(env::var_os("SSH_AUTH_SOCK")?.into()),
            Some(name) => match name.strip_prefix('$').filter(|name| !name.starts_with('{')) {
                Some(variable) => Some(env::var_os(variable)?.into()),
                None => Some(self.tokens.path(name)),
            },
        }
    }

    /// The agent that the host may use too (`ForwardAgent`).
    pub fn forwarded_agent(&self) -> Option<PathBuf> {
        match self.config.value("forwardagent")? {
            "yes" | "true" => self.agent(),
            "no" | "false" => None,
            name => Some(self.tokens.path(name)),
        }
    }

    /// The ProxyCommand, if there is one: ready to run.
    pub fn proxy_command(&self) -> Option<String> {
        let command = self.config.raw("proxycommand")?;
        (!command.eq_ignore_ascii_case("none")).then(|| self.tokens.expand(command))
    }

    /// True when a ProxyCommand makes the connection; it ends for reasons of its own.
    pub fn is_proxied(&self) -> bool {
        self.proxy_command().is_some()
    }

    /// The name under which `known_hosts` files have it.
    pub fn known_name(&self) -> String {
        match self.config.value("hostkeyalias") {
            Some(alias) => alias.to_owned(),
            None => known_hosts::name(&self.host, self.port),
        }
    }

    /// The user's `known_hosts` files, which new keys go into, and then the system's.
    pub fn known_files(&self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let paths = |keyword: &str, default: &[&str]| {
            let words = self.config.words(keyword);
            let words = if words.is_empty() { default.to_vec() } else { words };
            words.into_iter().filter(|word| *word != "none").map(|word| self.tokens.path(word)).collect()
        };
        (
            paths("userknownhostsfile", &["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]),
            paths("globalknownhostsfile", &["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]),
        )
    }
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        (&self.host, self.port, &self.user, &self.key_file, &self.tokens.original, &self.args, self.strict)
            == (
                &other.host,
                other.port,
                &other.user,
                &other.key_file,
                &other.tokens.original,
                &other.args,
                other.strict,
            )
    }
}

impl Eq for Endpoint {}

impl Hash for Endpoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.host, self.port, &self.user).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jump(list: &str) -> Option<Endpoint> {
        let args = SshArgs { options: vec![("proxyjump".into(), list.into())], config: Some("none".into()) };
        Endpoint::resolve("web", None, None, &args).unwrap().jump().unwrap()
    }

    #[test]
    fn a_list_of_jump_hosts_is_gone_through_from_its_end() {
        let last = jump("a@one:2222,ssh://two,[::1]:22").unwrap();
        assert_eq!((last.host.as_str(), last.port), ("::1", 22));
        let second = last.jump().unwrap().unwrap();
        assert_eq!(second.host, "two");
        let first = second.jump().unwrap().unwrap();
        assert_eq!((first.user.as_str(), first.host.as_str(), first.port), ("a", "one", 2222));
        assert!(first.jump().unwrap().is_none());
    }

    #[test]
    fn none_is_no_jump_host() {
        assert!(jump("none").is_none());
    }
}
