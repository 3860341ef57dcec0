//! `raw`: a command over the plain connection, for hosts where nothing else runs.

use super::{Evaluated, PrepareError};
use crate::source::Diagnostic;

/// The command line that is run.
pub fn command(arguments: &Evaluated) -> Result<String, PrepareError> {
    let command = arguments.text("_raw_params")?.or(arguments.text("free_form")?);
    let Some(command) = command.filter(|command| !command.trim().is_empty()) else {
        return Err(Diagnostic::error("`raw` needs a command").into());
    };
    Ok(match arguments.text("executable")? {
        Some(shell) => format!("{shell} -c '{}'", command.replace('\'', "'\\''")),
        None => command,
    })
}
