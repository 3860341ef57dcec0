//! Where the files that tasks name are found on the controller.

use std::path::{Path, PathBuf};

use super::{Evaluated, PrepareError};
use crate::{
    playbook::expand_home,
    source::{Diagnostic, Span},
    vault::VaultError,
};

/// The file that `src` means: absolute, or in the folders of the task's role, its file and the
/// playbook, each time first in the folder of that kind (`templates`, `files`).
pub fn find(kind: &str, name: &str, arguments: &Evaluated) -> Result<PathBuf, Diagnostic> {
    let path = expand_home(Path::new(name)).to_string_lossy().into_owned();
    let candidates = arguments.origin.candidates(kind, &path);
    if let Some(found) = candidates.iter().find(|candidate| candidate.exists()) {
        return Ok(found.clone());
    }
    let error = Diagnostic::error(format!("could not find `{name}` on the controller"));
    let places = if Path::new(name).is_absolute() {
        String::new()
    } else {
        let absolute =
            |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string();
        format!("\nSearched in:\n\t{}", candidates.iter().map(absolute).collect::<Vec<_>>().join("\n\t"))
    };
    let error = error.worded(format!(
        "Could not find or access '{name}'{places} on the Ansible Controller.\nIf you are using a module and expect \
         the file to exist on the remote, see the remote_src option"
    ));
    let error = arguments.span("src").map_or_else(|| error.clone(), |span| error.clone().at(span));
    Err(error.note(format!("searched in {}", arguments.origin.searched(kind, &path))))
}

/// That a file is missing as what led to the failure, which stands apart: some of Ansible's actions raise it anew.
pub fn apart(missing: Diagnostic) -> Diagnostic {
    missing.origin(&Span::nowhere())
}

/// One of the files for actions that do not foresee that it is missing.
pub fn needed(name: &str, arguments: &Evaluated) -> Result<PathBuf, PrepareError> {
    find("files", name, arguments).map_err(PrepareError::Raised)
}

/// A failure to read a file of the controller.
pub fn unreadable(path: &Path, error: &std::io::Error) -> PrepareError {
    if let Some(error) = error.get_ref().and_then(|cause| cause.downcast_ref::<VaultError>()) {
        let diagnostic = error.diagnostic(&format!("`{}`", path.display()));
        if *error != VaultError::NoSecrets {
            return diagnostic.into();
        }
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let message = format!("A vault password or secret must be specified to decrypt {}", path.display());
        return PrepareError::Raised(diagnostic.worded(message));
    }
    let why = sutler_modules::kit::failure::os_text(error);
    Diagnostic::error(format!("cannot read {}: {why}", path.display())).into()
}
