//! `copy`, `unarchive` and `uri`: a file of the controller becomes a content.

use std::{
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use serde_json::{Value as Json, json};
use sutler_protocol::{TreeEntry, TreeKind};

use super::{Contents, Evaluated, PrepareError, files};
use crate::{source::Diagnostic, value::Value};

/// Adds what `copy` writes: `content`, a file, or a whole directory.
pub fn add_content(arguments: &mut Evaluated, contents: &mut Contents) -> Result<(), PrepareError> {
    let is_given = |name: &str| arguments.value(name).is_some_and(Value::is_truthy);
    let has_content = arguments.value("content").is_some();
    let is_directory = || arguments.value("dest").is_some_and(|dest| dest.to_str().ends_with('/'));
    let refused = match () {
        () if !is_given("src") && !has_content => Some("src (or content) is required"),
        () if !is_given("dest") => Some("dest is required"),
        () if is_given("src") && has_content => Some("src and content are mutually exclusive"),
        () if has_content && is_directory() => Some("can not use content with a dir as dest"),
        () => None,
    };
    if let Some(why) = refused {
        return Err(PrepareError::Returned(why));
    }
    if let Some(content) = arguments.take("content") {
        let text = match &content {
            list_or_dict @ (Value::List(_) | Value::Tuple(_) | Value::Dict(_)) => {
                crate::template::json_line(list_or_dict)?
            }
            other => other.to_str(),
        };
        contents.add_bytes(text.into_bytes());
        return Ok(());
    }
    if arguments.flag("remote_src").unwrap_or(false) {
        return Ok(());
    }
    let Some(src) = arguments.text("src")? else { return Ok(()) };
    let path = files::find("files", src.trim_end_matches('/'), arguments).map_err(|error| {
        let wording = format!("Unexpected AnsibleActionFail error: {}", error.ansible_message());
        error.worded(wording)
    })?;
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
    let how = Walk { follows: local_follow, decrypts: decrypts(arguments) };
    let mut tree = Tree { how, contents, entries: Vec::new(), above: Vec::new(), refused: None };
    if let Err(error) = tree.walk(path, &root) {
        return Err(files::unreadable(tree.refused.as_deref().unwrap_or(path), &error));
    }
    let entries = json!(tree.entries);
    contents.add_argument("_tree", entries);
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

/// A directory that is walked.
struct Tree<'a> {
    how: Walk,
    contents: &'a mut Contents,
    entries: Vec<TreeEntry>,
    /// The directories that the walk is in, by device and number.
    above: Vec<(u64, u64)>,
    /// The file that could not be read.
    refused: Option<PathBuf>,
}

impl Tree<'_> {
    /// Adds what is at a path, and below it. Links that lead nowhere, or in a circle, stay links.
    fn walk(&mut self, path: &Path, relative: &str) -> std::io::Result<()> {
        let entry = |kind, mode| TreeEntry { path: relative.to_owned(), kind, mode, target: None, content: None };
        let found = path.metadata();
        let identity = found.as_ref().ok().map(|metadata| (metadata.dev(), metadata.ino()));
        let leads_nowhere = identity.is_none_or(|identity| self.above.contains(&identity));
        if path.is_symlink() && (!self.how.follows || leads_nowhere) {
            let target = std::fs::read_link(path)?.to_string_lossy().into_owned();
            self.entries.push(TreeEntry { target: Some(target), ..entry(TreeKind::Link, 0o777) });
            return Ok(());
        }
        let metadata = found?;
        let mode = metadata.permissions().mode() & 0o7777;
        if metadata.is_file() {
            let content = self.contents.file(path, self.how.decrypts);
            let content = Some(content.inspect_err(|_| self.refused = Some(path.to_owned()))?);
            self.entries.push(TreeEntry { content, ..entry(TreeKind::File, mode) });
        } else if metadata.is_dir() {
            if !relative.is_empty() {
                self.entries.push(entry(TreeKind::Dir, mode));
            }
            let mut children: Vec<_> = std::fs::read_dir(path)?.collect::<Result<_, _>>()?;
            children.sort_by_key(|child| (child.path().is_dir(), child.file_name()));
            self.above.extend(identity);
            for child in children {
                let name = child.file_name().to_string_lossy().into_owned();
                let inner = if relative.is_empty() { name } else { format!("{relative}/{name}") };
                self.walk(&child.path(), &inner)?;
            }
            self.above.pop();
        }
        Ok(())
    }
}

/// Adds the archive that `unarchive` unpacks, unless it is on the host already.
pub fn add_archive(arguments: &mut Evaluated, contents: &mut Contents) -> Result<(), PrepareError> {
    if arguments.flag("copy") == Some(false) {
        return Ok(());
    }
    if let Some(src) = arguments.text("src")?.filter(|src| src.contains("://")) {
        if arguments.flag("remote_src").unwrap_or(false) {
            return Ok(());
        }
        let message = format!("Unsupported option, an URI src ({src}) is only supported when remote_src is True");
        return Err(Diagnostic::error(message).into());
    }
    let is_given = |name: &str| arguments.value(name).is_some();
    if !is_given("src") || !is_given("dest") {
        return Err(Diagnostic::error("src (or content) and dest are required").into());
    }
    if let Some(path) = add_file(arguments, decrypts(arguments), contents)? {
        contents.add_argument("_original_basename", path.file_name().unwrap_or_default().to_string_lossy().as_ref());
    }
    Ok(())
}

/// Adds the files that the parts of a form are, as `uri` sends it.
pub fn add_parts(arguments: &mut Evaluated, contents: &mut Contents) -> Result<(), PrepareError> {
    let is_form = arguments.text("body_format")?.is_some_and(|format| format == "form-multipart");
    if !is_form || arguments.flag("remote_src").unwrap_or(false) || arguments.value("src").is_some() {
        return Ok(());
    }
    let Some(Json::Object(mut parts)) = arguments.value("body").map(Value::to_json).transpose()? else {
        return Ok(());
    };
    for part in parts.values_mut().filter_map(Json::as_object_mut) {
        let is_content = part.get("content").is_some_and(|content| !matches!(content.as_str(), None | Some("")));
        let Some(name) = part.get("filename").and_then(Json::as_str).filter(|_| !is_content) else { continue };
        let path = files::needed(name, arguments)?;
        let content = contents.file(&path, false).map_err(|error| files::unreadable(&path, &error))?;
        part.insert("_content".into(), json!(content));
    }
    if let Some(body) = arguments.arguments.get_mut("body") {
        body.value = Value::from_json(Json::Object(parts));
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
    let path = files::needed(&src, arguments)?;
    contents.add_file(&path, decrypts).map_err(|error| files::unreadable(&path, &error))?;
    Ok(Some(path))
}
