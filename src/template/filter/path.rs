//! Filters on paths, POSIX and Windows.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::super::{
    Arguments, Filter, TemplateError,
    arguments::{required, text_or},
};
use crate::value::{Str, Value};

pub(super) fn register(table: &mut HashMap<&'static str, Filter>) {
    table.extend([
        ("basename", (|arguments| with_path(arguments, |path| Value::from(split(path).1))) as Filter),
        ("dirname", |arguments| with_path(arguments, |path| Value::from(split(path).0))),
        ("expanduser", |arguments| with_path(arguments, |path| expand_user(path).into())),
        ("expandvars", |arguments| with_path(arguments, |path| expand_vars(path).into())),
        ("realpath", |arguments| with_path(arguments, |path| real_path(path).into())),
        ("normpath", |arguments| with_path(arguments, |path| normalize(path).into())),
        ("splitext", |arguments| {
            with_path(arguments, |path| {
                let (stem, extension) = split_extension(path);
                Value::Tuple([Value::from(stem), Value::from(extension)].into())
            })
        }),
        ("path_join", path_join),
        ("community.general.path_join", path_join),
        ("relpath", relpath),
        ("commonpath", commonpath),
        ("win_basename", |arguments| with_path(arguments, |path| Value::from(win_split(path).1))),
        ("win_dirname", |arguments| with_path(arguments, |path| Value::from(win_split(path).0))),
        ("win_splitdrive", |arguments| {
            with_path(arguments, |path| {
                let at = if path.as_bytes().get(1) == Some(&b':') { 2 } else { win_share_length(path) };
                Value::Tuple([Value::from(&path[..at]), Value::from(&path[at..])].into())
            })
        }),
        ("fileglob", |arguments| {
            with_path(arguments, |pattern| glob_files(pattern).into_iter().map(Value::from).collect())
        }),
    ]);
}

fn path_text(path: &Value) -> Result<Str, TemplateError> {
    text_or(path, "expected str, bytes or os.PathLike object")
}

fn with_path(arguments: Arguments<'_>, make: impl FnOnce(&str) -> Value) -> Result<Value, TemplateError> {
    let name = arguments.name;
    let [path] = arguments.bind(["path"])?;
    Ok(make(&path_text(&required(path, name, "path")?)?))
}

/// Directory and name, as Python's `os.path.split`.
fn split(path: &str) -> (&str, &str) {
    let at = path.rfind('/').map_or(0, |at| at + 1);
    let (head, tail) = path.split_at(at);
    let trimmed = head.trim_end_matches('/');
    (if trimmed.is_empty() { head } else { trimmed }, tail)
}

/// How long the host and share are that a path begins with (`\\\\host\\share`).
fn win_share_length(path: &str) -> usize {
    let is_slash = |c: char| matches!(c, '/' | '\\');
    let Some(rest) = path.strip_prefix(is_slash).and_then(|rest| rest.strip_prefix(is_slash)) else { return 0 };
    let Some(host) = rest.find(is_slash).filter(|host| *host > 0) else { return 0 };
    let share = &rest[host + 1..];
    2 + host + 1 + share.find(is_slash).unwrap_or(share.len())
}

fn win_split(path: &str) -> (&str, &str) {
    let at = path.rfind(['/', '\\']).map_or(0, |at| at + 1);
    let (head, tail) = path.split_at(at);
    let trimmed = head.trim_end_matches(['/', '\\']);
    (if trimmed.is_empty() || trimmed.ends_with(':') { head } else { trimmed }, tail)
}

fn split_extension(path: &str) -> (&str, &str) {
    let name_at = path.rfind('/').map_or(0, |at| at + 1);
    let name = &path[name_at..];
    let leading = name.len() - name.trim_start_matches('.').len();
    match name[leading..].rfind('.') {
        Some(at) => path.split_at(name_at + leading + at),
        None => (path, ""),
    }
}

/// `~` and `~user` as home directories; users are read from `/etc/passwd`.
pub(in crate::template) fn expand_user(path: &str) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_owned() };
    let (user, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let home = if user.is_empty() {
        std::env::var("HOME").ok()
    } else {
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        passwd.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            (fields.first() == Some(&user)).then(|| fields.get(5).map(|home| (*home).to_owned())).flatten()
        })
    };
    home.map_or_else(|| path.to_owned(), |home| format!("{}{rest}", home.trim_end_matches('/')))
}

fn expand_vars(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, length) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        match std::env::var(name) {
            Ok(value) if !name.is_empty() => out.push_str(&value),
            _ => out.push_str(&rest[at..at + 1 + length]),
        }
        rest = &after[length..];
    }
    out + rest
}

/// A path without `.`, `..` and double slashes, as Python's `os.path.normpath`.
pub(in crate::template) fn normalize(path: &str) -> String {
    let root = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if !root.is_empty() => {}
            part => parts.push(part),
        }
    }
    let joined = format!("{root}{}", parts.join("/"));
    if joined.is_empty() { ".".to_owned() } else { joined }
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') {
        return normalize(path);
    }
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    normalize(&format!("{}/{path}", here.display()))
}

/// The path with symbolic links followed as far as it exists.
fn real_path(path: &str) -> String {
    let path = absolute(path);
    let mut missing: Vec<String> = Vec::new();
    let mut existing = Path::new(&path);
    loop {
        if let Ok(real) = existing.canonicalize() {
            let rest: Vec<String> = missing.into_iter().rev().collect();
            return normalize(&real.join(rest.join("/")).display().to_string());
        }
        match (existing.parent(), existing.file_name()) {
            (Some(parent), Some(name)) => {
                missing.push(name.to_string_lossy().into_owned());
                existing = parent;
            }
            _ => return path,
        }
    }
}

fn path_join(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [parts] = arguments.bind(["paths"])?;
    let parts = match required(parts, "path_join", "paths")? {
        Value::Str(path) => vec![Value::Str(path)],
        list @ (Value::List(_) | Value::Tuple(_) | Value::Object(_)) => list.iter()?,
        other => {
            let text = format!("|path_join expects string or sequence, got <class '{}'> instead.", other.type_name());
            return Err(TemplateError::type_error(text));
        }
    };
    if parts.is_empty() {
        return Err(TemplateError::type_error("join() missing 1 required positional argument: 'a'"));
    }
    let mut path = String::new();
    for part in &parts {
        let part = path_text(part)?;
        if part.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(&part);
    }
    Ok(path.into())
}

fn relpath(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [path, start] = arguments.bind(["path", "start"])?;
    let path = path_text(&required(path, "relpath", "path")?)?;
    if path.is_empty() {
        return Err(TemplateError::value_error("no path specified"));
    }
    let path = absolute(&path);
    let start = absolute(&start.map_or_else(|| Ok(Str::from(".")), |start| path_text(&start))?);
    let parts =
        |path: &str| -> Vec<String> { path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect() };
    let (path, start) = (parts(&path), parts(&start));
    let common = path.iter().zip(&start).take_while(|(a, b)| a == b).count();
    let mut relative = vec!["..".to_owned(); start.len() - common];
    relative.extend_from_slice(&path[common..]);
    Ok(if relative.is_empty() { Value::from(".") } else { relative.join("/").into() })
}

fn commonpath(arguments: Arguments<'_>) -> Result<Value, TemplateError> {
    let [paths] = arguments.bind(["paths"])?;
    let mut common: Option<(bool, Vec<String>)> = None;
    let paths = required(paths, "commonpath", "paths")?;
    if !matches!(paths, Value::List(_) | Value::Tuple(_) | Value::Object(_)) {
        let text = format!("|commonpath expects sequence, got <class '{}'> instead.", paths.type_name());
        return Err(TemplateError::type_error(text));
    }
    for path in paths.iter()? {
        let path = path_text(&path)?;
        let parts: Vec<String> =
            path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
        common = Some(match common {
            None => (path.starts_with('/'), parts),
            Some((rooted, _)) if rooted != path.starts_with('/') => {
                return Err(TemplateError::value_error("Can't mix absolute and relative paths"));
            }
            Some((rooted, mut known)) => {
                let length = known.iter().zip(&parts).take_while(|(a, b)| a == b).count();
                known.truncate(length);
                (rooted, known)
            }
        });
    }
    let Some((rooted, parts)) = common else {
        return Err(TemplateError::value_error("commonpath() arg is an empty sequence"));
    };
    Ok(format!("{}{}", if rooted { "/" } else { "" }, parts.join("/")).into())
}

/// The files, not directories, that a shell pattern matches, sorted.
pub(in crate::template) fn glob_files(pattern: &str) -> Vec<String> {
    let Ok(paths) = glob::glob(pattern) else { return Vec::new() };
    paths.flatten().filter(|path| path.is_file()).map(|path| path.display().to_string()).collect()
}
