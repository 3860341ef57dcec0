//! Where tasks are written, and so in which folders they find their files.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Keywords, Project, Role, keywords::Vars, project::absolute};
use crate::template::Environment;

/// What tasks of the same file have in common.
#[derive(Debug)]
pub struct Origin {
    /// The folder of the file.
    pub directory: PathBuf,
    /// The role that the file belongs to.
    pub role: Option<Arc<Role>>,
    /// The collections that short names are looked for in (`collections`).
    pub collections: Vec<String>,
    /// The folders that files are searched in, in order ("Search paths in Ansible" in the manual); the last one is the
    /// playbook's, whose tasks have it twice.
    search: Vec<PathBuf>,
    /// What templates of these tasks are evaluated in.
    pub environment: Arc<Environment>,
}

impl Origin {
    /// The tasks of a file in `directory`.
    pub fn new(project: &Project, directory: PathBuf, role: Option<Arc<Role>>, collections: Vec<String>) -> Self {
        let mut search: Vec<PathBuf> = Vec::new();
        if let Some(role) = &role {
            search.push(role.path.clone());
            search.extend(role.parents.iter().map(|parent| parent.path.clone()));
        }
        if !search.contains(&directory) {
            search.push(directory.clone());
        }
        search.push(project.directory.clone());
        // What templates find has full names, what errors show is as people named it.
        let mut full: Vec<PathBuf> = Vec::new();
        for path in search.iter().map(|path| absolute(path)) {
            if !full.contains(&path) {
                full.push(path);
            }
        }
        let templates = full.iter().flat_map(|path| [path.join("templates"), path.clone()]).collect();
        let environment = Arc::new(project.environment.with_paths(templates, full));
        Self { directory, role, collections, search, environment }
    }

    /// Where a file of a kind (`files`, `templates`, `vars`) may be, in the order in which it is looked for.
    pub fn candidates(&self, kind: &str, name: &str) -> Vec<PathBuf> {
        self.search.iter().flat_map(|path| [path.join(kind).join(name), path.join(name)]).collect()
    }

    /// These places in a line, each once.
    pub fn searched(&self, kind: &str, name: &str) -> String {
        let mut places: Vec<String> = Vec::new();
        for place in self.candidates(kind, name).iter().map(|path| path.display().to_string()) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places.join(", ")
    }

    /// The folder of the playbook, where files are searched last.
    pub fn project(&self) -> &Path {
        self.search.last().unwrap_or(&self.directory)
    }
}

impl Origin {
    /// The folder of variables that `include_vars` means by a relative path: a role's is among its `vars`,
    /// any other is beside the file with the task.
    pub fn vars_folder(&self, name: &str) -> PathBuf {
        let name = super::project::expand_home(Path::new(name));
        match &self.role {
            Some(role) if !name.starts_with("vars") => role.path.join("vars").join(name),
            Some(role) => role.path.join(name),
            None => self.directory.join(name),
        }
    }
}

/// What holds for tasks that are read: everything around them.
#[derive(Clone, Debug)]
pub struct Around {
    /// Keywords of play, role, blocks and imports.
    pub keywords: Keywords,
    /// The file.
    pub origin: Arc<Origin>,
    /// Whether the tasks are handlers.
    pub is_handler: bool,
    /// The `vars` of the play, which the names of imported files may use.
    pub play: Arc<Vars>,
}

impl Around {
    /// The same, with other keywords.
    #[must_use]
    pub fn with(&self, keywords: Keywords) -> Self {
        Self { keywords, ..self.clone() }
    }

    /// The same in another file.
    #[must_use]
    pub fn in_origin(&self, origin: Arc<Origin>) -> Self {
        Self { origin, ..self.clone() }
    }
}
