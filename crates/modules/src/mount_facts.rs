//! `mount_facts`: what is mounted, and what could be, as facts.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
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
    /// `/proc/mounts`, `/etc/mnttab`), `all` for both, which is the default; `mount` for what `mount_binary` prints.
    sources: Option<Vec<String>>,
    /// The program that prints mounts: where `mount` is a source, and where the dynamic tables have none; `null` for
    /// no program, which is a failure where `mount` is a source.
    #[arg(default = "mount")]
    mount_binary: Value,
    /// Seconds to wait for each mount; for ever where it is missing.
    timeout: Option<f64>,
    /// What happens when a mount does not answer in time.
    #[arg(default = "error")]
    on_timeout: OnTimeout,
    /// Whether all mounts of a place are returned, as `aggregate_mounts`, and not the first one alone; where it is
    /// missing, a warning tells of places that a source has twice.
    include_aggregate_mounts: Option<bool>,
}

const DYNAMIC: [&str; 3] = ["/etc/mtab", "/proc/mounts", "/etc/mnttab"];
const STATIC: [&str; 3] = ["/etc/fstab", "/etc/vfstab", "/etc/filesystems"];
/// Links to devices, named by their UUIDs.
const LINKS: &str = "/dev/disk/by-uuid";
/// The source that is a program.
const PRINTED: &str = "mount";

/// The mounts of a source, with the line that each was read from.
type Mounts = Vec<(String, Fields)>;

impl Module for MountFacts {
    type Plan = ();

    fn inspect(&self, host: &Reader) -> Result<Changes<()>, Failure> {
        if let Some(timeout) = self.timeout.filter(|timeout| *timeout <= 0.0) {
            let msg = format!("argument 'timeout' must be a positive number or null, not {timeout:?}");
            return Err(Failure::new(msg));
        }
        let mut warnings = Vec::new();
        let mut mounts = Vec::new();
        for (source, found) in self.found(host, &mut warnings)? {
            let first = mounts.len();
            for (line, mut mount) in found {
                if !self.is_wanted(&mount, host) {
                    continue;
                }
                mount.insert("uuid".into(), uuid(host, mount["device"].as_str().unwrap_or_default()));
                self.add_sizes(&mut mount, &mut warnings)?;
                mount.insert("ansible_context".into(), json!({ "source": source, "source_data": line }));
                mounts.push(mount);
            }
            warnings.extend(self.repeated(&source, &mounts[first..]));
        }
        let mut points = Fields::new();
        for mount in &mounts {
            points.entry(mount["mount"].as_str().unwrap_or_default()).or_insert_with(|| json!(mount));
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
            Value::String(name) => Ok(Some(name).filter(|name| !name.is_empty()).map(String::as_str)),
            other => {
                let other = args::python_repr(other);
                Err(Failure::new(format!("argument 'mount_binary' must be a string or null, not {other}")))
            }
        }
    }

    fn sources(&self) -> Result<Vec<&str>, Failure> {
        let sources: Vec<&str> = self.sources.iter().flatten().map(String::as_str).collect();
        let mut names = Vec::new();
        for source in if sources.is_empty() { vec!["all"] } else { sources } {
            match source {
                "" => return Err(Failure::new("sources contains an empty string")),
                "all" => names.extend(DYNAMIC.into_iter().chain(STATIC)),
                "dynamic" => names.extend(DYNAMIC),
                "static" => names.extend(STATIC),
                other => names.push(other),
            }
        }
        Ok(names)
    }

    /// Each source with its mounts; one that was there under another name is not there twice.
    fn found(&self, host: &Reader, warnings: &mut Vec<String>) -> Result<Vec<(String, Mounts)>, Failure> {
        let binary = self.binary()?;
        let names = self.sources()?;
        let is_dynamic = |name: &str| DYNAMIC.contains(&name);
        let mut falls_back = names.iter().any(|name| is_dynamic(name));
        let mut seen: Vec<PathBuf> = Vec::new();
        let mut found = Vec::new();
        for name in names {
            let path = host.resolve(name);
            if seen.contains(&path) {
                continue;
            }
            seen.push(path);
            let mounts = match binary.filter(|_| name == PRINTED) {
                Some(binary) => self.printed(binary, host, warnings)?,
                None if name == PRINTED => {
                    return Err(Failure::new("`mount` is a source, and there is no mount_binary"));
                }
                None if host.stat(name)?.is_some_and(|meta| !meta.is_dir()) => {
                    host.read_text(name)?.unwrap_or_default().lines().filter_map(entry).collect()
                }
                None => Mounts::new(),
            };
            falls_back &= mounts.is_empty() || !is_dynamic(name) && name != PRINTED;
            found.push((name.to_owned(), mounts));
        }
        if let Some(binary) = binary.filter(|_| falls_back) {
            found.push((PRINTED.to_owned(), self.printed(binary, host, warnings)?));
        }
        Ok(found)
    }

    /// What a program prints, where all of it is mounts: `DEVICE on PLACE type TYPE (OPTIONS)`.
    fn printed(&self, binary: &str, host: &Reader, warnings: &mut Vec<String>) -> Result<Mounts, Failure> {
        let path = host.required(binary)?;
        let mut program = Program::new(&path).plain_locale();
        if let Some(limit) = self.timeout {
            program = program.timeout(Duration::from_secs_f64(limit.clamp(0.0, 1e9)));
        }
        let finished = match host.query(&program) {
            Ok(finished) => finished,
            Err(late) => return self.late(late.msg, warnings).map(|()| Mounts::new()),
        };
        if !finished.success() {
            let (path, rc) = (path.display(), finished.rc);
            let msg = format!("Failed to execute {path}: Command '{path}' returned non-zero exit status {rc}.");
            return Err(Failure::new(msg));
        }
        let mounts: Option<Mounts> = finished.out().lines().map(printed).collect();
        Ok(mounts.unwrap_or_default())
    }

    fn is_wanted(&self, mount: &Fields, host: &Reader) -> bool {
        let matches = |patterns: &Option<Vec<String>>, text: &str| {
            patterns.as_ref().is_none_or(|all| all.is_empty() || all.iter().any(|pattern| glob::matches(pattern, text)))
        };
        let [device, fstype] = ["device", "fstype"].map(|key| mount[key].as_str().unwrap_or_default());
        let link = device.strip_prefix("UUID=").map(|uuid| Path::new(LINKS).join(uuid));
        let named = link.filter(|link| host.exists(link)).map(|link| host.resolve(link).to_string_lossy().into_owned());
        matches(&self.devices, named.as_deref().unwrap_or(device)) && matches(&self.fstypes, fstype)
    }

    /// A server that does not answer holds nobody longer than `timeout`.
    fn add_sizes(&self, mount: &mut Fields, warnings: &mut Vec<String>) -> Result<(), Failure> {
        let place = mount["mount"].as_str().unwrap_or_default().to_owned();
        let (sender, answer) = channel();
        let asked = place.clone();
        let ask = move || drop(sender.send(setup::size_of_mount(&asked)));
        let _ = thread::Builder::new().stack_size(64 << 10).spawn(ask);
        let received = match self.timeout {
            Some(limit) => answer.recv_timeout(Duration::from_secs_f64(limit.clamp(0.0, 1e9))),
            None => answer.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        if let Ok(sizes) = received {
            mount.extend(sizes);
            return Ok(());
        }
        let msg =
            format!("Timed out getting mount size for mount {place} (type {})", args::plain_text(&mount["fstype"]));
        self.late(msg, warnings)
    }

    fn late(&self, msg: String, warnings: &mut Vec<String>) -> Result<(), Failure> {
        match self.on_timeout {
            OnTimeout::Error => return Err(Failure::new(msg)),
            OnTimeout::Warn => warnings.push(msg),
            OnTimeout::Ignore => {}
        }
        Ok(())
    }

    /// A warning of the places that a source has more than once.
    fn repeated(&self, source: &str, mounts: &[Fields]) -> Option<String> {
        let places: BTreeSet<_> = mounts.iter().map(|mount| mount["mount"].as_str()).collect();
        (self.include_aggregate_mounts.is_none() && places.len() < mounts.len()).then(|| {
            format!(
                "mount_facts: ignoring repeat mounts in {source}. You can disable this warning by configuring the \
                 'include_aggregate_mounts' option as True or False."
            )
        })
    }
}

fn printed(line: &str) -> Option<(String, Fields)> {
    let (device, rest) = line.split_once(" on ")?;
    let (place, rest) = rest.rsplit_once(" type ")?;
    let (fstype, options) = rest.strip_suffix(')')?.split_once(" (")?;
    Some((line.to_owned(), fields(&[device, place, fstype, options])))
}

/// A line of a table; what it has beyond the six fields is not looked at.
fn entry(line: &str) -> Option<(String, Fields)> {
    let line = line.trim();
    let words: Vec<String> = line.split_whitespace().map(table::unescape).collect();
    if line.starts_with('#') || words.len() < 4 {
        return None;
    }
    let mut fields = fields(&words[..4]);
    for (name, word) in ["dump", "passno"].into_iter().zip(&words[4..]) {
        fields.insert(name.into(), json!(word.parse::<i64>().ok()?));
    }
    Some((line.to_owned(), fields))
}

fn fields(words: &[impl AsRef<str>]) -> Fields {
    let names = ["device", "mount", "fstype", "options"];
    names.into_iter().zip(words).map(|(name, word)| (name.to_owned(), json!(word.as_ref()))).collect()
}

/// The UUID of a device: the one it is named by, or that of its link.
fn uuid(host: &Reader, device: &str) -> Value {
    if let Some(uuid) = device.strip_prefix("UUID=") {
        return json!(uuid);
    }
    let links = if device.starts_with('/') { host.list(LINKS).unwrap_or_default() } else { Vec::new() };
    let wanted = host.resolve(device);
    let link = links.into_iter().find(|link| host.resolve(link) == wanted);
    link.and_then(|link| Some(json!(link.file_name()?.to_string_lossy()))).unwrap_or(Value::Null)
}
