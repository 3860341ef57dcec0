//! Many files at once: a tree that the controller sent, or one of the host.

use std::path::{Path, PathBuf};

use rustix::io::Errno;
use serde_json::{Value, json};
use sutler_protocol::{TreeEntry, TreeKind};

use super::{
    Copy,
    one::{self, Origin},
};
use crate::{
    file::missing_directories,
    kit::{
        Changes, Diff, Failure, Fields, FileArgs, Meta, Reader, Writer, checksum::Algorithm, failure::errno,
        file_args::Attributes,
    },
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
pub struct Plan {
    steps: Vec<Step>,
    /// Whether the result is about the only file of the tree.
    is_about_file: bool,
}

enum Step {
    Directory(PathBuf, Attributes),
    Write {
        path: PathBuf,
        origin: Origin,
        attributes: Attributes,
        backup: bool,
        validate: Option<String>,
    },
    Link(PathBuf, PathBuf),
    Attributes(PathBuf, Attributes),
    /// Times and extended attributes of a source.
    Resemble(PathBuf, PathBuf),
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
        let mut tree = Self { copy, root: copy.dest.clone(), dest, entries: entries.collect() };
        tree.forget_empty_root();
        tree
    }

    /// A directory with nothing in it is not copied.
    fn forget_empty_root(&mut self) {
        let src = self.copy.src.as_deref().filter(|src| !src.to_string_lossy().ends_with('/'));
        let [Entry { path, kind: Kind::Directory, .. }] = &self.entries[..] else { return };
        if src.and_then(Path::file_name) == Some(path.as_os_str()) {
            self.entries.clear();
        }
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
        if let Some(known) = self.known_beforehand(host)? {
            return Ok(known);
        }
        if host.stat(&self.copy.dest)?.is_some_and(|meta| !meta.is_dir()) {
            return Err(self.not_over_a_file());
        }
        if let Some(parent) = self.copy.dest.parent().filter(|parent| !parent.as_os_str().is_empty())
            && self.copy.remote_src
            && !self.dest.ends_with('/')
            && !host.may_come()
            && host.stat(parent)?.is_none()
        {
            return Err(Failure::new(format!("Destination directory {} does not exist", parent.display())));
        }
        let directory = self.directory_attributes(None).resolve(None, true)?;
        let missing = if self.entries.is_empty() { Vec::new() } else { missing_directories(host, &self.root)? };
        let mut steps: Vec<Step> = missing.into_iter().map(|path| Step::Directory(path, directory.clone())).collect();
        for entry in &self.entries {
            let path = self.place(entry);
            match &entry.kind {
                Kind::Directory => self.inspect_directory(host, path, entry.mode, &mut steps)?,
                Kind::File(origin) => self.inspect_file(host, path, origin, entry.mode, &mut steps)?,
                Kind::Link(target) => self.inspect_link(host, path, target, &mut steps)?,
            }
        }
        let dest = self.shown(host)?;
        if let Some(src) = self.copy.src.as_deref().filter(|_| self.copy.remote_src) {
            self.inspect_new(host, src, &mut steps)?;
            if host.exists(&self.root) && self.link_attributes()? != Attributes::default() {
                self.inspect_others(host, &self.root, &mut steps)?;
            }
            self.inspect_mode(host, &dest, &mut steps)?;
        }
        let single = if self.copy.remote_src { None } else { self.single(host)? };
        let plan = Plan { steps, is_about_file: single.is_some() };
        let changes = self.named(Changes::when(!plan.steps.is_empty(), plan)).with("dest", dest);
        if let Some(Changes { fields, diff, .. }) = single {
            let mut changes = changes.with_all(fields);
            changes.diff.extend(diff);
            return Ok(changes);
        }
        if let Some((path, target)) = self.last_link() {
            let diff = link_diff(host, &path, target)?;
            let mut changes = changes.with("dest", text(&path)).with("src", text(target));
            changes.diff.extend(diff);
            return Ok(changes);
        }
        let nothing = self.copy.remote_src.then_some(["checksum", "md5sum"]);
        Ok(nothing.into_iter().flatten().fold(changes, |changes, name| changes.with(name, Value::Null)))
    }

    fn place(&self, entry: &Entry) -> PathBuf {
        if entry.path.as_os_str().is_empty() { self.root.clone() } else { self.root.join(&entry.path) }
    }

    /// What is in new directories of a tree of the host, and these themselves, have the times of their sources.
    fn inspect_new(&self, host: &Reader, src: &Path, steps: &mut Vec<Step>) -> Result<(), Failure> {
        for entry in self.entries.iter().rev() {
            let path = self.place(entry);
            let directory = match entry.kind {
                Kind::Directory => Some(path.as_path()),
                Kind::File(_) => path.parent(),
                Kind::Link(_) => None,
            };
            if let Some(directory) = directory
                && host.stat(directory)?.is_none()
            {
                steps.push(Step::Resemble(path.clone(), src.join(&entry.path)));
            }
        }
        Ok(())
    }

    /// The owner and the group are those of all that is in a directory of the host, also of what is not copied.
    fn inspect_others(&self, host: &Reader, directory: &Path, steps: &mut Vec<Step>) -> Result<(), Failure> {
        for path in host.list(directory)? {
            let Some(meta) = host.lstat(&path)? else { continue };
            if meta.is_dir() {
                self.inspect_others(host, &path, steps)?;
            }
            set(path, self.link_attributes()?, &meta, steps);
        }
        Ok(())
    }

    /// What is said of the file, when there is one and nothing else to copy: then the result is about it.
    fn single(&self, host: &Reader) -> Result<Option<Changes<one::Plan>>, Failure> {
        let mut others = self.entries.iter().filter(|entry| !matches!(entry.kind, Kind::Directory));
        let (Some(entry), None) = (others.next(), others.next()) else { return Ok(None) };
        let Kind::File(origin) = &entry.kind else { return Ok(None) };
        let is_leaf = |directory: &Entry| !entry.path.starts_with(&directory.path);
        if self.entries.iter().any(|directory| matches!(directory.kind, Kind::Directory) && is_leaf(directory)) {
            return Ok(None);
        }
        let mut wanted = self.copy.wanted(origin.clone(), None, entry.mode);
        let src = self.copy.src.clone().unwrap_or_default();
        let from = if src.to_string_lossy().ends_with('/') { Some(src.as_path()) } else { src.parent() };
        wanted.src = from.map(|from| from.join(&entry.path).to_string_lossy().into_owned());
        wanted.dest = self.root.join(&entry.path);
        wanted.inspect(host).map(Some)
    }

    /// The link that comes last: the result is about it when there is one file beside links.
    fn last_link(&self) -> Option<(PathBuf, &Path)> {
        let files = self.entries.iter().filter(|entry| matches!(entry.kind, Kind::File(_))).count();
        self.entries.iter().rev().filter(|_| files == 1 && !self.copy.remote_src).find_map(|entry| match &entry.kind {
            Kind::Link(target) => Some((self.root.join(&entry.path), target.as_path())),
            _ => None,
        })
    }

    /// A file is in the way of the whole tree, in Ansible's words.
    fn not_over_a_file(&self) -> Failure {
        let dest = self.copy.dest.display();
        let failure = match self.copy.src.as_deref().filter(|_| self.copy.remote_src) {
            Some(src) => {
                let (src, why) = (src.display(), errno(&Errno::NOTDIR.into(), &src.to_string_lossy()));
                Failure::new(format!("Could not replace '{dest}' with b'{src}': {why} -> b'{dest}'")).uncaught()
            }
            None => Failure::new(format!("cannot copy a directory to {dest}: it is a file")),
        };
        failure.with("dest", self.dest.as_str())
    }

    /// A tree of the host goes nowhere without `force` when its place is taken; and check mode looks no further
    /// when the directory has to be made that `dest` says there is.
    fn known_beforehand(&self, host: &Reader) -> Result<Option<Changes<Plan>>, Failure> {
        let dest = self.shown(host)?;
        if !self.copy.remote_src {
            return Ok(None);
        }
        if !self.copy.force && host.exists(Path::new(&dest)) {
            let changes = self.named(Changes::none());
            return Ok(Some(changes.with("msg", "file already exists").with("dest", dest)));
        }
        if host.mode().check && self.dest.ends_with('/') && !host.exists(&self.copy.dest) {
            let msg = format!("dest directory {} would be created", self.dest.trim_end_matches('/'));
            return Ok(Some(
                self.named(Changes::of(Plan { steps: Vec::new(), is_about_file: false })).with("msg", msg),
            ));
        }
        Ok(None)
    }

    /// The changes with the source's name.
    fn named(&self, changes: Changes<Plan>) -> Changes<Plan> {
        match &self.copy.src {
            Some(src) => changes.with("src", json!(src.to_string_lossy())),
            None => changes,
        }
    }

    /// Of a tree of the host, `mode` is that of the directory that the result names: what is in it keeps its own.
    fn inspect_mode(&self, host: &Reader, dest: &str, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let path = PathBuf::from(dest.trim_end_matches('/'));
        let current = host.stat(&path)?;
        let source = self.copy.src.as_ref().map(|src| host.stat(src)).transpose()?.flatten();
        let wanted = self.copy.file_attributes(source.as_ref().map(Meta::mode)).resolve(current.as_ref(), true)?;
        let attributes = Attributes { mode: wanted.mode, ..Attributes::default() };
        match &current {
            Some(meta) => set(path, attributes, meta, steps),
            None if attributes.mode.is_some() => steps.push(Step::Attributes(path, attributes)),
            None => {}
        }
        Ok(())
    }

    /// The `dest` that the result names: of a tree of the host, the place within a directory that is there.
    fn shown(&self, host: &Reader) -> Result<String, Failure> {
        let is_directory = host.stat(&self.copy.dest)?.is_some_and(|meta| meta.is_dir());
        let is_there = self.copy.remote_src && (self.dest.ends_with('/') || is_directory);
        let src = self.copy.src.as_deref().filter(|_| is_there).map(Path::to_string_lossy);
        let name = src.as_deref().map(|src| src.rsplit('/').next().unwrap_or_default().to_owned());
        Ok(name.map_or_else(|| self.dest.clone(), |name| self.copy.dest.join(name).to_string_lossy().into_owned()))
    }

    /// What a directory should have: the mode of its source, unless one is given for a tree that was sent.
    fn directory_attributes(&self, mode: Option<u32>) -> FileArgs {
        let given = self.copy.directory_mode.clone().filter(|_| !self.copy.remote_src);
        let mode = given.or(mode.map(|mode| json!(format!("{mode:04o}"))));
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
        let is_sent = matches!(origin, Origin::Content(_));
        let mut wanted =
            if is_sent { self.copy.file_attributes(mode) } else { self.copy.attributes.clone().with_mode(None) };
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
        if !is_sent {
            wanted = wanted.with_mode(mode.map(|mode| json!(format!("{mode:04o}"))));
        }
        let attributes = wanted.resolve(current.as_ref().filter(|meta| meta.is_file()), false)?;
        let backup = self.copy.backup && current.as_ref().is_some_and(Meta::is_file);
        let validate = self.copy.validate.clone().filter(|_| is_sent);
        steps.push(Step::Write { path, origin: origin.clone(), attributes, backup, validate });
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

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// What making a link changes, as `file` says it.
fn link_diff(host: &Reader, path: &Path, target: &Path) -> Result<Option<Diff>, Failure> {
    let current = host.lstat(path)?;
    let (mut before, mut after) = (json!({ "path": text(path) }), json!({ "path": text(path) }));
    match current.filter(Meta::is_link) {
        Some(_) if host.link(path)? == target => return Ok(None),
        Some(_) => (before["src"], after["src"]) = (json!(text(&host.link(path)?)), json!(text(target))),
        None => {
            let state = host.lstat(path)?.as_ref().map_or("absent", Meta::file_state);
            (before["state"], after["state"]) = (json!(state), json!("link"));
        }
    }
    Ok(Some(Diff::new(before, after)))
}

fn in_the_way(path: &Path, what: &str) -> Failure {
    Failure::new(format!("cannot write {}: there is {what}", path.display()))
}

impl Plan {
    /// Makes the tree as wanted.
    pub fn apply(self, host: &mut Writer) -> Result<Fields, Failure> {
        let mut fields = Fields::new();
        for step in self.steps {
            match step {
                Step::Directory(path, attributes) => {
                    host.make_directory(&path)?;
                    host.set_attributes(&path, &attributes)?;
                }
                Step::Write { path, origin, attributes, backup, validate } => {
                    let source = origin.open(host)?;
                    let staged = host.stage(&path, source)?;
                    if let Some(command) = validate {
                        let sha1 = origin.sha1(host)?;
                        one::validate(host, staged.path(), &command, &attributes)
                            .map_err(|failure| failure.with("checksum", sha1))?;
                    }
                    if backup {
                        host.backup(&path)?;
                    }
                    host.commit(staged, &attributes)?;
                    if self.is_about_file {
                        fields.insert("md5sum".into(), json!(Algorithm::Md5.of_file(host, &path)?));
                    }
                }
                Step::Link(target, path) => host.symlink(&target, &path)?,
                Step::Attributes(path, attributes) => host.set_attributes(&path, &attributes)?,
                Step::Resemble(path, source) => host.resemble(&path, &source)?,
            }
        }
        Ok(fields)
    }
}
