//! The list of cases that do not pass: a name per line, and lines of comment (`#`) that say why.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// The cases that do not pass, and those of them that do by now.
#[derive(Debug, Default)]
pub struct Pending {
    file: PathBuf,
    names: BTreeSet<String>,
    removed: Mutex<BTreeSet<String>>,
}

impl Pending {
    /// Reads the list of a folder; none is an empty one.
    pub fn read(folder: &Path) -> Self {
        let file = folder.join("pending.txt");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let names = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let names = names.map(str::to_owned).collect();
        Self { file, names, removed: Mutex::default() }
    }

    /// The names on it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether a case is on it.
    pub fn holds(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Takes a case off that passes; fails unless the list is to be written.
    pub fn remove(&self, name: &str) -> Result<(), String> {
        if env::var_os("PENDING").is_none() {
            return Err("passes: take it off pending.txt, or run with PENDING=1, which does so".into());
        }
        self.removed.lock().expect("no case panics while it holds the list").insert(name.to_owned());
        Ok(())
    }

    /// Writes the list without those that were taken off.
    pub fn write(&self) {
        let removed = self.removed.lock().expect("no case panics while it holds the list");
        if !removed.is_empty() {
            let text = fs::read_to_string(&self.file).expect("the list was read before");
            let left = text.lines().filter(|line| !removed.contains(*line));
            let left: String = left.map(|line| format!("{line}\n")).collect();
            fs::write(&self.file, left).expect("the list can be written");
        }
    }
}
