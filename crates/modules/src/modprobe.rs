//! `modprobe`: modules of the kernel, now and after a restart.

use std::path::{Path, PathBuf};

use crate::{
    choice,
    kit::{
        Args, Changes, Failure, Fields, Module, Program, Reader, Writer, file_args::Attributes, shlex,
        state::AbsentPresent as State,
    },
};

choice! {
    /// Whether a module is loaded when the host starts.
    pub enum Persistent {
        /// Nobody touches what is there.
        Disabled = "disabled",
        /// Loaded.
        Present = "present",
        /// Not loaded.
        Absent = "absent",
    }
}

/// Loads or unloads a module of the kernel, and keeps it so after a restart of the host.
///
/// ```yaml
/// - modprobe:
///     name: 8021q
/// - modprobe:
///     name: dummy
///     params: numdummies=2
///     persistent: present
/// ```
#[derive(Args)]
pub struct Modprobe {
    /// The module.
    name: String,
    /// Whether it is loaded now.
    #[arg(default = "present")]
    state: State,
    /// Parameters for it, as `a=1 b=2`. They are nothing to a module that is loaded already.
    #[arg(default = "")]
    params: String,
    /// Whether it is loaded when the host starts, by `/etc/modules-load.d` and `/etc/modprobe.d` (systemd): `present`
    /// adds files for it, `absent` makes comments of its lines, `disabled` leaves both folders alone.
    #[arg(default = "disabled")]
    persistent: Persistent,
}

/// What is done.
pub struct Plan {
    /// Files with their new texts.
    files: Vec<(PathBuf, String)>,
    /// Whether it is loaded or unloaded.
    toggles: bool,
}

impl Module for Modprobe {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        host.required("modprobe")?;
        let toggles = self.is_loaded(host)? != (self.state == State::Present);
        let plan = Plan { files: self.files(host)?, toggles };
        let changed = toggles || !plan.files.is_empty();
        Ok(Changes::when(changed, plan).with_all(self.fields()))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        if plan.toggles {
            let program = Program::new(host.required("modprobe")?);
            let program = match self.state {
                State::Present => program.arg(&self.name).args(shlex::split(&self.params).map_err(Failure::new)?),
                State::Absent => program.arg("-r").arg(&self.name),
            };
            let finished = host.run(&program.plain_locale())?;
            if !finished.success() {
                let mut failure = Failure::new(finished.err());
                failure.fields = self.fields();
                let failure = failure.with("rc", finished.rc).with("stdout", finished.out());
                return Err(failure.with("stderr", finished.err()));
            }
        }
        for (path, text) in plan.files {
            host.write(&path, text.as_str().into(), &Attributes::default())?;
        }
        Ok(Fields::new())
    }
}

impl Modprobe {
    fn fields(&self) -> Fields {
        let fields = [("name", &*self.name), ("state", self.state.as_str()), ("params", &*self.params)];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// Whether the kernel has it: loaded, or built in.
    fn is_loaded(&self, host: &Reader) -> Result<bool, Failure> {
        let name = normal(&self.name);
        let loaded = host.read_text("/proc/modules")?.unwrap_or_default();
        if loaded.lines().any(|line| line.split(' ').next() == Some(&name)) {
            return Ok(true);
        }
        let release = rustix::system::uname().release().to_string_lossy().into_owned();
        let built_in = host.read_text(format!("/lib/modules/{release}/modules.builtin"))?.unwrap_or_default();
        let file_name = |line: &str| line.rsplit('/').next().and_then(|file| file.split('.').next()).map(normal);
        Ok(built_in.lines().any(|line| file_name(line).as_ref() == Some(&name)))
    }

    /// The files that have to change, so that it is loaded at the start of the host, or is not.
    fn files(&self, host: &Reader) -> Result<Vec<(PathBuf, String)>, Failure> {
        if self.persistent == Persistent::Disabled {
            return Ok(Vec::new());
        }
        let name = &self.name;
        let is_load = |line: &str| words(line).first() == Some(&name.as_str());
        let is_option = |line: &str| matches!(words(line)[..], ["options", module, ..] if module == name);
        let modules = configuration(host, "/etc/modules-load.d")?;
        let options = configuration(host, "/etc/modprobe.d")?;
        let mut changed = Vec::new();
        if self.persistent == Persistent::Absent {
            changed.extend(commented(modules, is_load));
            changed.extend(commented(options, is_option));
            return Ok(changed);
        }
        let is_there = modules.iter().any(|(_, text)| text.lines().any(is_load));
        if !is_there {
            changed.push((format!("/etc/modules-load.d/{name}.conf").into(), format!("{name}\n")));
        }
        let lines = options.iter().flat_map(|(_, text)| text.lines()).filter(|line| is_option(line));
        let mut found: Vec<&str> = lines.flat_map(|line| words(line).split_off(2)).collect();
        let mut wanted: Vec<&str> = self.params.split_whitespace().collect();
        found.sort_unstable();
        wanted.sort_unstable();
        if found != wanted {
            changed.extend(commented(options, is_option));
            let own = PathBuf::from(format!("/etc/modprobe.d/{name}.conf"));
            changed.retain(|(path, _)| *path != own);
            let text = wanted_options(name, &self.params);
            changed.push((own, text));
        }
        Ok(changed)
    }
}

/// One line for each parameter; without any, one that is blank.
fn wanted_options(name: &str, params: &str) -> String {
    let lines: Vec<String> = params.split_whitespace().map(|param| format!("options {name} {param}")).collect();
    lines.join("\n") + "\n"
}

/// To the kernel both are the same.
fn normal(name: &str) -> String {
    name.replace('-', "_")
}

/// The words of a line, without a comment.
fn words(line: &str) -> Vec<&str> {
    line.split('#').next().unwrap_or_default().split_whitespace().collect()
}

/// The files of a folder that configure modules.
fn configuration(host: &Reader, folder: &str) -> Result<Vec<(PathBuf, String)>, Failure> {
    if !host.exists(folder) {
        return Ok(Vec::new());
    }
    let paths = host.list(folder)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "conf"));
    let paths = paths.filter(|path: &PathBuf| Path::new(path).is_file());
    paths.map(|path| Ok((path.clone(), host.read_utf8(&path)?.unwrap_or_default()))).collect()
}

/// Those of the files that have such lines, with the lines made comments.
fn commented(files: Vec<(PathBuf, String)>, is_meant: impl Fn(&str) -> bool) -> Vec<(PathBuf, String)> {
    let comment = |line: &str| if is_meant(line) { format!("#{line}\n") } else { format!("{line}\n") };
    let files = files.into_iter().filter(|(_, text)| text.lines().any(&is_meant));
    files.map(|(path, text)| (path, text.lines().map(comment).collect())).collect()
}
