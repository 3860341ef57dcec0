//! `mount_facts`: what is mounted, and what could be, as facts.

use std::{
    path::PathBuf,
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Program, Reader, Writer, args, glob},
    mount::table,
    setup,
};

choice! {
    /// What happens when a mount does not answer in time.
    pub enum OnTimeout {
        /// The task fails.
        Error = "error",
        /// A warning; the mount has no sizes.
        Warn = "warn",
        /// The mount has no sizes.
        Ignore = "ignore",
    }
}

/// Reads mounts from the kernel, from tables, or from `mount`, as the facts `mount_points` and `aggregate_mounts`.
///
/// ```yaml
/// - mount_facts:
///     fstypes: [nfs, nfs4]
///     timeout: 10
///     on_timeout: warn
/// - mount_facts:
///     sources: [/etc/fstab]
/// ```
#[derive(Args)]
pub struct MountFacts {
    /// Shell patterns; only mounts of devices that match one are returned.
    devices: Option<Vec<String>>,
    /// Shell patterns; only mounts of file systems whose type matches one are returned.
    fstypes: Option<Vec<String>>,
    /// Where to look, in this order: paths of tables; `static` (`/etc/fstab` and its kin), `dynamic` (`/etc/mtab`,
    /// `/proc/mounts`, `/etc/mnttab`), `all` for both, which is the default; `mount_binary`'s value for that program.
    sources: Option<Vec<String>>,
    /// The program that is asked where it is a source, and where none of the dynamic tables is there; `null` for none.
    #[arg(default = "mount")]
    mount_binary: Value,
    /// Seconds to wait for each mount; for ever where it is missing.
    timeout: Option<f64>,
    /// What happens when a mount does not answer in time.
    #[arg(default = "error")]
    on_timeout: OnTimeout,
    /// Whether all mounts of a place are returned, as `aggregate_mounts`, and not the first one alone.
    include_aggregate_mounts: Option<bool>,
}

const DYNAMIC: [&str; 3] = ["/etc/mtab", "/proc/mounts", "/etc/mnttab"];
const STATIC: [&str; 3] = ["/etc/fstab", "/etc/vfstab", "/etc/filesystems"];

impl Module for MountFacts {
    type Plan = ();

    fn inspect(&self, host: &Reader) -> Result<Changes<()>, Failure> {
        if let Some(timeout) = self.timeout.filter(|timeout| *timeout <= 0.0) {
            let msg = format!("argument 'timeout' must be a positive number or null, not {timeout:?}");
            return Err(Failure::new(msg));
        }
        let mut warnings = Vec::new();
        let mut mounts = Vec::new();
        for (source, lines) in self.lines(host)? {
            for line in lines {
                let Some(mut mount) = mount(&line, self.binary()? == Some(&*source)) else { continue };
                if !self.is_wanted(&mount) {
                    continue;
                }
                mount.insert("uuid".into(), uuid(host, mount["device"].as_str().unwrap_or_default()));
                self.add_sizes(&mut mount, &mut warnings)?;
                mount.insert("ansible_context".into(), json!({ "source": source, "source_data": line }));
                mounts.push(mount);
            }
        }
        let mut points = Fields::new();
        for mount in &mounts {
            let place = mount["mount"].as_str().unwrap_or_default();
            if !points.contains_key(place) {
                points.insert(place.to_owned(), json!(mount));
            } else if self.include_aggregate_mounts.is_none() {
                warnings.push(format!("{place} is mounted more than once: see include_aggregate_mounts"));
            }
        }
        let all = if self.include_aggregate_mounts == Some(true) { mounts } else { Vec::new() };
        let mut changes = Changes::none();
        changes.warn(warnings);
        Ok(changes.with("ansible_facts", json!({ "mount_points": points, "aggregate_mounts": all })))
    }

    fn apply(&self, (): (), _: &mut Writer) -> Result<Fields, Failure> {
        Ok(Fields::new())
    }
}

impl MountFacts {
    fn binary(&self) -> Result<Option<&str>, Failure> {
        match &self.mount_binary {
            Value::Null => Ok(None),
            Value::String(name) => Ok(Some(name)),
            other => {
                let other = args::python_repr(other);
                Err(Failure::new(format!("argument 'mount_binary' must be a string or null, not {other}")))
            }
        }
    }

    /// Each source with its lines; one that was there under another name is not there twice.
    fn lines(&self, host: &Reader) -> Result<Vec<(String, Vec<String>)>, Failure> {
        let sources = self.sources.clone().filter(|sources| !sources.is_empty()).unwrap_or_else(|| vec!["all".into()]);
        if sources.iter().any(String::is_empty) {
            return Err(Failure::new("sources contains an empty string"));
        }
        let mut names: Vec<String> = Vec::new();
        for source in &sources {
            let (dynamic, fixed): (&[&str], &[&str]) = match source.as_str() {
                "all" => (&DYNAMIC, &STATIC),
                "dynamic" => (&DYNAMIC, &[]),
                "static" => (&[], &STATIC),
                other => {
                    names.push(other.to_owned());
                    continue;
                }
            };
            names.extend(dynamic.iter().map(|name| (*name).to_owned()));
            if !dynamic.is_empty() && !dynamic.iter().any(|name| host.exists(name)) {
                names.extend(self.binary()?.map(str::to_owned));
            }
            names.extend(fixed.iter().map(|name| (*name).to_owned()));
        }
        let mut seen: Vec<PathBuf> = Vec::new();
        let mut lines = Vec::new();
        for name in names {
            let is_binary = self.binary()? == Some(&*name);
            let path = if is_binary { PathBuf::from(&name) } else { host.resolve(&name) };
            if seen.contains(&path) {
                continue;
            }
            seen.push(path);
            let text = if is_binary {
                let Some(program) = host.which(&name) else { continue };
                let program = Program::new(program).plain_locale();
                let program =
                    self.timeout.map_or(program.clone(), |limit| program.timeout(Duration::from_secs_f64(limit)));
                host.query(&program)?.out()
            } else if host.stat(&name)?.is_some_and(|meta| !meta.is_dir()) {
                host.read_text(&name)?.unwrap_or_default()
            } else {
                continue;
            };
            lines.push((name, text.lines().map(str::to_owned).collect()));
        }
        Ok(lines)
    }

    fn is_wanted(&self, mount: &Fields) -> bool {
        let matches = |patterns: &Option<Vec<String>>, key: &str| {
            let text = mount[key].as_str().unwrap_or_default();
            patterns.as_ref().is_none_or(|all| all.is_empty() || all.iter().any(|pattern| glob::matches(pattern, text)))
        };
        matches(&self.devices, "device") && matches(&self.fstypes, "fstype")
    }

    /// A server that does not answer holds nobody longer than `timeout`.
    fn add_sizes(&self, mount: &mut Fields, warnings: &mut Vec<String>) -> Result<(), Failure> {
        let place = mount["mount"].as_str().unwrap_or_default().to_owned();
        let (sender, answer) = channel();
        let asked = place.clone();
        let ask = move || drop(sender.send(setup::size_of_mount(&asked)));
        let _ = thread::Builder::new().stack_size(64 << 10).spawn(ask);
        let received = match self.timeout {
            Some(limit) => answer.recv_timeout(Duration::from_secs_f64(limit)),
            None => answer.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        if let Ok(sizes) = received {
            mount.extend(sizes);
            return Ok(());
        }
        let msg =
            format!("Timed out getting mount size for mount {place} (type {})", args::plain_text(&mount["fstype"]));
        match self.on_timeout {
            OnTimeout::Error => return Err(Failure::new(msg)),
            OnTimeout::Warn => warnings.push(msg),
            OnTimeout::Ignore => {}
        }
        Ok(())
    }
}

/// A line of a table, or one that `mount` prints: `DEVICE on PLACE type TYPE (OPTIONS)`.
fn mount(line: &str, is_printed: bool) -> Option<Fields> {
    if is_printed {
        let (device, rest) = line.split_once(" on ")?;
        let (place, rest) = rest.rsplit_once(" type ")?;
        let (fstype, options) = rest.split_once(" (")?;
        let options = options.trim_end_matches(')');
        let fields = [("device", device), ("mount", place), ("fstype", fstype), ("options", options)];
        return Some(fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect());
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    if line.trim_start().starts_with('#') || !(4..=6).contains(&words.len()) {
        return None;
    }
    let names = ["device", "mount", "fstype", "options"];
    let mut fields: Fields =
        names.into_iter().zip(&words).map(|(name, word)| (name.to_owned(), json!(table::unescape(word)))).collect();
    for (name, word) in ["dump", "passno"].into_iter().zip(words.get(4..).unwrap_or_default()) {
        fields.insert(name.into(), json!(word.parse::<i64>().ok()?));
    }
    Some(fields)
}

/// The UUID of a device: the one it is named by, or that of its link in `/dev/disk`.
fn uuid(host: &Reader, device: &str) -> Value {
    if let Some(uuid) = device.strip_prefix("UUID=") {
        return json!(uuid.trim_matches('"'));
    }
    let links = if device.starts_with('/') { host.list("/dev/disk/by-uuid").unwrap_or_default() } else { Vec::new() };
    let wanted = host.resolve(device);
    let link = links.into_iter().find(|link| host.resolve(link) == wanted);
    link.and_then(|link| Some(json!(link.file_name()?.to_string_lossy()))).unwrap_or(Value::Null)
}
