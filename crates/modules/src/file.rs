//! `file`: the state of a path: its kind, owner, mode and times.

mod directory;
mod found;
mod links;
mod times;

use std::path::PathBuf;

use rustix::io::Errno;
use serde_json::{Value, json};

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, FileArgs, Meta, Module, Reader, Writer},
};
pub use directory::missing_directories;
use found::{Found, Step};
use times::Times;

choice! {
    /// What a path should be.
    pub enum State {
        /// Nothing.
        Absent = "absent",
        /// A directory.
        Directory = "directory",
        /// A file that is there already.
        File = "file",
        /// A hard link.
        Hard = "hard",
        /// A symbolic link.
        Link = "link",
        /// A file, made empty if it is missing.
        Touch = "touch",
    }
}

/// Sets the attributes of files, directories and links; makes or removes them.
///
/// ```yaml
/// - file:
///     path: /etc/foo.conf
///     owner: root
///     group: root
///     mode: "0644"
/// - file:
///     src: /file/to/link/to
///     dest: /path/to/symlink
///     state: link
/// - file:
///     path: /etc/foo.conf
///     state: touch
///     mode: u+rw,g-wx,o-rwx
///     modification_time: preserve
///     access_time: preserve
/// - file:
///     path: /etc/some_directory
///     state: directory
///     mode: "0755"
/// - file:
///     path: /etc/foo
///     state: directory
///     recurse: true
///     owner: root
/// - file:
///     path: /etc/foo
///     state: absent
/// ```
#[derive(Args)]
pub struct File {
    /// The path being managed.
    #[arg(alias = "dest", alias = "name")]
    path: PathBuf,
    /// What it should be. `absent` removes it, a directory with everything in it; nothing there is
    /// `ok`. `directory` makes it and its missing parents, all with the attributes given. `file`
    /// only changes attributes and never makes a file; `touch` makes an empty one if there is none,
    /// and sets the times otherwise, as `man 1 touch`. `hard` and `link` make or change a link to
    /// `src`. Without it: what is there stays what it is; where nothing is, `directory` if
    /// `recurse` and otherwise `file`.
    state: Option<State>,
    /// What to link to, for `state: link` and `state: hard`. A relative path starts from the
    /// directory of `path`, as for `ln -s`; for a symbolic link it need not be there when `force` is set.
    src: Option<PathBuf>,
    /// Sets the attributes of everything below, for `state: directory`.
    #[arg(default = false)]
    recurse: bool,
    /// Makes a symbolic link even when `src` is not there, and puts a link in the place of a file
    /// or an empty directory.
    #[arg(default = false)]
    force: bool,
    /// Follows symbolic links: attributes are set on what `path` leads to, also right after
    /// `state: link` made the link. `false` means the link itself.
    #[arg(default = true)]
    follow: bool,
    /// The time of last modification: `preserve`, `now`, or a time as `modification_time_format`
    /// has it, in the host's time zone. Default: `now` for `state: touch`, `preserve` otherwise.
    modification_time: Option<String>,
    /// How `modification_time` is written, in the codes of Python's `time.strptime`.
    #[arg(default = "%Y%m%d%H%M.%S")]
    modification_time_format: String,
    /// The time of last access, as `modification_time`.
    access_time: Option<String>,
    /// How `access_time` is written, in the codes of Python's `time.strptime`.
    #[arg(default = "%Y%m%d%H%M.%S")]
    access_time_format: String,
    #[arg(flatten)]
    attributes: FileArgs,
    /// The name that `src` has on the controller, for a `path` that is a directory.
    #[arg(internal, name = "_original_basename")]
    basename: Option<String>,
    /// Nothing is done but to tell whether the file looks binary.
    #[arg(internal, name = "_diff_peek")]
    peeks: Option<bool>,
}

impl Module for File {
    type Plan = Vec<Step>;

    fn inspect(&self, host: &Reader) -> Result<Changes<Vec<Step>>, Failure> {
        if self.peeks.is_some() {
            // As Ansible guesses; what cannot be read counts as text.
            let is_binary = host.read(&self.path).is_ok_and(|bytes| bytes.iter().take(8192).any(|byte| *byte == 0));
            return Ok(Changes::none().with("path", self.shown()).with("appears_binary", is_binary));
        }
        let state = self.wanted_state(host)?;
        let checks = host.mode().check && state != State::Absent;
        let warnings = if checks { self.attributes.missing_names() } else { Vec::new() };
        let warned = |failure: Failure| match warnings.as_slice() {
            [] => failure,
            warnings => failure.with("warnings", warnings),
        };
        let mut changes = self.found(state, host).map_err(warned)?.into_changes();
        changes.warn(warnings);
        Ok(changes)
    }

    fn apply(&self, plan: Vec<Step>, host: &mut Writer) -> Result<Fields, Failure> {
        plan.into_iter().try_for_each(|step| step.take(host))?;
        Ok(Fields::new())
    }
}

impl File {
    fn found(&self, state: State, host: &Reader) -> Result<Found, Failure> {
        self.check_combinations(state, host)?;
        let times = || Times::parse(self, state, host);
        match state {
            State::Absent => self.absent(host),
            State::File => self.file(host, &times()?),
            State::Directory => self.directory(host, &times()?),
            State::Touch => self.touch(host, &times()?),
            State::Link => self.link(host, &times()?),
            State::Hard => self.hard(host, &times()?),
        }
    }

    fn wanted_state(&self, host: &Reader) -> Result<State, Failure> {
        if let Some(state) = self.state {
            return Ok(state);
        }
        Ok(match host.lstat(&self.path)?.as_ref().map(Meta::file_state) {
            Some("link") => State::Link,
            Some("directory") => State::Directory,
            Some("hard") => State::Hard,
            None if self.recurse => State::Directory,
            _ => State::File,
        })
    }

    fn check_combinations(&self, state: State, host: &Reader) -> Result<(), Failure> {
        if self.recurse && state != State::Directory {
            return Err(self.fail("recurse option requires state to be 'directory'"));
        }
        if self.src.is_some() && !matches!(state, State::Link | State::Hard) {
            let path = self.path_in_directory(host)?;
            return Err(Failure::new("src option requires state to be 'link' or 'hard'")
                .with("path", path.to_string_lossy().as_ref()));
        }
        Ok(())
    }

    fn fail(&self, msg: impl Into<String>) -> Failure {
        Failure::new(msg).with("path", self.shown())
    }

    fn shown(&self) -> Value {
        json!(self.path.to_string_lossy())
    }

    /// Where a directory is named, the name of the source within it.
    fn path_in_directory(&self, host: &Reader) -> Result<PathBuf, Failure> {
        let source = self.src.as_deref().and_then(|src| src.file_name()).map(PathBuf::from);
        match self.basename.clone().map(PathBuf::from).or(source) {
            Some(name) if host.stat(&self.path)?.is_some_and(|meta| meta.is_dir()) => Ok(self.path.join(name)),
            _ => Ok(self.path.clone()),
        }
    }

    /// The path that attributes are meant for.
    fn followed(&self, host: &Reader) -> Result<PathBuf, Failure> {
        let is_link = self.follow && host.lstat(&self.path)?.is_some_and(|meta| meta.is_link());
        Ok(if is_link { host.resolve(&self.path) } else { self.path.clone() })
    }

    fn absent(&self, host: &Reader) -> Result<Found, Failure> {
        // In check mode the state that is there still goes over this one.
        let mut found = Found::at(&self.path).with("path", self.shown()).with("state", "absent");
        let Some(meta) = host.lstat(&self.path)? else { return Ok(found) };
        found.differs("state", json!(meta.file_state()), json!("absent"));
        if meta.is_dir() && host.mode().diff {
            found.before("path_content", directory::content(host, &self.path)?);
        }
        found.steps.push(Step::Remove(self.path.clone()));
        Ok(found)
    }

    fn file(&self, host: &Reader, times: &Times) -> Result<Found, Failure> {
        let path = self.followed(host)?;
        let meta = host.lstat(&path)?;
        let Some(meta) = meta.as_ref().filter(|meta| matches!(meta.file_state(), "file" | "hard")) else {
            let state = meta.as_ref().map_or("absent", Meta::file_state);
            let shown = path.to_string_lossy();
            return Err(Failure::new(format!("file ({shown}) is {state}, cannot continue"))
                .with("path", shown.as_ref())
                .with("state", state));
        };
        let mut found = Found::at(&path).with("path", path.to_string_lossy().as_ref());
        found.differs("state", json!(meta.file_state()), json!("file"));
        found.set_attributes(&path, &self.attributes, meta)?;
        found.set_times(&path, times, meta);
        Ok(found)
    }

    fn touch(&self, host: &Reader, times: &Times) -> Result<Found, Failure> {
        let path = self.followed(host)?;
        let mut found = Found::at(&self.path).with("dest", self.shown());
        match host.lstat(&path)? {
            Some(meta) => {
                let state = host.lstat(&self.path)?.as_ref().map_or("absent", Meta::file_state);
                found.set_attributes(&path, &self.attributes, &meta)?;
                found.set_times(&path, times, &meta);
                found.differs("state", json!(state), json!("touch"));
            }
            None if path != self.path => {
                let doing = "Error while updating modification or access time";
                return Err(Failure::numbered_at(doing, &path, &Errno::NOENT.into()));
            }
            None => {
                found.differs("state", json!("absent"), json!("touch"));
                let attributes = self.attributes.resolve(None, false)?;
                found.new_attributes(&attributes, false);
                found.steps.push(Step::MakeFile(path.clone(), attributes));
                found.set_new_times(&path, times);
            }
        }
        Ok(found)
    }
}
