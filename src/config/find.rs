//! Which `ansible.cfg` counts.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::source::Diagnostic;

use super::Surroundings;

/// The first that is there of `ANSIBLE_CONFIG`, `ansible.cfg` in the current folder unless everybody may
/// write into it, `~/.ansible.cfg` and `/etc/ansible/ansible.cfg`; with a warning for a folder like that.
pub fn find(around: &Surroundings) -> (Option<PathBuf>, Option<Diagnostic>) {
    let mut warning = None;
    let here = around.folder.join("ansible.cfg");
    let named = around.variable("ANSIBLE_CONFIG").map(|text| {
        let path = around.path(text, Path::new(""));
        if path.is_dir() { path.join("ansible.cfg") } else { path }
    });
    let open = fs::metadata(&around.folder).is_ok_and(|folder| folder.permissions().mode() & 0o002 != 0);
    if open && here.exists() && named.as_ref() != Some(&here) {
        warning = Some(open_folder(&around.folder));
    }
    let candidates = [
        named,
        (!open).then_some(here),
        Some(around.path("~/.ansible.cfg", Path::new(""))),
        Some(PathBuf::from("/etc/ansible/ansible.cfg")),
    ];
    (candidates.into_iter().flatten().find(|path| path.is_file()), warning)
}

fn open_folder(folder: &Path) -> Diagnostic {
    let text = format!("everybody may write into `{}`, so its `ansible.cfg` is not read", folder.display());
    Diagnostic::warning(text).help("`chmod o-w .`, or name the file in the environment variable ANSIBLE_CONFIG")
}
