//! `include_vars`: variables of the host from files, while the play runs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use fancy_regex::Regex;
use serde_json::json;

use super::{Done, Evaluated, Fields, PrepareError, TaskContext, boolean, files, words};
use crate::{
    executor::task::HIDDEN,
    output::Event,
    playbook::keywords::reserved,
    source::{Diagnostic, SourceFile, Span, load_one},
    template::python_pattern,
    value::{Dict, Value},
    vars::{Layer, Scope, load_file},
};

const OF_FILE: [&str; 2] = ["file", "_raw_params"];
const OF_FOLDER: [&str; 6] =
    ["dir", "depth", "files_matching", "ignore_files", "extensions", "ignore_unknown_extensions"];
const OF_BOTH: [&str; 2] = ["name", "hash_behaviour"];

/// What Ansible adds to the names of files that are missing.
const ON_CONTROLLER: &str = " on the Ansible Controller.\nIf you are using a module and expect the file to exist on the \
                             remote, see the remote_src option";

/// What was read so far.
#[derive(Default)]
struct Loaded {
    vars: Dict,
    files: Vec<PathBuf>,
    is_secret: bool,
}

/// Runs it.
pub fn run(context: &TaskContext, scope: &Scope, arguments: &Evaluated) -> Result<Done, PrepareError> {
    let given = |names: &[&str]| names.iter().any(|name| arguments.value(name).is_some());
    let known = |name: &str| OF_FILE.contains(&name) || OF_FOLDER.contains(&name) || OF_BOTH.contains(&name);
    if let Some(name) = arguments.arguments.keys().find(|name| !known(name)) {
        return Err(Diagnostic::error(format!("{name} is not a valid option in include_vars")).into());
    }
    if given(&OF_FILE) && given(&OF_FOLDER) {
        let message = "You are mixing file only and dir only arguments, these are incompatible";
        return Err(Diagnostic::error(message).into());
    }
    let mut loaded = Loaded::default();
    let read = match arguments.text("dir")? {
        Some(dir) => {
            let folder = arguments.origin.vars_folder(&dir);
            let folder = std::path::absolute(&folder).unwrap_or(folder);
            Folder::new(arguments)?.read(&folder, &mut loaded, context)
        }
        None => file(context, arguments, &mut loaded),
    };
    let files = loaded.files.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>();
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    result.insert("ansible_included_var_files".into(), json!(files));
    if loaded.is_secret {
        result.insert(HIDDEN.into(), json!(true));
    }
    if let Err(why) = read {
        result.insert("failed".into(), json!(true));
        let of_name = arguments.text("name")?.map(|name| (name, json!({})));
        result.insert("ansible_facts".into(), json!(of_name.into_iter().collect::<Fields>()));
        result.insert("message".into(), json!(why));
        return Ok(Done { result, ..Done::default() });
    }
    let vars = match arguments.text("name")? {
        Some(name) => [(name, Value::Dict(loaded.vars))].into_iter().collect(),
        None => loaded.vars,
    };
    let merges = arguments.text("hash_behaviour")?.is_some_and(|behaviour| behaviour == "merge");
    let facts = vars.entries().into_iter().map(|(name, value)| {
        let name = name.value().to_str();
        let value = if merges { merged(scope, &name, value) } else { value };
        (name, value)
    });
    let facts: Vec<(String, Value)> = facts.collect();
    let mut shown = Fields::new();
    for (name, value) in &facts {
        shown.insert(name.clone(), shown_value(scope, value));
    }
    result.insert("ansible_facts".into(), json!(shown));
    Ok(Done { result, facts, layer: Layer::Included, ..Done::default() })
}

/// A value as the result has it: evaluated, or as it was written where that is not possible yet.
fn shown_value(scope: &Scope, value: &Value) -> serde_json::Value {
    let evaluated = scope.context().resolve_deep(value).and_then(|value| value.to_json());
    evaluated.unwrap_or_else(|_| match value {
        Value::Lazy(template) => json!(template.source()),
        Value::Dict(dict) => dict
            .entries()
            .iter()
            .map(|(key, value)| (key.value().to_str(), shown_value(scope, value)))
            .collect::<Fields>()
            .into(),
        Value::List(list) => list.to_vec().iter().map(|value| shown_value(scope, value)).collect(),
        other => json!(other.to_str()),
    })
}

/// With `hash_behaviour: merge` mappings go over what the name holds now.
fn merged(scope: &Scope, name: &str, value: Value) -> Value {
    match scope.resolve(name) {
        Ok(Some(now)) => merge(&now, value),
        _ => value,
    }
}

fn merge(now: &Value, more: Value) -> Value {
    let (Value::Dict(now), Value::Dict(more)) = (now, &more) else { return more };
    let all = now.copy();
    for (key, value) in more.entries() {
        let value = match now.get_value(key.value()) {
            Some(before) => merge(&before, value),
            None => value,
        };
        all.set(key, value);
    }
    Value::Dict(all)
}

fn file(context: &TaskContext, arguments: &Evaluated, loaded: &mut Loaded) -> Result<(), String> {
    let name = OF_FILE.iter().find_map(|name| arguments.value(name)).map(Value::to_str);
    let Some(name) = name else { return Err(format!("Could not find file{ON_CONTROLLER}")) };
    let path = files::find("vars", &name, arguments).map_err(|error| error.ansible_message().to_owned())?;
    read_file(&std::path::absolute(&path).unwrap_or(path), loaded, context)
}

fn read_file(path: &Path, loaded: &mut Loaded, context: &TaskContext) -> Result<(), String> {
    let file = SourceFile::read(path).map_err(|error| error.full_message())?;
    loaded.is_secret |= file.is_secret();
    let (vars, warnings) = load_file(&file).map_err(|error| match error.message.as_str() {
        message if message.starts_with("variables have to be") => {
            format!("{} must be stored as a dictionary/hash", path.display())
        }
        _ => error.full_message(),
    })?;
    for warning in warnings {
        context.run.events.emit(Event::Warning(warning));
    }
    warn_of_reserved(&file, &vars, context);
    loaded.vars.update(&vars);
    loaded.files.push(path.to_owned());
    Ok(())
}

/// Warns of variables that are called as keywords.
fn warn_of_reserved(file: &Arc<SourceFile>, vars: &Dict, context: &TaskContext) {
    let place = Span::outside("vars", "");
    if !vars.keys().iter().filter_map(Value::as_str).any(|name| reserved(name, &place).is_some()) {
        return;
    }
    let Ok((node, _)) = load_one(file) else { return };
    for entry in node.as_map().unwrap_or_default() {
        if let Some(warning) = entry.key.as_str().and_then(|name| reserved(name, &entry.key.span)) {
            context.run.events.emit(Event::Warning(warning));
        }
    }
}

/// Which files of a folder are read.
struct Folder {
    depth: usize,
    matching: Option<Arc<Regex>>,
    ignored: Vec<Arc<Regex>>,
    extensions: Vec<String>,
    ignores_unknown: bool,
}

impl Folder {
    fn new(arguments: &Evaluated) -> Result<Self, PrepareError> {
        let matching = arguments.text("files_matching")?.map(|pattern| python_pattern(&pattern)).transpose()?;
        let list = |name: &str| arguments.value(name).and_then(words);
        let depth = super::integer(arguments, "depth")?.unwrap_or(0);
        // Patterns for the end of a name.
        let ignored = list("ignore_files").unwrap_or_default().into_iter().map(|pattern| {
            let broken = |_| Diagnostic::error(format!("Invalid regular expression: {pattern}"));
            python_pattern(&format!("{pattern}$")).map_err(broken)
        });
        let ignored = ignored.collect::<Result<_, _>>()?;
        Ok(Self {
            depth: usize::try_from(depth).unwrap_or(0),
            matching,
            ignored,
            extensions: list("extensions").unwrap_or_else(|| ["yaml", "yml", "json"].map(str::to_owned).to_vec()),
            ignores_unknown: match arguments.value("ignore_unknown_extensions") {
                Some(value) => boolean(value)?,
                None => false,
            },
        })
    }

    /// Reads the files of a folder in the order of their names, then those of the folders in it.
    fn read(&self, root: &Path, loaded: &mut Loaded, context: &TaskContext) -> Result<(), String> {
        if !root.exists() {
            return Err(format!("{} directory does not exist", root.display()));
        }
        if !root.is_dir() {
            return Err(format!("{} is not a directory", root.display()));
        }
        let mut waiting = vec![(root.to_owned(), 1)];
        while let Some((folder, level)) = waiting.pop() {
            let mut names: Vec<PathBuf> = std::fs::read_dir(&folder)
                .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
                .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
            names.sort();
            let (folders, files): (Vec<_>, Vec<_>) = names.into_iter().partition(|path| path.is_dir());
            for path in files {
                if self.takes(&path)? {
                    read_file(&path, loaded, context)?;
                }
            }
            if self.depth == 0 || level < self.depth {
                waiting.extend(folders.into_iter().rev().map(|path| (path, level + 1)));
            }
        }
        Ok(())
    }

    /// Whether a file is read; fails for one that is neither asked for nor ignored.
    fn takes(&self, path: &Path) -> Result<bool, String> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let matches = self.matching.as_ref().is_none_or(|pattern| pattern.is_match(&*name).unwrap_or(false));
        if !matches || self.ignored.iter().any(|ignored| ignored.is_match(&*name).unwrap_or(false)) {
            return Ok(false);
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let known = self.extensions.iter().any(|known| known.trim_start_matches('.') == extension);
        if known || self.ignores_unknown {
            return Ok(known);
        }
        Err(format!("{} does not have a valid extension: {}", path.display(), self.extensions.join(", ")))
    }
}
