//! What the controller does of a task: all of it for actions as `debug`, the files for modules as
//! `copy`, nothing but the arguments for the others.

mod add_host;
mod assemble;
mod assert;
mod background;
mod contents;
mod copy;
mod debug;
mod defaults;
mod digests;
mod fetch;
mod files;
mod foreign;
pub mod gather_facts;
mod group_by;
mod include_vars;
mod invocation;
mod job;
pub mod meta;
mod pause;
mod raw;
mod reboot;
mod request;
mod script;
mod set_fact;
mod set_stats;
mod synchronize;
mod template;
mod validate_argument_spec;
mod wait_for_connection;

use std::sync::Arc;

use futures::future::BoxFuture;
use indexmap::IndexMap;
use serde_json::json;
use sutler_modules::kit::Args;

use super::{
    include::IncludedFile,
    settings::{Settings, evaluate},
    task::{Fields, TaskContext},
};
use crate::{
    output::Shown,
    playbook::{Origin, Task},
    source::{Diagnostic, Span, Spanned},
    template::{Syntax, Template, TemplateError},
    transport::ConnectError,
    value::Value,
    vars::{Layer, Scope},
};

pub use background::Background;
pub use contents::Contents;
pub use foreign::tracebacks;
pub use job::{Job, Reach};
pub use meta::Effect;
pub use request::{Sent, run_jobs};

/// A task that is ready: done already, or a job for the host.
pub enum Prepared {
    /// Done on the controller.
    Done(Done),
    /// To be done on the host.
    Job(Box<Job>),
    /// To be waited for: the controller does it, and that takes time.
    Later(Later),
}

/// An action that takes time.
pub type Later = BoxFuture<'static, Result<Done, ConnectError>>;

/// The result of an action that the controller did.
#[derive(Default)]
pub struct Done {
    /// The result.
    pub result: Fields,
    /// Variables to store.
    pub facts: Vec<(String, Value)>,
    /// Where they are stored.
    pub layer: Layer,
    /// What it does to the play.
    pub effect: Option<Effect>,
    /// What it includes.
    pub include: Option<Arc<IncludedFile>>,
    /// How much of its result is shown without `-v`.
    pub shown: Shown,
    /// What there is to warn of.
    pub warnings: Vec<Diagnostic>,
}

/// Why a task cannot be prepared.
pub enum PrepareError {
    /// A template fails; the place is that of the argument.
    Template(TemplateError, Option<Span>),
    /// A template fails that arguments come from which the task does not write itself: that of one of this name, or
    /// the one that all of them come from; the place is that of the template.
    Given(TemplateError, Option<String>, Span),
    /// What it includes cannot be read: a role, or the file of this name.
    Include(Diagnostic, Option<String>),
    /// What it includes does not parse.
    Broken(Diagnostic),
    /// A condition cannot be evaluated.
    Condition(TemplateError, Span),
    /// Anything else.
    Failed(Diagnostic),
    /// Anything else that Ansible says as the cause of a failed task.
    Raised(Diagnostic),
    /// What Ansible's action returns as its failure.
    Returned(&'static str),
}

impl From<TemplateError> for PrepareError {
    fn from(error: TemplateError) -> Self {
        Self::Template(error, None)
    }
}

impl From<Diagnostic> for PrepareError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Failed(diagnostic)
    }
}

/// The arguments of a task, evaluated.
pub struct Evaluated {
    arguments: IndexMap<String, Spanned<Value>>,
    origin: Arc<Origin>,
}

impl Evaluated {
    /// Evaluates the arguments of `task`; those that are `omit` are left out.
    fn new(task: &Task, scope: &Scope) -> Result<Self, PrepareError> {
        Self::without(None, task, scope)
    }

    /// Evaluates the arguments of `task` but for one.
    fn without(left_out: Option<&str>, task: &Task, scope: &Scope) -> Result<Self, PrepareError> {
        let mut arguments = defaults::of_task(task, scope)?;
        if let Some(defaults) = &task.action.defaults {
            let failed = |error| PrepareError::Given(error, None, defaults.span.clone());
            let value = evaluate(defaults, scope).map_err(failed)?;
            let given = value.as_dict().map(crate::value::Dict::entries);
            if given.is_none() && !value.is_none() && !value.is_omit() {
                return Err(no_arguments(task, &value, &defaults.span));
            }
            for (name, value) in given.unwrap_or_default().into_iter().filter(|(_, value)| !value.is_omit()) {
                arguments.insert(name.value().to_str(), Spanned::new(value, defaults.span.clone()));
            }
        }
        for (name, argument) in task.action.arguments.iter().filter(|(name, _)| left_out != Some(name.as_str())) {
            let failed = |error| PrepareError::Template(error, Some(argument.span.clone()));
            let value = evaluate(argument, scope).map_err(failed)?;
            if !value.is_omit() {
                if Template::is_plain(name) {
                    arguments.insert(name.clone(), Spanned::new(value, argument.span.clone()));
                    continue;
                }
                let name = evaluated_name(name, &argument.span, scope).map_err(failed)?;
                if task.action.module.0.short_name() == "set_fact" && name.as_str().is_none() {
                    let (shown, kind) = (name.to_str(), name.type_name());
                    return Err(invalid_name(&format!("'{shown}' of type '{kind}'"), Some(&argument.span)));
                }
                arguments.insert(name.to_str(), Spanned::new(value, argument.span.clone()));
            }
        }
        Ok(Self { arguments, origin: Arc::clone(&task.origin) })
    }

    /// An argument that was given and is not `None`.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.arguments.get(name).map(|argument| &argument.value).filter(|value| !value.is_none())
    }

    fn text(&self, name: &str) -> Result<Option<String>, PrepareError> {
        Ok(self.value(name).map(Value::to_str))
    }

    /// An argument that is true or false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).map(Value::to_flag)
    }

    /// The file or role that an include names.
    fn included(&self) -> Option<String> {
        let names = ["file", "_raw_params", "free_form", "name", "role"];
        names.into_iter().find_map(|name| self.value(name)).map(Value::to_str)
    }

    /// All arguments as text: equal texts mean the same.
    pub fn written(&self) -> String {
        self.arguments
            .iter()
            .map(|(name, argument)| {
                let value = &argument.value;
                format!("{name}={};", value.to_json().map_or_else(|_| value.to_str(), |json| json.to_string()))
            })
            .collect()
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.arguments.shift_remove(name).map(|argument| argument.value)
    }

    fn span(&self, name: &str) -> Option<&Span> {
        self.arguments.get(name).map(|argument| &argument.span)
    }

    /// As what an action takes.
    fn read<T: Args>(&self) -> Result<T, PrepareError> {
        let mut fields = Fields::new();
        for (name, argument) in &self.arguments {
            fields.insert(name.clone(), argument.value.to_json()?);
        }
        T::of_action(fields).map_err(|error| Diagnostic::error(error.to_string()).into())
    }

    /// As they travel to the helper.
    fn into_fields(self) -> Result<Fields, PrepareError> {
        let mut fields = Fields::new();
        for (name, argument) in self.arguments {
            let failed = |error| PrepareError::Template(error, Some(argument.span.clone()));
            fields.insert(name, argument.value.to_json().map_err(failed)?);
        }
        Ok(fields)
    }
}

/// Evaluates a task for one item and does the controller's part of it.
pub fn prepare(context: &TaskContext, task: &Task, scope: &Scope) -> Result<Prepared, PrepareError> {
    let prepared = prepare_unmasked(context, task, scope);
    // A job has noted its secrets already, those that it connects with.
    if !matches!(prepared, Ok(Prepared::Job(_))) {
        super::connect::note_secrets(scope, context.run.events.secrets());
    }
    prepared
}

fn prepare_unmasked(context: &TaskContext, task: &Task, scope: &Scope) -> Result<Prepared, PrepareError> {
    let module = task.action.module.0.short_name();
    let background = Background::new(context, task, scope)?;
    if module == "assert" {
        return assert::run(task, scope).map(Prepared::Done);
    }
    let mut arguments = Evaluated::new(task, scope)?;
    let scope = &scope.clone().made();
    let settings = Settings::new(task, scope);
    let name = task.action.module.0.name;
    if arguments.span("_raw_params").is_some() && task.action.foreign.is_none() && !task.action.takes_text() {
        let message = format!("Action '{name}' does not support raw params.");
        return Err(PrepareError::Raised(Diagnostic::error(message)));
    }
    check_names(task)?;
    if let Some(foreign) = &task.action.foreign {
        let job = foreign::job(context, task, scope, foreign, arguments)?;
        return Ok(Prepared::Job(Box::new(job.in_background(background))));
    }
    match module {
        "debug" => debug::run(context, scope, &arguments).map(Prepared::Done),
        "set_fact" => set_fact::run(arguments).map(Prepared::Done),
        "add_host" => add_host::run(context, &arguments).map(Prepared::Done),
        "group_by" => group_by::run(context, scope, &arguments).map(Prepared::Done),
        "fail" => fail(&arguments).map(Prepared::Done),
        "include_vars" => include_vars::run(context, scope, &arguments).map(Prepared::Done),
        "set_stats" => set_stats::run(context, scope, &arguments).map(Prepared::Done),
        "validate_argument_spec" => validate_argument_spec::run(scope, &arguments).map(Prepared::Done),
        "pause" => pause::prepare(context, task, scope, &arguments).map(Prepared::Later),
        "reboot" => {
            check(task, &arguments)?;
            reboot::prepare(context, settings, scope, &arguments).map(Prepared::Later)
        }
        "wait_for_connection" => {
            check(task, &arguments)?;
            wait_for_connection::prepare(context, settings, scope, &arguments).map(Prepared::Later)
        }
        "include_tasks" | "include_role" => {
            let include = Some(context.includes.find(task, &arguments)?);
            let mut result = Fields::new();
            result.insert("include".into(), json!(arguments.included()));
            result.insert("include_args".into(), json!({}));
            Ok(Prepared::Done(Done { result, include, ..Done::default() }))
        }
        "missing" => Err(Diagnostic::error(format!("there is no module `{}` here", task.action.name.value)).into()),
        "meta" => meta::run(&arguments, task).map(Prepared::Done),
        "fetch" => fetch::prepare(context, settings, scope, &arguments).map(Prepared::Later),
        "synchronize" => {
            let (job, fields) = synchronize::job(context, task, scope, arguments)?;
            let told = invocation::of(context, task, &fields);
            Ok(Prepared::Job(Box::new(job.telling(told))))
        }
        "gather_facts" => gather_facts::prepare(context, task, scope, arguments),
        "raw" => Job::raw(context, settings, scope, raw::command(&arguments)?).map(|job| Prepared::Job(Box::new(job))),
        _ => {
            let mut contents = Contents::default();
            match module {
                "assemble" => assemble::add_content(&arguments, &mut contents)?,
                "copy" => copy::add_content(&mut arguments, &mut contents)?,
                "script" => script::add_content(&arguments, &mut contents)?,
                "template" => template::add_content(scope, &mut arguments, &mut contents)?,
                "unarchive" => copy::add_archive(&mut arguments, &mut contents)?,
                "uri" => {
                    copy::add_source(&arguments, &mut contents)?;
                    copy::add_parts(&mut arguments, &mut contents)?;
                }
                "shell" if arguments.value("expand_argument_vars").is_some() => {
                    let name = &task.action.name.value;
                    let message = format!("Unsupported parameters for ({name}) module: expand_argument_vars");
                    return Err(Diagnostic::error(message).into());
                }
                _ => {}
            }
            let mut fields = arguments.into_fields()?;
            contents.add_to(&mut fields);
            match module {
                "async_status" => drop(fields.insert("_async_dir".into(), json!(background::directory(scope)?))),
                "setup" => foreign::add_python(context, settings, scope, &mut fields)?,
                "package" | "service" => defaults::add_manager(task, scope, &mut fields)?,
                _ => {}
            }
            let told = invocation::of(context, task, &fields);
            let job = Job::new(context, settings, scope, module, fields, contents)?;
            Ok(Prepared::Job(Box::new(job.in_background(background).telling(told))))
        }
    }
}

/// A template that stands for all arguments is no mapping.
fn no_arguments(task: &Task, value: &Value, place: &Span) -> PrepareError {
    let message = format!("Task args must resolve to a 'dict' not '{}'.", value.type_name());
    let outer = format!("Finalization of task args for '{}' failed", task.action.module.0.name);
    PrepareError::Raised(Diagnostic::error(message).at(place).within(outer, &task.action.name.span))
}

/// The name of an argument, which may be a template: `set_fact` sets variables of any name.
fn evaluated_name(name: &str, span: &Span, scope: &Scope) -> Result<Value, TemplateError> {
    let template = Template::compile(name, span, &Syntax::default())?;
    scope.context().render(&template)
}

/// Fails for arguments that an action of the controller does not have.
fn check_names(task: &Task) -> Result<(), PrepareError> {
    let spec = (task.action.module.0.spec)();
    let checks_itself = matches!(task.action.module.0.short_name(), "debug" | "pause");
    if spec.open || checks_itself || !task.action.module.0.is_action || task.is_meta() {
        return Ok(());
    }
    let unknown = task.action.arguments.iter().filter(|(name, _)| spec.option(name).is_none());
    let names: Vec<&str> = unknown.clone().map(|(name, _)| name.as_str()).collect();
    match unknown.map(|(_, argument)| &argument.span).next() {
        Some(span) => {
            let message = format!("Invalid options for {}: {}", task.action.name.value, names.join(","));
            Err(Diagnostic::error(message).at(span).into())
        }
        None => Ok(()),
    }
}

/// A list of names, or text with commas; `None` for anything else.
fn words(value: &Value) -> Option<Vec<String>> {
    let trimmed = |text: &str| text.trim().to_owned();
    match value {
        Value::List(list) => Some(list.to_vec().iter().map(|item| trimmed(&item.to_str())).collect()),
        Value::Tuple(items) => Some(items.iter().map(|item| trimmed(&item.to_str())).collect()),
        Value::Str(text) => Some(text.split(',').map(trimmed).collect()),
        _ => None,
    }
}

/// `fail`: the message may be any value.
fn fail(arguments: &Evaluated) -> Result<Done, PrepareError> {
    let mut done = failed("Failed as requested from task");
    if let Some(msg) = arguments.value("msg") {
        done.result.insert("msg".into(), msg.to_json()?);
    }
    Ok(done)
}

/// Checks names and dependencies of arguments that only the controller reads.
fn check(task: &Task, arguments: &Evaluated) -> Result<(), PrepareError> {
    let spec = (task.action.module.0.spec)();
    let mut fields = Fields::new();
    for (name, argument) in &arguments.arguments {
        fields.insert(name.clone(), argument.value.to_json()?);
    }
    sutler_modules::kit::args::check(&spec, &mut fields).map_err(|error| Diagnostic::error(error.to_string()).into())
}

/// A boolean argument in any spelling.
fn boolean(value: &Value) -> Result<bool, PrepareError> {
    value.as_flag().ok_or_else(|| {
        let text = value.to_str().trim().to_lowercase();
        let message = format!(
            "The value '{text}' is not a valid boolean. Valid booleans include: 0, 1, 'n', 'y', 'f', 'no', 'on', 't', 'yes', 'off', 'true', 'false', '0', '1'"
        );
        PrepareError::Raised(Diagnostic::error(message))
    })
}

/// A whole number.
fn integer(arguments: &Evaluated, name: &str) -> Result<Option<i64>, PrepareError> {
    let Some(value) = arguments.value(name) else { return Ok(None) };
    let (kind, text) = (value.type_name(), value.repr());
    value.to_str().trim().parse().map(Some).map_err(|_| {
        let message = format!(
            "argument '{name}' is of type {kind} and we were unable to convert to int: \"{text}\" cannot be converted to an int"
        );
        let error = Diagnostic::error(message);
        arguments.span(name).map_or_else(|| error.clone(), |span| error.clone().at(span)).into()
    })
}

/// Fails for a name that no variable may have.
fn check_name(name: &str, span: Option<&Span>) -> Result<(), PrepareError> {
    // What means something else in an expression can be no variable.
    const TAKEN: [&str; 7] = ["False", "None", "True", "false", "none", "not", "true"];
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_name && !TAKEN.contains(&name) {
        return Ok(());
    }
    Err(invalid_name(&format!("'{name}'"), span))
}

fn invalid_name(name: &str, span: Option<&Span>) -> PrepareError {
    let help = "Variable names must be strings starting with a letter or underscore character, and contain only letters, \
                numbers and underscores.";
    let mut error = Diagnostic::error(format!("Invalid variable name {name}.")).help(help);
    error.ansible.help = Some(help.into());
    PrepareError::Raised(span.map_or_else(|| error.clone(), |span| error.clone().at(span)))
}

/// A failure with a message.
fn failed(msg: &str) -> Done {
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    result.insert("failed".into(), json!(true));
    result.insert("msg".into(), json!(msg));
    Done { result, ..Done::default() }
}
