//! Walks directories and collects what meets the conditions.

use std::{
    collections::HashMap,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    Find,
    condition::{Conditions, Stop},
};
use crate::{
    kit::{Fields, Reader, failure::os_text, reader::normal, users},
    stat,
};

/// A search through several directories.
pub struct Search<'a> {
    find: &'a Find,
    conditions: Conditions,
    host: &'a Reader,
    files: Vec<Value>,
    examined: usize,
    skipped: Fields,
    warnings: Vec<String>,
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl<'a> Search<'a> {
    /// A search that has not begun.
    pub fn new(find: &'a Find, conditions: Conditions, host: &'a Reader) -> Self {
        Self {
            find,
            conditions,
            host,
            files: Vec::new(),
            examined: 0,
            skipped: Fields::new(),
            warnings: Vec::new(),
            users: HashMap::new(),
            groups: HashMap::new(),
        }
    }

    /// Searches a directory of the task.
    pub fn path(&mut self, path: &Path) {
        let outcome = if path.is_dir() {
            self.directory(path, 1, &mut Vec::new())
        } else {
            Err(format!("'{}' is not a directory", path.display()))
        };
        if let Err(why) = outcome {
            self.warnings.push(format!("Skipped '{}' path due to this access issue: {why}\n", path.display()));
            self.skipped.insert(path.to_string_lossy().into_owned(), json!(why));
        }
    }

    /// The return values.
    pub fn into_fields(self) -> Fields {
        let msg = match () {
            () if !self.warnings.is_empty() => "Not all paths examined, check warnings for details",
            () if self.is_full() => "Limit of matches reached",
            () => "All paths examined",
        };
        let mut fields = Fields::new();
        fields.insert("msg".into(), json!(msg));
        fields.insert("matched".into(), json!(self.files.len()));
        fields.insert("examined".into(), json!(self.examined));
        fields.insert("files".into(), json!(self.files));
        fields.insert("skipped_paths".into(), json!(self.skipped));
        if !self.warnings.is_empty() {
            fields.insert("warnings".into(), json!(self.warnings));
        }
        fields
    }

    fn is_full(&self) -> bool {
        self.conditions.limit.is_some_and(|limit| self.files.len() >= limit)
    }

    /// Searches one directory: what is in it first, then the directories in it. `above` are the
    /// directories that it lies in, so that links in a circle end.
    fn directory(&mut self, directory: &Path, level: i64, above: &mut Vec<(u64, u64)>) -> Result<(), Stop> {
        let Some((others, directories)) = self.list(directory)? else { return Ok(()) };
        self.examined += others.len() + directories.len();
        if self.find.depth.is_some_and(|depth| depth != 0 && level > depth) {
            return Ok(());
        }
        for path in others.iter().chain(&directories) {
            if self.is_full() {
                return Ok(());
            }
            self.entry(path)?;
        }
        if !self.find.recurse || self.is_full() {
            return Ok(());
        }
        for path in directories.iter().filter(|path| self.find.follow || !path.is_symlink()) {
            let Ok(meta) = path.metadata() else { continue };
            let identity = (meta.dev(), meta.ino());
            if self.is_full() || above.contains(&identity) {
                continue;
            }
            above.push(identity);
            self.directory(path, level + 1, above)?;
            above.pop();
        }
        Ok(())
    }

    /// What is in a directory, sorted, and of that the directories, those that links lead to among them.
    /// `None` when this user may not list it.
    fn list(&mut self, directory: &Path) -> Result<Option<(Vec<PathBuf>, Vec<PathBuf>)>, Stop> {
        let entries = match std::fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => {
                let number = error.raw_os_error().unwrap_or_default();
                let why = format!("[Errno {number}] {}: '{}'", os_text(&error), directory.display());
                if error.kind() != std::io::ErrorKind::PermissionDenied {
                    return Err(why);
                }
                self.skipped.insert(directory.to_string_lossy().into_owned(), json!(why));
                return Ok(None);
            }
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        Ok(Some(paths.into_iter().partition(|path| !path.is_dir())))
    }

    fn entry(&mut self, path: &Path) -> Result<(), Stop> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') && !self.find.hidden {
            return Ok(());
        }
        // It may be gone meanwhile.
        let Ok(Some(meta)) = self.host.lstat(path) else { return Ok(()) };
        if !self.conditions.hold(self.find, self.host, &name, path, &meta)? {
            return Ok(());
        }
        let mut found = Fields::new();
        found.insert("path".into(), json!(normal(path).to_string_lossy()));
        stat::describe(&mut found, &meta);
        let user =
            self.users.entry(meta.uid()).or_insert_with_key(|uid| name_of(users::user_by_id(*uid).map(|u| u.name)));
        found.insert("pw_name".into(), json!(user));
        let group =
            self.groups.entry(meta.gid()).or_insert_with_key(|gid| name_of(users::group_by_id(*gid).map(|g| g.name)));
        found.insert("gr_name".into(), json!(group));
        if self.find.get_checksum && meta.is_file() {
            let checksum = self.find.checksum_algorithm.of_file(self.host, path).map_err(|failure| failure.msg)?;
            found.insert("checksum".into(), json!(checksum));
        }
        self.files.push(found.into());
        Ok(())
    }
}

/// The name of an owner; nothing when nobody has the id.
fn name_of(name: Option<String>) -> String {
    name.unwrap_or_default()
}
