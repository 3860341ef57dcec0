//! Tests on paths of the controller.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use crate::{value::Value, vault};

use super::super::{
    Arguments, TemplateError, Test, arguments::required, environment::short_name, filter::path::expand_user,
};

pub(super) fn register(table: &mut HashMap<&'static str, Test>) {
    let directory: Test = |arguments| path(arguments).map(|path| path.is_dir());
    let file: Test = |arguments| path(arguments).map(|path| path.is_file());
    let link: Test = |arguments| path(arguments).map(|path| path.is_symlink());
    let absolute: Test = |arguments| path(arguments).map(|path| path.is_absolute());
    let mount: Test = |arguments| path(arguments).map(|path| is_mount(&path));
    let same: Test = |arguments| {
        let [a, b] = arguments.bind(["a", "b"])?;
        let (a, b) = (required(a, "same_file", "a")?, required(b, "same_file", "b")?);
        Ok(identity(&a)? == identity(&b)?)
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

/// What tells a file from all others.
fn identity(path: &Value) -> Result<(u64, u64), TemplateError> {
    let Value::Str(path) = path else {
        let found = path.type_name();
        let text = format!("stat: path should be string, bytes, os.PathLike or integer, not {found}");
        return Err(TemplateError::type_error(text));
    };
    let found = fs::metadata(&**path).map_err(|_| {
        TemplateError::raised("FileNotFoundError", format!("[Errno 2] No such file or directory: '{path}'"))
    })?;
    Ok((found.dev(), found.ino()))
}

fn path(arguments: Arguments<'_>) -> Result<PathBuf, TemplateError> {
    let name = arguments.name;
    let [path] = arguments.bind(["path"])?;
    let path = required(path, name, "path")?;
    match path.as_str() {
        Some(path) => Ok(PathBuf::from(if path.starts_with('~') { expand_user(path) } else { path.to_owned() })),
        None if path.as_i64().is_some() && !takes_numbers(name) => {
            Err(TemplateError::type_error(format!("{}, not {}", wanted(name), path.type_name())))
        }
        // The number of an open file, and Ansible has none open that is meant.
        None if path.as_i64().is_some() => Ok(PathBuf::new()),
        None => Err(TemplateError::type_error(format!("{}, not {}", wanted(name), path.type_name()))),
    }
}

/// What Python says that it takes there.
fn wanted(test: &str) -> &'static str {
    match short_name(test) {
        "abs" | "is_abs" => "expected str, bytes or os.PathLike object",
        "link" | "is_link" | "link_exists" | "mount" | "is_mount" => {
            "lstat: path should be string, bytes or os.PathLike"
        }
        _ => "stat: path should be string, bytes, os.PathLike or integer",
    }
}

/// Whether Python takes the number of an open file for a path there.
fn takes_numbers(test: &str) -> bool {
    !["abs", "is_abs", "link", "is_link", "mount", "is_mount"].contains(&short_name(test))
}

fn is_mount(path: &Path) -> bool {
    let device = |path: &Path| fs::symlink_metadata(path).map(|found| (found.dev(), found.ino())).ok();
    let Some((here, inode)) = device(path) else { return false };
    match device(&path.join("..")) {
        Some((above, above_inode)) => here != above || inode == above_inode,
        None => false,
    }
}
