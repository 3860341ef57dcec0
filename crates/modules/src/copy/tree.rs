//! Many files at once: a tree that the controller sent, or one of the host.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sutler_protocol::{TreeEntry, TreeKind};

use super::{Copy, one::Origin};
use crate::{
    file::missing_directories,
    kit::{Changes, Failure, Fields, FileArgs, Meta, Reader, Writer, file_args::Attributes},
};

/// A tree as it should be.
pub struct Tree<'a> {
    copy: &'a Copy,
    /// Where it goes.
    root: PathBuf,
    dest: String,
    entries: Vec<Entry>,
}

/// Something that belongs into a tree.
struct Entry {
    path: PathBuf,
    mode: Option<u32>,
    kind: Kind,
}

enum Kind {
    Directory,
    File(Origin),
    Link(PathBuf),
}

/// What has to be done for a tree, in order.
pub struct Plan(Vec<Step>);

enum Step {
    Directory(PathBuf, Attributes),
    Write { path: PathBuf, origin: Origin, attributes: Attributes, backup: bool },
    Link(PathBuf, PathBuf),
    Attributes(PathBuf, Attributes),
}

impl<'a> Tree<'a> {
    /// A tree that the controller sent.
    pub fn sent(copy: &'a Copy, entries: &[TreeEntry]) -> Self {
        let entries = entries.iter().filter_map(|entry| {
            let kind = match entry.kind {
                TreeKind::Dir => Kind::Directory,
                TreeKind::File => Kind::File(Origin::Content(entry.content.clone()?)),
                TreeKind::Link => Kind::Link(entry.target.clone()?.into()),
            };
            let mode = (entry.kind == TreeKind::File).then_some(entry.mode);
            Some(Entry { path: entry.path.clone().into(), mode, kind })
        });
        let dest = format!("{}/", copy.dest.to_string_lossy().trim_end_matches('/'));
        Self { copy, root: copy.dest.clone(), dest, entries: entries.collect() }
    }

    /// A tree of the host.
    pub fn on_host(copy: &'a Copy, src: &Path, host: &Reader) -> Result<Self, Failure> {
        let mut tree =
            Self { copy, root: copy.dest.clone(), dest: copy.dest.to_string_lossy().into_owned(), entries: Vec::new() };
        if let Some(name) = src.file_name().filter(|_| !src.to_string_lossy().ends_with('/')) {
            tree.root.push(name);
        }
        if host.resolve(&tree.root).starts_with(host.resolve(src)) {
            return Err(Failure::new(format!("cannot copy {} into itself", src.display())));
        }
        let mode = host.stat(src)?.as_ref().map(Meta::mode);
        tree.entries.push(Entry { path: PathBuf::new(), mode, kind: Kind::Directory });
        tree.collect(host, src, Path::new(""))?;
        Ok(tree)
    }

    fn collect(&mut self, host: &Reader, source: &Path, below: &Path) -> Result<(), Failure> {
        for path in host.list(source)? {
            let follow = self.copy.local_follow == Some(true) && host.exists(&path);
            let Some(meta) = (if follow { host.stat(&path)? } else { host.lstat(&path)? }) else { continue };
            let place = below.join(path.file_name().unwrap_or_default());
            let mode = Some(meta.mode());
            if meta.is_dir() {
                self.entries.push(Entry { path: place.clone(), mode, kind: Kind::Directory });
                self.collect(host, &path, &place)?;
            } else if meta.is_link() {
                self.entries.push(Entry { path: place, mode: None, kind: Kind::Link(host.link(&path)?) });
            } else if meta.is_file() {
                self.entries.push(Entry { path: place, mode, kind: Kind::File(Origin::Host(path)) });
            }
        }
        Ok(())
    }

    /// Compares the whole tree.
    pub fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        if host.stat(&self.copy.dest)?.is_some_and(|meta| !meta.is_dir()) {
            let msg = format!("cannot copy a directory to {}: it is a file", self.copy.dest.display());
            return Err(Failure::new(msg).with("dest", self.dest.as_str()));
        }
        let directory = self.directory_attributes(None).resolve(None, true)?;
        let missing = missing_directories(host, &self.root)?;
        let mut steps: Vec<Step> = missing.into_iter().map(|path| Step::Directory(path, directory.clone())).collect();
        for entry in &self.entries {
            let path = if entry.path.as_os_str().is_empty() { self.root.clone() } else { self.root.join(&entry.path) };
            match &entry.kind {
                Kind::Directory => self.inspect_directory(host, path, entry.mode, &mut steps)?,
                Kind::File(origin) => self.inspect_file(host, path, origin, entry.mode, &mut steps)?,
                Kind::Link(target) => self.inspect_link(host, path, target, &mut steps)?,
            }
        }
        let changes = Changes::when(!steps.is_empty(), Plan(steps)).with("dest", self.shown(host)?);
        let src = self.copy.src.as_ref().map(|src| json!(src.to_string_lossy()));
        let changes = src.into_iter().fold(changes, |changes, src| changes.with("src", src));
        let nothing = self.copy.remote_src.then_some(["checksum", "md5sum"]);
        Ok(nothing.into_iter().flatten().fold(changes, |changes, name| changes.with(name, Value::Null)))
    }

    /// The `dest` that the result names: of a tree of the host, the place within a directory that is there.
    fn shown(&self, host: &Reader) -> Result<String, Failure> {
        let is_there = self.copy.remote_src && host.stat(&self.copy.dest)?.is_some_and(|meta| meta.is_dir());
        let src = self.copy.src.as_deref().filter(|_| is_there).map(Path::to_string_lossy);
        let name = src.as_deref().map(|src| src.rsplit('/').next().unwrap_or_default().to_owned());
        Ok(name.map_or_else(|| self.dest.clone(), |name| self.copy.dest.join(name).to_string_lossy().into_owned()))
    }

    /// What a directory should have: the mode of its source unless one is given.
    fn directory_attributes(&self, mode: Option<u32>) -> FileArgs {
        let mode = self.copy.directory_mode.clone().or(mode.map(|mode| json!(format!("{mode:04o}"))));
        self.copy.attributes.clone().with_mode(mode)
    }

    fn inspect_directory(
        &self,
        host: &Reader,
        path: PathBuf,
        mode: Option<u32>,
        steps: &mut Vec<Step>,
    ) -> Result<(), Failure> {
        match host.stat(&path)? {
            Some(meta) if meta.is_dir() => {
                // What a source's mode is only matters to new directories.
                let attributes = self.directory_attributes(None).resolve(Some(&meta), true)?;
                set(host.resolve(path), attributes, &meta, steps);
            }
            Some(_) => return Err(in_the_way(&path, "a file")),
            None => {
                let attributes = self.directory_attributes(mode).resolve(None, true)?;
                // The root is among the missing directories already, with the attributes of those.
                steps.retain(|step| !matches!(step, Step::Directory(known, _) if *known == path));
                steps.push(Step::Directory(path, attributes));
            }
        }
        Ok(())
    }

    fn inspect_file(
        &self,
        host: &Reader,
        path: PathBuf,
        origin: &Origin,
        mode: Option<u32>,
        steps: &mut Vec<Step>,
    ) -> Result<(), Failure> {
        let is_link = self.copy.follow && host.lstat(&path)?.is_some_and(|meta| meta.is_link());
        let path = if is_link { host.resolve(path) } else { path };
        let current = host.lstat(&path)?;
        let mut wanted = self.copy.file_attributes(mode);
        match &current {
            Some(_) if !self.copy.force => return Ok(()),
            Some(meta) if meta.is_dir() => return Err(in_the_way(&path, "a directory")),
            Some(meta)
                if meta.is_file() && meta.size() == origin.size(host)? && host.sha1(&path)? == origin.sha1(host)? =>
            {
                set(path, wanted.resolve(Some(meta), false)?, meta, steps);
                return Ok(());
            }
            _ => {}
        }
        if matches!(origin, Origin::Host(_)) && wanted.mode().is_none() && current.is_none() {
            wanted = wanted.with_mode(mode.map(|mode| json!(format!("{mode:04o}"))));
        }
        let attributes = wanted.resolve(current.as_ref().filter(|meta| meta.is_file()), false)?;
        let backup = self.copy.backup && current.as_ref().is_some_and(Meta::is_file);
        steps.push(Step::Write { path, origin: origin.clone(), attributes, backup });
        Ok(())
    }

    fn inspect_link(&self, host: &Reader, path: PathBuf, target: &Path, steps: &mut Vec<Step>) -> Result<(), Failure> {
        match host.lstat(&path)? {
            Some(meta) if meta.is_link() && host.link(&path)? == target => {
                set(path, self.link_attributes()?, &meta, steps);
                return Ok(());
            }
            Some(_) if !self.copy.force => return Ok(()),
            Some(meta) if meta.is_dir() => return Err(in_the_way(&path, "a directory")),
            _ => {}
        }
        steps.push(Step::Link(target.to_owned(), path.clone()));
        let attributes = self.link_attributes()?;
        if attributes != Attributes::default() {
            steps.push(Step::Attributes(path, attributes));
        }
        Ok(())
    }

    /// Links have an owner and a group, and nothing else of their own.
    fn link_attributes(&self) -> Result<Attributes, Failure> {
        let Attributes { owner, group, .. } = self.copy.attributes.clone().with_mode(None).resolve(None, false)?;
        Ok(Attributes { owner, group, ..Attributes::default() })
    }
}

fn set(path: PathBuf, attributes: Attributes, meta: &Meta, steps: &mut Vec<Step>) {
    if attributes.differ_from(meta) {
        steps.push(Step::Attributes(path, attributes));
    }
}

fn in_the_way(path: &Path, what: &str) -> Failure {
    Failure::new(format!("cannot write {}: there is {what}", path.display()))
}

impl Plan {
    /// Makes the tree as wanted.
    pub fn apply(self, host: &mut Writer) -> Result<Fields, Failure> {
        for step in self.0 {
            match step {
                Step::Directory(path, attributes) => {
                    host.make_directory(&path)?;
                    host.set_attributes(&path, &attributes)?;
                }
                Step::Write { path, origin, attributes, backup } => {
                    if backup {
                        host.backup(&path)?;
                    }
                    let source = origin.open(host)?;
                    host.write(&path, source, &attributes)?;
                }
                Step::Link(target, path) => host.symlink(&target, &path)?,
                Step::Attributes(path, attributes) => host.set_attributes(&path, &attributes)?,
            }
        }
        Ok(Fields::new())
    }
}
