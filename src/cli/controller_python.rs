//! The Python that a user of the controller would start: playbooks name it as `ansible_playbook_python`.

use std::{env, os::unix::fs::PermissionsExt, path::PathBuf};

/// What it is called where there is none: tasks that start it say which program is missing.
const USUAL: &str = "/usr/bin/python3";

/// The first `python3` of `PATH`. No Python is needed to run sutler, and none is started to find this one.
pub fn path() -> PathBuf {
    let folders = env::var_os("PATH").unwrap_or_default();
    let is_program = |path: &PathBuf| {
        path.is_absolute()
            && path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    env::split_paths(&folders).map(|folder| folder.join("python3")).find(is_program).unwrap_or_else(|| USUAL.into())
}
