//! Puts entries in their places.

use std::{
    collections::HashSet,
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{
    archive::place,
    member::{Kind, Member},
    options::Options,
    owners::{self, Owners},
};
use crate::kit::{Failure, Writer, file_args::Attributes, writer};

/// Unpacks one archive.
pub struct Extraction<'a> {
    host: &'a mut Writer,
    destination: &'a Path,
    options: &'a Options,
    /// Where links of this archive are: nothing is written through them to the outside.
    links: HashSet<PathBuf>,
    owners: Owners,
    umask: u32,
    /// Directories get their mode and times when all that is in them is there.
    directories: Vec<Member>,
    /// The names of what was unpacked.
    pub done: Vec<String>,
}

impl<'a> Extraction<'a> {
    /// Nothing unpacked yet.
    pub fn new(host: &'a mut Writer, destination: &'a Path, options: &'a Options, members: &[Member]) -> Self {
        let links = members.iter().filter(|member| matches!(member.kind, Kind::Link(_)));
        let links = links.map(|member| member.path.clone()).collect();
        let (owners, directories, done) = (Owners::default(), Vec::new(), Vec::new());
        Self { host, destination, options, links, owners, umask: writer::umask(), directories, done }
    }

    /// Unpacks one entry.
    pub fn put(&mut self, member: &Member, content: &mut dyn Read) -> Result<(), Failure> {
        if self.host.is_cancelled() {
            return Err(Failure::new("the task was cancelled"));
        }
        let path = place(self.destination, member);
        let existing = self.host.lstat(&path)?;
        if member.kind == Kind::Directory {
            self.make_directory(member, &path)?;
            self.directories.push(member.clone());
        } else {
            if let Some(existing) = &existing {
                let is_newer = self.options.keep_newer && existing.raw().mtime() >= member.modified;
                if self.options.keep_old || (is_newer && existing.is_file()) {
                    return Ok(());
                }
                if existing.is_dir() && self.options.is_zip {
                    let (path, dest) = (path.display(), self.destination.display());
                    return Err(Failure::new(format!("failed to unpack to {dest}: {path} is a directory")));
                }
                if existing.is_dir() {
                    self.host.remove_empty(&path)?;
                }
            }
            self.make_parents(member)?;
            self.make(member, &path, content)?;
        }
        self.done.push(member.name.clone());
        Ok(())
    }

    fn make(&mut self, member: &Member, path: &Path, content: &mut dyn Read) -> Result<(), Failure> {
        let time = (!self.options.touch).then(|| member.time());
        match &member.kind {
            Kind::File => return self.host.unpack(path, content, &self.attributes(member), time),
            Kind::Hard(target) => return self.host.hard_link(&self.destination.join(target), path),
            Kind::Link(target) => self.host.symlink(target, path)?,
            Kind::Fifo => self.host.make_fifo(path)?,
            Kind::Device(is_block, major, minor) => self.host.make_device(path, *is_block, *major, *minor)?,
            Kind::Directory => {}
        }
        self.host.set_attributes(path, &self.attributes(member))?;
        self.host.set_times(path, None, time)
    }

    fn attributes(&self, member: &Member) -> Attributes {
        let (owner, group) = self.owners.of(member, self.options);
        let default = if member.kind == Kind::Directory { 0o777 } else { 0o666 };
        let mode = owners::mode(member, self.options, self.umask).unwrap_or(default & !self.umask);
        Attributes { owner, group, mode: Some(mode), ..Attributes::default() }
    }

    fn make_directory(&mut self, member: &Member, path: &Path) -> Result<(), Failure> {
        self.make_parents(member)?;
        match self.host.lstat(path)? {
            Some(meta) if meta.is_dir() => return Ok(()),
            // The destination itself may be a link.
            Some(_) if member.path.as_os_str().is_empty() => return Ok(()),
            Some(_) => self.host.remove(path)?,
            None => {}
        }
        self.host.make_directory(path)
    }

    fn make_parents(&mut self, member: &Member) -> Result<(), Failure> {
        let Some(parent) = member.path.parent().filter(|parent| !parent.as_os_str().is_empty()) else { return Ok(()) };
        let mut path = self.destination.to_owned();
        for part in parent {
            path.push(part);
            if self.host.stat(&path)?.is_none() {
                self.host.make_directory(&path)?;
            }
        }
        if parent.ancestors().any(|place| self.links.contains(place)) {
            let (real, root) = (self.host.resolve(&path), self.host.resolve(self.destination));
            if !real.starts_with(&root) {
                let (name, real) = (&member.name, real.display());
                return Err(Failure::new(format!("refused to unpack `{name}`: it would be written to {real}")));
            }
        }
        Ok(())
    }

    /// Modes and times of the directories, the innermost first, and everything on the disk.
    pub fn finish(&mut self) -> Result<(), Failure> {
        for member in std::mem::take(&mut self.directories).iter().rev() {
            let path = place(self.destination, member);
            self.host.set_attributes(&path, &self.attributes(member))?;
            if !self.options.touch {
                self.host.set_times(&path, None, Some(member.time()))?;
            }
        }
        self.host.sync_file_system(self.destination)
    }
}
