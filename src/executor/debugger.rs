//! The debugger: a prompt at which a person looks at a task that ended, changes it and does it again.

use std::sync::Arc;

use serde_json::Value as Json;
use tokio::sync::Mutex;

use super::{
    settings::{Settings, evaluate},
    task::{self, TaskContext, TaskEnd},
};
use crate::{
    cli::{Answer, Keyboard, ask_line},
    config::settings::running,
    output::{Event, Status},
    playbook::{Task, keywords::Vars, written},
    source::{Diagnostic, SourceFile, Span, Spanned},
    template::Template,
    value::{Dict, Value},
    vars::{HostVars, Scope},
};

/// What `help` says.
const HELP: &str = "\
p EXPRESSION            print a value: task, task.args, task_vars, host, result
task.args['KEY'] = ...  change an argument of the task
task_vars['KEY'] = ...  change a variable of the task
u, update_task          take the arguments from the playbook again, with the changed variables
r, redo                 do the task again
c, continue             go on
q, quit                 end the run";

/// When a task opens the debugger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    Never,
    Failed,
    Unreachable,
    Skipped,
}

impl When {
    /// By the word of the keyword `debugger`; true and false say nothing.
    fn parse(value: &Value) -> Result<Option<Self>, Diagnostic> {
        Ok(Some(match value.to_str().as_str() {
            "always" => Self::Always,
            "never" => Self::Never,
            "on_failed" => Self::Failed,
            "on_unreachable" => Self::Unreachable,
            "on_skipped" => Self::Skipped,
            _ if matches!(value, Value::Bool(_) | Value::None) => return Ok(None),
            other => {
                let message = format!("`debugger` cannot be `{other}`");
                let help = "it is `always`, `never`, `on_failed`, `on_unreachable` or `on_skipped`";
                return Err(Diagnostic::error(message).help(help));
            }
        }))
    }
}

/// Checks the keyword `debugger` of a task.
pub fn check(task: &Task, scope: &Scope) -> Result<(), Diagnostic> {
    let Some(keyword) = task.keywords.setting("debugger") else { return Ok(()) };
    let value = evaluate(keyword, scope).map_err(|error| Diagnostic::from(error).at(&keyword.span))?;
    When::parse(&value).map(drop).map_err(|error| error.at(&keyword.span))
}

/// One person looks at one task at a time.
#[derive(Default)]
pub struct Turn(Mutex<()>);

/// What a person decides.
enum Decision {
    Continue,
    Redo,
    Quit,
}

/// Lets a person look at a task that ended, if it asks for that; returns how it ended at last.
pub async fn attend(
    context: &TaskContext,
    task: &Arc<Task>,
    host: &Arc<HostVars>,
    parameters: &Arc<[Arc<Vars>]>,
    mut end: TaskEnd,
) -> TaskEnd {
    if !context.debugs && task.keywords.setting("debugger").is_none() {
        return end;
    }
    let mut session =
        Session { context, task: Arc::clone(task), host, parameters: Arc::clone(parameters), written: task };
    while session.is_wanted(&end) && !context.run.control.is_stopping() {
        let turn = context.run.debugger.0.lock().await;
        let decision = session.ask(&end).await;
        drop(turn);
        match decision {
            Decision::Continue => break,
            Decision::Redo => {
                let parameters = Arc::clone(&session.parameters);
                end = Box::pin(task::run(context, &session.task, host, parameters, None)).await;
            }
            Decision::Quit => {
                context.run.events.emit(Event::Note("User interrupted execution".into()));
                context.run.control.stop();
            }
        }
    }
    end
}

/// A task under the debugger.
struct Session<'a> {
    context: &'a TaskContext,
    /// The task with the changed arguments.
    task: Arc<Task>,
    host: &'a Arc<HostVars>,
    /// With the changed variables, the strongest of all.
    parameters: Arc<[Arc<Vars>]>,
    /// The task as the playbook has it.
    written: &'a Arc<Task>,
}

impl Session<'_> {
    fn scope(&self) -> Scope {
        task::scope(self.context, &self.task, self.host, Arc::clone(&self.parameters)).0
    }

    /// Whether the debugger opens.
    fn is_wanted(&self, end: &TaskEnd) -> bool {
        let scope = self.scope();
        let settings = Settings::new(&self.task, &scope);
        let config = &self.context.run.options.config;
        let is_ignored = config.get(&running::TASK_DEBUGGER_IGNORE_ERRORS)
            && settings.flag("ignore_errors").ok().flatten().unwrap_or(false);
        let has_failed = end.status == Status::Failed && !is_ignored;
        let is_unreachable = end.status == Status::Unreachable;
        let when = settings.value("debugger").ok().flatten().and_then(|value| When::parse(&value).ok().flatten());
        match when {
            Some(When::Always) => true,
            Some(When::Failed) if has_failed => true,
            Some(When::Unreachable) if is_unreachable => true,
            Some(When::Skipped) if end.status == Status::Skipped => true,
            Some(When::Never) => false,
            _ => self.context.debugs && (has_failed || is_unreachable),
        }
    }

    async fn ask(&mut self, end: &TaskEnd) -> Decision {
        let title = end.title.clone().filter(|title| !title.is_empty()).unwrap_or_else(|| self.task.title());
        let mut prompt = format!("[{}] TASK: {title} (debug)> ", self.host.name);
        self.context.run.events.secrets().mask(&mut prompt);
        loop {
            let asked = prompt.clone();
            let events = self.context.run.events.clone();
            let asking = tokio::task::spawn_blocking(move || events.ask(|| read_line(&asked)));
            let line = asking.await.ok().flatten();
            let Some(line) = line else { return Decision::Quit };
            match line.trim() {
                "" => {}
                "c" | "continue" => return Decision::Continue,
                "r" | "redo" => return Decision::Redo,
                "q" | "quit" => return Decision::Quit,
                "u" | "update_task" => self.task = Arc::clone(self.written),
                "h" | "help" | "?" => self.say(HELP.into()),
                command => match self.obey(command, &title, end) {
                    Ok(Some(text)) => self.say(text),
                    Ok(None) => {}
                    Err(error) => self.say(format!("*** {error}")),
                },
            }
        }
    }

    fn say(&self, text: String) {
        self.context.run.events.emit(Event::Note(text));
    }

    /// What a command prints.
    fn obey(&mut self, command: &str, title: &str, end: &TaskEnd) -> Result<Option<String>, String> {
        for print in ["p ", "pprint "] {
            let Some(expression) = command.strip_prefix(print) else { continue };
            return Ok(Some(match expression.trim() {
                "task" => format!("TASK: {title}"),
                "host" => self.host.name.clone(),
                expression => self.evaluate(expression, end)?.pretty(),
            }));
        }
        let Some((target, value)) = split_assignment(command) else {
            return Err(format!("`{command}` is no command; `help` lists them"));
        };
        let value = self.evaluate(value, end)?;
        let (place, key) = target;
        let key = self.evaluate(key, end)?.to_str();
        match place {
            "task.args" => {
                let mut task = Task::clone(&self.task);
                let span = task.action.name.span.clone();
                task.action.arguments.insert(key, Spanned::new(value, span));
                self.task = Arc::new(task);
            }
            _ => {
                let changed = Arc::new(Vars::from_iter([(key, value)]));
                self.parameters = self.parameters.iter().cloned().chain([changed]).collect();
            }
        }
        Ok(None)
    }

    /// An expression, with the names that the debugger knows.
    fn evaluate(&self, expression: &str, end: &TaskEnd) -> Result<Value, String> {
        let mut scope = self.scope();
        let known = scope.resolve("vars").ok().flatten().unwrap_or_else(|| Value::Dict(Dict::new()));
        let arguments = Dict::new();
        for (name, argument) in &self.task.action.arguments {
            let value = evaluate(argument, &scope).unwrap_or_else(|_| Value::from(written(&argument.value)));
            arguments.insert(name.as_str(), value);
        }
        let described = task::failed_task(&self.task, end.title.as_deref(), &scope);
        if let Some(described) = described.as_dict() {
            described.insert("args", Value::Dict(arguments));
        }
        let result = Value::from_json(Json::Object(end.result.clone()));
        if let Some(fields) = result.as_dict() {
            // The documentation of Ansible has `result._result`.
            fields.insert("_result", Value::from_json(Json::Object(end.result.clone())));
        }
        scope.bind("task", described);
        scope.bind("task_vars", known);
        scope.bind("host", Value::from(self.host.name.as_str()));
        scope.bind("result", result);
        let file = Arc::new(SourceFile::new("debugger", expression));
        let template = Template::expression(expression, &Span::new(&file, 1, 1)).map_err(|error| error.to_string())?;
        let context = scope.context();
        let value = context.render(&template).map_err(|error| error.to_string())?;
        context.resolve_deep(&value).map_err(|error| error.to_string())
    }
}

/// The parts of `PLACE[KEY] = VALUE`, where the place is one that can be changed.
fn split_assignment(command: &str) -> Option<((&str, &str), &str)> {
    for place in ["task.args", "task_vars"] {
        let Some(rest) = command.strip_prefix(place).map(str::trim_start) else { continue };
        let (key, value) = rest.strip_prefix('[')?.split_once(']')?;
        return Some(((place, key), value.trim_start().strip_prefix('=').filter(|value| !value.starts_with('='))?));
    }
    None
}

/// A line of the person; `None` at the end of the input and after Ctrl-C.
fn read_line(prompt: &str) -> Option<String> {
    let Some(keyboard) = Keyboard::open() else { return ask_line(prompt) };
    match keyboard.ask(prompt) {
        Ok(Answer::Line(line)) => Some(line),
        Ok(Answer::Interrupt | Answer::End) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::split_assignment;

    #[test]
    fn an_assignment_has_a_place_a_key_and_a_value() {
        assert_eq!(split_assignment("task.args['src'] = 'a=b'"), Some((("task.args", "'src'"), " 'a=b'")));
        assert_eq!(split_assignment("task_vars[\"x\"]=1"), Some((("task_vars", "\"x\""), "1")));
        for other in ["task_vars['x'] == 1", "task.name = 1", "x = 2", "task.args"] {
            assert_eq!(split_assignment(other), None, "{other}");
        }
    }
}
