//! `script`: a script of the controller becomes a content, and the host runs it.

use sutler_modules::kit::shlex;

use super::{Contents, Evaluated, PrepareError, boolean, files};
use crate::source::Diagnostic;

/// Adds the script that the command line begins with.
pub fn add_content(arguments: &Evaluated, contents: &mut Contents) -> Result<(), PrepareError> {
    let line = arguments.text("_raw_params")?.or(arguments.text("cmd")?);
    // Without one, and with both, it is the module that says so.
    let Some(line) = line.filter(|line| !line.trim().is_empty()) else { return Ok(()) };
    let words = shlex::split(line.trim()).map_err(Diagnostic::error)?;
    let Some(name) = words.first() else { return Ok(()) };
    let path = files::find("files", name, arguments).map_err(files::apart)?;
    let decrypts = arguments.value("decrypt").map_or(Ok(true), boolean)?;
    contents.add_file(&path, decrypts).map_err(|error| files::unreadable(&path, &error))?;
    contents.add_argument("_original_basename", path.file_name().unwrap_or_default().to_string_lossy().as_ref());
    Ok(())
}
