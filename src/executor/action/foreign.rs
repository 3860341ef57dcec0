//! Modules of people's own: who runs them on the host, and their arguments as they read them.

use serde_json::{Value as Json, json};
use sutler_modules::kit::shlex;
use sutler_protocol::{Foreign as Sent, ForeignForm, TASK_FOLDER};

use super::{Contents, Evaluated, Fields, Job, PrepareError, TaskContext};
use crate::{
    config::settings::{connection, output},
    executor::settings::Settings,
    library::{Foreign, Kind},
    output::python_json_in_order,
    playbook::{LANGUAGE, Task},
    source::Diagnostic,
    template::{Template, TemplateError},
    value::Value,
    vars::Scope,
};

/// The Pythons that are looked for on a host, the first that is there counts (`INTERPRETER_PYTHON_FALLBACK`).
const PYTHONS: [&str; 8] =
    ["python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8", "/usr/bin/python3", "python3"];
/// Values of `ansible_python_interpreter` that mean one that is found.
const FOUND: [&str; 4] = ["auto", "auto_silent", "auto_legacy", "auto_legacy_silent"];

/// The job of a task with such a module.
pub fn job(
    context: &TaskContext,
    task: &Task,
    scope: &Scope,
    foreign: &Foreign,
    arguments: Evaluated,
) -> Result<Job, PrepareError> {
    let settings = Settings::new(task, scope);
    // Modules are told the name that the task has for them, as long as that is one.
    let written = &task.action.name.value;
    let name = if Template::is_plain(written) { written } else { foreign.shown_name() };
    if let Some(why) = &foreign.broken {
        return Err(PrepareError::Raised(Diagnostic::error(why.clone())));
    }
    if arguments.value("_raw_params").is_some() {
        let message = format!("Action '{name}' does not support raw params.");
        return Err(PrepareError::Raised(Diagnostic::error(message)));
    }
    let reached = match settings.text("delegate_to")? {
        Some(other) => scope.delegated_to(&other),
        None => scope.clone(),
    };
    let Interpreter { words, pythons } = interpreter(context, &reached, foreign)?;
    let words = match foreign.kind {
        Kind::Python if !words.is_empty() => with_limit(context, &reached, words)?,
        _ => words,
    };
    let mut contents = Contents::default();
    let code = foreign.code();
    let mut given = internal(context, settings, &reached, name)?;
    given.extend(arguments.into_fields()?);
    let sent = Sent {
        name: foreign.file_name(),
        code: contents.on_demand(&code.sha1, &code.bytes),
        form: match foreign.kind {
            Kind::Python => ForeignForm::Package,
            Kind::Filled => ForeignForm::Filled,
            _ => ForeignForm::File,
        },
        interpreter: words,
        pythons,
        input: input(foreign.kind, given),
        tells_errors: false,
    };
    let fields = match json!(sent) {
        Json::Object(fields) => fields,
        _ => Fields::new(),
    };
    Job::new(context, settings, scope, sutler_modules::FOREIGN.name, fields, contents)
}

/// Adds to the arguments of `setup` the Python that is named for a host; else it is to be found there.
pub fn add_python(
    context: &TaskContext,
    settings: Settings,
    scope: &Scope,
    fields: &mut Fields,
) -> Result<(), TemplateError> {
    let reached = match settings.text("delegate_to")? {
        Some(other) => scope.delegated_to(&other),
        None => scope.clone(),
    };
    let named = text(&reached, "ansible_python_interpreter")?
        .unwrap_or_else(|| context.run.options.config.get(&connection::INTERPRETER_PYTHON));
    if !FOUND.contains(&named.as_str()) {
        fields.insert("_python".into(), json!(named));
    }
    Ok(())
}

/// What runs a module on its host.
#[derive(Default)]
struct Interpreter {
    words: Vec<String>,
    pythons: Vec<String>,
}

/// The interpreter of the first line, unless a variable `ansible_NAME_interpreter` names another one. Modules in
/// Python are run by the host's, whatever their first line says.
fn interpreter(context: &TaskContext, scope: &Scope, foreign: &Foreign) -> Result<Interpreter, TemplateError> {
    if foreign.kind == Kind::Binary {
        return Ok(Interpreter::default());
    }
    let mut words = foreign.shebang.clone().unwrap_or_else(|| vec!["/usr/bin/python".to_owned()]);
    if words.len() > 1 && words[0].ends_with("/env") {
        words.remove(0);
    }
    let name = words[0].rsplit('/').next().unwrap_or_default().to_owned();
    let is_python = foreign.kind == Kind::Python || name.starts_with("python");
    let variable =
        if is_python { "ansible_python_interpreter".to_owned() } else { format!("ansible_{name}_interpreter") };
    let mut other = text(scope, &variable)?;
    if is_python && other.is_none() {
        other = Some(context.run.options.config.get(&connection::INTERPRETER_PYTHON));
    }
    match other {
        Some(mode) if is_python && FOUND.contains(&mode.as_str()) => {
            let list = scope.resolve("ansible_interpreter_python_fallback")?;
            let list = list.as_ref().and_then(Value::as_list).map(crate::value::List::to_vec);
            let given = list.map(|list| list.iter().map(Value::to_str).collect());
            Ok(Interpreter { words: Vec::new(), pythons: given.unwrap_or_else(|| PYTHONS.map(str::to_owned).into()) })
        }
        Some(other) => {
            words.splice(0..1, other.split_whitespace().map(str::to_owned));
            if foreign.kind == Kind::Python {
                words.truncate(other.split_whitespace().count());
            }
            Ok(Interpreter { words, pythons: Vec::new() })
        }
        None => Ok(Interpreter { words, pythons: Vec::new() }),
    }
}

/// The words that start a Python, with the number of files that it may open (`PYTHON_MODULE_RLIMIT_NOFILE`). One
/// that is searched for on the host has the host's own limit.
fn with_limit(context: &TaskContext, scope: &Scope, words: Vec<String>) -> Result<Vec<String>, TemplateError> {
    let setting = || context.run.options.config.get(&connection::PYTHON_MODULE_RLIMIT_NOFILE);
    let wanted = text(scope, "ansible_python_module_rlimit_nofile")?.unwrap_or_else(setting);
    let Some(limit) = wanted.parse::<u64>().ok().filter(|limit| *limit > 0) else { return Ok(words) };
    // No more than the hard limit.
    let script = format!("ulimit -S -n {limit} 2>/dev/null || ulimit -S -n $(ulimit -H -n); exec \"$@\"");
    let mut all: Vec<String> = ["/bin/sh", "-c", &script, "sh"].map(str::to_owned).into();
    all.extend(words);
    Ok(all)
}

fn text(scope: &Scope, name: &str) -> Result<Option<String>, TemplateError> {
    let value = scope.resolve(name)?.filter(|value| !value.is_none() && !value.is_omit());
    Ok(value.map(|value| value.to_str().trim().to_owned()).filter(|text| !text.is_empty()))
}

/// What Ansible tells every module beside its arguments.
fn internal(context: &TaskContext, settings: Settings, scope: &Scope, name: &str) -> Result<Fields, TemplateError> {
    let options = &context.run.options;
    let config = &options.config;
    let hides = settings.no_log(config.get(&crate::config::settings::running::DEFAULT_NO_LOG)).hides();
    let is_silent = scope.resolve("ansible_no_target_syslog")?.map(|value| value.to_flag());
    let is_silent = is_silent.unwrap_or_else(|| config.get(&output::DEFAULT_NO_TARGET_SYSLOG));
    let shell = text(scope, "ansible_shell_executable")?;
    let folder = text(scope, "ansible_remote_tmp")?.unwrap_or_else(|| "~/.ansible/tmp".to_owned());
    let log = text(scope, "ansible_target_log_info")?.or_else(|| config.get(&output::TARGET_LOG_INFO));
    let values = [
        // The first, so that no argument can stand before it.
        ("tmpdir", json!(TASK_FOLDER)),
        ("check_mode", json!(settings.flag("check_mode")?.unwrap_or(options.check))),
        ("no_log", json!(hides || is_silent)),
        ("debug", json!(false)),
        ("diff", json!(settings.flag("diff")?.unwrap_or(options.diff))),
        ("verbosity", json!(options.verbosity)),
        ("version", json!(LANGUAGE)),
        ("module_name", json!(name)),
        ("syslog_facility", json!(config.get(&output::DEFAULT_SYSLOG_FACILITY))),
        ("selinux_special_fs", json!(config.get(&connection::DEFAULT_SELINUX_SPECIAL_FS))),
        ("socket", Json::Null),
        ("shell_executable", json!(shell.unwrap_or_else(|| config.get(&connection::DEFAULT_EXECUTABLE)))),
        ("keep_remote_files", json!(false)),
        ("remote_tmp", json!(folder)),
        ("ignore_unknown_opts", json!(false)),
        ("target_log_info", json!(log)),
        ("tracebacks_for", json!(tracebacks(&config.get(&output::DISPLAY_TRACEBACK)))),
    ];
    Ok(values.into_iter().map(|(name, value)| (format!("_ansible_{name}"), value)).collect())
}

/// What modules in Python give a traceback for (`DISPLAY_TRACEBACK`).
pub fn tracebacks(wanted: &[String]) -> Vec<&'static str> {
    let has = |name: &str| wanted.iter().any(|wanted| wanted == name || wanted == "always");
    let names = ["error", "warning", "deprecated", "deprecated_value"];
    let is_meant = |name: &&str| has(name) || *name == "deprecated" && has("deprecated_value");
    if has("never") && !wanted.iter().any(|wanted| wanted == "always") {
        return Vec::new();
    }
    names.into_iter().filter(is_meant).collect()
}

/// The arguments as a module of a kind reads them.
fn input(kind: Kind, arguments: Fields) -> String {
    match kind {
        Kind::Python => python_json_in_order(&json!({ "ANSIBLE_MODULE_ARGS": arguments })),
        Kind::Old => {
            let pair =
                |(name, value): (String, Json)| format!("{name}={} ", shlex::quote(&Value::from_json(value).to_str()));
            arguments.into_iter().map(pair).collect()
        }
        _ => python_json_in_order(&Json::Object(arguments)),
    }
}
