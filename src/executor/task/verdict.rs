//! How a result counts: the module's word, then `changed_when` and `failed_when`; and what failures look like.

use serde_json::{Value as Json, json};

use super::{Fields, ItemEnd, ItemRun, Runner};
use crate::{
    config::settings::output,
    executor::{
        action::{gather_facts, tracebacks},
        conditions::{Unmet, all_hold},
        settings::Settings,
    },
    output::{NO_TRACEBACK, Status},
    source::{Diagnostic, Span},
    template::{ErrorKind, TemplateError, Via},
    transport::ConnectError,
    value::Value,
    vars::Scope,
};

const FAILED: &str = "Task failed";
/// What failed without saying why.
const UNKNOWN: &str = "Unknown error.";
const OTHER_INTERPRETER: &str = " Consider overriding the configured interpreter path for this host.";
const SEE_OUTPUT: &str = " See stdout/stderr for the returned output.";
/// The return value that hides the others, as `no_log` does.
pub const HIDDEN: &str = "_ansible_no_log";
/// The return value of a module that says what led to its failure.
pub const CAUSE: &str = "_ansible_cause";
const BROKEN_CONDITION: &str =
    "Broken conditionals can be temporarily allowed with the `ALLOW_BROKEN_CONDITIONALS` configuration option.";

impl Runner<'_> {
    /// The traceback that a module ended with, where it is asked for (`DISPLAY_TRACEBACK`).
    fn printed_traceback(&self, result: &Fields) -> String {
        let wanted = tracebacks(&self.context.run.options.config.get(&output::DISPLAY_TRACEBACK));
        let printed = result.get("module_stderr").and_then(Json::as_str).filter(|text| text.contains("Traceback"));
        printed.filter(|_| wanted.contains(&"error")).unwrap_or(NO_TRACEBACK).to_owned()
    }

    /// The scope in which conditions see the result under the name it is registered as.
    pub(super) fn with_result(&self, item: &ItemRun, result: &Fields) -> Scope {
        let mut scope = item.scope.clone().made();
        if let Some(name) = &self.task.register {
            scope.bind(name, Value::from_json(Json::Object(result.clone())));
        }
        scope
    }

    /// How a result counts.
    pub(super) fn judge(&self, item: &ItemRun, result: Result<Fields, ConnectError>) -> ItemEnd {
        match result {
            Ok(mut result) => {
                let is_hidden = result.shift_remove(HIDDEN).is_some_and(|hidden| is_true(&hidden));
                let end = self.judge_result(item, result);
                ItemEnd { is_hidden, is_returned: true, ..end }
            }
            Err(error) => self.connect_failure(&error),
        }
    }

    /// In check mode, what a task would have changed or done is not there for those that follow.
    fn note_prediction(&self, item: &ItemRun, result: &Fields) {
        let is = |name: &str| result.get(name).is_some_and(is_true);
        let msg = || result.get("msg").and_then(Json::as_str).unwrap_or_default();
        // What `creates` skips would be skipped without check mode as well.
        let predicts = is("changed") || (is("skipped") && msg().contains("check mode"));
        let is_of_inventory = matches!(self.task.action.module.0.short_name(), "add_host" | "group_by");
        if !predicts || is_of_inventory {
            return;
        }
        let settings = Settings::new(self.task, &item.scope);
        let (options, report) = (&self.context.run.options, &self.context.run.report);
        if settings.flag("check_mode").ok().flatten().unwrap_or(options.check) {
            report.predict(&self.host.name);
            if let Ok(Some(other)) = settings.text("delegate_to") {
                report.predict(&other);
            }
        }
    }

    fn judge_result(&self, item: &ItemRun, mut result: Fields) -> ItemEnd {
        if self.task.action.module.0.short_name() == "gather_facts" {
            result = gather_facts::told(result);
        }
        self.note_prediction(item, &result);
        add_lines(&mut result);
        let is_foreign = self.task.action.foreign.is_some();
        let cause = result.shift_remove(CAUSE);
        if let Some(diff) = result.get_mut("diff").filter(|diff| diff.is_object())
            && matches!(self.task.action.module.0.short_name(), "copy" | "template")
        {
            // They may be many files.
            *diff = json!([diff.take()]);
        }
        if result.get("skipped").is_some_and(is_true) {
            // Where it is the controller that looks at `creates` in Ansible, the result says no more.
            if !matches!(self.task.action.module.0.short_name(), "script" | "unarchive") {
                result.entry("failed").or_insert(json!(false));
            }
            return ItemEnd::new(Status::Skipped, result);
        }
        if is_foreign && result.get("unreachable").is_some_and(is_true) {
            result.insert("failed".into(), json!(false));
            return ItemEnd::new(Status::Unreachable, result);
        }
        let mut failed = result.get("failed").is_some_and(is_true);
        let is_own = failed && !is_unreadable(&result);
        if is_foreign && !result.contains_key("failed") {
            failed = result.get("rc").is_some_and(is_exit_of_failure);
        }
        // `changed_when` and `failed_when` may ask which try it is.
        let attempt = self.attempt.load(std::sync::atomic::Ordering::Relaxed);
        if attempt > 0 {
            result.insert("attempts".into(), json!(attempt));
        }
        let was_failed = failed;
        let mut changed = result.get("changed").is_some_and(is_true);
        let verdicts =
            [(&self.task.changed_when, &mut changed, "changed"), (&self.task.failed_when, &mut failed, "failed")];
        for (conditions, verdict, name) in verdicts {
            let Some(conditions) = conditions else { continue };
            match all_hold(conditions, &self.with_result(item, &result)) {
                Ok(holds) => {
                    *verdict = holds;
                    result.insert(name.into(), json!(holds));
                    if name == "failed" {
                        result.insert("failed_when_result".into(), json!(holds));
                    }
                }
                Err((error, span)) => {
                    let end = self.condition_failure(error, span.as_ref());
                    let why = end.result.get("msg").and_then(Json::as_str).unwrap_or_default();
                    let why = why.strip_prefix(FAILED).map_or(why, |why| why.trim_start_matches(": "));
                    result.insert(format!("{name}_when_result"), json!(why));
                    result.insert("failed".into(), json!(true));
                    // Ansible says what came back, and leaves the reason to the result.
                    let error = end.error.map(|told| {
                        let span = told.span.clone();
                        Diagnostic { span, ..self.returned_failure(told.message, &result, is_own) }
                    });
                    result.entry("exception").or_insert(json!(NO_TRACEBACK));
                    return ItemEnd { result, error, ..end };
                }
            }
        }
        if was_failed && !failed {
            let exception = result.shift_remove("exception").unwrap_or_else(|| json!(NO_TRACEBACK));
            result.insert("failed_when_suppressed_exception".into(), exception);
        }
        result.entry("changed").or_insert(json!(changed));
        result.insert("failed".into(), json!(failed));
        let status = match (failed, changed) {
            (true, _) => Status::Failed,
            (false, true) => Status::Changed,
            (false, false) => Status::Ok,
        };
        let mut end = ItemEnd::new(status, result);
        if failed {
            let traceback = self.printed_traceback(&end.result);
            end.result.entry("exception").or_insert(json!(traceback));
            let who = self.who_failed(is_own);
            let unknown = format!("{FAILED}: {who}: {UNKNOWN}");
            end.result.entry("msg").or_insert_with(|| json!(unknown));
            let message = end.result.get("msg").and_then(Json::as_str).filter(|msg| !msg.is_empty() && *msg != unknown);
            let message = message.or_else(|| end.result.get("message").and_then(Json::as_str));
            let message = message.map_or("the task failed", |message| without_contexts(message, who));
            let message = message.lines().next().unwrap_or_default().to_owned();
            let mut error = self.returned_failure(message, &end.result, is_own);
            if let Some(cause) = cause {
                error = error.caused_by(&Value::from_json(cause).to_str());
            }
            end.error = Some(error);
        }
        end
    }

    /// A condition did not hold.
    pub(super) fn skipped(unmet: Unmet) -> ItemEnd {
        let mut result = Fields::new();
        result.insert("changed".into(), json!(false));
        result.insert("skipped".into(), json!(true));
        result.insert("skip_reason".into(), json!("Conditional result was False"));
        result.insert("false_condition".into(), unmet.written);
        ItemEnd::new(Status::Skipped, result)
    }

    pub(super) fn at_task(&self, diagnostic: Diagnostic) -> Diagnostic {
        if diagnostic.span.is_some() { diagnostic } else { diagnostic.at(&self.task.action.name.span) }
    }

    /// The error of a result that counts as failed; `is_own` if the module itself says so.
    pub(super) fn returned_failure(&self, message: String, result: &Fields, is_own: bool) -> Diagnostic {
        let said = result.get("msg").map(|msg| Value::from_json(msg.clone()).to_str()).unwrap_or_default();
        let who = self.who_failed(is_own);
        let said = without_contexts(&said, who).to_owned();
        let place = &self.task.span;
        let mut error = self.at_task(Diagnostic::error(message)).origin(place);
        if is_unreadable(result) {
            let is_of_interpreter = said.starts_with("The module interpreter ");
            let help = if is_of_interpreter { OTHER_INTERPRETER } else { "" };
            error.ansible.cause = Some(format!("{said}{help}{SEE_OUTPUT}"));
        }
        // Failures that Ansible's modules do not expect say so in the result.
        if let Some(rest) = said.strip_prefix(FAILED).and_then(|rest| rest.strip_prefix(": ")) {
            return error.worded(rest).within(FAILED, place);
        }
        error.worded(said).within(who, place).within(FAILED, place)
    }

    /// Who it was that failed, as Ansible says it.
    fn who_failed(&self, is_own: bool) -> &'static str {
        if is_own && !self.task.action.is_on_controller() { "Module failed" } else { "Action failed" }
    }

    pub(super) fn failure(&self, diagnostic: Diagnostic) -> ItemEnd {
        let mut result = Fields::new();
        result.insert("changed".into(), json!(false));
        result.insert("failed".into(), json!(true));
        result.insert("msg".into(), json!(diagnostic.full_message()));
        result.insert("exception".into(), json!(NO_TRACEBACK));
        let mut end = ItemEnd::new(Status::Failed, result);
        let place = &self.task.span;
        let origin = diagnostic.ansible.origin.clone().or_else(|| diagnostic.span.clone()).unwrap_or(place.clone());
        end.error = Some(self.at_task(diagnostic).origin(&origin).within(FAILED, place));
        end
    }

    pub(super) fn template_failure(&self, error: TemplateError, span: Option<&Span>) -> ItemEnd {
        self.failed_to_evaluate(place(error, span))
    }

    /// What cannot be evaluated fails the task in Ansible's words, in the result too.
    pub(super) fn failed_to_evaluate(&self, diagnostic: Diagnostic) -> ItemEnd {
        let msg = diagnostic.clone().within(FAILED, &self.task.span).full_message();
        let mut end = self.failure(diagnostic);
        end.result.insert("msg".into(), json!(msg));
        end
    }

    pub(super) fn condition_failure(&self, error: TemplateError, span: Option<&Span>) -> ItemEnd {
        self.failed_to_evaluate(condition(error, span))
    }

    /// A loop over what is no list.
    pub(super) fn loop_failure(&self, error: &TemplateError, span: &Span) -> ItemEnd {
        let help = "Provide a list of items/templates, or a template resolving to a list.";
        let text = error.to_string();
        let is_no_list = text.starts_with("The `loop` value");
        let told = if is_no_list { Diagnostic::error(text) } else { Diagnostic::from(error.clone()) };
        let origin = error.origin().unwrap_or_else(|| match error.kind() {
            // Ansible keeps no place for what it makes a loop of by itself.
            ErrorKind::Lookup { .. } => Span::outside("unknown", "invoke_lookup()"),
            _ => span.clone(),
        });
        let mut diagnostic = told.at(error.span().unwrap_or(span)).origin(&origin);
        diagnostic.ansible.help = is_no_list.then(|| help.into());
        self.loop_broken(diagnostic)
    }

    /// A loop that cannot run: the task fails without having begun.
    pub(super) fn loop_broken(&self, diagnostic: Diagnostic) -> ItemEnd {
        let mut end = self.failure(diagnostic.clone());
        end.result.shift_remove("changed");
        end.error = Some(diagnostic);
        end
    }

    /// An argument that cannot be evaluated.
    pub(super) fn argument_failure(&self, error: TemplateError, span: Option<&Span>) -> ItemEnd {
        let source = error.chain().last().and_then(Via::source).map(str::to_owned);
        let mut diagnostic = place(error, span);
        let found = span.and_then(|span| self.task.action.argument_of(source.as_deref(), span));
        let Some((name, begin)) = found else {
            return self.failed_to_evaluate(diagnostic);
        };
        if source.is_none() {
            diagnostic = diagnostic.origin(begin);
        }
        let inner = format!("Error while resolving value for '{name}'");
        self.arguments_failure(diagnostic.within(inner, begin))
    }

    /// What the task does not write itself among its arguments and cannot be evaluated: one of them, or all at once.
    pub(super) fn given_failure(&self, error: TemplateError, name: Option<&str>, span: &Span) -> ItemEnd {
        let origin = error.origin().unwrap_or_else(|| span.clone());
        let diagnostic = place(error, Some(span));
        self.arguments_failure(match name {
            Some(name) => diagnostic.within(format!("Error while resolving value for '{name}'"), &origin),
            None => diagnostic,
        })
    }

    fn arguments_failure(&self, diagnostic: Diagnostic) -> ItemEnd {
        let action = &self.task.action;
        let outer = format!("Finalization of task args for '{}' failed", action.module.0.name);
        self.failed_to_evaluate(diagnostic.within(outer, &action.name.span))
    }

    fn connect_failure(&self, error: &ConnectError) -> ItemEnd {
        let mut diagnostic = Diagnostic::error(error.to_string());
        if let Some(wording) = error.wording() {
            diagnostic = diagnostic.worded(wording);
        }
        if let Some(help) = error.help() {
            diagnostic = diagnostic.help(help);
        }
        let mut end = self.failed_to_evaluate(diagnostic);
        if error.is_unreachable() {
            end.status = Status::Unreachable;
            end.result.remove("failed");
            end.result.remove("exception");
            end.result.insert("unreachable".into(), json!(true));
        }
        end
    }
}

/// The error of a condition that cannot be evaluated.
pub(super) fn condition(error: TemplateError, span: Option<&Span>) -> Diagnostic {
    let is_undefined = error.is_undefined();
    let is_broken = matches!(error.kind(), ErrorKind::Condition { .. } | ErrorKind::Empty | ErrorKind::NoText);
    let origin = error.origin();
    let diagnostic = place(error, span);
    let Some(span) = span else { return diagnostic };
    let mut diagnostic = diagnostic.origin(origin.as_ref().unwrap_or(span));
    if is_undefined {
        diagnostic = diagnostic.within("Error while evaluating conditional", span);
    }
    if is_broken {
        diagnostic.ansible.help = Some(BROKEN_CONDITION.into());
    }
    diagnostic
}

/// The error of a template, at the place of what it was evaluated for unless it knows a better one.
fn place(error: TemplateError, span: Option<&Span>) -> Diagnostic {
    let diagnostic = Diagnostic::from(error);
    match (&diagnostic.span, span) {
        (None, Some(span)) => diagnostic.at(span),
        _ => diagnostic,
    }
}

/// A result's flag: whatever Python takes for true.
pub fn is_true(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(flag) => *flag,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(fields) => !fields.is_empty(),
    }
}

/// Whether the `rc` of a module that does not say whether it failed tells that it did.
fn is_exit_of_failure(rc: &Json) -> bool {
    match rc {
        Json::Bool(flag) => *flag,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => text != "0",
        _ => true,
    }
}

/// Whether a module of people's own printed no result.
fn is_unreadable(result: &Fields) -> bool {
    result.contains_key("module_stdout")
}

/// A message without what it led to, if it tells that.
fn without_contexts<'a>(message: &'a str, who: &str) -> &'a str {
    let rest = message.strip_prefix(FAILED).and_then(|rest| rest.strip_prefix(": ")?.strip_prefix(who));
    rest.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message)
}

/// `stdout_lines` and `stderr_lines`, for every result that has the text.
fn add_lines(result: &mut Fields) {
    for name in ["stdout", "stderr"] {
        let lines = format!("{name}_lines");
        if let Some(Json::String(text)) = result.get(name)
            && !result.contains_key(&lines)
        {
            let split: Vec<&str> = text.lines().collect();
            let split = json!(split);
            result.insert(lines, split);
        }
    }
}
