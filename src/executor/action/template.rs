//! `template`: rendered here, written there.

use std::{os::unix::fs::MetadataExt, path::Path};

use jiff::{Timestamp, tz::TimeZone};

use super::{Contents, Evaluated, PrepareError, files};
use crate::{
    config::{Config, settings::running},
    source::{Diagnostic, SourceFile, Span},
    template::{Syntax, template_file_with},
    value::Value,
    vars::Scope,
};

/// Renders the template and adds it as the content.
pub fn add_content(
    config: &Config,
    scope: &Scope,
    arguments: &mut Evaluated,
    contents: &mut Contents,
) -> Result<(), PrepareError> {
    let Some(src) = arguments.text("src")? else {
        return Err(Diagnostic::error("missing required arguments: src").into());
    };
    let path = files::find("templates", &src, arguments)?;
    let file = SourceFile::read(&path).map_err(PrepareError::Failed)?;
    let syntax = syntax(arguments)?;
    let template = template_file_with(file.text(), &Span::new(&file, 1, 1), syntax)?;
    let mut scope = scope.clone();
    bind_names(&mut scope, managed(&path, config), &path, arguments);
    let text = scope.context().render_text(&template)?;
    contents.add_bytes(text.into_bytes());
    contents.add_argument("_original_basename", path.file_name().unwrap_or_default().to_string_lossy().as_ref());
    let mode = path.metadata().map_or(0o644, |metadata| metadata.mode() & 0o7777);
    contents.add_argument("_mode", mode);
    Ok(())
}

/// The options of the module that are options of the syntax.
const SYNTAX: &[&str] = &[
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "newline_sequence",
    "trim_blocks",
    "lstrip_blocks",
];

fn syntax(arguments: &Evaluated) -> Result<Syntax, PrepareError> {
    let mut syntax = Syntax { keep_escapes: false, ..Syntax::default() };
    for name in SYNTAX {
        if let Some(value) = arguments.text(name)? {
            syntax.set(name, &value).map_err(Diagnostic::error)?;
        }
    }
    Ok(syntax)
}

/// The variable `ansible_managed`: the setting, with the template's file, owner and time and the controller's name.
fn managed(path: &Path, config: &Config) -> String {
    let text = config.get(&running::DEFAULT_MANAGED_STR);
    if !text.contains(['{', '%']) {
        return text;
    }
    let metadata = std::fs::metadata(path).ok();
    let owner = metadata.as_ref().map(MetadataExt::uid).unwrap_or_default();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let names = [("{host}", host), ("{uid}", owner_name(owner)), ("{file}", path.to_string_lossy().into_owned())];
    let text = names.iter().fold(text, |text, (name, value)| text.replace(name, value));
    let modified =
        metadata.and_then(|metadata| Timestamp::try_from(metadata.modified().ok()?).ok()).unwrap_or_default();
    jiff::fmt::strtime::format(&text, &modified.to_zoned(TimeZone::system())).unwrap_or(text)
}

/// The name of a user of the controller, or the number of one that has none.
fn owner_name(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let is_owner = |line: &&str| line.split(':').nth(2) == Some(&uid.to_string());
    users.lines().find(is_owner).and_then(|line| line.split(':').next()).map_or_else(|| uid.to_string(), str::to_owned)
}

/// The names that a template file has beside the task's.
fn bind_names(scope: &mut Scope, managed: String, path: &Path, arguments: &Evaluated) {
    let text = |path: &Path| Value::from(path.to_string_lossy().as_ref());
    scope.bind("ansible_managed", Value::from(managed));
    scope.bind("template_path", text(path));
    scope.bind("template_fullpath", text(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned())));
    if let Some(dest) = arguments.value("dest") {
        scope.bind("template_destpath", dest.clone());
    }
}
