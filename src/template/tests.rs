//! Every row of `tests/templates/expressions`, which ansible-core wrote, against our evaluator.

use std::{collections::HashSet, fs, path::Path, sync::Arc};

use super::{
    Context, Environment, ErrorKind, Names, Template, TemplateError, date::Date, load::from_json_trusted, template_file,
};
use crate::{
    source::{SourceFile, Span},
    value::{Dict, Value},
};

mod files;

struct Variables(Dict);

impl Names for Variables {
    fn lookup(&self, name: &str) -> Option<Value> {
        self.0.get(name)
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().iter().map(Value::to_str).collect()
    }
}

fn evaluate(kind: &str, text: &str, variables: &Variables) -> Result<Value, TemplateError> {
    let file = Arc::new(SourceFile::new("test", text));
    let span = Span::new(&file, 1, 1);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = vec![folder.join("tests/templates/files")];
    let environment = Environment::new(folder).with_paths(files, vec![folder.to_owned()]);
    let context = Context::new(variables, &environment);
    match kind {
        "when" => context.condition(&Template::conditional(text, &span)?).map(Value::Bool),
        "file" => context.render_text(&template_file(text, &span)?).map(Value::from),
        _ => {
            let value = context.render(&Template::compile(text, &span, &super::Syntax::default())?)?;
            if value.is_omit() { Err(TemplateError::new(ErrorKind::Omitted)) } else { Ok(value) }
        }
    }
}

/// The class that ansible-core's error would have, as far as it tells kinds of errors apart.
fn is_like(error: &TemplateError, class: &str, message: &str) -> bool {
    match error.kind() {
        ErrorKind::Undefined(_) => {
            let text = error.to_string();
            text == message || class != "AnsibleUndefinedVariable" && !class.contains("Syntax")
        }
        ErrorKind::Syntax(_) => {
            class.contains("Syntax") || class == "UnicodeDecodeError" || class == "TemplateAssertionError"
        }
        ErrorKind::Unknown { .. } => {
            let classes = ["TemplateAssertionError", "TemplateRuntimeError", "ModuleNotFoundError"];
            classes.contains(&class) || class == "AnsibleTemplatePluginNotFoundError"
        }
        ErrorKind::Condition { .. } => class == "AnsibleBrokenConditionalError",
        ErrorKind::Recursion(_) => class == "RecursionError",
        ErrorKind::Omitted => class == "AnsibleValueOmittedError",
        _ => !matches!(class, "AnsibleUndefinedVariable" | "TemplateSyntaxError" | "AnsibleBrokenConditionalError"),
    }
}

/// A value as the rows keep it: dates as text.
fn stored(value: &Value) -> Value {
    match value {
        Value::List(items) => items.to_vec().iter().map(stored).collect(),
        Value::Dict(dict) => {
            dict.entries().into_iter().map(|(key, value)| (key, stored(&value))).collect::<Dict>().into()
        }
        Value::Object(object) if object.downcast_ref::<Date>().is_some() => object.plain().unwrap_or(Value::None),
        other => other.clone(),
    }
}

/// What Ansible would say.
fn says(error: &TemplateError) -> String {
    match error.kind() {
        ErrorKind::Syntax(text) => text.strip_prefix(super::NO_DELIMITERS).unwrap_or(text).to_owned(),
        ErrorKind::Raised { text, .. } | ErrorKind::Lookup { text, .. } => text.clone(),
        ErrorKind::Unknown { what: "lookup", name, .. } => format!("The lookup plugin '{name}' was not found."),
        ErrorKind::Unknown { what, name, .. } => format!("No {what} named '{name}'."),
        ErrorKind::Omitted => "A template was resolved to an Omit scalar.".to_owned(),
        ErrorKind::Condition { truthy, type_name, .. } => {
            let result = if *truthy { "True" } else { "False" };
            format!(
                "Conditional result ({result}) was derived from value of type '{type_name}' at '<unknown>'. \
                 Conditionals must have a boolean result."
            )
        }
        _ => error.to_string(),
    }
}

/// Whether an error has these words; those of the tables are the innermost cause alone.
fn is_said(text: &str, message: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first == message || first.strip_suffix(message).is_some_and(|before| before.ends_with(": "))
}

fn json(path: &Path) -> serde_json::Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of every table, each with the variables that it sees.
fn rows(folder: &Path) -> Vec<(serde_json::Value, Arc<serde_json::Value>)> {
    let tables = fs::read_dir(folder.join("expressions")).expect("the tables are part of the project");
    let texts = tables.map(|entry| entry.expect("a readable folder").path());
    let mut rows = Vec::new();
    for text in texts.filter(|path| path.extension().is_some_and(|extension| extension == "txt")) {
        let mut variables = json(&folder.join("variables.json"));
        let own = text.with_extension("variables.json");
        if let (true, Some(all)) = (own.exists(), variables.as_object_mut()) {
            all.extend(json(&own).as_object().cloned().unwrap_or_default());
        }
        let variables = Arc::new(variables);
        let serde_json::Value::Array(table) = json(&text.with_extension("json")) else { panic!("a table is a list") };
        rows.extend(table.into_iter().map(|row| (row, variables.clone())));
    }
    rows
}

/// So many errors say what is wrong in other words than ansible-core's: mostly where those are of Python's inner life,
/// or of the libraries behind a filter. It may become less.
const WORDED_OTHERWISE: usize = 1085;

#[test]
fn expressions_agree_with_ansible_core() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates");
    let rows = rows(&folder);
    let different = fs::read_to_string(folder.join("differences.txt")).expect("part of the project");
    let mut different: HashSet<&str> =
        different.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut failures = Vec::new();
    let mut worded = Vec::new();
    for (row, variables) in &rows {
        let field = |name: &str| row[name].as_str().unwrap_or_default();
        let (kind, text) = (field("kind"), field("text"));
        let Value::Dict(dict) = from_json_trusted(variables) else { panic!("variables are a mapping") };
        let result = evaluate(kind, text, &Variables(dict));
        let agrees = match &result {
            Ok(value) => {
                let agrees = field("type") == value.type_name() && stored(value).repr() == field("repr");
                field("error").is_empty() && agrees
            }
            Err(error) => !field("error").is_empty() && is_like(error, field("error"), field("message")),
        };
        if let Err(error) = &result
            && agrees
            && !is_said(&says(error), field("message"))
        {
            worded.push(format!("{kind} {text}\n   theirs: {}\n   ours:   {}", field("message"), says(error)));
        }
        let listed = different.remove(format!("{kind} {}", text.escape_debug()).as_str());
        if agrees == listed {
            let ours = match &result {
                Ok(value) => format!("{} {}", value.type_name(), value.repr()),
                Err(error) => format!("error {:?}: {error}", error.kind()),
            };
            let note = if listed { " (listed as different, but agrees)" } else { "" };
            failures.push(format!(
                "{kind} {}{note}\n   theirs: {} {}{} {}\n   ours:   {ours}",
                text.escape_debug(),
                field("type"),
                field("repr"),
                field("error"),
                field("message"),
            ));
        }
    }
    if worded.len() > WORDED_OTHERWISE {
        failures.push(format!("{} errors are worded otherwise:\n{}", worded.len(), worded.join("\n")));
    }
    failures.extend(different.iter().map(|line| format!("no such row: {line}")));
    assert!(failures.is_empty(), "{} of {} rows:\n{}", failures.len(), rows.len(), failures.join("\n"));
}
