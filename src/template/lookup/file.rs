//! Files of the controller: `file`, `unvault`, `template`, `fileglob`, `first_found`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::Engine as _;
use sutler_modules::kit::failure::os_text;
use zeroize::Zeroizing;

use super::{
    super::{
        Arguments, Context, Lookup, Syntax, TemplateError,
        arguments::{text, text_or, text_with},
        environment::{Environment, short_name},
        filter::path::{expand_user, glob_files, normalize},
        template_file_names, template_file_with,
    },
    failed,
    items::flat,
    options::Options,
};
use crate::{
    source::{Diagnostic, SourceFile, Span},
    value::Value,
    vault,
};

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.extend([
        ("file", file as Lookup),
        ("unvault", unvault),
        ("template", template),
        ("fileglob", fileglob),
        ("first_found", first_found),
        ("community.general.binary_file", binary_file),
    ]);
}

impl Environment {
    /// Where a relative path of a lookup may be: in each search path, first under `folder`, then itself.
    pub(super) fn candidates(&self, folder: &str, name: &str) -> Vec<PathBuf> {
        let name = expand_user(name);
        if Path::new(&name).is_absolute() {
            return vec![PathBuf::from(name)];
        }
        self.search_paths.iter().flat_map(|path| [path.join(folder).join(&name), path.join(&name)]).collect()
    }

    fn find(&self, folder: &str, name: &str) -> Option<PathBuf> {
        self.candidates(folder, name).into_iter().find(|path| path.exists())
    }
}

/// The path of a file that a lookup names. Fails in these words when no search path has it.
fn locate(context: &Context<'_>, folder: &str, name: &str, missing: &str) -> Result<PathBuf, TemplateError> {
    context.environment.find(folder, name).ok_or_else(|| {
        let searched = context.environment.candidates(folder, name);
        let searched: Vec<String> = searched.iter().map(|path| path.display().to_string()).collect();
        failed(missing).note(format!("searched {}", searched.join(", ")))
    })
}

/// As `locate`; where it is not found, Ansible warns as well.
pub(super) fn locate_told(
    context: &Context<'_>,
    folder: &str,
    name: &str,
    missing: &str,
) -> Result<PathBuf, TemplateError> {
    locate(context, folder, name, missing).inspect_err(|_| {
        let message = format!("Unable to find '{name}' in expected paths (use -vvvvv to see paths)");
        let mut warning = Diagnostic::warning(message.as_str()).worded(message.as_str());
        warning.ansible.is_no_surprise = true;
        context.environment.warn(warning);
    })
}

/// What a file holds, decrypted.
pub(super) struct Content {
    /// The content.
    pub bytes: Zeroizing<Vec<u8>>,
    is_secret: bool,
}

impl Content {
    /// A value of the file; it is a secret if the file was encrypted.
    pub fn value(&self, text: &str) -> Value {
        if self.is_secret {
            vault::note(text);
        }
        text.into()
    }
}

/// Reads a file.
pub(super) fn content(path: &Path) -> Result<Content, TemplateError> {
    let bytes = std::fs::read(path).map_err(|error| failed(format!("cannot read {}: {error}", path.display())))?;
    let is_secret = vault::is_vault(&bytes);
    let bytes =
        vault::content_of(bytes).map_err(|error| failed(format!("cannot decrypt {}: {error}", path.display())))?;
    Ok(Content { bytes, is_secret })
}

fn read(context: &Context<'_>, folder: &str, name: &Value, lookup: &str) -> Result<(PathBuf, String), TemplateError> {
    let name = text_with(name, "startswith")?;
    let path = match short_name(lookup) {
        "template" => {
            let missing = format!("the template file {name} could not be found for the lookup");
            locate_told(context, folder, &name, &missing)?
        }
        "unvault" => locate_told(context, folder, &name, &format!("Unable to find file matching \"{name}\""))?,
        _ => {
            let missing =
                format!("Unable to access the file '{name}': File not found. Use -vvvvv to see paths searched.");
            locate(context, folder, &name, &missing)?
        }
    };
    let content = content(&path)?;
    Ok((path, String::from_utf8_lossy(&content.bytes).into_owned()))
}

fn file(mut arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let rstrip = arguments.take("rstrip").is_none_or(|strip| strip.to_flag());
    let lstrip = arguments.take("lstrip").is_some_and(|strip| strip.to_flag());
    let mut contents = Vec::new();
    for name in &arguments.positional {
        let (_, content) = read(arguments.context, "files", name, arguments.name)?;
        let mut content = content.as_str();
        if rstrip {
            content = content.trim_end();
        }
        if lstrip {
            content = content.trim_start();
        }
        contents.push(Value::from(content));
    }
    Ok(contents)
}

/// Files as they are, decrypted.
fn unvault(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let content =
        |name| read(arguments.context, "files", name, arguments.name).map(|(_, content)| Value::from(content));
    arguments.positional.iter().map(content).collect()
}

fn template(mut arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let context = arguments.context;
    let vars = arguments.take("template_vars");
    let mut syntax = Syntax { keep_escapes: false, ..Syntax::default() };
    for (name, value) in &arguments.named {
        // Names that are no option are passed over, as everywhere.
        let _ = syntax.set(name, &value.to_str());
    }
    let mut values = Vec::new();
    for name in &arguments.positional {
        let (path, content) = read(context, "templates", name, arguments.name)?;
        let file = Arc::new(SourceFile::new(&path, content));
        let begin = Span::new(&file, 1, 1);
        let template = template_file_with(file.text(), &begin, syntax.clone());
        let template = template.map_err(|error| error.in_syntax().in_file(&begin))?;
        let mut environment = context.environment.clone();
        if let Some(parent) = path.parent() {
            environment.template_paths.insert(0, parent.to_path_buf());
        }
        let is_managed = context.names.lookup("ansible_managed").is_some();
        let own = template_file_names(context.environment.config(), &text(name)?, &path, None, is_managed);
        if let Some(Value::Dict(vars)) = &vars {
            own.update(vars);
        }
        let names = super::name::Overlay { over: own, under: context.names };
        // Text without a template in it is that text, and no value of nothing.
        values.push(match file.text() {
            "" => Value::from(""),
            _ => Context::new(&names, &environment).render(&template).map_err(|error| error.in_file(&begin))?,
        });
    }
    Ok(values)
}

/// Files in Base64, as they are: one that is encrypted stays so.
fn binary_file(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let options = Options::new("binary_file", arguments.context, arguments.named);
    let missing = options.choice("not_exist", &["error", "empty", "empty_str"])?;
    let mut contents = Vec::new();
    for name in &arguments.positional {
        let name = text(name)?;
        let Some(path) = arguments.context.environment.find("files", &name) else {
            contents.push(Value::from(match missing {
                "empty" => "",
                "empty_str" => "empty",
                _ => {
                    let text = format!("Could not locate file in community.general.binary_file lookup: {name}");
                    return Err(failed(text));
                }
            }));
            continue;
        };
        let bytes = std::fs::read(&path)
            .map_err(|error| failed(format!("Error while reading {}: {}", path.display(), os_text(&error))))?;
        contents.push(base64::prelude::BASE64_STANDARD.encode(bytes).into());
    }
    Ok(contents)
}

fn fileglob(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut found = Vec::new();
    for pattern in &arguments.positional {
        let pattern = text_or(pattern, "expected str, bytes or os.PathLike object")?;
        let candidates = arguments.context.environment.candidates("files", &pattern);
        // Folders are no patterns; with a folder in front, only the first one of that name is looked at.
        let in_folders = candidates.iter().filter(|path| path.parent().is_some_and(Path::is_dir));
        let count = if pattern.contains('/') { 1 } else { usize::MAX };
        let matches = in_folders.take(count).map(|path| glob_files(&path.display().to_string()));
        let matches = matches.into_iter().find(|matches| !matches.is_empty());
        found.extend(matches.unwrap_or_default().into_iter().map(Value::from));
    }
    Ok(found)
}

/// What separates names of files in a text, and names of folders.
const BETWEEN_FILES: &[char] = &[',', ';'];
const BETWEEN_PATHS: &[char] = &[',', ':', ';'];

/// The file names of a term: text, a list, or a dict of `files` and `paths`.
fn names(term: &Value, paths: &Value, separators: &[char], out: &mut Vec<String>) -> Result<(), TemplateError> {
    match term {
        Value::Dict(dict) => {
            let files = dict.get("files").unwrap_or(Value::None);
            let paths = dict.get("paths").unwrap_or_else(|| paths.clone());
            names(&files, &paths, separators, out)
        }
        Value::List(items) => items.to_vec().iter().try_for_each(|item| names(item, paths, separators, out)),
        Value::None => Ok(()),
        other => {
            let mut dirs = Vec::new();
            if !paths.is_none() {
                names(paths, &Value::None, BETWEEN_PATHS, &mut dirs)?;
            }
            let Value::Str(text) = other else {
                let text =
                    format!("Invalid term supplied. A string, dict or list is required, not '{}').", other.type_name());
                return Err(failed(text));
            };
            for name in text.split(separators).map(str::trim).filter(|name| !name.is_empty()) {
                if dirs.is_empty() || name.starts_with('/') {
                    out.push(name.to_owned());
                } else {
                    out.extend(dirs.iter().map(|dir| format!("{}/{name}", dir.trim_end_matches('/'))));
                }
            }
            Ok(())
        }
    }
}

fn first_found(mut arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut skip = arguments.take("skip").is_some_and(|skip| skip.to_flag());
    let files = arguments.take("files");
    let paths = arguments.take("paths").unwrap_or(Value::None);
    let mut candidates = Vec::new();
    let mut terms = flat(&arguments.positional, usize::MAX);
    if terms.is_empty() {
        terms.extend(files);
    }
    for term in &terms {
        if let Value::Dict(dict) = term {
            skip = dict.get("skip").is_some_and(|skip| skip.to_flag());
        }
        names(term, &paths, BETWEEN_FILES, &mut candidates)?;
    }
    // Only in a loop, the folder of the task's module is searched.
    let folder = arguments.take("_folder").map_or_else(String::new, |folder| folder.to_str());
    let found = candidates.iter().find_map(|name| arguments.context.environment.find(&folder, name));
    if let Some(path) = found {
        return Ok(vec![normalize(&path.to_string_lossy()).into()]);
    }
    if skip {
        return Ok(Vec::new());
    }
    let error = failed("No file was found when using first_found.");
    Err(if candidates.is_empty() { error } else { error.note(format!("looked for {}", candidates.join(", "))) })
}
