//! `import_playbook`: the plays of another file.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Condition, Play, StaticNames,
    keywords::{Vars, read_vars, words},
    load::{Loading, read_plays},
};
use crate::source::{Diagnostic, Entry, Node, SourceFile, Spanned, nearest};

const NAMES: [&str; 3] = ["import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook"];
const KEYWORDS: [&str; 4] = ["name", "tags", "vars", "when"];

/// The entry that makes a play an import.
pub fn key(node: &Node) -> Option<&Entry> {
    node.as_map()?.iter().find(|entry| entry.key.as_str().is_some_and(|key| NAMES.contains(&key)))
}

/// Reads what is imported.
pub fn read(node: &Node, import: &Entry, file: &Path, loading: &mut Loading) -> Vec<Arc<Play>> {
    for entry in node.as_map().unwrap_or_default() {
        let name = entry.key.as_str().unwrap_or_default();
        if !KEYWORDS.contains(&name) && !NAMES.contains(&name) {
            let error = Diagnostic::error(format!("`{name}` is not a keyword of an import")).at(&entry.key.span);
            loading.error(match nearest(name, KEYWORDS) {
                Some(meant) => error.help(format!("did you mean `{meant}`?")),
                None => error.help("an import of a playbook takes `name`, `tags`, `vars` and `when`"),
            });
        }
    }
    let Some(text) = import.value.as_str().filter(|text| !text.trim().is_empty()) else {
        loading.error(Diagnostic::error("`import_playbook` needs the name of a file").at(&import.value.span));
        return Vec::new();
    };
    let vars = node.get("vars").and_then(|vars| read_vars(vars, "PlaybookInclude", loading)).unwrap_or_default();
    let Some(name) = file_name(text, import, &vars, loading) else { return Vec::new() };
    let Some(path) = find(&name, file, loading) else { return Vec::new() };
    let conditions = node.get("when").map(|when| Condition::read(when, loading)).unwrap_or_default();
    let tags = node.get("tags").map(words).unwrap_or_default();
    if !loading.enter(&path, &import.value.span) {
        return Vec::new();
    }
    let around = Arc::clone(&loading.project);
    let directory = path.parent().unwrap_or(Path::new("")).to_owned();
    loading.project = Arc::new(around.in_directory(directory));
    let imports = Imports { vars, tags, conditions };
    let outer = loading.imports.clone();
    loading.imports.push(Arc::new(imports));
    let plays = match SourceFile::read(&path) {
        Ok(file) => read_plays(&file, loading),
        Err(error) => {
            loading.error(error.at(&import.value.span));
            Vec::new()
        }
    };
    loading.imports = outer;
    loading.project = around;
    loading.leave();
    plays
}

/// What an import says about the plays it brings.
#[derive(Debug)]
pub struct Imports {
    /// `vars`, stronger than those of the plays.
    pub vars: Vars,
    /// `tags`, added to theirs.
    pub tags: Vec<String>,
    /// `when`, checked before each task.
    pub conditions: Vec<Condition>,
}

fn file_name(text: &str, import: &Entry, vars: &Vars, loading: &mut Loading) -> Option<Spanned<String>> {
    let value = loading.value(&import.value)?;
    let names = StaticNames::new(&loading.project, vars, None, &[]);
    match names.evaluate(&value.value) {
        // `import_playbook: site.yml tags=x` is not taken apart: the whole text is the name.
        Ok(value) => Some(Spanned::new(value.to_str(), import.value.span.clone())),
        Err(error) => {
            let error = Diagnostic::from(error).note(format!("in the name of the playbook `{text}`"));
            loading.error(error.help("only `-e` and the import's own `vars` are known before the first host"));
            None
        }
    }
}

/// The file, beside the one that imports it, or in a collection.
fn find(name: &Spanned<String>, file: &Path, loading: &mut Loading) -> Option<PathBuf> {
    let home = super::project::expand_home(Path::new(name.value.trim()));
    let beside = file.parent().unwrap_or(Path::new("")).join(&home);
    if beside.is_file() {
        return Some(beside);
    }
    if let Some(found) = loading.project.playbook_of_collection(&name.value) {
        return Some(found);
    }
    let error = Diagnostic::error(format!("there is no playbook `{}`", name.value)).at(&name.span);
    loading.refuse(error.note(format!("searched {}", beside.display())));
    None
}
