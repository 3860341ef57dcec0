//! What `file` found to do: steps, return values, and the two sides of the diff.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::{Value, json};

use super::times::{Time, Times};
use crate::kit::{
    Changes, Diff, Failure, Fields, FileArgs, Meta, Source, Writer,
    file_args::{Attributes, octal},
    writer::umask,
};

/// One change; a plan is a list of them, in order.
#[derive(Debug)]
pub enum Step {
    /// Removes what is there.
    Remove(PathBuf),
    /// Makes a directory on the way to another, or that one.
    MakeDirectory(PathBuf, PathBuf),
    /// Makes an empty file.
    MakeFile(PathBuf, Attributes),
    /// Makes a symbolic link, in the place of whatever file is there.
    Symlink(PathBuf, PathBuf),
    /// Makes a hard link, in the place of whatever file is there.
    HardLink(PathBuf, PathBuf),
    /// Sets owner, group and mode.
    Attributes(PathBuf, Attributes),
    /// Sets access and modification times.
    Times(PathBuf, Option<SystemTime>, Option<SystemTime>),
    /// Sets both to the present, which whoever may write the file can do.
    Touch(PathBuf),
}

impl Step {
    /// Does it.
    pub fn take(self, host: &mut Writer) -> Result<(), Failure> {
        match self {
            Self::Remove(path) => host.remove(&path),
            Self::MakeDirectory(path, last) => {
                host.make_directory(&path).map_err(|failure| failure.with("path", last.to_string_lossy().as_ref()))
            }
            Self::MakeFile(path, attributes) => host
                .write(&path, Source::Bytes(Vec::new()), &attributes)
                .map_err(|e| Failure { msg: "Error, could not touch target.".into(), ..e.because_it_says() }),
            Self::Symlink(target, path) => host.symlink(&target, &path),
            Self::HardLink(target, path) => host.hard_link(&target, &path),
            Self::Attributes(path, attributes) => host.set_attributes(&path, &attributes),
            Self::Times(path, accessed, modified) => host.set_times(&path, accessed, modified),
            Self::Touch(path) => host.touch(&path),
        }
    }
}

/// The result of looking at a path.
pub struct Found {
    /// What has to be done; nothing when the path is as wanted.
    pub steps: Vec<Step>,
    fields: Fields,
    before: Fields,
    after: Fields,
}

impl Found {
    /// Nothing found yet; `path` is what the diff is about.
    pub fn at(path: &Path) -> Self {
        let named = Fields::from_iter([("path".to_owned(), json!(path.to_string_lossy()))]);
        Self { steps: Vec::new(), fields: Fields::new(), before: named.clone(), after: named }
    }

    /// Adds a return value.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// Adds both sides to the diff.
    pub fn differs(&mut self, name: &str, before: Value, after: Value) {
        if before != after {
            self.before.insert(name.into(), before);
            self.after.insert(name.into(), after);
        }
    }

    /// Adds to the side before only.
    pub fn before(&mut self, name: &str, value: Value) {
        self.before.insert(name.into(), value);
    }

    /// Owner, group and mode of something that is there.
    pub fn set_attributes(&mut self, path: &Path, wanted: &FileArgs, meta: &Meta) -> Result<(), Failure> {
        let attributes = wanted.resolve(Some(meta), meta.is_dir())?;
        if attributes.differ_from(meta) {
            let Diff { before, after, .. } = attributes.diff(path, meta);
            for (side, values) in [(&mut self.before, before), (&mut self.after, after)] {
                let values = values.as_object().cloned().unwrap_or_default();
                side.extend(values.into_iter().filter(|(name, _)| name != "path"));
            }
            self.steps.push(Step::Attributes(path.to_owned(), attributes));
        }
        Ok(())
    }

    /// What the diff says of the attributes of something that is about to be made.
    pub fn new_attributes(&mut self, wanted: &Attributes, is_directory: bool) {
        let mode = if is_directory { 0o777 } else { 0o666 } & !umask();
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        self.differs("mode", json!(octal(mode)), json!(octal(wanted.mode.unwrap_or(mode))));
        self.differs("owner", json!(uid), json!(wanted.owner.unwrap_or(uid)));
        self.differs("group", json!(gid), json!(wanted.group.unwrap_or(gid)));
    }

    /// The times of something that is there.
    pub fn set_times(&mut self, path: &Path, wanted: &Times, meta: &Meta) {
        let (accessed, modified) = (meta.raw().accessed().ok(), meta.raw().modified().ok());
        let new_accessed = wanted.accessed.time().filter(|time| Some(*time) != accessed);
        let new_modified = wanted.modified.time().filter(|time| Some(*time) != modified);
        if new_accessed.is_none() && new_modified.is_none() {
            return;
        }
        if let Some(time) = new_accessed {
            self.differs("atime", seconds(accessed), seconds(Some(time)));
        }
        if let Some(time) = new_modified {
            self.differs("mtime", seconds(modified), seconds(Some(time)));
        }
        self.steps.push(match (wanted.accessed, wanted.modified) {
            (Time::Now(_), Time::Now(_)) => Step::Touch(path.to_owned()),
            _ => Step::Times(path.to_owned(), new_accessed, new_modified),
        });
    }

    /// The times of something that is about to be made: `now` comes by itself.
    pub fn set_new_times(&mut self, path: &Path, wanted: &Times) {
        let (accessed, modified) = (wanted.accessed.fixed(), wanted.modified.fixed());
        if accessed.is_some() || modified.is_some() {
            self.steps.push(Step::Times(path.to_owned(), accessed, modified));
        }
    }

    /// For the engine.
    pub fn into_changes(self) -> Changes<Vec<Step>> {
        let changes = Changes::when(!self.steps.is_empty(), self.steps).with_all(self.fields);
        changes.with_diff(Diff::new(self.before, self.after))
    }
}

fn seconds(time: Option<SystemTime>) -> Value {
    json!(time.map(|time| match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }))
}
