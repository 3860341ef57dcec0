//! `sutler doc`: what modules do, from the same declarations that check their arguments.
#![expect(clippy::print_stdout, reason = "this is the command's output")]

use sutler_modules::{Entry, kit::Opt};

use super::print_errors;
use crate::{
    executor::ExitCode,
    source::{Diagnostic, nearest},
};

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

fn print(entry: &Entry) {
    let spec = (entry.spec)();
    println!("{}\n\n{}\n\nARGUMENTS\n", entry.name.to_uppercase(), spec.doc.trim_end());
    for option in spec.options.iter().filter(|option| !option.internal) {
        println!("  {}{}", option.name, facts(option));
        for line in option.doc.lines() {
            println!("      {line}");
        }
    }
}

fn facts(option: &Opt) -> String {
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
    format!("  ({})", facts.join("; "))
}
