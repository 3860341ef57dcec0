//! Everything about a tree of files that a module could change.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs::Metadata,
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags};

/// A tree of files at one moment.
#[derive(PartialEq)]
pub struct Snapshot(BTreeMap<PathBuf, String>);

impl Snapshot {
    /// Looks at everything below `root`. Exact snapshots have times, which show writes that came
    /// to nothing.
    pub fn of(root: &Path, exact: bool) -> Self {
        let mut entries = BTreeMap::new();
        collect(root, exact, &mut entries);
        Self(entries)
    }

    /// The paths that differ, with both descriptions.
    pub fn difference(&self, other: &Self) -> Vec<String> {
        let mut paths: Vec<&PathBuf> = self.0.keys().chain(other.0.keys()).collect();
        paths.sort();
        paths.dedup();
        let shown = |entry: Option<&String>| entry.cloned().unwrap_or_else(|| "nothing".into());
        paths
            .into_iter()
            .filter(|path| self.0.get(*path) != other.0.get(*path))
            .map(|path| format!("{}: {} → {}", path.display(), shown(self.0.get(path)), shown(other.0.get(path))))
            .collect()
    }

    /// Files that a broken-off write would leave.
    pub fn leftovers(&self) -> Vec<String> {
        let hidden =
            |path: &&PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".sutler"));
        self.0.keys().filter(hidden).map(|path| format!("{} was left", path.display())).collect()
    }
}

fn collect(path: &Path, exact: bool, entries: &mut BTreeMap<PathBuf, String>) {
    let Ok(meta) = path.symlink_metadata() else { return };
    entries.insert(path.to_owned(), describe(path, &meta, exact));
    if meta.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            collect(&entry.path(), exact, entries);
        }
    }
}

/// The content of a file, whose time of last access stays what it was.
pub fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let flags = OFlags::RDONLY | OFlags::NOATIME;
    if let Ok(file) = rustix::fs::open(path, flags, Mode::empty()) {
        let _ = std::fs::File::from(file).read_to_end(&mut bytes);
    }
    bytes
}

fn describe(path: &Path, meta: &Metadata, exact: bool) -> String {
    let mut text = format!("{:o} {}:{}", meta.mode(), meta.uid(), meta.gid());
    if meta.is_symlink() {
        let _ = write!(text, " → {}", std::fs::read_link(path).unwrap_or_default().display());
    }
    if meta.is_file() {
        let _ = write!(text, " {:?}", String::from_utf8_lossy(&read(path)));
    }
    if exact {
        let _ = write!(text, " {}.{:09} {}.{:09}", meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
    }
    text
}
