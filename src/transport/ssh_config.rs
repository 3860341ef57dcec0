//! The user's SSH configuration, as `man 5 ssh_config` defines it.
//!
//! A host's settings are what the arguments, `~/.ssh/config` and `/etc/ssh/ssh_config` say, in
//! that order; of a keyword said twice, the first value holds.

mod parse;
mod tokens;

use std::{collections::HashMap, env, path::PathBuf, time::Duration};

use super::{ConnectError, ssh_args::SshArgs};

use parse::Reader;
pub use tokens::Tokens;

/// What is done with a host key that no file knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strict {
    /// Refuse it. `ask` is this too: a run over many hosts cannot ask.
    Yes,
    /// Accept and remember it; a changed one is refused.
    AcceptNew,
    /// Accept anything.
    No,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
struct Setting {
    /// The value's words, unquoted.
    words: Vec<String>,
    /// The value as written, for commands.
    raw: String,
    /// File and line, or the variable.
    origin: String,
}

/// The settings of one host.
#[derive(Clone, Debug, Default)]
pub struct SshConfig {
    settings: HashMap<String, Vec<Setting>>,
}

/// Keywords whose values add up.
const LISTS: [&str; 4] = ["identityfile", "certificatefile", "sendenv", "setenv"];

impl SshConfig {
    /// The settings for `host`, as the user typed it. `user` and `port` come from the inventory and
    /// stand before all else.
    pub fn resolve(host: &str, user: Option<&str>, port: Option<u16>, args: &SshArgs) -> Result<Self, ConnectError> {
        let mut config = Self::default();
        if let Some(user) = user {
            config.add("user", user, "ansible_user");
        }
        if let Some(port) = port {
            config.add("port", &port.to_string(), "ansible_port");
        }
        for (keyword, value) in &args.options {
            config.add(keyword, value, "ansible_ssh_common_args");
        }
        let home = home().map(|home| home.join(".ssh"));
        let files = match &args.config {
            Some(file) if file.as_os_str() == "none" => Vec::new(),
            Some(file) => vec![(file.clone(), home.clone())],
            None => {
                let system = PathBuf::from("/etc/ssh");
                let user = home.clone().map(|ssh| (ssh.join("config"), Some(ssh)));
                user.into_iter().chain([(system.join("ssh_config"), Some(system.clone()))]).collect()
            }
        };
        let required = args.config.is_some();
        let mut reader = Reader { config, host: host.to_owned(), original: host.to_owned(), last: false, again: false };
        for pass in 0..2 {
            for (file, base) in &files {
                reader.file(file, base.as_deref(), required)?;
            }
            if pass == 1 || !reader.again {
                break;
            }
            // `Match final` asks for a second reading, with the real host name.
            reader.host = reader.config.host_name(host);
            reader.last = true;
        }
        Ok(reader.config)
    }

    /// Adds a value unless its keyword has one.
    fn add(&mut self, keyword: &str, value: &str, origin: &str) {
        let values = self.settings.entry(keyword.to_owned()).or_default();
        if values.is_empty() || LISTS.contains(&keyword) {
            let words = parse::words(value);
            values.push(Setting { words, raw: value.to_owned(), origin: origin.to_owned() });
        }
    }

    /// A keyword's only value, by its name in lowercase.
    pub fn value(&self, keyword: &str) -> Option<&str> {
        self.settings.get(keyword)?.first()?.words.first().map(String::as_str)
    }

    /// A keyword's value as written, with its quotes.
    pub fn raw(&self, keyword: &str) -> Option<&str> {
        self.settings.get(keyword)?.first().map(|setting| setting.raw.as_str())
    }

    /// Every word of every value of a keyword.
    pub fn words(&self, keyword: &str) -> Vec<&str> {
        let settings = self.settings.get(keyword).map(Vec::as_slice).unwrap_or_default();
        settings.iter().flat_map(|setting| setting.words.iter().map(String::as_str)).collect()
    }

    /// Whether a keyword says yes.
    pub fn flag(&self, keyword: &str, default: bool) -> bool {
        self.value(keyword)
            .map_or(default, |value| !value.eq_ignore_ascii_case("no") && !value.eq_ignore_ascii_case("false"))
    }

    /// A keyword's number; fails when it is none.
    pub fn number<N: std::str::FromStr>(&self, keyword: &str) -> Result<Option<N>, ConnectError> {
        let Some(value) = self.value(keyword) else { return Ok(None) };
        value.parse().map(Some).map_err(|_| self.wrong(keyword, &format!("`{value}` is not a number for {keyword}")))
    }

    /// A keyword's time as `90`, `90s`, `1m30s`; `none` when it is switched off.
    pub fn time(&self, keyword: &str) -> Result<Option<Duration>, ConnectError> {
        match self.value(keyword) {
            None | Some("none") => Ok(None),
            Some(value) => tokens::seconds(value)
                .map(|seconds| Some(Duration::from_secs(seconds)))
                .ok_or_else(|| self.wrong(keyword, &format!("`{value}` is not a time for {keyword}"))),
        }
    }

    /// An error at the place of a keyword.
    pub fn wrong(&self, keyword: &str, why: &str) -> ConnectError {
        let setting = self.settings.get(keyword).and_then(|settings| settings.first());
        let origin = setting.map_or_else(|| "the SSH configuration".to_owned(), |setting| setting.origin.clone());
        ConnectError::Configuration { origin, why: why.to_owned() }
    }

    /// The name to connect to.
    pub fn host_name(&self, host: &str) -> String {
        self.value("hostname").map_or_else(|| host.to_owned(), |name| name.replace("%h", host).replace("%%", "%"))
    }

    /// The user to log in as: the configured one, else the controller's.
    pub fn user(&self) -> String {
        self.value("user").map_or_else(local_user, str::to_owned)
    }

    /// What to do with unknown host keys.
    pub fn strict(&self) -> Strict {
        match self.value("stricthostkeychecking").unwrap_or("ask").to_ascii_lowercase().as_str() {
            "no" | "off" | "false" => Strict::No,
            "accept-new" => Strict::AcceptNew,
            _ => Strict::Yes,
        }
    }
}

/// The controller's user.
pub fn local_user() -> String {
    let named = ["USER", "LOGNAME"].into_iter().filter_map(|name| env::var(name).ok()).find(|user| !user.is_empty());
    let uid = rustix::process::getuid().as_raw().to_string();
    let passwd = || std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let by_uid = || {
        passwd().lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == uid).then(|| name.to_owned())
        })
    };
    by_uid().or(named).unwrap_or_else(|| "root".to_owned())
}

/// The user's home.
pub fn home() -> Option<PathBuf> {
    env::home_dir().filter(|path| !path.as_os_str().is_empty())
}

#[cfg(test)]
mod tests;
