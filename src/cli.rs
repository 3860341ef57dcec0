//! The command line: one file per command.
#![expect(clippy::print_stderr, reason = "errors before a run starts have no other listener")]

mod doc;
mod keyboard;
mod lists;
mod playbook;
mod prompt;

use std::{ffi::OsString, path::Path};

use clap::{Parser, Subcommand};

use crate::{executor::ExitCode, source::Diagnostic};

pub use keyboard::{Answer, Keyboard};
pub use prompt::ask;

/// Runs Ansible playbooks over SSH: one binary, no Python.
#[derive(Debug, Parser)]
#[command(name = "sutler", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run playbooks.
    Playbook(playbook::Arguments),
    /// Show what modules do and which arguments they have.
    Doc(doc::Arguments),
}

/// Called under another name, it is another program: `ansible-playbook` is `sutler playbook`.
#[derive(Debug, Parser)]
#[command(name = "ansible-playbook", version, max_term_width = 100)]
struct AnsiblePlaybook {
    #[command(flatten)]
    arguments: playbook::Arguments,
}

/// Runs the program with its arguments, the first of which is its name.
pub fn main(arguments: &[OsString]) -> ExitCode {
    let name = arguments.first().map(|name| Path::new(name).file_name().unwrap_or_default().to_owned());
    if name.is_some_and(|name| name == "ansible-playbook") {
        return match AnsiblePlaybook::try_parse_from(arguments) {
            Ok(parsed) => playbook::run(parsed.arguments),
            Err(error) => usage(&error),
        };
    }
    match Cli::try_parse_from(arguments) {
        Ok(Cli { command: Command::Playbook(arguments) }) => playbook::run(arguments),
        Ok(Cli { command: Command::Doc(arguments) }) => doc::run(&arguments),
        Err(error) => usage(&error),
    }
}

/// `--help` and `--version` are no error; everything else clap reports is one.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed terminal has nobody to tell.
    let _ = error.print();
    if error.use_stderr() { ExitCode::Failed } else { ExitCode::Success }
}

/// Prints what is wrong before a run can start.
fn print_errors(errors: &[Diagnostic], colour: bool) {
    for error in errors {
        eprintln!("{}", error.render(colour));
    }
}
