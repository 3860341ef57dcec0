//! The directory a case works in.

use std::{
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sutler_modules::kit::users;

use crate::snapshot::read;

/// An empty directory that is removed at the end, with whatever a case mounted there or made immutable.
pub struct Directory {
    /// Its path, without symbolic links.
    pub path: PathBuf,
}

impl Directory {
    /// Makes one.
    pub fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("case-").tempdir().expect("a temporary directory");
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).expect("its mode");
        Self { path: directory.keep().canonicalize().expect("the directory is there") }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        for place in mounts.lines().rev().filter_map(|line| line.split(' ').nth(4)) {
            if Path::new(place).starts_with(&self.path) {
                let _ = Command::new("umount").arg("-l").arg(place).status();
            }
        }
        if std::fs::remove_dir_all(&self.path).is_err() {
            let _ = Command::new("chattr").args(["-R", "-f", "-i", "-a"]).arg(&self.path).output();
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Makes one thing that a case's `setup` lists, with the directories it is in.
pub fn make(directory: &Path, step: &Value) -> Result<(), String> {
    let text = |key: &str| step.get(key).and_then(Value::as_str);
    let failed = |what: &str| format!("setup of {what} failed");
    if let Some(command) = text("run") {
        return shell(directory, command);
    }
    let (kind, name) = ["dir", "file", "link", "hard"]
        .into_iter()
        .find_map(|kind| Some((kind, text(kind)?)))
        .ok_or_else(|| format!("{step} is no setup"))?;
    let path = directory.join(name);
    let to = || text("to").ok_or_else(|| format!("{name}: `to` is missing"));
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|e| format!("{}: {e}", failed(name)))?;
    }
    match kind {
        "dir" => std::fs::create_dir_all(&path),
        "link" => std::os::unix::fs::symlink(to()?, &path),
        "hard" => std::fs::hard_link(directory.join(to()?), &path),
        _ => {
            let bytes = match text("base64") {
                Some(encoded) => STANDARD.decode(encoded).map_err(|e| format!("{name}: {e}"))?,
                None => text("content").unwrap_or_default().as_bytes().to_vec(),
            };
            std::fs::write(&path, bytes)
        }
    }
    .map_err(|e| format!("{}: {e}", failed(name)))?;
    let uid = text("owner").map(|owner| users::user(owner).map_or(0, |user| user.uid));
    let gid = text("group").map(|group| users::group(group).map_or(0, |group| group.gid));
    std::os::unix::fs::lchown(&path, uid, gid).map_err(|e| format!("{}: {e}", failed(name)))?;
    if let Some(mode) = text("mode") {
        let mode = u32::from_str_radix(mode, 8).map_err(|_| failed(name))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).map_err(|_| failed(name))?;
    }
    Ok(())
}

fn shell(directory: &Path, command: &str) -> Result<(), String> {
    let output =
        Command::new("sh").args(["-ec", command]).current_dir(directory).output().map_err(|e| e.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("setup `{command}` failed: {}", String::from_utf8_lossy(&output.stderr)))
}

/// What lies at a path, as `after` describes it; `None` when there is nothing.
pub fn describe(path: &Path) -> Option<Value> {
    let meta = path.symlink_metadata().ok()?;
    let kind = match () {
        () if meta.is_symlink() => "link",
        () if meta.is_dir() => "directory",
        () if meta.is_file() => "file",
        () => "special",
    };
    let user = users::user_by_id(meta.uid()).map_or_else(|| meta.uid().to_string(), |user| user.name);
    let group = users::group_by_id(meta.gid()).map_or_else(|| meta.gid().to_string(), |group| group.name);
    let mut described = json!({
        "type": kind,
        "mode": format!("{:04o}", meta.mode() & 0o7777),
        "owner": user,
        "group": group,
        "links": meta.nlink(),
        "mtime": meta.mtime(),
        "atime": meta.atime(),
    });
    if meta.is_file() {
        let bytes = read(path);
        described["base64"] = json!(STANDARD.encode(&bytes));
        described["content"] = json!(String::from_utf8_lossy(&bytes));
    }
    if meta.is_symlink() {
        described["link"] = json!(std::fs::read_link(path).unwrap_or_default().to_string_lossy());
    }
    Some(described)
}
