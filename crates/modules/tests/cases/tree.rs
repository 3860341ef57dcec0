//! What an overlay has that its image has not.

use std::{
    collections::BTreeMap,
    fs::Metadata,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};
use sutler_modules::kit::{reader::hex, users};

use crate::snapshot::read;

/// Where programs keep what is theirs: logs, caches, copies, what runs, and what the engines leave.
const APART: [&str; 35] = [
    "/case/.oracle",
    "/dev",
    "/etc/.pwd.lock",
    "/etc/group-",
    "/etc/gshadow-",
    "/etc/passwd-",
    "/etc/shadow-",
    "/etc/subgid-",
    "/etc/subuid-",
    "/proc",
    "/root/.ansible",
    "/root/.cache",
    "/root/.rpmdb",
    "/run",
    "/sys",
    "/tmp",
    "/var/cache/apt/pkgcache.bin",
    "/var/cache/apt/srcpkgcache.bin",
    "/var/cache/ldconfig",
    "/var/lib/apt/extended_states",
    "/var/lib/apt/lists/lock",
    "/var/lib/dpkg/available",
    "/var/lib/dpkg/lock",
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/triggers/Lock",
    "/var/log",
    "/var/tmp",
    "/var/lib/systemd",
    "/var/cache/debconf",
    "/var/lib/rpm",
    "/var/cache/dnf",
    "/var/lib/dnf",
    "/var/cache/zypp",
    "/var/lib/zypp",
];

/// Longer texts are told by their checksum.
const SHOWN: u64 = 4000;

/// The paths of an overlay that differ from its image, with everything a module could change.
#[derive(Clone, PartialEq)]
pub struct Tree(BTreeMap<String, Entry>);

#[derive(Clone, PartialEq)]
struct Entry {
    shown: Value,
    times: (i64, i64),
}

impl Tree {
    /// Looks at the overlay whose upper layer and image are at these paths.
    pub fn of(upper: &Path, image: &Path) -> Self {
        let mut entries = BTreeMap::new();
        walk(upper, image, &PathBuf::from("/"), &mut entries);
        Self(entries)
    }

    /// What is otherwise than `before`, by path; `(as the image has it)` where a change was taken back.
    pub fn changes_since(&self, before: &Self) -> Map<String, Value> {
        let paths: std::collections::BTreeSet<&String> = self.0.keys().chain(before.0.keys()).collect();
        let shown = |tree: &Self, path: &String| tree.0.get(path).map(|entry| entry.shown.clone());
        let changed = paths.into_iter().filter(|path| shown(self, path) != shown(before, path));
        changed.map(|path| (path.clone(), shown(self, path).unwrap_or(json!("(as the image has it)")))).collect()
    }

    /// Paths that were written to since `before`, if only to the same effect.
    pub fn touched_since(&self, before: &Self) -> Vec<String> {
        self.0.iter().filter(|(path, entry)| before.0.get(*path) != Some(entry)).map(|(path, _)| path.clone()).collect()
    }
}

fn walk(upper: &Path, image: &Path, path: &Path, entries: &mut BTreeMap<String, Entry>) {
    let relative = path.strip_prefix("/").unwrap_or(path);
    let place = upper.join(relative);
    let Ok(meta) = place.symlink_metadata() else { return };
    let shown_path = path.to_string_lossy().into_owned();
    if APART.contains(&shown_path.as_str()) || shown_path.ends_with("/__pycache__") || shown_path.ends_with("-old") {
        return;
    }
    let described = describe(&place, &meta);
    let original = image.join(relative);
    let before = original.symlink_metadata().ok().map(|meta| describe(&original, &meta));
    if before.as_ref() != Some(&described) {
        let times = if meta.is_dir() { (0, 0) } else { (meta.ctime(), meta.ctime_nsec()) };
        entries.insert(shown_path, Entry { shown: described, times });
    }
    if meta.is_dir() {
        let mut names: Vec<_> = std::fs::read_dir(&place).into_iter().flatten().flatten().collect();
        names.sort_by_key(std::fs::DirEntry::file_name);
        for name in names {
            walk(upper, image, &path.join(name.file_name()), entries);
        }
    }
}

fn describe(path: &Path, meta: &Metadata) -> Value {
    if meta.file_type().is_char_device() && meta.rdev() == 0 {
        return json!("(absent)");
    }
    let user = users::user_by_id(meta.uid()).map_or_else(|| meta.uid().to_string(), |user| user.name);
    let group = users::group_by_id(meta.gid()).map_or_else(|| meta.gid().to_string(), |group| group.name);
    let owner = format!("{user}:{group}");
    if meta.is_symlink() {
        return json!({ "link": std::fs::read_link(path).unwrap_or_default().to_string_lossy(), "owner": owner });
    }
    let mode = format!("{:04o}", meta.mode() & 0o7777);
    if meta.is_dir() {
        return json!({ "directory": mode, "owner": owner });
    }
    if !meta.is_file() {
        return json!({ "special": format!("{:o}", meta.mode()), "owner": owner });
    }
    let bytes = read(path);
    match String::from_utf8(bytes) {
        Ok(text) if meta.len() <= SHOWN => json!({ "file": mode, "owner": owner, "content": text }),
        Ok(text) => json!({ "file": mode, "owner": owner, "sha1": hex(&Sha1::digest(text.as_bytes())) }),
        Err(error) => json!({ "file": mode, "owner": owner, "sha1": hex(&Sha1::digest(error.as_bytes())) }),
    }
}
