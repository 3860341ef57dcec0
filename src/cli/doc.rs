//! `sutler doc`, which is `ansible-doc`: what modules do, from the same declarations that check their arguments, and
//! from the files of modules of people's own.

mod foreign;
mod page;
mod versions;

use std::{collections::BTreeMap, path::PathBuf};

use clap::{ArgAction, ValueEnum};
use serde_json::{Map, Value as Json};
use sutler_modules::Entry;

use foreign::Foreign;

use super::{Stop, colours, playbook::project, print_errors, print_text, settings};
use crate::{
    executor::ExitCode,
    library::Search,
    output::python_json,
    playbook::keywords::Place,
    source::{Diagnostic, nearest},
    template::Environment,
    value::Dict,
};

/// What `sutler doc` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The modules; a list of all without any. With `--list`, what the listed names begin with.
    names: Vec<String>,
    /// List what there is.
    #[arg(short, long)]
    list: bool,
    /// Print a task to fill in.
    #[arg(short, long, conflicts_with = "list")]
    snippet: bool,
    /// Print JSON.
    #[arg(short, long)]
    json: bool,
    /// What is asked about; only modules have pages, of all others there is a list.
    #[arg(short = 't', long = "type", default_value = "module")]
    kind: Subject,
    /// Folders of modules, before all others (colon-separated).
    #[arg(short = 'M', long, value_name = "FOLDERS")]
    module_path: Vec<String>,
    /// The folder of a playbook: modules are looked for in `library` and `collections` there.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    playbook_dir: PathBuf,
    /// Say more.
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
}

/// What `--type` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// Modules, and what the controller does itself.
    Module,
    /// Filters of templates.
    Filter,
    /// Tests of templates.
    Test,
    /// Lookups.
    Lookup,
    /// Keywords of playbooks.
    Keyword,
}

/// Runs it.
pub fn run(arguments: Arguments) -> ExitCode {
    if arguments.list || arguments.names.is_empty() {
        list(&arguments);
        return ExitCode::Success;
    }
    if arguments.kind != Subject::Module {
        let error = Diagnostic::error("only modules have pages").help("add `--list` for the names of all others");
        print_errors(&[error], false);
        return ExitCode::Settings;
    }
    pages(&arguments).unwrap_or_else(Stop::print)
}

/// Prints the pages of modules.
fn pages(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let config = settings()?;
    let colour = colours(&config);
    let project = project(arguments.playbook_dir.clone(), &Dict::new(), &config, &arguments.module_path);
    let search = Search::new(&project, std::iter::empty());
    let stop = |error: Diagnostic| Stop::new(ExitCode::Error, [error]).in_colour(colour);
    let found: Vec<Page> =
        arguments.names.iter().map(|name| find(name, &search)).collect::<Result<_, _>>().map_err(stop)?;
    if arguments.json {
        let pages: Map<String, Json> = found.iter().map(|page| (page.name().to_owned(), page.json())).collect();
        print_text(&(python_json(&Json::Object(pages), true) + "\n"));
        return Ok(ExitCode::Success);
    }
    for page in found {
        print_text(&if arguments.snippet { page.snippet() } else { page.text() });
    }
    Ok(ExitCode::Success)
}

/// A module that has a page.
enum Page {
    /// One of this program.
    Native(&'static Entry),
    /// One of people's own.
    Foreign(Foreign),
}

impl Page {
    fn name(&self) -> &str {
        match self {
            Self::Native(entry) => entry.name,
            Self::Foreign(module) => module.name(),
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Native(entry) => page::json(entry),
            Self::Foreign(module) => module.json(),
        }
    }

    fn snippet(&self) -> String {
        match self {
            Self::Native(entry) => page::snippet(entry),
            Self::Foreign(module) => module.snippet(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Native(entry) => page::text(entry),
            Self::Foreign(module) => module.text(),
        }
    }
}

fn find(name: &str, search: &Search) -> Result<Page, Diagnostic> {
    let found = search.replacement(name).map(|file| (name.to_owned(), file));
    if found.is_none()
        && let Some(entry) = sutler_modules::find(name)
    {
        return Ok(Page::Native(entry));
    }
    let (name, file) = found.or_else(|| search.file(name)).ok_or_else(|| unknown(name))?;
    Foreign::read(name, &file).map(Page::Foreign)
}

fn unknown(name: &str) -> Diagnostic {
    let error = Diagnostic::error(format!("there is no module `{name}`"));
    match nearest(name, sutler_modules::entries().map(Entry::short_name)) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => error,
    }
}

/// Prints the names of a kind that begin with one of the arguments, each with a line that says what it is.
fn list(arguments: &Arguments) {
    let is_meant = |name: &str| {
        let short = name.rsplit('.').next().unwrap_or(name);
        let begins = |start: &String| name.starts_with(start.as_str()) || short.starts_with(start.as_str());
        arguments.names.is_empty() || arguments.names.iter().any(begins)
    };
    let mut names = names(arguments.kind);
    names.retain(|name, _| is_meant(name));
    if arguments.json {
        let names: Map<String, Json> = names.into_iter().map(|(name, what)| (name, Json::from(what))).collect();
        return print_text(&(python_json(&Json::Object(names), true) + "\n"));
    }
    let lines: String =
        names.iter().map(|(name, what)| format!("{name:<40} {what}").trim_end().to_owned() + "\n").collect();
    print_text(&lines);
}

fn names(kind: Subject) -> BTreeMap<String, String> {
    let full = |name: &&str| if name.contains('.') { (*name).to_owned() } else { format!("ansible.builtin.{name}") };
    let plain = |names: Vec<&str>| names.iter().map(|name| (full(name), String::new())).collect();
    let environment = Environment::new(PathBuf::new());
    let words = environment.vocabulary();
    match kind {
        Subject::Module => sutler_modules::entries()
            .map(|entry| (entry.name.to_owned(), page::summary((entry.spec)().doc).to_owned()))
            .collect(),
        Subject::Filter => plain(words.filters.keys().copied().collect()),
        Subject::Test => plain(words.tests.keys().copied().collect()),
        Subject::Lookup => plain(words.lookups.keys().copied().collect()),
        Subject::Keyword => {
            let mut places: BTreeMap<String, String> = BTreeMap::new();
            for place in [Place::Play, Place::Role, Place::Block, Place::Task, Place::Handler] {
                for keyword in place.keywords() {
                    let known = places.entry(keyword.to_owned()).or_default();
                    let comma = if known.is_empty() { "of " } else { ", " };
                    known.push_str(&format!("{comma}{}", place.describe()));
                }
            }
            places
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use super::*;
    use crate::{
        playbook::{Project, load_node},
        source::SourceFile,
        value::Dict,
    };

    /// Every example of a module's page, as tasks of a play: they parse, and their arguments are the module's.
    #[test]
    fn examples_are_tasks_with_valid_arguments() {
        let project = Arc::new(Project::new(Path::new("/nowhere").to_owned(), Dict::new()));
        let mut wrong = Vec::new();
        // What an import names is read while a playbook is loaded, and is not there.
        for entry in sutler_modules::entries().filter(|entry| !entry.short_name().starts_with("import_")) {
            let examples = page::examples((entry.spec)().doc);
            if examples.is_empty() {
                wrong.push(format!("{} has no example", entry.name));
                continue;
            }
            let tasks: String = examples.lines().map(|line| format!("    {line}\n")).collect();
            let text = format!("- hosts: all\n  tasks:\n{tasks}");
            let file = Arc::new(SourceFile::new(entry.name, text));
            let document = crate::source::load_one(&file).map(|(document, _)| document);
            let loaded = document.map_err(|error| vec![error]).and_then(|document| {
                load_node(&document, Path::new(entry.name), &project).map_err(|broken| broken.errors)
            });
            let told = match loaded {
                Ok(loaded) => loaded.warnings,
                Err(errors) => errors,
            };
            wrong.extend(told.iter().map(|told| told.render(false)));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
