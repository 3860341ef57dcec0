//! An error of a template as people read it: the place, and how evaluation got there.

use super::{ErrorKind, TemplateError, error::Via};
use crate::{
    source::{Diagnostic, MASK, Span, names_a_secret},
    value::Value,
    vault,
};

/// What Ansible says of texts that are to be evaluated, and come from elsewhere.
const TRUSTED: &str = "Templates and expressions must be defined by trusted sources such as playbooks or roles, not untrusted \
                       sources such as module results.";
/// What Ansible says of `omit` where it stands for nothing that can be left out.
const OMITTED: &str =
    "Callers must be prepared to handle this value. This is most likely a bug in the code requesting templating.";
/// As many characters of a value are shown.
const SHOWN: usize = 120;

impl From<TemplateError> for Diagnostic {
    fn from(error: TemplateError) -> Self {
        let mut diagnostic = Self::error(error.to_string()).worded(wording(&error));
        diagnostic.ansible.cause = error.is_apart().then(|| error.to_string());
        // Ansible names the place where the failing template begins.
        if let Some(origin) = error.origin() {
            diagnostic = diagnostic.origin(&origin);
        }
        if let Some(span) = error.span() {
            diagnostic = diagnostic.at(span);
        }
        for (name, value) in error.values() {
            let hidden = names_a_secret(name);
            let shown = if hidden { MASK.to_owned() } else { shortened(without_secrets(value).repr()) };
            diagnostic = diagnostic.note(format!("`{name}` is {shown}"));
        }
        if let Some(note) = error.noted() {
            diagnostic = diagnostic.note(note);
        }
        for via in error.chain() {
            let is_known = |span: &Span| error.span().is_some_and(|place| place.file.path() == span.file.path());
            let note = match via {
                Via::File(span) | Via::Part(span) if is_known(span) => continue,
                Via::Template { source, span } => {
                    let source = if span.file.is_secret() { MASK } else { source.trim() };
                    format!("while evaluating `{source}` at {span}")
                }
                Via::Condition(span) => format!("in the condition at {span}"),
                Via::File(span) => format!("in the template {}", span.file.path().display()),
                Via::Part(span) => format!("included from another file: {}", span.file.path().display()),
            };
            diagnostic = diagnostic.note(note);
        }
        if let Some(help) = error.help() {
            diagnostic = diagnostic.help(help);
        }
        diagnostic.ansible.help = match error.kind() {
            ErrorKind::Untrusted => Some(TRUSTED.into()),
            ErrorKind::Omitted => Some(OMITTED.into()),
            _ => None,
        };
        diagnostic
    }
}

/// A value without what stands under the name of a secret in it.
fn without_secrets(value: &Value) -> Value {
    match value {
        Value::List(list) => list.to_vec().iter().map(without_secrets).collect(),
        Value::Tuple(items) => Value::Tuple(items.iter().map(without_secrets).collect()),
        Value::Dict(dict) => {
            let entries = dict.entries().into_iter().map(|(key, value)| {
                let hidden = key.as_str().is_some_and(names_a_secret) && value.as_dict().is_none();
                let value = if hidden { Value::from(MASK) } else { without_secrets(&value) };
                (key, value)
            });
            Value::Dict(entries.collect())
        }
        other => other.clone(),
    }
}

/// The beginning of a long text. Secrets are masked before, while they are whole.
fn shortened(mut text: String) -> String {
    vault::current().secrets().mask(&mut text);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What Ansible says.
pub(super) fn wording(error: &TemplateError) -> String {
    let kind = if error.is_in_text() { "template" } else { "expression" };
    match error.kind() {
        ErrorKind::Syntax(text) if text.starts_with(super::NO_DELIMITERS) => format!("Syntax error in {kind}. {text}"),
        ErrorKind::Syntax(text) => format!("Syntax error in {kind}: {text}"),
        ErrorKind::Unknown { what: "lookup", name, .. } => format!("The lookup plugin '{name}' was not found."),
        ErrorKind::Unknown { what, name, .. } if let Some(plugin) = error.plugin() => {
            format!("The {} plugin '{}' failed: No {what} named '{name}'.", plugin.what, plugin.name)
        }
        ErrorKind::Unknown { what, name, .. } => format!("Syntax error in {kind}: No {what} named '{name}'."),
        ErrorKind::Raised { text, .. } => match error.plugin() {
            Some(plugin) => format!("The {} plugin '{}' failed: {text}", plugin.what, plugin.name),
            None => format!("Error rendering {kind}: {text}"),
        },
        ErrorKind::Recursion(_) => "Recursive loop detected in template: maximum recursion depth exceeded".to_owned(),
        ErrorKind::Encrypted { error, .. } => {
            format!("Error rendering {kind}: Attempt to use undecryptable variable: {}", error.wording())
        }
        ErrorKind::Lookup { name, text } => format!("The lookup plugin '{name}' failed: {text}"),
        ErrorKind::Condition { truthy, type_name, place } => {
            let result = if *truthy { "True" } else { "False" };
            let path = place.file.path();
            let place = if path.to_string_lossy().starts_with('<') {
                path.display().to_string()
            } else {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
                format!("{}:{}:{}", path.display(), place.line, place.column)
            };
            format!(
                "Conditional result ({result}) was derived from value of type '{type_name}' at '{place}'. \
                 Conditionals must have a boolean result."
            )
        }
        ErrorKind::Undefined(_) | ErrorKind::Untrusted | ErrorKind::Omitted | ErrorKind::Empty | ErrorKind::NoText => {
            error.to_string()
        }
        ErrorKind::NoTemplate { names, is_list, searched } => {
            let what = match names.as_slice() {
                [] => "Tried to select from an empty list of templates.".to_owned(),
                [name] if !is_list => {
                    let paths = if searched.len() == 1 { "path" } else { "paths" };
                    let searched: Vec<String> = searched.iter().map(|path| format!("'{path}'")).collect();
                    format!("'{name}' not found in search {paths}: {}", searched.join(", "))
                }
                names => format!("none of the templates given were found: {}", names.join(", ")),
            };
            format!("Error rendering {kind}: {what}")
        }
    }
}
