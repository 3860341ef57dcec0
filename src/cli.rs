//! The command line: one file per command.
#![expect(clippy::print_stderr, reason = "errors before a run starts have no other listener")]

mod adhoc;
mod arguments;
mod config;
mod doc;
mod host_variables;
mod inventory;
mod keyboard;
mod lists;
mod open_files;
mod playbook;
mod prompt;
mod run_vars;
mod tree;
mod vault;
mod vaults;
mod version;

use std::{
    ffi::{OsStr, OsString},
    io::{IsTerminal, Write},
    path::Path,
    sync::Arc,
};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    config::{
        Config, Surroundings,
        settings::{output, running},
    },
    executor::ExitCode,
    output::{Kind, Layout, choose_colours, render_message},
    source::{Diagnostic, Duplicates, Severity},
    value::Dict,
    vars,
};

pub use keyboard::{Answer, Keyboard};
pub use prompt::{ask, ask_line, password as ask_password};

/// Runs Ansible playbooks over SSH: one binary, no Python.
#[derive(Debug, Parser)]
#[command(
    name = "sutler",
    version,
    propagate_version = true,
    max_term_width = 100,
    args_override_self = true,
    infer_long_args = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run playbooks.
    Playbook(playbook::Arguments),
    /// Run one module on hosts.
    Run(adhoc::Arguments),
    /// Show which hosts and groups there are, with their variables.
    Inventory(inventory::Arguments),
    /// Encrypt and decrypt files and values with Ansible Vault.
    Vault(vault::Arguments),
    /// Show settings and where they come from.
    Config(config::Arguments),
    /// Show what modules do and which arguments they have.
    Doc(doc::Arguments),
}

/// Called under another name, it is another program: `ansible-playbook` is `sutler playbook`, `ansible` is `sutler run`.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, args_override_self = true, infer_long_args = true)]
struct Named<A: Args> {
    #[command(flatten)]
    arguments: A,
}

/// Runs the program with its arguments, the first of which is its name.
pub fn main(arguments: &[OsString]) -> ExitCode {
    let name = arguments.first().map(|name| Path::new(name).file_name().unwrap_or_default().to_owned());
    match name.as_deref().and_then(OsStr::to_str) {
        Some("ansible-playbook") => named("ansible-playbook", arguments, playbook::run),
        Some("ansible-inventory") => named("ansible-inventory", arguments, inventory::run),
        Some("ansible-vault") => named("ansible-vault", arguments, vault::run),
        Some("ansible-config") => named("ansible-config", arguments, config::run),
        Some("ansible-doc") => named("ansible-doc", arguments, doc::run),
        Some("ansible") => named("ansible", arguments, adhoc::run),
        _ => match Cli::try_parse_from(arguments) {
            Ok(Cli { command: Command::Playbook(arguments) }) => playbook::run(arguments),
            Ok(Cli { command: Command::Run(arguments) }) => adhoc::run(arguments),
            Ok(Cli { command: Command::Inventory(arguments) }) => inventory::run(arguments),
            Ok(Cli { command: Command::Vault(arguments) }) => vault::run(arguments),
            Ok(Cli { command: Command::Config(arguments) }) => config::run(arguments),
            Ok(Cli { command: Command::Doc(arguments) }) => doc::run(arguments),
            Err(error) => usage(&error),
        },
    }
}

/// Runs one command as a program of its own.
fn named<A: Args>(name: &'static str, arguments: &[OsString], run: fn(A) -> ExitCode) -> ExitCode {
    let mut command = Named::<A>::command().name(name);
    if arguments.iter().any(|argument| argument == "--version") {
        command = command.version(version::text());
    }
    let parsed = command.try_get_matches_from(arguments);
    match parsed.and_then(|matches| Named::<A>::from_arg_matches(&matches)) {
        Ok(parsed) => run(parsed.arguments),
        Err(error) => usage(&error),
    }
}

/// `--help` and `--version` are no error; everything else clap reports is one.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed terminal has nobody to tell.
    let _ = error.print();
    if error.use_stderr() { ExitCode::Failed } else { ExitCode::Success }
}

/// How errors are laid out: called by one of Ansible's names, as it does.
fn layout() -> Layout {
    let name = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&name).file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with("ansible") { Layout::Ansible } else { Layout::Own }
}

/// The settings of this folder and environment.
fn settings() -> Result<Arc<Config>, Stop> {
    let config = Config::load(&Surroundings::of_process()).map_err(|errors| Stop::new(ExitCode::Settings, errors))?;
    Duplicates::named(&config.get(&running::DUPLICATE_YAML_DICT_KEY)).decide();
    Ok(Arc::new(config))
}

/// Whether standard output is coloured.
fn colours(config: &Config) -> bool {
    choose_colours(config);
    // Any text in NO_COLOR asks for none (no-color.org); as a setting it would be a boolean.
    let never = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    config.get(&output::ANSIBLE_FORCE_COLOR)
        || !config.get(&output::ANSIBLE_NOCOLOR) && !never() && std::io::stdout().is_terminal()
}

/// `-e`; a file that is missing ends with another code than one that is wrong, as in Ansible.
fn extra_vars(texts: &[String]) -> Result<Dict, Stop> {
    // Ansible passes over words without a value.
    vars::load_extra(texts, layout() == Layout::Own).map_err(|error| {
        let is_missing = |text: &String| text.strip_prefix('@').is_some_and(|path| !Path::new(path).exists());
        let is_sealed = crate::vault::current().has_refused();
        let code = if is_sealed || texts.iter().any(is_missing) { ExitCode::Error } else { ExitCode::Unreachable };
        Stop::new(code, [error])
    })
}

/// Why a command ends before it did anything.
#[derive(Debug)]
struct Stop {
    code: ExitCode,
    errors: Vec<Diagnostic>,
    colour: bool,
}

impl Stop {
    /// It ends with this code and these errors.
    fn new(code: ExitCode, errors: impl IntoIterator<Item = Diagnostic>) -> Self {
        Self { code, errors: errors.into_iter().collect(), colour: false }
    }

    /// The errors may be coloured.
    fn in_colour(self, colour: bool) -> Self {
        Self { colour, ..self }
    }

    /// Prints the errors and gives the code.
    fn print(self) -> ExitCode {
        print_errors(&self.errors, self.colour);
        self.code
    }
}

/// Prints a command's output; a reader that has gone (`| head`) has had enough.
fn print_text(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints what is wrong before a run can start.
fn print_errors(errors: &[Diagnostic], colour: bool) {
    let is_error = |error: &&Diagnostic| error.severity == Severity::Error;
    let told: Vec<&Diagnostic> = match layout() {
        Layout::Own => errors.iter().collect(),
        // Ansible ends with the first error, and says nothing that it does not know.
        Layout::Ansible => {
            let known = errors.iter().filter(|error| !is_error(error) && error.ansible.message.is_some());
            known.chain(errors.iter().find(is_error)).collect()
        }
    };
    let secrets = crate::vault::current();
    for error in told {
        let mut error = error.clone();
        secrets.secrets().mask_diagnostic(&mut error);
        eprint!("{}", render_message(&error, Kind::of(&error), layout(), colour));
    }
}
