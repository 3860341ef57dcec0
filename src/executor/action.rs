//! What the controller does of a task: all of it for actions as `debug`, the files for modules as
//! `copy`, nothing but the arguments for the others.

mod assert;
mod contents;
mod copy;
mod debug;
mod files;
mod job;
mod meta;
mod raw;
mod set_fact;
mod template;

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::json;

use super::{
    include::IncludedFile,
    settings::{Settings, evaluate},
    task::{Fields, TaskContext},
};
use crate::{
    output::Shown,
    playbook::{Origin, Task},
    source::{Diagnostic, Span, Spanned},
    template::TemplateError,
    value::Value,
    vars::Scope,
};

pub use contents::Contents;
pub use job::{Job, run_jobs};
pub use meta::Effect;

/// A task that is ready: done already, or a job for the host.
pub enum Prepared {
    /// Done on the controller.
    Done(Done),
    /// To be done on the host.
    Job(Box<Job>),
}

/// The result of an action that the controller did.
#[derive(Default)]
pub struct Done {
    /// The result.
    pub result: Fields,
    /// Variables to store.
    pub facts: Vec<(String, Value)>,
    /// What it does to the play.
    pub effect: Option<Effect>,
    /// What it includes.
    pub include: Option<Arc<IncludedFile>>,
    /// How much of its result is shown without `-v`.
    pub shown: Shown,
}

/// Why a task cannot be prepared.
pub enum PrepareError {
    /// A template fails; the place is that of the argument.
    Template(TemplateError, Option<Span>),
    /// Anything else.
    Failed(Diagnostic),
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
        let mut arguments = module_defaults(task, scope)?;
        if let Some(defaults) = &task.action.defaults {
            let failed = |error| PrepareError::Template(error, Some(defaults.span.clone()));
            let value = evaluate(defaults, scope).map_err(failed)?;
            for (name, value) in value.as_dict().map(crate::value::Dict::entries).unwrap_or_default() {
                arguments.insert(name.value().to_str(), Spanned::new(value, defaults.span.clone()));
            }
        }
        for (name, argument) in &task.action.arguments {
            let failed = |error| PrepareError::Template(error, Some(argument.span.clone()));
            let value = evaluate(argument, scope).map_err(failed)?;
            if !value.is_omit() {
                arguments.insert(name.clone(), Spanned::new(value, argument.span.clone()));
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

    /// The argument that is written at a place.
    pub fn at(&self, span: &Span) -> Option<&Value> {
        self.arguments.values().find(|argument| argument.span == *span).map(|argument| &argument.value)
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
    let module = task.action.module.0.short_name();
    if module == "assert" {
        return assert::run(task, scope).map(Prepared::Done);
    }
    if module == "debug" {
        return debug::run(context, task, scope).map(Prepared::Done);
    }
    let mut arguments = Evaluated::new(task, scope)?;
    let settings = Settings::new(task, scope);
    match module {
        "set_fact" => set_fact::run(arguments).map(Prepared::Done),
        "fail" => {
            let msg = arguments.value("msg").map(Value::to_json).transpose()?;
            Ok(Prepared::Done(failed(msg.unwrap_or_else(|| json!("Failed as requested from task")))))
        }
        "include_tasks" | "include_role" => {
            let include = Some(context.includes.find(task, &arguments)?);
            Ok(Prepared::Done(Done { include, ..Done::default() }))
        }
        "missing" => Err(Diagnostic::error(format!("there is no module `{}` here", task.action.name.value)).into()),
        "meta" => meta::run(&arguments, task).map(Prepared::Done),
        "raw" => Job::raw(context, settings, scope, raw::command(&arguments)?).map(|job| Prepared::Job(Box::new(job))),
        _ => {
            let mut contents = Contents::default();
            match module {
                "copy" => copy::add_content(&mut arguments, &mut contents)?,
                "template" => template::add_content(scope, &mut arguments, &mut contents)?,
                "unarchive" => copy::add_archive(&mut arguments, &mut contents)?,
                "uri" => drop(copy::add_source(&arguments, &mut contents)?),
                _ => {}
            }
            let mut fields = arguments.into_fields()?;
            contents.add_to(&mut fields);
            Job::new(context, settings, scope, module, fields, contents).map(|job| Prepared::Job(Box::new(job)))
        }
    }
}

/// The arguments that `module_defaults` gives a module; inner ones replace outer ones as a whole.
fn module_defaults(task: &Task, scope: &Scope) -> Result<IndexMap<String, Spanned<Value>>, PrepareError> {
    let module = task.action.module.0;
    let mut found = IndexMap::new();
    for defaults in &task.keywords.module_defaults {
        let failed = |error| PrepareError::Template(error, Some(defaults.span.clone()));
        let Some(entries) = defaults.value.as_dict().map(crate::value::Dict::entries) else {
            let error = Diagnostic::error("`module_defaults` has to be a mapping of modules to arguments");
            return Err(error.at(&defaults.span).into());
        };
        for (name, arguments) in entries {
            let name = name.value().to_str();
            let is_module = sutler_modules::find(&name).is_some_and(|entry| entry.name == module.name);
            if !is_module {
                continue;
            }
            found.clear();
            let arguments = scope.context().resolve_deep(&arguments).map_err(failed)?;
            for (name, value) in arguments.as_dict().map(crate::value::Dict::entries).unwrap_or_default() {
                found.insert(name.value().to_str(), Spanned::new(value, defaults.span.clone()));
            }
        }
    }
    found.retain(|_, argument: &mut Spanned<Value>| !argument.value.is_omit());
    Ok(found)
}

/// A failure with a message.
fn failed(msg: serde_json::Value) -> Done {
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    result.insert("failed".into(), json!(true));
    result.insert("msg".into(), msg);
    Done { result, ..Done::default() }
}
