//! Files of the controller: `file`, `unvault`, `template`, `fileglob`, `first_found`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    super::{
        Arguments, Context, Lookup, Syntax, TemplateError,
        arguments::text,
        environment::Environment,
        filter::path::{expand_user, glob_files},
        template_file_with,
    },
    failed,
};
use crate::{
    source::{SourceFile, Span},
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
    ]);
}

impl Environment {
    /// Where a relative path of a lookup may be: in each search path, first under `folder`, then itself.
    fn candidates(&self, folder: &str, name: &str) -> Vec<PathBuf> {
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

fn read(context: &Context<'_>, folder: &str, name: &Value) -> Result<(PathBuf, String), TemplateError> {
    let name = text(name)?;
    let Some(path) = context.environment.find(folder, &name) else {
        let searched = context.environment.candidates(folder, &name);
        let searched: Vec<String> = searched.iter().map(|path| path.display().to_string()).collect();
        return Err(failed(format!("could not find `{name}`; searched {}", searched.join(", "))));
    };
    let bytes = std::fs::read(&path).map_err(|error| failed(format!("cannot read {}: {error}", path.display())))?;
    let bytes =
        vault::content_of(bytes).map_err(|error| failed(format!("cannot decrypt {}: {error}", path.display())))?;
    Ok((path, String::from_utf8_lossy(&bytes).into_owned()))
}

fn file(mut arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let rstrip = arguments.take("rstrip").is_none_or(|strip| strip.is_truthy());
    let lstrip = arguments.take("lstrip").is_some_and(|strip| strip.is_truthy());
    let mut contents = Vec::new();
    for name in &arguments.positional {
        let (_, content) = read(arguments.context, "files", name)?;
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
    let content = |name| read(arguments.context, "files", name).map(|(_, content)| Value::from(content));
    arguments.positional.iter().map(content).collect()
}

fn template(mut arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let context = arguments.context;
    let vars = arguments.take("template_vars");
    let mut syntax = Syntax { keep_escapes: false, ..Syntax::default() };
    for (name, value) in &arguments.named {
        if syntax.set(name, &value.to_str()).is_err() && **name != *"convert_data" && **name != *"jinja2_native" {
            return Err(failed(format!("unknown option `{name}`")));
        }
    }
    let mut texts = Vec::new();
    for name in &arguments.positional {
        let (path, content) = read(context, "templates", name)?;
        let file = Arc::new(SourceFile::new(&path, content));
        let template = template_file_with(file.text(), &Span::new(&file, 1, 1), syntax.clone())?;
        let mut environment = context.environment.clone();
        if let Some(parent) = path.parent() {
            environment.template_paths.insert(0, parent.to_path_buf());
        }
        let text = match &vars {
            Some(Value::Dict(vars)) => {
                let names = super::name::Overlay { over: vars.clone(), under: context.names };
                Context::new(&names, &environment).render_text(&template)?
            }
            _ => Context::new(context.names, &environment).render_text(&template)?,
        };
        texts.push(text.into());
    }
    Ok(texts)
}

fn fileglob(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let mut found = Vec::new();
    for pattern in &arguments.positional {
        let pattern = text(pattern)?;
        let matches = arguments
            .context
            .environment
            .candidates("files", &pattern)
            .iter()
            .map(|candidate| glob_files(&candidate.display().to_string()))
            .find(|matches| !matches.is_empty());
        found.extend(matches.unwrap_or_default().into_iter().map(Value::from));
    }
    Ok(found)
}

/// The file names of a term: text (with commas or colons between names), a list, or a dict of `files` and `paths`.
fn names(term: &Value, paths: &Value, out: &mut Vec<String>) -> Result<(), TemplateError> {
    match term {
        Value::Dict(dict) => {
            let files = dict.get("files").unwrap_or(Value::None);
            let paths = dict.get("paths").unwrap_or_else(|| paths.clone());
            names(&files, &paths, out)
        }
        Value::List(items) => items.to_vec().iter().try_for_each(|item| names(item, paths, out)),
        Value::None => Ok(()),
        other => {
            let mut dirs = Vec::new();
            if !paths.is_none() {
                names(paths, &Value::None, &mut dirs)?;
            }
            for name in text(other)?.split([',', ';']).map(str::trim).filter(|name| !name.is_empty()) {
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
    let mut skip = arguments.take("skip").is_some_and(|skip| skip.is_truthy());
    let files = arguments.take("files");
    let paths = arguments.take("paths").unwrap_or(Value::None);
    let mut candidates = Vec::new();
    for term in arguments.positional.iter().chain(&files) {
        if let Value::Dict(dict) = term {
            skip |= dict.get("skip").is_some_and(|skip| skip.is_truthy());
        }
        names(term, &paths, &mut candidates)?;
    }
    for name in &candidates {
        for folder in ["templates", "files", "vars", "tasks"] {
            if let Some(path) = arguments.context.environment.find(folder, name) {
                return Ok(vec![path.display().to_string().into()]);
            }
        }
    }
    if skip {
        return Ok(Vec::new());
    }
    Err(failed(format!("no file was found when using first_found; looked for {}", candidates.join(", "))))
}
