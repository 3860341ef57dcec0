//! The modules in a folder by name: files in any language.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

/// The files of a folder by what they are called without their ending.
#[derive(Debug, Default)]
pub struct Listing {
    files: HashMap<String, PathBuf>,
}

impl Listing {
    /// Lists a folder; of several files with the same name one of Python counts first. A folder that is not there
    /// has none. `depth` is how deep folders in it are searched.
    pub fn read(folder: &Path, ignored: &[String], depth: usize) -> Self {
        let mut listing = Self::default();
        listing.add(folder, ignored, depth);
        listing
    }

    /// The file of a module, by its name or its old one that began with an underscore.
    pub fn file(&self, name: &str) -> Option<&PathBuf> {
        self.files.get(name).or_else(|| self.files.get(&format!("_{name}")))
    }

    fn add(&mut self, folder: &Path, ignored: &[String], depth: usize) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort_by_key(|path| (path.extension().is_none_or(|ending| ending != "py"), path.clone()));
        let (folders, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
        for file in files {
            let whole = file.file_name().unwrap_or_default().to_string_lossy();
            let name = whole.split_once('.').map_or(&*whole, |(name, _)| name).to_owned();
            if !name.is_empty() && !ignored.iter().any(|ending| whole.ends_with(ending)) {
                self.files.entry(name).or_insert(file);
            }
        }
        for folder in folders.iter().filter(|folder| depth > 0 && !folder.ends_with("__pycache__")) {
            self.add(folder, ignored, depth - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_any_language_are_modules_and_notes_are_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        for name in ["a", "b.sh", "c.md", "c.py", "d.rb", "d.py", "_old.py", "inner/e.pl"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let listing = Listing::read(folder.path(), &[".md".to_owned()], 1);
        let found = |name: &str| {
            let file = listing.file(name)?;
            Some(file.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned())
        };
        let names = ["a", "b", "c", "d", "e", "old", "f"].map(found);
        let expected = [Some("a"), Some("b.sh"), Some("c.py"), Some("d.py"), Some("inner/e.pl"), Some("_old.py"), None];
        assert_eq!(names, expected.map(|name| name.map(str::to_owned)));
    }
}
