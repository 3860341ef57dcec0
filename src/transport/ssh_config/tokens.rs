//! `%h` and the like in values, `~`, `${NAME}`, and times ("TOKENS" in `man 5 ssh_config`).

use std::{env, path::PathBuf};

use super::home;

/// What the tokens stand for.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// `%h`: the name that is connected to.
    pub host: String,
    /// `%n`: the name as the user typed it.
    pub original: String,
    /// `%p`: the port.
    pub port: u16,
    /// `%r`: the user on the host.
    pub user: String,
    /// `%u`: the user on the controller.
    pub local_user: String,
    /// `%k`: the host key's alias, or the host.
    pub alias: String,
    /// `%j`: the value of ProxyJump.
    pub jump: String,
}

impl Tokens {
    /// Replaces the tokens in `text`; an unknown one stays as it is.
    pub fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('%') | None => out.push('%'),
                Some('h') => out.push_str(&self.host),
                Some('n') => out.push_str(&self.original),
                Some('p') => out.push_str(&self.port.to_string()),
                Some('r') => out.push_str(&self.user),
                Some('u') => out.push_str(&self.local_user),
                Some('k') => out.push_str(&self.alias),
                Some('j') => out.push_str(&self.jump),
                Some('d') => out.push_str(&home().unwrap_or_default().to_string_lossy()),
                Some('i') => out.push_str(&rustix::process::getuid().as_raw().to_string()),
                Some('l') => out.push_str(&node_name()),
                Some('L') => out.push_str(node_name().split('.').next().unwrap_or_default()),
                Some(other) => out.extend(['%', other]),
            }
        }
        out
    }

    /// A file's path: `~`, `${NAME}` and tokens replaced.
    pub fn path(&self, text: &str) -> PathBuf {
        tilde(&self.expand(&variables(text)))
    }
}

fn node_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// `~` and `~/…` as the user's home.
pub fn tilde(text: &str) -> PathBuf {
    match (text.strip_prefix('~'), home()) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(&rest[1..]),
        _ => PathBuf::from(text),
    }
}

/// `${NAME}` as the environment has it; an unset one is empty.
fn variables(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&env::var(name).unwrap_or_default());
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A time in seconds: `90`, `90s`, `1m30s`, `2h` ("TIME FORMATS" in `man 5 sshd_config`).
pub fn seconds(text: &str) -> Option<u64> {
    let (mut total, mut number) = (0u64, None);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = Some(number.unwrap_or(0u64).checked_mul(10)?.checked_add(u64::from(digit))?);
            continue;
        }
        let unit = match c.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    (!text.is_empty()).then_some(())?;
    total.checked_add(number.unwrap_or(0))
}
