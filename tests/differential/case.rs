//! A case: a playbook whose first lines say how it is run.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The line that says how a case is run.
const COMMAND: &str = "# $ ";
/// The line that says that hosts do not wait for each other.
const EACH_HOST: &str = "# compare: each host";

/// A playbook and how it is run.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its path below the folder of all cases, without extension.
    pub name: String,
    /// The playbook.
    pub path: PathBuf,
    /// The commands, run one after the other in a copy of its folder.
    pub commands: Vec<String>,
    /// Whether what each host did is compared by itself, as tasks have no common order.
    pub is_by_host: bool,
}

impl Case {
    /// The cases below a folder, sorted by name.
    pub fn all(folder: &Path) -> Vec<Self> {
        let files = files(folder).into_iter().filter(|file| file.extension().is_some_and(|end| end == "yml"));
        files.filter_map(|file| Self::read(folder, file)).collect()
    }

    /// The names of the expected results below a folder.
    pub fn expectations(folder: &Path) -> Vec<String> {
        let texts = files(folder).into_iter().filter(|file| {
            let is_text = file.extension().is_some_and(|end| end == "txt");
            is_text && fs::read_to_string(file).is_ok_and(|text| text.starts_with("$ "))
        });
        texts.map(|file| name(folder, &file)).collect()
    }

    /// The file that holds what has to come of it.
    pub fn expectation(&self) -> PathBuf {
        self.path.with_extension("txt")
    }

    /// The folder that it is run in a copy of.
    pub fn folder(&self) -> &Path {
        self.path.parent().expect("a file lies in a folder")
    }

    /// The files of its folder, sorted.
    pub fn files(&self) -> Vec<PathBuf> {
        files(self.folder())
    }

    fn read(folder: &Path, path: PathBuf) -> Option<Self> {
        let text = fs::read_to_string(&path).ok()?;
        let head = || text.lines().take_while(|line| line.starts_with('#'));
        let commands: Vec<String> = head().filter_map(|line| line.strip_prefix(COMMAND)).map(str::to_owned).collect();
        let is_by_host = head().any(|line| line == EACH_HOST);
        (!commands.is_empty()).then(|| Self { name: name(folder, &path), path, commands, is_by_host })
    }
}

fn name(folder: &Path, file: &Path) -> String {
    let below = file.strip_prefix(folder).unwrap_or(file);
    below.with_extension("").to_string_lossy().into_owned()
}

/// All files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).expect("the folder of cases can be read");
        for path in entries.map(|entry| entry.expect("the folder of cases can be read").path()) {
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
