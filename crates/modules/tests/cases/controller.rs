//! What the controller does before a module sees its arguments: files of the case stand for its own.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

/// Turns `content` and `src` into what travels to the host.
pub fn prepare(module: &str, arguments: &mut Value) -> Result<(), String> {
    let Some(arguments) = arguments.as_object_mut() else { return Ok(()) };
    let is_sent = |name: &str, sent: bool| {
        arguments.get(name).is_none_or(|value| [json!(sent), json!(if sent { "yes" } else { "no" })].contains(value))
    };
    let is_here = is_sent("remote_src", false) && is_sent("copy", true);
    if module == "copy"
        && let Some(content) = arguments.get("content")
    {
        let text = content.as_str().map_or_else(|| content.to_string(), str::to_owned);
        arguments.shift_remove("content");
        arguments.insert("_content".into(), text.into());
        return Ok(());
    }
    let src = arguments.get("src").and_then(Value::as_str).map(str::to_owned);
    let Some(src) = src.filter(|src| is_here && !src.contains("://")) else { return Ok(()) };
    match module {
        "copy" | "template" | "unarchive" | "uri" => send(module, &src, arguments),
        _ => Ok(()),
    }
}

/// Hides values of secret arguments, as the controller does where results are shown.
pub fn hide(module: &str, arguments: &Value, result: &mut Value) {
    let options = sutler_modules::find(module).map(|entry| (entry.spec)().options).unwrap_or_default();
    let secrets = options.iter().filter(|option| option.secret).filter_map(|option| arguments[option.name].as_str());
    for secret in secrets.filter(|secret| secret.len() > 3) {
        hide_text(secret, result);
    }
}

fn hide_text(secret: &str, value: &mut Value) {
    match value {
        Value::String(text) => *text = text.replace(secret, "********"),
        Value::Array(items) => items.iter_mut().for_each(|item| hide_text(secret, item)),
        Value::Object(map) => map.values_mut().for_each(|value| hide_text(secret, value)),
        _ => {}
    }
}

fn send(module: &str, src: &str, arguments: &mut Map<String, Value>) -> Result<(), String> {
    let path = PathBuf::from(src.trim_end_matches('/'));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if path.is_dir() && module == "copy" {
        let mut entries = Vec::new();
        let follow = arguments.get("local_follow") != Some(&json!(false));
        walk(&path, if src.ends_with('/') { "" } else { &name }, follow, &mut entries)?;
        arguments.insert("_tree".into(), entries.into());
        return Ok(());
    }
    let Ok(meta) = path.metadata() else { return Ok(()) };
    arguments.insert("_content".into(), content(&path)?);
    if module == "uri" {
        return Ok(());
    }
    arguments.insert("_original_basename".into(), name.into());
    if module != "unarchive" {
        arguments.insert("_mode".into(), (meta.permissions().mode() & 0o7777).into());
    }
    Ok(())
}

fn content(path: &Path) -> Result<Value, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    Ok(json!({ "asked_base64": STANDARD.encode(bytes) }))
}

fn walk(path: &Path, relative: &str, follow: bool, entries: &mut Vec<Value>) -> Result<(), String> {
    let text = |e: std::io::Error| e.to_string();
    if !follow && path.is_symlink() {
        let target = std::fs::read_link(path).map_err(text)?;
        entries.push(json!({ "path": relative, "kind": "link", "mode": 0o777, "target": target }));
        return Ok(());
    }
    let meta = path.metadata().map_err(text)?;
    let mode = meta.permissions().mode() & 0o7777;
    if meta.is_file() {
        entries.push(json!({ "path": relative, "kind": "file", "mode": mode, "content": content(path)? }));
        return Ok(());
    }
    if !relative.is_empty() {
        entries.push(json!({ "path": relative, "kind": "dir", "mode": mode }));
    }
    let mut children: Vec<_> = std::fs::read_dir(path).map_err(text)?.flatten().collect();
    children.sort_by_key(std::fs::DirEntry::file_name);
    for child in children {
        let name = child.file_name().to_string_lossy().into_owned();
        let inner = if relative.is_empty() { name } else { format!("{relative}/{name}") };
        walk(&child.path(), &inner, follow, entries)?;
    }
    Ok(())
}
