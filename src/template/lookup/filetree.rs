//! `community.general.filetree`: what is in a folder of the controller, and in those below it.

use std::{
    collections::{HashMap, HashSet},
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
};

use sutler_modules::kit::users;

use super::super::{Arguments, Lookup, TemplateError, arguments::text};
use crate::value::{Dict, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.extend([("filetree", filetree as Lookup), ("community.general.filetree", filetree)]);
}

/// Everything below the folders of the terms; of the same relative path the first one.
fn filetree(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut tree = Tree::default();
    for term in &arguments.positional {
        let term = text(term)?;
        let (folder, name) = term.rsplit_once('/').unwrap_or(("", &term));
        let candidates = arguments.context.environment.candidates("files", folder);
        let Some(found) = candidates.iter().find(|path| path.exists()).or(candidates.last()) else { continue };
        let root = format!("{}/{name}", found.display().to_string().trim_end_matches('/'));
        tree.walk(&root, "");
    }
    Ok(tree.entries)
}

#[derive(Default)]
struct Tree {
    known: HashSet<String>,
    entries: Vec<Value>,
}

impl Tree {
    /// Adds what is in a folder, those that are folders first, in the order in which the file system has them; then
    /// what is below it. What cannot be read is left out.
    fn walk(&mut self, root: &str, below: &str) {
        let Ok(found) = fs::read_dir(Path::new(root).join(below)) else { return };
        let names = found.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let path_of = |name: String| if below.is_empty() { name } else { format!("{below}/{name}") };
        let paths = names.map(path_of);
        let (folders, others): (Vec<_>, Vec<_>) = paths.partition(|path| Path::new(root).join(path).is_dir());
        for path in folders.iter().chain(&others) {
            if !self.known.contains(path)
                && let Some(entry) = properties(root, path)
            {
                self.known.insert(path.clone());
                self.entries.push(Value::Dict(entry));
            }
        }
        for folder in folders.iter().filter(|path| !Path::new(root).join(path).is_symlink()) {
            self.walk(root, folder);
        }
    }
}

/// What an entry is; nothing for what is neither file, folder nor link.
fn properties(root: &str, path: &str) -> Option<Dict> {
    let place = Path::new(root).join(path);
    let found = fs::symlink_metadata(&place).ok()?;
    let kind = found.file_type();
    let entry = Dict::new();
    entry.insert("root", root);
    entry.insert("path", path);
    match kind {
        _ if kind.is_symlink() => {
            entry.insert("state", "link");
            entry.insert("src", fs::read_link(&place).ok()?.to_string_lossy().as_ref());
        }
        _ if kind.is_dir() => {
            entry.insert("state", "directory");
        }
        _ if kind.is_file() => {
            entry.insert("state", "file");
            entry.insert("src", place.to_string_lossy().as_ref());
        }
        _ => return None,
    }
    let (uid, gid) = (found.uid(), found.gid());
    let id = |number: u32| Value::Int(number.into());
    entry.insert("uid", id(uid));
    entry.insert("gid", id(gid));
    entry.insert("owner", users::user_by_id(uid).map_or_else(|| id(uid), |user| Value::from(user.name)));
    entry.insert("group", users::group_by_id(gid).map_or_else(|| id(gid), |group| Value::from(group.name)));
    entry.insert("mode", format!("0{:03o}", found.mode() & 0o7777));
    entry.insert("size", Value::Int(found.len() as i64));
    let time = |seconds: i64, rest: i64| Value::Float(seconds as f64 + 1e-9 * rest as f64);
    entry.insert("mtime", time(found.mtime(), found.mtime_nsec()));
    entry.insert("ctime", time(found.ctime(), found.ctime_nsec()));
    Some(entry)
}
