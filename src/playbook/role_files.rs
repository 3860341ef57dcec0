//! Where a role is, and what its files say.

use std::path::{Path, PathBuf};

use super::{
    Origin, Project,
    keywords::{Place, Vars, read_vars},
    load::Loading,
};
use crate::{
    config::normal,
    source::{Diagnostic, Kind, Node, Spanned},
};

/// What files are called that people leave without a name.
const EXTENSIONS: [&str; 4] = [".yml", ".yaml", ".json", ""];

/// A role that was found.
#[derive(Debug)]
pub struct Found {
    /// The last part of its name.
    pub name: String,
    /// With its collection, if it is in one.
    pub full_name: String,
    /// Its folder.
    pub path: PathBuf,
    /// Its collection.
    pub collection: Option<String>,
}

/// Finds a role by its name or path. The error names every place that was searched.
pub fn find(name: &Spanned<String>, origin: &Origin, project: &Project) -> Result<Found, Diagnostic> {
    let text = name.value.trim();
    if let Some(found) = in_collection(text, project) {
        return Ok(found);
    }
    if !text.contains('/') {
        for collection in &origin.collections {
            if let Some(found) = in_collection(&format!("{collection}.{text}"), project) {
                return Ok(found);
            }
        }
    }
    let mut places = vec![project.directory.join("roles")];
    places.extend(project.roles_path.iter().cloned());
    // Roles beside the one that uses this one.
    places.extend(origin.role.iter().filter_map(|role| Some(role.path.parent()?.to_owned())));
    places.push(project.directory.clone());
    let home = super::project::expand_home(Path::new(text));
    let mut candidates: Vec<PathBuf> = Vec::new();
    for candidate in places.iter().map(|place| normal(&place.join(&home))).chain([home.clone()]) {
        if !candidates.contains(&candidate) {
            candidates.push(candidate);
        }
    }
    if let Some(path) = candidates.iter().find(|path| path.is_dir()) {
        return Ok(Found { full_name: text.to_owned(), name: text.to_owned(), path: path.clone(), collection: None });
    }
    let here = std::env::current_dir().unwrap_or_default();
    let searched: Vec<String> = places.iter().map(|place| normal(&here.join(place)).display().to_string()).collect();
    let error = Diagnostic::error(format!("the role '{text}' was not found")).at(&name.span);
    let error = error.worded(format!("the role '{text}' was not found in {}", searched.join(":")));
    let error = error.note(format!("searched in {}", searched.join(", ")));
    Err(match text.split('.').collect::<Vec<_>>()[..] {
        [namespace, collection, _] => {
            error.help(format!("install the collection `{namespace}.{collection}`, or set `collections_path`"))
        }
        _ => error.help("install the role, or name its folder in `roles_path` of ansible.cfg"),
    })
}

fn in_collection(name: &str, project: &Project) -> Option<Found> {
    let parts: Vec<&str> = name.split('.').collect();
    let [namespace, collection, ref rest @ ..] = parts[..] else { return None };
    let ([role, ..], true) = (rest, !name.contains('/')) else { return None };
    let path = project.collection(namespace, collection)?.join("roles").join(rest.join("/"));
    path.is_dir().then(|| Found {
        name: (*role).to_owned(),
        full_name: name.to_owned(),
        path,
        collection: Some(format!("{namespace}.{collection}")),
    })
}

/// The file of a part (`tasks`, `handlers`, `meta`) of a role; `from` is a name that was asked for.
/// Fails when that is missing.
pub fn part(role: &Path, part: &str, from: Option<&Spanned<String>>) -> Result<Option<PathBuf>, Diagnostic> {
    let folder = role.join(part);
    let name = from.map_or("main", |from| from.value.as_str());
    if let Some(from) = from.filter(|_| !normal(&folder.join(name)).starts_with(normal(&folder))) {
        let path = folder.join(name);
        let message = format!(
            "Failed loading '{}' for role ({}) as it is not inside the expected role path: '{}'",
            path.display(),
            role.file_name().unwrap_or_default().to_string_lossy(),
            folder.display()
        );
        return Err(Diagnostic::error(message).at(&from.span));
    }
    let mut extensions = EXTENSIONS.to_vec();
    if from.is_some() {
        extensions.rotate_right(1);
    }
    let candidates = extensions.iter().map(|extension| folder.join(format!("{name}{extension}")));
    if let Some(found) = candidates.into_iter().find(|candidate| candidate.is_file()) {
        return Ok(Some(found));
    }
    match from {
        Some(from) => {
            let message = format!("could not find `{name}` among the {part} of the role");
            Err(Diagnostic::error(message).at(&from.span).note(format!("searched in {}", folder.display())))
        }
        None => Ok(None),
    }
}

/// The variables of a part (`vars`, `defaults`): a file, or all files of a folder `main`.
pub fn variables(role: &Path, part_name: &str, from: Option<&Spanned<String>>, loading: &mut Loading) -> Vars {
    let name = from.map_or("main", |from| from.value.as_str());
    let folder = role.join(part_name).join(name);
    let files = if folder.is_dir() {
        let mut files = Vec::new();
        collect(&folder, &mut files);
        files
    } else {
        match part(role, part_name, from) {
            Ok(found) => found.into_iter().collect(),
            Err(error) => {
                loading.error(error);
                return Vars::new();
            }
        }
    };
    let mut vars = Vars::new();
    for file in files {
        if let Some(node) = loading.document(&file) {
            if node.as_map().is_none() && node.kind != Kind::Null {
                let message =
                    format!("the {part_name} of a role are a mapping of names to values, not {}", node.describe());
                let name = role.file_name().unwrap_or_default().to_string_lossy();
                let worded =
                    format!("The {part_name}/main.yml file for role '{name}' must contain a dictionary of variables");
                loading.error(Diagnostic::error(message).worded(worded).at(&node.span));
                continue;
            }
            vars.extend(read_vars(&node, Place::Role.class(), loading).unwrap_or_default());
        }
    }
    vars
}

/// Files with variables in a folder and those below, in the order of their names.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if EXTENSIONS.iter().any(|extension| !extension.is_empty() && name.ends_with(extension)) {
            files.push(path);
        }
    }
}

/// What `meta/` says.
#[derive(Debug, Default)]
pub struct Meta {
    /// The roles that run before it, as they were written.
    pub dependencies: Vec<Node>,
    /// Whether a host runs it as often as it is used.
    pub allows_duplicates: bool,
    /// The collections that its short names are looked for in.
    pub collections: Vec<String>,
    /// Specifications of its arguments, by entry point.
    pub argument_specs: Option<Node>,
}

/// Reads `meta/main.yml` and `meta/argument_specs.yml`.
pub fn meta(role: &Path, loading: &mut Loading) -> Meta {
    let mut meta = Meta::default();
    let read = |name: &str, loading: &mut Loading| {
        let from = Spanned::new(name.to_owned(), crate::source::Span::outside("meta", name));
        let file = part(role, "meta", Some(&from)).ok().flatten()?;
        loading.document(&file)
    };
    if let Some(node) = read("main", loading) {
        let list = |name: &str| node.get(name).and_then(Node::as_list).map(<[Node]>::to_vec).unwrap_or_default();
        meta.dependencies = list("dependencies");
        meta.collections = list("collections").iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
        meta.allows_duplicates = node.get("allow_duplicates").is_some_and(|allow| allow.kind == Kind::Bool(true));
        meta.argument_specs = node.get("argument_specs").cloned();
    }
    if let Some(node) = read("argument_specs", loading) {
        meta.argument_specs = node.get("argument_specs").cloned().or(meta.argument_specs);
    }
    meta
}
