//! `assemble` with `remote_src: false`: the fragments of the controller become a content.

use sutler_modules::kit::fragments::Fragments;

use super::{Contents, Evaluated, PrepareError, boolean, files};
use crate::{source::Diagnostic, vault};

/// Puts the fragments together, unless they are on the host.
pub fn add_content(arguments: &Evaluated, contents: &mut Contents) -> Result<(), PrepareError> {
    let flag = |name: &str, default: bool| arguments.value(name).map_or(Ok(default), boolean);
    let Some(src) = arguments.text("src")?.filter(|_| arguments.value("dest").is_some()) else { return Ok(()) };
    if flag("remote_src", true)? {
        return Ok(());
    }
    let directory = files::needed(src.trim_end_matches('/'), arguments)?;
    if !directory.is_dir() {
        return Err(Diagnostic::error(format!("Source ({}) is not a directory", directory.display())).into());
    }
    let (regexp, delimiter) = (arguments.text("regexp")?, arguments.text("delimiter")?);
    let fragments = Fragments::new(regexp.as_deref(), flag("ignore_hidden", false)?, delimiter.as_deref());
    let failed = |failure: sutler_modules::kit::Failure| PrepareError::from(Diagnostic::error(failure.msg));
    let mut fragments = fragments.map_err(failed)?;
    let decrypts = flag("decrypt", true)?;
    let list = std::fs::read_dir(&directory).map_err(|error| files::unreadable(&directory, &error))?;
    let mut paths: Vec<_> = list.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if !fragments.take(&path).map_err(failed)? {
            continue;
        }
        let unreadable = |error: std::io::Error| files::unreadable(&path, &error);
        let bytes = std::fs::read(&path).map_err(unreadable)?;
        if decrypts && vault::is_vault(&bytes) {
            fragments.push(&vault::content_of(bytes).map_err(|error| unreadable(std::io::Error::other(error)))?);
        } else {
            fragments.push(&bytes);
        }
    }
    contents.add_bytes(fragments.into_content());
    // In a directory the file gets the name that Ansible's temporary one has.
    contents.add_argument("_original_basename", "src");
    Ok(())
}
