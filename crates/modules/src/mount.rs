//! `mount`: file systems in `/etc/fstab`, and mounted ones.

use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{
    choice,
    file::missing_directories,
    kit::{Args, Changes, Failure, Fields, Finished, Module, Program, Reader, Writer, file_args::Attributes},
};

pub mod table;

use table::Entry;

choice! {
    /// What should become of a mount point.
    pub enum State {
        /// Not mounted, not in the table, and its directory is gone. Nothing is done when it is not in the table.
        Absent = "absent",
        /// Not in the table.
        AbsentFromFstab = "absent_from_fstab",
        /// Mounted, and in the table.
        Mounted = "mounted",
        /// In the table.
        Present = "present",
        /// Not mounted.
        Unmounted = "unmounted",
        /// Mounted once more, always.
        Remounted = "remounted",
        /// Mounted, whatever the table says.
        Ephemeral = "ephemeral",
    }
}

/// Mounts and unmounts file systems, and keeps them in `/etc/fstab`.
///
/// When a file system cannot be mounted, the table stays as it was.
///
/// ```yaml
/// - mount:
///     path: /srv/disk
///     src: LABEL=DATA
///     fstype: ext4
///     opts: noatime
///     state: mounted
/// - mount:
///     path: /tmp
///     opts: exec
///     state: remounted
/// - mount:
///     path: /mnt/old
///     state: absent
/// ```
#[derive(Args)]
#[args(
    required_if("state", "mounted", "src", "fstype"),
    required_if("state", "present", "src", "fstype"),
    required_if("state", "ephemeral", "src", "fstype")
)]
pub struct Mount {
    /// The mount point, as it is in the table.
    #[arg(alias = "name")]
    path: PathBuf,
    /// What is mounted: a device, `UUID=…`, `LABEL=…`, a remote file system.
    src: Option<PathBuf>,
    /// The type of the file system; `none` for a bind mount.
    fstype: Option<String>,
    /// Options, as in the table; `defaults` where they are missing. With `state: remounted` they are added to those
    /// that it has.
    opts: Option<String>,
    /// Whether options are left out of the result.
    #[arg(default = false)]
    opts_no_log: bool,
    /// The fifth field of the table: whether it is dumped.
    #[arg(default = "0")]
    dump: String,
    /// The sixth field of the table: when it is checked.
    #[arg(default = "0")]
    passno: String,
    /// What should become of it.
    state: State,
    /// The table, instead of `/etc/fstab`.
    fstab: Option<PathBuf>,
    /// Whether it is mounted when the host starts; adds `noauto` to the options otherwise.
    #[arg(default = true)]
    boot: bool,
    /// Keeps a copy of the table that is changed, beside it, under a name with the time; that name is returned as
    /// `backup_file`.
    #[arg(default = false)]
    backup: bool,
}

/// What is done, in this order.
#[derive(Default)]
pub struct Plan {
    /// The table as it was, and its new text.
    table: Option<(Option<String>, String)>,
    /// What is mounted or unmounted.
    action: Option<Action>,
    /// Whether the directory goes at the end.
    removes_directory: bool,
}

/// What is mounted or unmounted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Mount,
    Remount,
    Unmount,
}

impl Module for Mount {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        let mounts = host.read_text("/proc/self/mounts")?.unwrap_or_default();
        let at = host.resolve(&self.path).to_string_lossy().into_owned();
        let device = table::mounted(&mounts, &at);
        let is_mounted = device.is_some() && !self.is_bound_elsewhere(host, &at)?;
        let is_in_table =
            matches!(self.state, State::Present | State::Mounted | State::Absent | State::AbsentFromFstab);
        let text = if is_in_table { self.table(host)? } else { None };
        let old = text.clone().unwrap_or_default();
        let new = match self.state {
            State::Present | State::Mounted => self.entry().added_to(&old),
            State::Absent | State::AbsentFromFstab => self.entry().removed_from(&old),
            _ => old.clone(),
        };
        let table = (new != old).then_some((text, new));
        let mut plan = Plan { action: self.action(is_mounted, table.is_some()), ..Plan::default() };
        if self.state == State::Ephemeral
            && let Some(device) = device
            && device != self.src()
            && backing_file(host, &device)?.is_none_or(|file| file != self.src())
            && bound(host, &at)?.is_none_or(|source| source != self.src())
        {
            return Err(Failure::new(OTHER_SOURCE));
        }
        plan.removes_directory = self.state == State::Absent && table.is_some() && host.exists(&self.path);
        plan.table = table;
        let changed = plan.table.is_some() || plan.action.is_some();
        Ok(Changes::when(changed, plan).with_all(self.fields()))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let mut fields = Fields::new();
        let made =
            if matches!(self.state, State::Mounted | State::Ephemeral) { self.make_directory(host)? } else { None };
        if let Some((old, new)) = &plan.table {
            if self.backup && old.is_some() {
                let backup = host.backup(&self.fstab())?;
                fields.insert("backup_file".into(), json!(backup.to_string_lossy()));
            }
            self.write_table(host, new)?;
        }
        let done = plan.action.map_or(Ok(()), |action| self.act(host, action));
        if let Err(failure) = done {
            if self.state == State::Mounted {
                match plan.table {
                    Some((Some(old), _)) => self.write_table(host, &old)?,
                    Some((None, _)) => host.remove(&self.fstab())?,
                    None => {}
                }
            }
            if let Some(made) = made {
                host.remove(&made)?;
            }
            return Err(failure);
        }
        if plan.removes_directory {
            host.remove_empty(&self.path)
                .map_err(|e| Failure::new(format!("Error rmdir {}: {}", self.path.display(), e.msg)))?;
        }
        Ok(fields)
    }
}

/// What is bound to a path.
fn bound(host: &Reader, at: &str) -> Result<Option<String>, Failure> {
    let mountinfo = host.read_text("/proc/self/mountinfo")?.unwrap_or_default();
    Ok(table::bound(&mountinfo, at))
}

/// The file behind a loop device that `mount` made: mount tells it instead of the device.
fn backing_file(host: &Reader, device: &str) -> Result<Option<String>, Failure> {
    let Some(name) = device.strip_prefix("/dev/").filter(|name| name.starts_with("loop")) else { return Ok(None) };
    let told = |what: &str| host.read_text(format!("/sys/block/{name}/loop/{what}"));
    if told("autoclear")?.is_none_or(|text| text.trim() != "1") {
        return Ok(None);
    }
    Ok(told("backing_file")?.map(|file| file.trim_end().to_owned()))
}

const OTHER_SOURCE: &str = "Ephemeral mount point is already mounted with a different source than the specified one. \
    Failing in order to prevent an unwanted unmount or override operation. Try replacing this command with a \
    \"state: unmounted\" followed by a \"state: ephemeral\", or use a different destination path.";

const OPTIONS_REFUSED: &str = "Options were specified with remounted, but the remount command failed. Failing in order \
    to prevent an unexpected mount result. Try replacing this command with a \"state: unmounted\" followed by a \
    \"state: mounted\" using the full desired mount options instead.";

impl Mount {
    fn fstab(&self) -> PathBuf {
        self.fstab.clone().unwrap_or_else(|| "/etc/fstab".into())
    }

    fn table(&self, host: &Reader) -> Result<Option<String>, Failure> {
        let fstab = self.fstab();
        if fstab.is_dir() {
            return Err(Failure::new(format!("[Errno 21] Is a directory: '{}'", fstab.display())).uncaught());
        }
        host.read_utf8(fstab)
    }

    /// Whether another directory of the file system around it is bound to the mount point that should be mounted.
    fn is_bound_elsewhere(&self, host: &Reader, at: &str) -> Result<bool, Failure> {
        let device = |path: &Path| -> Result<_, Failure> { Ok(host.stat(path)?.map(|meta| meta.raw().dev())) };
        let at = Path::new(at);
        Ok(self.state == State::Mounted
            && device(at)? == device(at.parent().unwrap_or(at))?
            && bound(host, &at.to_string_lossy())?.is_some_and(|source| host.resolve(self.src()) != Path::new(&source)))
    }

    fn src(&self) -> String {
        self.src.as_ref().map(|src| src.to_string_lossy().into_owned()).unwrap_or_default()
    }

    fn options(&self) -> String {
        let opts = self.opts.as_deref().unwrap_or("defaults");
        if self.boot { opts.to_owned() } else { format!("{opts},noauto") }
    }

    /// Whether there are others than those that count where none are named.
    fn has_options(&self) -> bool {
        self.options() != "defaults"
    }

    fn entry(&self) -> Entry {
        Entry {
            src: self.src(),
            path: self.path.to_string_lossy().into_owned(),
            fstype: self.fstype.clone().unwrap_or_default(),
            opts: self.options(),
            dump: self.dump.clone(),
            passno: self.passno.clone(),
        }
    }

    fn fields(&self) -> Fields {
        let mut fields = Fields::new();
        fields.insert("name".into(), json!(self.path.to_string_lossy()));
        fields.insert("fstab".into(), json!(self.fstab().to_string_lossy()));
        if self.src.is_some() {
            fields.insert("src".into(), json!(self.src()));
        }
        if let Some(fstype) = &self.fstype {
            fields.insert("fstype".into(), json!(fstype));
        }
        let options = if self.opts_no_log { "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER".into() } else { self.options() };
        fields.insert("opts".into(), json!(options));
        fields.insert("dump".into(), json!(self.dump));
        fields.insert("passno".into(), json!(self.passno));
        fields.insert("boot".into(), json!(if self.boot { "yes" } else { "no" }));
        fields.insert("backup_file".into(), json!(""));
        fields
    }

    fn action(&self, is_mounted: bool, changes_table: bool) -> Option<Action> {
        match self.state {
            State::Present | State::AbsentFromFstab => None,
            State::Absent => (changes_table && is_mounted).then_some(Action::Unmount),
            State::Unmounted => is_mounted.then_some(Action::Unmount),
            State::Mounted if !is_mounted => Some(Action::Mount),
            State::Mounted => changes_table.then_some(Action::Remount),
            State::Ephemeral => Some(if is_mounted { Action::Remount } else { Action::Mount }),
            State::Remounted => Some(Action::Remount),
        }
    }

    /// Makes the mount point and what is above it; returns the topmost directory that is new.
    fn make_directory(&self, host: &mut Writer) -> Result<Option<PathBuf>, Failure> {
        let missing = missing_directories(host, &self.path)?;
        for directory in &missing {
            host.make_directory(directory)?;
        }
        Ok(missing.into_iter().next())
    }

    fn write_table(&self, host: &mut Writer, text: &str) -> Result<(), Failure> {
        let path = host.resolve(self.fstab());
        for directory in missing_directories(host, path.parent().unwrap_or(Path::new("/")))? {
            host.make_directory(&directory)?;
        }
        let mode = if host.exists(&path) { None } else { Some(0o644) };
        host.write(&path, text.into(), &Attributes { mode, ..Attributes::default() })
    }

    fn act(&self, host: &mut Writer, action: Action) -> Result<(), Failure> {
        match action {
            Action::Mount => self.report("mounting", &self.mount(host)?),
            Action::Unmount => self.report("unmounting", &self.unmount(host)?),
            Action::Remount => self.remount(host),
        }
    }

    fn report(&self, doing: &str, finished: &Finished) -> Result<(), Failure> {
        if finished.success() {
            return Ok(());
        }
        let said = finished.out() + &finished.err();
        Err(Failure::new(format!("Error {doing} {}: {said}", self.path.display())))
    }

    fn program(&self, host: &Reader, name: &str) -> Result<Program, Failure> {
        Ok(Program::new(host.required(name)?).plain_locale())
    }

    fn mount(&self, host: &mut Writer) -> Result<Finished, Failure> {
        let mut program = self.program(host, "mount")?;
        if self.state == State::Ephemeral {
            program = program.arg("-t").args(&self.fstype);
            if self.has_options() {
                program = program.arg("-o").arg(self.options());
            }
            return host.run(&program.arg("--").arg(self.src()).arg(&self.path));
        }
        if let Some(fstab) = &self.fstab {
            program = program.arg("-T").arg(fstab);
        }
        host.run(&program.arg("--").arg(&self.path))
    }

    fn unmount(&self, host: &mut Writer) -> Result<Finished, Failure> {
        let program = self.program(host, "umount")?.arg("--").arg(&self.path);
        host.run(&program)
    }

    /// Mounts it once more; one that cannot be is unmounted and mounted, unless that could lose options.
    fn remount(&self, host: &mut Writer) -> Result<(), Failure> {
        let options = match &self.opts {
            _ if self.state != State::Mounted && self.has_options() => format!("remount,{}", self.options()),
            // Without the word, the options would be those of the whole file system that is bound.
            Some(opts) if opts.split(',').any(|option| option == "bind") => "remount,bind".into(),
            _ => "remount".into(),
        };
        let mut program = self.program(host, "mount")?.arg("-o").arg(options);
        if let Some(fstab) = self.fstab.as_ref().filter(|_| self.state != State::Ephemeral) {
            program = program.arg("-T").arg(fstab);
        }
        let finished = host.run(&program.arg("--").arg(&self.path))?;
        let output = finished.out() + &finished.err();
        if finished.success() && !output.contains("can't find") {
            return Ok(());
        }
        if self.state == State::Remounted && self.has_options() {
            return Err(Failure::new(OPTIONS_REFUSED));
        }
        let doing = if self.state == State::Remounted { "remounting" } else { "mounting" };
        self.report(doing, &self.unmount(host)?)?;
        self.report(doing, &self.mount(host)?)
    }
}
