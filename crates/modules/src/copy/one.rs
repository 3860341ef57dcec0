//! One file: compared by its checksum, validated, and put in its place. `template` does the same.

use std::path::{Path, PathBuf};

use rustix::{
    fs::Access,
    process::{getegid, geteuid},
};
use serde_json::{Value, json};
use sutler_protocol::Content;

use super::diff;
use crate::{
    file::missing_directories,
    kit::{
        Changes, Failure, Fields, FileArgs, Finished, Meta, Program, Reader, Source, Writer, checksum::Algorithm,
        file_args::Attributes, shlex,
    },
};

/// Where a content comes from.
#[derive(Clone)]
pub enum Origin {
    /// From the controller.
    Content(Content),
    /// From another file of the host.
    Host(PathBuf),
}

impl Origin {
    /// Its SHA-1.
    pub fn sha1(&self, host: &Reader) -> Result<String, Failure> {
        match self {
            Self::Content(content) => Ok(content.sha1.clone()),
            Self::Host(path) => host.sha1(path),
        }
    }

    /// How many bytes it has.
    pub fn size(&self, host: &Reader) -> Result<u64, Failure> {
        match self {
            Self::Content(content) => Ok(content.size),
            Self::Host(path) => Ok(host.stat(path)?.as_ref().map_or(0, Meta::size)),
        }
    }

    /// Its bytes.
    pub fn open(&self, host: &Reader) -> Result<Source, Failure> {
        match self {
            Self::Content(content) => host.body(content),
            Self::Host(path) => Ok(Source::Stream(Box::new(host.open(path)?))),
        }
    }
}

/// A file as it should be.
pub struct Wanted {
    /// Its content.
    pub origin: Origin,
    /// What the source is called, in results and diffs.
    pub src: Option<String>,
    /// Where it goes.
    pub dest: PathBuf,
    /// Its name, when `dest` turns out to be a directory.
    pub basename: Option<String>,
    /// Owner, group, mode.
    pub attributes: FileArgs,
    /// The mode of directories made for it.
    pub directory_mode: Option<Value>,
    /// Keep what is replaced.
    pub backup: bool,
    /// Replace what differs.
    pub force: bool,
    /// Write what links at `dest` lead to.
    pub follow: bool,
    /// The command that has to accept the file.
    pub validate: Option<String>,
    /// The checksum that the source has to have.
    pub checksum: Option<String>,
}

/// What has to be done for a file.
pub struct Plan {
    path: PathBuf,
    attributes: Attributes,
    write: Option<Write>,
}

struct Write {
    origin: Origin,
    sha1: String,
    directories: Vec<(PathBuf, Attributes)>,
    backup: bool,
    validate: Option<String>,
}

impl Wanted {
    /// Compares what is there with what should be.
    pub fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        if matches!(self.origin, Origin::Host(_)) && self.checksum.is_some() {
            self.check_checksum(&self.origin.sha1(host)?)?;
        }
        let (place, path) = self.path(host)?;
        let current = host.lstat(&path)?;
        let mut fields = Fields::new();
        fields.insert("dest".into(), json!(path.to_string_lossy()));
        if let Some(src) = &self.src {
            fields.insert("src".into(), json!(src));
        }
        let is_sent = matches!(self.origin, Origin::Content(_));
        if !self.force && current.is_some() && (is_sent || host.exists(&path)) {
            let (name, value) =
                if is_sent { ("dest", json!(self.dest)) } else { ("msg", json!("file already exists")) };
            fields.insert(name.into(), value);
            return Ok(Changes::none().with_all(fields));
        }
        let sha1 = self.origin.sha1(host)?;
        fields.insert("checksum".into(), json!(sha1));
        if let Origin::Host(source) = &self.origin {
            fields.insert("md5sum".into(), json!(Algorithm::Md5.of_file(host, source)?));
        }
        let is_same = match &current {
            Some(meta) if meta.is_dir() => {
                return Err(Failure::new(format!("cannot write {}: there is a directory", path.display()))
                    .with("dest", path.to_string_lossy().as_ref()));
            }
            Some(meta) if meta.is_file() => meta.size() == self.origin.size(host)? && host.sha1(&path)? == sha1,
            _ => false,
        };
        let mut attributes = self.attributes.resolve(current.as_ref().filter(|meta| !meta.is_link()), false)?;
        if let Some(meta) = current.as_ref().filter(|_| is_same) {
            if matches!(self.origin, Origin::Content(_)) {
                fields.insert("path".into(), json!(path.to_string_lossy()));
            }
            return Ok(attributes_only(&path, meta, attributes).with_all(fields));
        }
        // A file of the host that replaces another has the mode of its source.
        if let Origin::Host(source) = &self.origin {
            if let Some(source) = host.stat(source)?.filter(|_| current.is_some()) {
                attributes = self.attributes.resolve(Some(&source), false)?;
                attributes.mode.get_or_insert(source.mode());
            }
            // It is whose the task is, and has no capabilities after that.
            attributes.owner.get_or_insert(geteuid().as_raw());
            attributes.group.get_or_insert(group_of_new(host, &path)?);
        }
        self.check_checksum(&sha1)?;
        let target = if current.as_ref().is_some_and(Meta::is_link) { host.stat(&path)? } else { current };
        let diff = host.mode().diff.then(|| diff::of(host, self, &place, target.as_ref())).transpose()?;
        let directories = self.directories(host, &path)?;
        if let (Origin::Host(_), Some((directory, _)), true) = (&self.origin, directories.last(), host.mode().check) {
            let msg = format!("dest directory {} would be created", directory.display());
            fields.insert("msg".into(), json!(msg));
        }
        let write = Write {
            origin: self.origin.clone(),
            sha1,
            directories,
            backup: self.backup,
            validate: self.validate.clone(),
        };
        let mut changes = Changes::of(Plan { path, attributes, write: Some(write) }).with_all(fields);
        changes.diff.extend(diff);
        Ok(changes)
    }

    /// Where the file goes, once it is known what `dest` is: as written, and with a link followed.
    fn path(&self, host: &Reader) -> Result<(PathBuf, PathBuf), Failure> {
        let is_directory = host.stat(&self.dest)?.is_some_and(|meta| meta.is_dir());
        let path = if is_directory || self.dest.to_string_lossy().ends_with('/') {
            let Some(name) = &self.basename else {
                return Err(Failure::new("can not use content with a dir as dest"));
            };
            self.dest.join(name)
        } else {
            self.dest.clone()
        };
        if path.parent().is_some_and(|parent| host.stat(parent).ok().flatten().is_some_and(|meta| !meta.is_dir()))
            && matches!(self.origin, Origin::Content(_))
        {
            let path = path.display();
            let msg = format!("Task failed: Failed to get information on remote file ({path}): Not a directory");
            return Err(Failure::new(msg));
        }
        let is_link = self.follow && host.exists(&path) && host.lstat(&path)?.is_some_and(|meta| meta.is_link());
        let followed = if is_link { host.resolve(&path) } else { path.clone() };
        Ok((path, followed))
    }

    fn check_checksum(&self, sha1: &str) -> Result<(), Failure> {
        match &self.checksum {
            Some(expected) if !expected.is_empty() && expected != sha1 => Err(wrong_checksum(sha1, expected)),
            _ => Ok(()),
        }
    }

    /// The directories to make: none but for a `dest` that names one.
    fn directories(&self, host: &Reader, path: &Path) -> Result<Vec<(PathBuf, Attributes)>, Failure> {
        let parent = path.parent().filter(|_| self.dest.to_string_lossy().ends_with('/'));
        let Some(parent) = parent else { return Ok(Vec::new()) };
        let attributes = self.attributes.clone().with_mode(self.directory_mode.clone()).resolve(None, true)?;
        let missing = missing_directories(host, parent)?;
        Ok(missing.into_iter().map(|directory| (directory, attributes.clone())).collect())
    }
}

/// The group of a file that this process makes: its own, or the one that the directory gives.
fn group_of_new(host: &Reader, path: &Path) -> Result<u32, Failure> {
    let directory = path.parent().map(|parent| host.stat(parent)).transpose()?.flatten();
    let giver = directory.filter(|directory| directory.mode() & 0o2000 != 0);
    Ok(giver.map_or_else(|| getegid().as_raw(), |directory| directory.gid()))
}

/// The changes for a file that has the right content.
fn attributes_only(path: &Path, meta: &Meta, attributes: Attributes) -> Changes<Plan> {
    if !attributes.differ_from(meta) {
        return Changes::none();
    }
    let diff = attributes.diff(path, meta);
    Changes::of(Plan { path: path.to_owned(), attributes, write: None }).with_diff(diff)
}

fn wrong_checksum(given: &str, expected: &str) -> Failure {
    Failure::new("Copied file does not match the expected checksum. Transfer failed.")
        .with("checksum", given)
        .with("expected_checksum", expected)
}

impl Plan {
    /// Fails where the file cannot be: its directory is missing, and is not made with it.
    pub fn check_place(&self, host: &Reader) -> Result<(), Failure> {
        match &self.write {
            Some(write) if write.directories.is_empty() => {
                check_parent(host, &self.path, &self.attributes, &write.sha1)
            }
            _ => Ok(()),
        }
    }

    /// Makes the file as wanted.
    pub fn apply(self, host: &mut Writer) -> Result<Fields, Failure> {
        let Some(write) = self.write else {
            host.set_attributes(&self.path, &self.attributes)?;
            return Ok(Fields::new());
        };
        let sha1 = matches!(write.origin, Origin::Content(_)).then(|| write.sha1.clone());
        write.apply(&self.path, &self.attributes, host).map_err(|mut failure| {
            if let Some(sha1) = sha1 {
                failure.fields.entry("checksum").or_insert_with(|| sha1.into());
            }
            failure
        })
    }
}

impl Write {
    fn apply(self, path: &Path, attributes: &Attributes, host: &mut Writer) -> Result<Fields, Failure> {
        let (write, mut fields) = (self, Fields::new());
        for (directory, attributes) in &write.directories {
            host.make_directory(directory)?;
            host.set_attributes(directory, attributes)?;
        }
        check_parent(host, path, attributes, &write.sha1)?;
        let source = write.origin.open(host)?;
        let named = path.extension().filter(|_| write.validate.is_some());
        let suffix = named.map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
        let staged = host.stage_named(path, source, &suffix)?;
        if let Origin::Host(source) = &write.origin {
            host.resemble(staged.path(), source)?;
        }
        let written = host.sha1(staged.path())?;
        if written != write.sha1 {
            return Err(wrong_checksum(&written, &write.sha1));
        }
        if let Some(command) = &write.validate {
            validate(host, staged.path(), command, attributes)?;
        }
        if write.backup && host.stat(path)?.is_some() {
            let backup = host.backup(path)?;
            fields.insert("backup_file".into(), json!(backup.to_string_lossy()));
        }
        fields.insert("md5sum".into(), json!(Algorithm::Md5.of_file(host, staged.path())?));
        if matches!(write.origin, Origin::Content(_)) {
            fields.insert("src".into(), json!(staged.path().to_string_lossy()));
        }
        host.commit(staged, attributes)?;
        Ok(fields)
    }
}

/// Whether there is a directory that the file can be written to.
fn check_parent(host: &Reader, path: &Path, attributes: &Attributes, sha1: &str) -> Result<(), Failure> {
    let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) else { return Ok(()) };
    match host.stat(parent)? {
        Some(meta) if meta.is_dir() && (attributes.unsafe_writes || host.may(parent, Access::WRITE_OK)) => Ok(()),
        Some(meta) if meta.is_dir() => {
            Err(Failure::new(format!("Destination {} not writable", parent.display())).with("checksum", sha1))
        }
        found => {
            let why = if found.is_some() { "is not a directory" } else { "does not exist" };
            let msg = format!("Destination directory {} {why}", parent.display());
            Err(Failure::new(msg).with("checksum", sha1))
        }
    }
}

/// Runs the command on the new file, which has its owner and mode: some programs look at them.
pub fn validate(host: &mut Writer, path: &Path, command: &str, attributes: &Attributes) -> Result<Finished, Failure> {
    if !command.contains("%s") {
        return Err(Failure::new(format!("validate must contain %s: {command}")));
    }
    let Attributes { owner, group, mode, .. } = *attributes;
    host.set_attributes(path, &Attributes { owner, group, mode, ..Attributes::default() })?;
    is_accepted(host, path, command)
}

/// Runs the command on a file; fails when it refuses it.
pub fn is_accepted(host: &Reader, path: &Path, command: &str) -> Result<Finished, Failure> {
    let words = shlex::split(command).map_err(Failure::new)?;
    let path = path.to_string_lossy();
    // A doubled percent sign is one.
    let named = |word: &String| word.split("%%").map(|part| part.replace("%s", &path)).collect::<Vec<_>>().join("%");
    let words: Vec<String> = words.iter().map(named).collect();
    let program = Program::new(&words[0]).args(&words[1..]);
    let finished = host.query(&program).map_err(|failure| Failure {
        msg: "Error executing command.".into(),
        ..failure.because_it_says().with("stdout", "").with("stderr", "")
    })?;
    if finished.success() {
        return Ok(finished);
    }
    Err(Failure::new("failed to validate")
        .with("exit_status", finished.rc)
        .with("stdout", finished.out())
        .with("stderr", finished.err()))
}
