//! `sutler doc`: what modules do, from the same declarations that check their arguments.
#![expect(clippy::print_stdout, reason = "this is the command's output")]

use minijinja::{Environment, context};
use sutler_modules::{Entry, kit::Opt};

use super::print_errors;
use crate::{
    executor::ExitCode,
    source::{Diagnostic, nearest},
};

/// A module's page.
const PAGE: &str = include_str!("doc/page.txt.j2");

/// What `sutler doc` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The modules; a list of all without any.
    modules: Vec<String>,
}

/// Runs it.
pub fn run(arguments: &Arguments) -> ExitCode {
    if arguments.modules.is_empty() {
        for entry in sutler_modules::entries() {
            let spec = (entry.spec)();
            println!("{:<40} {}", entry.name, spec.doc.lines().next().unwrap_or_default());
        }
        return ExitCode::Success;
    }
    for name in &arguments.modules {
        let Some(entry) = sutler_modules::find(name) else {
            let error = Diagnostic::error(format!("there is no module `{name}`"));
            let meant = nearest(name, sutler_modules::entries().map(Entry::short_name));
            let error =
                meant.map_or_else(|| error.clone(), |meant| error.clone().help(format!("did you mean `{meant}`?")));
            print_errors(&[error], false);
            return ExitCode::Error;
        };
        print(entry);
    }
    ExitCode::Success
}

/// Prints a module's page.
fn print(entry: &Entry) {
    let spec = (entry.spec)();
    let options = spec.options.iter().filter(|option| !option.internal);
    let options: Vec<_> = options
        .map(|option| {
            let doc: Vec<&str> = option.doc.lines().collect();
            context! { name => option.name, facts => facts(option), doc }
        })
        .collect();
    let page = context! { name => entry.name, doc => spec.doc.trim_end(), options };
    println!("{}", Environment::new().render_str(PAGE, page).expect("the page is part of the program"));
}

/// What is said of an argument beside its name.
fn facts(option: &Opt) -> Vec<String> {
    let mut facts = vec![option.kind.name().to_owned()];
    if option.required {
        facts.push("required".into());
    }
    if let Some(default) = option.default {
        facts.push(format!("default: {default}"));
    }
    if !option.choices.is_empty() {
        facts.push(format!("choices: {}", option.choices.join(", ")));
    }
    if !option.aliases.is_empty() {
        facts.push(format!("aliases: {}", option.aliases.join(", ")));
    }
    facts
}
