//! `known_hosts`: keys of hosts that SSH clients trust.

mod line;

use std::path::PathBuf;

use rustix::io::Errno;

use crate::{
    edit::Text,
    kit::{
        Args, Changes, Diff, Failure, Fields, Module, Reader, Source, Writer, failure::errno_text,
        file_args::Attributes, state::AbsentPresent as State,
    },
};
use line::Line;

/// Adds the key of a host to a file of known hosts, replaces one of the same type, or removes keys.
///
/// A host has one key of each type.
///
/// ```yaml
/// - known_hosts:
///     path: /etc/ssh/ssh_known_hosts
///     name: host1.example.com
///     key: host1.example.com,10.9.8.77 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA…
/// - known_hosts:
///     name: "[host1.example.com]:2222"
///     state: absent
/// ```
#[derive(Args)]
pub struct KnownHosts {
    /// The host, as the key's line has it: a name or an address, with a port as `[host]:2222`. It is
    /// taken in lowercase.
    #[arg(alias = "host")]
    name: String,
    /// The line of the file (`man 8 sshd`, "`SSH_KNOWN_HOSTS` FILE FORMAT"): hosts, type, key. Needed for
    /// `state: present`; without it `absent` removes all keys of the host.
    key: Option<String>,
    /// The file; it is made when it is missing, its directory has to be there.
    #[arg(default = "~/.ssh/known_hosts")]
    path: PathBuf,
    /// Writes the host as a hash, so that the file does not tell its name. A hash that is there stays.
    #[arg(default = false)]
    hash_host: bool,
    /// Whether the key should be there.
    #[arg(default = "present")]
    state: State,
}

/// The file's new content.
pub struct Plan {
    content: Vec<u8>,
    /// All keys of the host were removed: what there was is kept beside, as `ssh-keygen -R` does.
    keeps_old: bool,
}

/// What a look for the key came to.
#[derive(Default)]
struct Found {
    /// There are keys of the host.
    any: bool,
    /// This one is there.
    is_there: bool,
    /// The lines with it or another one of its type that are in the way.
    in_the_way: Vec<usize>,
}

impl Module for KnownHosts {
    type Plan = Plan;
    const TELLS_DIFF: bool = true;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let name = self.name.to_lowercase();
        let key = self.key(&name)?;
        if self.path.is_dir() && !host.mode().check {
            let shown = self.path.to_string_lossy();
            let why = errno_text(&Errno::ISDIR.into(), &shown);
            return Err(Failure::new(format!("Failed to read '{shown}': {why}")).uncaught());
        }
        let is_file = host.exists(&self.path) && !self.path.is_dir();
        let form = Text::decode(if is_file { host.read(&self.path)? } else { Vec::new() });
        let text = form.text.clone();
        let before = host.exists(&self.path).then(|| text.clone());
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let found = self.search(&lines, &name, key.as_deref())?;
        for line in found.in_the_way.iter().rev() {
            lines.remove(*line);
        }
        let adds = self.state == State::Present && !found.is_there;
        let mut after = lines.concat();
        if let Some(key) = key.as_ref().filter(|_| adds) {
            if !after.is_empty() && !after.ends_with('\n') {
                after.push('\n');
            }
            after.push_str(&form.form(key));
        }
        if key.is_none() && found.any {
            let rest: String = lines.iter().filter(|line| !Line::is_entry_of(line, &name)).copied().collect();
            let differs = rest != text;
            let plan = Plan { content: form.encode(&rest), keeps_old: true };
            return Ok(self.given(Changes::when(differs, plan).with_diff(self.diff(before, text)), host));
        }
        let plan = Plan { content: form.encode(&after), keeps_old: false };
        let is_needed = adds || !found.in_the_way.is_empty();
        Ok(self.given(Changes::when(is_needed, plan).with_diff(self.diff(before, after)), host))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        if self.path.parent().is_some_and(|parent| !parent.as_os_str().is_empty() && !host.exists(parent)) {
            let shown = self.path.to_string_lossy();
            let why = errno_text(&Errno::NOENT.into(), &shown);
            return Err(Failure::new(format!("Failed to write to file '{shown}': {why}")).uncaught());
        }
        let mode = host.stat(&self.path)?.map(|meta| meta.mode());
        let attributes = Attributes { mode, ..Attributes::default() };
        if plan.keeps_old {
            let old = PathBuf::from(format!("{}.old", self.path.display()));
            host.write(&old, Source::Bytes(host.read(&self.path)?), &attributes)?;
        }
        host.write(&self.path, Source::Bytes(plan.content), &attributes)?;
        Ok(Fields::new())
    }
}

impl KnownHosts {
    /// The line to be added, with its end; `None` when all keys of the host are meant.
    fn key(&self, name: &str) -> Result<Option<String>, Failure> {
        let Some(key) = self.key.as_deref().filter(|key| !key.is_empty()) else {
            if self.state == State::Present {
                return Err(Failure::new("No key specified when adding a host"));
            }
            return Ok(None);
        };
        let mut key = if self.hash_host { hashed(name, key)? } else { key.to_owned() };
        if !key.ends_with('\n') {
            key.push('\n');
        }
        if has_comma(name) {
            return Err(Failure::new(
                "Comma separated list of names is not supported. Please pass a single name to lookup in the known_hosts file.",
            ));
        }
        if !key.split_inclusive('\n').any(|line| Line::matches(line, name)) {
            return Err(Failure::new("Host parameter does not match hashed host field in supplied key"));
        }
        Ok(Some(key))
    }

    /// Looks for the key in the lines that are about the host.
    fn search(&self, lines: &[&str], name: &str, key: Option<&str>) -> Result<Found, Failure> {
        let mut found = Found::default();
        let wanted = key.map(|key| Line::of(key).ok_or_else(|| Failure::new(format!("invalid key: {}", key.trim()))));
        let wanted = wanted.transpose()?;
        for (at, text) in lines.iter().enumerate().filter(|(_, text)| Line::matches(text, name)) {
            found.any = true;
            let (Some(wanted), Some(line)) = (&wanted, Line::of(text)) else { continue };
            if self.state == State::Present && line.is_same(wanted) {
                found.is_there = true;
                break;
            }
            // What a line says of authorities and of revoked keys is in no other line's way.
            if line.kind == wanted.kind && (line.marker.is_none() || line.is_same(wanted)) {
                found.in_the_way.push(at);
            }
        }
        Ok(found)
    }

    /// The arguments, which the result of a run repeats, and that of check mode where a key is not there to be removed.
    fn given(&self, changes: Changes<Plan>, host: &Reader) -> Changes<Plan> {
        let stays_away = self.state == State::Absent && self.key.is_some() && changes.plan.is_none();
        if host.mode().check && !stays_away {
            return changes;
        }
        changes
            .with("name", self.name.as_str())
            .with("key", self.key.as_deref())
            .with("path", self.path.to_string_lossy().as_ref())
            .with("hash_host", self.hash_host)
            .with("state", self.state.as_str())
    }

    fn diff(&self, before: Option<String>, after: String) -> Diff {
        let path = self.path.to_string_lossy().into_owned();
        let header = if before.is_some() { path.clone() } else { "/dev/null".into() };
        Diff::new(before.unwrap_or_default(), after).headed(header, path)
    }
}

/// A name, a comma and perhaps blanks between them.
fn has_comma(name: &str) -> bool {
    name.split_once(',').is_some_and(|(before, _)| !before.trim().is_empty())
}

/// The line with a hash in the place of its hosts, and single blanks.
fn hashed(name: &str, key: &str) -> Result<String, Failure> {
    let mut words: Vec<String> = key.split_whitespace().map(str::to_owned).collect();
    let salt = crate::http::random::bytes::<20>().ok_or_else(|| Failure::new("there is no /dev/urandom"))?;
    let at = usize::from(words.first().is_some_and(|word| word.starts_with('@')));
    if let Some(hosts) = words.get_mut(at) {
        *hosts = line::hash(name, &salt);
    }
    Ok(words.join(" "))
}
