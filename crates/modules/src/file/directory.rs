//! `state: directory`, with everything below when asked.

use std::{
    collections::HashSet,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{File, Found, Step, times::Times};
use crate::kit::{Failure, FileArgs, Reader};

impl File {
    pub(super) fn directory(&self, host: &Reader, times: &Times) -> Result<Found, Failure> {
        let path = self.followed(host)?;
        let mut found = Found::at(&path).with("path", path.to_string_lossy().as_ref());
        match host.lstat(&path)? {
            None => {
                found.differs("state", json!("absent"), json!("directory"));
                let attributes = self.attributes.resolve(None, true)?;
                found.new_attributes(&attributes, true);
                let mut missing = missing_directories(host, &path)?;
                if path.as_os_str().is_empty() {
                    missing.push(path.clone());
                }
                for missing in missing {
                    found.steps.push(Step::MakeDirectory(missing.clone(), path.clone()));
                    found.steps.push(Step::Attributes(missing, attributes.clone()));
                }
                found.set_new_times(&path, times);
            }
            Some(meta) if meta.is_dir() => {
                found.set_attributes(&path, &self.attributes, &meta)?;
                found.set_times(&path, times, &meta);
                if self.recurse {
                    Descent { host, wanted: &self.attributes, follow: self.follow, seen: HashSet::new() }.below(
                        &path,
                        times,
                        &mut found.steps,
                    )?;
                }
            }
            Some(meta) => {
                let shown = path.to_string_lossy();
                return Err(Failure::new(format!("{shown} already exists as a {}", meta.file_state()))
                    .with("path", shown.as_ref()));
            }
        }
        Ok(found)
    }
}

/// The directories to make for `path`, outermost first; the first cannot be made where a file is in the way.
pub fn missing_directories(host: &Reader, path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut missing = Vec::new();
    let mut current = path.to_owned();
    loop {
        match host.stat(&current)? {
            Some(_) => break,
            // `a/..` and a trailing slash are not directories of their own.
            None => missing.extend(current.file_name().is_some().then(|| current.clone())),
        }
        if !current.pop() || current.as_os_str().is_empty() {
            break;
        }
    }
    missing.reverse();
    Ok(missing)
}

/// What removing a directory would remove, as Ansible's diff lists it.
pub fn content(host: &Reader, path: &Path) -> Result<Value, Failure> {
    let (mut directories, mut files) = (Vec::new(), Vec::new());
    let mut waiting = vec![path.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in host.list(&directory)? {
            let shown = entry.to_string_lossy().into_owned();
            if host.lstat(&entry)?.is_some_and(|meta| meta.is_dir()) {
                directories.push(shown);
                waiting.push(entry);
            } else {
                files.push(shown);
            }
        }
    }
    Ok(json!({ "directories": directories, "files": files }))
}

/// The way through a tree whose attributes are set.
struct Descent<'a> {
    host: &'a Reader,
    wanted: &'a FileArgs,
    follow: bool,
    /// Directories that links led to, by device and inode: links may form a circle.
    seen: HashSet<(u64, u64)>,
}

impl Descent<'_> {
    fn below(&mut self, directory: &Path, times: &Times, steps: &mut Vec<Step>) -> Result<(), Failure> {
        for path in self.host.list(directory)? {
            let Some(meta) = self.host.lstat(&path)? else { continue };
            self.one(&path, times, steps)?;
            if meta.is_link() && self.follow {
                self.target(&path, times, steps)?;
            } else if meta.is_dir() {
                self.below(&path, times, steps)?;
            }
        }
        Ok(())
    }

    fn target(&mut self, link: &Path, times: &Times, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let Some(meta) = self.host.stat(link)? else { return Ok(()) };
        if !self.seen.insert((meta.raw().dev(), meta.raw().ino())) {
            return Ok(());
        }
        let path = self.host.resolve(link);
        self.one(&path, times, steps)?;
        if meta.is_dir() { self.below(&path, times, steps) } else { Ok(()) }
    }

    fn one(&self, path: &Path, times: &Times, steps: &mut Vec<Step>) -> Result<(), Failure> {
        let Some(meta) = self.host.lstat(path)? else { return Ok(()) };
        let mut found = Found::at(path);
        found.set_attributes(path, self.wanted, &meta)?;
        found.set_times(path, times, &meta);
        steps.append(&mut found.steps);
        Ok(())
    }
}
