//! `sutler config`, which is `ansible-config`: which settings there are, what they are here, and why.

mod init;
mod shown;

use std::path::{Path, PathBuf};

use clap::{ArgAction, Subcommand, ValueEnum};

use super::{Stop, playbook::file_of, print_errors, print_text, settings, tree::Markers};
use crate::{
    config::{Config, Surroundings},
    executor::ExitCode,
    source::{Diagnostic, SourceFile},
};

/// What `sutler config` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// Say more.
    #[arg(short, long, action = ArgAction::Count, global = true)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print all settings: what they do, where they are set, whether sutler honours them.
    List {
        #[command(flatten)]
        which: Which,
        /// How to print them.
        #[arg(long, short, value_enum, default_value_t = ListFormat::Yaml)]
        format: ListFormat,
    },
    /// Print the value of every setting and where it comes from.
    Dump {
        #[command(flatten)]
        which: Which,
        /// Only what is not at its default.
        #[arg(long, alias = "changed-only")]
        only_changed: bool,
        /// How to print them.
        #[arg(long, short, value_enum, default_value_t = DumpFormat::Display)]
        format: DumpFormat,
    },
    /// Print the file that is read.
    View {
        #[command(flatten)]
        which: Which,
    },
    /// Print a file with every setting at its default.
    Init {
        #[command(flatten)]
        which: Which,
        /// What to print.
        #[arg(long, short, value_enum, default_value_t = InitFormat::Ini)]
        format: InitFormat,
        /// Begin every setting with a comment sign.
        #[arg(long)]
        disabled: bool,
    },
    /// Look for settings in the file that nobody knows.
    Validate {
        #[command(flatten)]
        which: Which,
        /// Where to look: in the file or among the environment variables.
        #[arg(long, short, value_enum, default_value_t = ValidateFormat::Ini)]
        format: ValidateFormat,
    },
}

/// Which settings.
#[derive(Debug, clap::Args)]
struct Which {
    /// The file; the one that counts here if none is given.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// `base` for Ansible's own settings, a kind of plugin, or `all`.
    #[arg(short = 't', long = "type", value_name = "KIND", default_value = "base",
          value_parser = ["all", "base", "become", "cache", "callback", "cliconf", "connection", "httpapi",
                          "inventory", "lookup", "netconf", "shell", "vars"])]
    kind: String,
    /// Only these plugins of that kind.
    plugins: Vec<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ListFormat {
    Json,
    Yaml,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DumpFormat {
    Json,
    Yaml,
    Display,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InitFormat {
    Ini,
    Env,
    Vars,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ValidateFormat {
    Ini,
    Env,
}

/// Runs it.
pub fn run(arguments: Arguments) -> ExitCode {
    match start(&arguments) {
        Ok(code) => code,
        Err(stop) => stop.print(),
    }
}

fn start(Arguments { action, verbose }: &Arguments) -> Result<ExitCode, Stop> {
    let failed = |error: Diagnostic| Stop::new(ExitCode::Error, [error]);
    if *verbose > 0 {
        let config = settings()?;
        print_text(&format!("{}\n", file_of(&config)));
    }
    let text = match action {
        Action::List { which, format } => {
            let tree = shown::list(&which.kind, &which.plugins);
            match format {
                ListFormat::Json => tree.json(Markers::Vaults),
                ListFormat::Yaml => tree.yaml().map_err(failed)?,
            }
        }
        Action::Dump { which, only_changed, format } => {
            let config = load(which)?;
            let dump = shown::Dump {
                config: &config,
                kind: &which.kind,
                plugins: &which.plugins,
                only_changed: *only_changed,
            };
            match format {
                DumpFormat::Display => dump.lines(),
                DumpFormat::Json => dump.tree().json(Markers::Vaults),
                DumpFormat::Yaml => dump.tree().yaml().map_err(failed)?,
            }
        }
        Action::View { which } => {
            let config = load(which)?;
            let none = || Diagnostic::error("there is no configuration file here").help("name one with `-c FILE`");
            let path = config.file().ok_or_else(|| Stop::new(ExitCode::Error, [none()]))?;
            SourceFile::read(path).map_err(failed)?.text().to_owned()
        }
        Action::Init { which, format, disabled } => init::write(*format, *disabled, &which.kind, &which.plugins),
        Action::Validate { which, format } => return validate(which, *format),
    };
    print_text(&format!("{}\n", text.strip_suffix('\n').unwrap_or(&text)));
    Ok(ExitCode::Success)
}

/// The settings of the named file, or those that count here.
fn load(which: &Which) -> Result<std::sync::Arc<Config>, Stop> {
    let Some(path) = &which.config else {
        let config = settings()?;
        print_errors(config.warnings(), false);
        return Ok(config);
    };
    let around = Surroundings::of_process();
    let path = around.path(&path.to_string_lossy(), Path::new(""));
    if !path.is_file() {
        let text = format!("The provided configuration file is missing or not accessible: {}", path.display());
        return Err(Stop::new(ExitCode::Settings, [Diagnostic::error(text)]));
    }
    let ending = path.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    if !matches!(ending.as_str(), ".cfg" | ".ini") {
        let text = format!("Unsupported configuration file extension for {}: {ending}", path.display());
        return Err(Stop::new(ExitCode::Settings, [Diagnostic::error(text.trim_end())]));
    }
    Config::read(Some(path), &around).map(Into::into).map_err(|errors| Stop::new(ExitCode::Settings, errors))
}

fn validate(which: &Which, format: ValidateFormat) -> Result<ExitCode, Stop> {
    let config = load(which)?;
    let unknown = match format {
        ValidateFormat::Ini => config.unknown_keys(),
        ValidateFormat::Env => Surroundings::of_process().unknown_variables(),
    };
    if unknown.is_empty() {
        print_text("All configurations seem valid!\n");
        return Ok(ExitCode::Success);
    }
    Err(Stop::new(ExitCode::Error, unknown))
}
