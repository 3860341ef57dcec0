//! The variables of a play: `vars`, what is asked for, and files.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;

use super::{Run, prompts, settings::evaluate};
use crate::{
    output::Event,
    playbook::{Play, written},
    source::{Diagnostic, Spanned},
    template::{Template, TemplateError},
    value::{Dict, Value},
    vars::{HostVars, PlayVars, Scope, load_vars_file, merged},
};

/// `vars_files` whose names use variables of hosts: each host has its own.
#[derive(Default)]
pub struct HostFiles {
    folder: PathBuf,
    late: Vec<Spanned<Value>>,
    read: Mutex<HashMap<PathBuf, Dict>>,
}

/// `vars`, then what was asked for, then `vars_files` over them.
pub fn read(run: &Arc<Run>, play: &Play) -> Result<(PlayVars, HostFiles), Diagnostic> {
    let vars: Dict = play.vars.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let play_vars = Arc::new(PlayVars { vars, ..PlayVars::default() });
    for role in &play.roles {
        play_vars.exports.write().add(role);
    }
    let scope = || {
        let nobody = Arc::new(HostVars::new("", Dict::new()));
        Scope::of_host(&run.vars, &nobody).in_play(&play_vars)
    };
    for prompt in &play.vars_prompt {
        if run.vars.extra.get(&prompt.name).is_none() {
            let answer = prompts::ask(prompt, &scope(), run)?;
            play_vars.vars.insert(prompt.name.as_str(), answer);
        }
    }
    let folder = play.project.directory.clone();
    let mut files = HostFiles { folder, ..HostFiles::default() };
    for file in &play.vars_files {
        match evaluate(file, &scope()) {
            Ok(names) => {
                if let Some(path) = files.find(&names, file, run)? {
                    put(run, &play_vars.vars, &files.load(&path, run)?);
                }
            }
            // Known once there is a host, and facts of it.
            Err(error) if error.is_undefined() => {
                run.events.emit(Event::Warning(not_yet_known(file)));
                files.late.push(file.clone());
            }
            Err(error) => return Err(error.into()),
        }
    }
    let exports = std::mem::take(&mut *play_vars.exports.write());
    Ok((PlayVars { vars: play_vars.vars.clone(), exports: exports.into(), ..PlayVars::default() }, files))
}

/// Reads the `vars_files` whose names are no templates, as lists of tasks do; fails for one that cannot be read.
pub fn check_files(play: &Play) -> Result<(), Diagnostic> {
    let names = play.vars_files.iter().map(|file| text_items(&file.value));
    let plain = names.filter(|names| names.iter().all(|name| Template::is_plain(name)));
    let found =
        plain.filter_map(|names| candidates(&play.project.directory, &names).into_iter().find(|path| path.is_file()));
    found.into_iter().try_for_each(|path| load_vars_file(&path).map(drop))
}

/// Where a file may be: the one that is named, or one of a list.
fn candidates(folder: &Path, names: &[String]) -> Vec<PathBuf> {
    let beside = |name: &String| folder.join(crate::playbook::expand_home(Path::new(name)));
    names.iter().flat_map(|name| [folder.join("vars").join(name), beside(name)]).collect()
}

impl HostFiles {
    /// The variables of one host's files; none as long as their names cannot be known.
    pub fn of_host(&self, scope: &Scope, run: &Run) -> Result<Option<Dict>, Diagnostic> {
        if self.late.is_empty() {
            return Ok(None);
        }
        let all = Dict::new();
        for file in &self.late {
            match evaluate(file, &scope.clone().with_files(Some(all.clone()))) {
                Ok(names) => {
                    if let Some(path) = self.find(&names, file, run)? {
                        put(run, &all, &self.load(&path, run)?);
                    }
                }
                Err(error) if error.is_undefined() && !scope.host().has_gathered_facts() => {}
                Err(error) if error.is_undefined() => return Err(never_known(file, &error)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some(all))
    }

    /// The file that is meant: the one that is named, or the first of a list that exists.
    fn find(&self, names: &Value, file: &Spanned<Value>, run: &Run) -> Result<Option<PathBuf>, Diagnostic> {
        let texts = text_items(names);
        let candidates = candidates(&self.folder, &texts);
        if let Some(found) = candidates.iter().find(|path| path.is_file()) {
            return Ok(Some(found.clone()));
        }
        // Ansible goes on without a word.
        let message = format!("there is no vars file `{}`", texts.join("` or `"));
        let searched: Vec<String> = candidates.iter().map(|path| path.display().to_string()).collect();
        let warning = Diagnostic::warning(message).at(&file.span).note(format!("searched {}", searched.join(", ")));
        run.events.emit(Event::Warning(warning));
        Ok(None)
    }

    fn load(&self, path: &Path, run: &Run) -> Result<Dict, Diagnostic> {
        if let Some(known) = self.read.lock().get(path) {
            return Ok(known.clone());
        }
        let (vars, warnings) = load_vars_file(path)?;
        for warning in warnings {
            run.events.emit(Event::Warning(warning));
        }
        self.read.lock().insert(path.to_owned(), vars.clone());
        Ok(vars)
    }
}

/// Puts the variables of a file over others; with `hash_behaviour` mappings are merged.
fn put(run: &Run, all: &Dict, file: &Dict) {
    if run.vars.merges
        && let Value::Dict(both) = merged(&Value::Dict(file.clone()), Value::Dict(all.clone()))
    {
        all.update(&both);
    } else {
        all.update(file);
    }
}

/// A file of variables whose name depends on a host.
pub fn not_yet_known(file: &Spanned<Value>) -> Diagnostic {
    let mut warning = Diagnostic::warning("a name in `vars_files` uses variables that only hosts have");
    warning.ansible.is_no_surprise = true;
    warning.worded("skipping vars_files item due to an undefined variable").at(&file.span)
}

/// A file of variables whose name uses what a host does not have, whose facts are known.
fn never_known(file: &Spanned<Value>, error: &TemplateError) -> Diagnostic {
    let written = match &file.value {
        Value::List(names) => {
            Value::from(names.to_vec().iter().map(|name| Value::from(written(name))).collect::<Vec<_>>()).repr()
        }
        name => written(name),
    };
    let wording =
        format!("an undefined variable was found when attempting to template the vars_files item '{written}': {error}");
    Diagnostic::error(format!("a name in `vars_files` cannot be known: {error}")).worded(wording).at(&file.span)
}

/// Text, or a list of texts.
pub fn text_items(value: &Value) -> Vec<String> {
    match value {
        Value::List(list) => list.to_vec().iter().map(Value::to_str).collect(),
        other => vec![other.to_str()],
    }
}
