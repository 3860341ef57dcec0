//! Tests on paths of the controller.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use crate::vault;

use super::super::{Arguments, TemplateError, Test, arguments::required, filter::path::expand_user};

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    let directory: Test = |arguments| path(arguments).map(|path| path.is_dir());
    let file: Test = |arguments| path(arguments).map(|path| path.is_file());
    let link: Test = |arguments| path(arguments).map(|path| path.is_symlink());
    let absolute: Test = |arguments| path(arguments).map(|path| path.is_absolute());
    let mount: Test = |arguments| path(arguments).map(|path| is_mount(&path));
    let same: Test = |arguments| {
        let [a, b] = arguments.bind(["a", "b"])?;
        let identity = |path: String| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
        let (a, b) = (required(a, "same_file", "a")?.to_str(), required(b, "same_file", "b")?.to_str());
        Ok(identity(a).is_some_and(|a| identity(b) == Some(a)))
    };
    for (names, test) in [
        (["directory", "is_dir"], directory),
        (["file", "is_file"], file),
        (["link", "is_link"], link),
        (["abs", "is_abs"], absolute),
        (["mount", "is_mount"], mount),
        (["same_file", "is_same_file"], same),
    ] {
        table.extend(names.map(|name| (name, test)));
    }
    table.extend([
        ("exists", (|arguments| path(arguments).map(|path| path.exists())) as Test),
        ("link_exists", |arguments| path(arguments).map(|path| fs::symlink_metadata(path).is_ok())),
        ("socket", |arguments| {
            path(arguments).map(|path| fs::metadata(path).is_ok_and(|found| found.file_type().is_socket()))
        }),
        ("vaulted_file", |arguments| {
            let path = path(arguments)?;
            let content = fs::read(&path).map_err(|error| {
                let text = format!("Cannot test if the file '{}' is a vault: {error}", path.display());
                TemplateError::raised("AnsibleTestPluginError", text)
            })?;
            Ok(vault::is_vault(&content))
        }),
    ]);
}

fn path(arguments: Arguments<'_>) -> Result<PathBuf, TemplateError> {
    let name = arguments.name;
    let [path] = arguments.bind(["path"])?;
    let path = required(path, name, "path")?;
    match path.as_str() {
        Some(path) => Ok(PathBuf::from(if path.starts_with('~') { expand_user(path) } else { path.to_owned() })),
        // The number of an open file, and Ansible has none open that is meant.
        None if path.as_i64().is_some() => Ok(PathBuf::new()),
        None => {
            let text = format!("the '{name}' test expects a path, not {}", path.type_name());
            Err(TemplateError::type_error(text))
        }
    }
}

fn is_mount(path: &Path) -> bool {
    let device = |path: &Path| fs::symlink_metadata(path).map(|found| (found.dev(), found.ino())).ok();
    let Some((here, inode)) = device(path) else { return false };
    match device(&path.join("..")) {
        Some((above, above_inode)) => here != above || inode == above_inode,
        None => false,
    }
}
