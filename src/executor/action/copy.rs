//! `copy`, `unarchive` and `uri`: a file of the controller becomes a content.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::json;
use sutler_protocol::{TreeEntry, TreeKind};

use super::{Contents, Evaluated, PrepareError, files};
use crate::{source::Diagnostic, value::Value};

/// Adds what `copy` writes: `content`, a file, or a whole directory.
pub fn add_content(arguments: &mut Evaluated, contents: &mut Contents) -> Result<(), PrepareError> {
    let is_given = |name: &str| arguments.value(name).is_some();
    if (is_given("src") || is_given("content")) && !is_given("dest") {
        return Err(Diagnostic::error("dest is required").into());
    }
    if let Some(content) = arguments.take("content") {
        if arguments.value("src").is_some() {
            return Err(Diagnostic::error("src and content are mutually exclusive").into());
        }
        let text = match &content {
            Value::Str(text) => text.to_string(),
            other => crate::output::python_json(&other.to_json()?, false),
        };
        contents.add_bytes(text.into_bytes());
        return Ok(());
    }
    if arguments.flag("remote_src").unwrap_or(false) {
        return Ok(());
    }
    let Some(src) = arguments.text("src")? else { return Ok(()) };
    let path = files::find("files", src.trim_end_matches('/'), arguments)?;
    let decrypts = decrypts(arguments);
    let unreadable = |error: std::io::Error| files::unreadable(&path, &error);
    if path.is_dir() {
        return add_tree(&path, src.ends_with('/'), arguments, contents);
    }
    contents.add_file(&path, decrypts).map_err(unreadable)?;
    contents.add_argument("_original_basename", path.file_name().unwrap_or_default().to_string_lossy().as_ref());
    let mode = path.metadata().map_err(unreadable)?.permissions().mode() & 0o7777;
    contents.add_argument("_mode", mode);
    Ok(())
}

/// A directory: a list of what is in it, every file's content by hash. With a slash at the end of
/// `src` its content is copied, without one the directory itself.
fn add_tree(
    path: &Path,
    content_only: bool,
    arguments: &Evaluated,
    contents: &mut Contents,
) -> Result<(), PrepareError> {
    let local_follow = arguments.flag("local_follow").unwrap_or(true);
    let root =
        if content_only { String::new() } else { path.file_name().unwrap_or_default().to_string_lossy().into_owned() };
    let mut entries = Vec::new();
    let how = Walk { follows: local_follow, decrypts: decrypts(arguments) };
    walk(path, &root, how, contents, &mut entries).map_err(|error| files::unreadable(path, &error))?;
    contents.add_argument("_tree", json!(entries));
    Ok(())
}

/// How a directory is walked.
#[derive(Clone, Copy)]
struct Walk {
    /// Links are followed.
    follows: bool,
    /// What encrypted files hold is copied.
    decrypts: bool,
}

/// Whether what an encrypted file holds is meant, as it is unless the task says otherwise.
fn decrypts(arguments: &Evaluated) -> bool {
    arguments.flag("decrypt").unwrap_or(true)
}

fn walk(
    path: &Path,
    relative: &str,
    how: Walk,
    contents: &mut Contents,
    entries: &mut Vec<TreeEntry>,
) -> std::io::Result<()> {
    let entry = |kind, mode| TreeEntry { path: relative.to_owned(), kind, mode, target: None, content: None };
    if !how.follows && path.is_symlink() {
        let target = std::fs::read_link(path)?.to_string_lossy().into_owned();
        entries.push(TreeEntry { target: Some(target), ..entry(TreeKind::Link, 0o777) });
        return Ok(());
    }
    let metadata = path.metadata()?;
    let mode = metadata.permissions().mode() & 0o7777;
    if metadata.is_file() {
        entries.push(TreeEntry { content: Some(contents.file(path, how.decrypts)?), ..entry(TreeKind::File, mode) });
    } else if metadata.is_dir() {
        if !relative.is_empty() {
            entries.push(entry(TreeKind::Dir, mode));
        }
        let mut children: Vec<_> = std::fs::read_dir(path)?.collect::<Result<_, _>>()?;
        children.sort_by_key(std::fs::DirEntry::file_name);
        for child in children {
            let name = child.file_name().to_string_lossy().into_owned();
            let inner = if relative.is_empty() { name } else { format!("{relative}/{name}") };
            walk(&child.path(), &inner, how, contents, entries)?;
        }
    }
    Ok(())
}

/// Adds the archive that `unarchive` unpacks, unless it is on the host already.
pub fn add_archive(arguments: &mut Evaluated, contents: &mut Contents) -> Result<(), PrepareError> {
    if arguments.flag("copy") == Some(false) || arguments.text("src")?.is_some_and(|src| src.contains("://")) {
        return Ok(());
    }
    if let Some(path) = add_file(arguments, decrypts(arguments), contents)? {
        contents.add_argument("_original_basename", path.file_name().unwrap_or_default().to_string_lossy().as_ref());
    }
    Ok(())
}

/// Adds the file that `src` means, unless it is on the host already; returns its path.
pub fn add_source(arguments: &Evaluated, contents: &mut Contents) -> Result<Option<PathBuf>, PrepareError> {
    add_file(arguments, false, contents)
}

fn add_file(arguments: &Evaluated, decrypts: bool, contents: &mut Contents) -> Result<Option<PathBuf>, PrepareError> {
    let src = arguments.text("src")?.filter(|_| !arguments.flag("remote_src").unwrap_or(false));
    let Some(src) = src else { return Ok(None) };
    let path = files::find("files", &src, arguments)?;
    contents.add_file(&path, decrypts).map_err(|error| files::unreadable(&path, &error))?;
    Ok(Some(path))
}
