//! Arguments → command → exit code, nothing else.

mod cli;
mod config;
mod executor;
mod inventory;
mod library;
mod output;
mod plan;
mod playbook;
mod source;
mod template;
mod transport;
mod value;
mod vars;
mod vault;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(cli::main(&std::env::args_os().collect::<Vec<_>>()).code())
}
