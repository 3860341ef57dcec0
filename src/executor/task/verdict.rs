//! How a result counts: the module's word, then `changed_when` and `failed_when`; and what failures look like.

use serde_json::{Value as Json, json};

use super::{Fields, ItemEnd, ItemRun, Runner};
use crate::{
    executor::{
        conditions::{Unmet, all_hold},
        settings::to_flag,
    },
    output::Status,
    source::{Diagnostic, Span},
    template::TemplateError,
    transport::ConnectError,
    value::Value,
    vars::Scope,
};

impl Runner<'_> {
    /// The scope in which conditions see the result under the name it is registered as.
    pub(super) fn with_result(&self, item: &ItemRun, result: &Fields) -> Scope {
        let mut scope = item.scope.clone();
        if let Some(name) = &self.task.register {
            scope.bind(name, Value::from_json(Json::Object(result.clone())));
        }
        scope
    }

    /// How a result counts.
    pub(super) fn judge(&self, item: &ItemRun, result: Result<Fields, ConnectError>) -> ItemEnd {
        let mut result = match result {
            Ok(result) => result,
            Err(error) => return self.connect_failure(&error),
        };
        add_lines(&mut result);
        if result.get("skipped").is_some_and(is_true) {
            return ItemEnd::new(Status::Skipped, result);
        }
        let mut failed = result.get("failed").is_some_and(is_true);
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
                Err((error, span)) => return self.template_failure(error, span.as_ref()),
            }
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
            let message = end.result.get("msg").and_then(Json::as_str).filter(|msg| !msg.is_empty());
            let message = message.unwrap_or("the task failed").lines().next().unwrap_or_default().to_owned();
            end.error = Some(self.at_task(Diagnostic::error(message)));
        }
        end
    }

    /// A condition did not hold.
    pub(super) fn skipped(unmet: &Unmet) -> ItemEnd {
        let mut result = Fields::new();
        result.insert("changed".into(), json!(false));
        result.insert("false_condition".into(), unmet.condition.clone());
        result.insert("skip_reason".into(), json!("Conditional result was False"));
        result.insert("skipped".into(), json!(true));
        ItemEnd::new(Status::Skipped, result)
    }

    pub(super) fn at_task(&self, diagnostic: Diagnostic) -> Diagnostic {
        if diagnostic.span.is_some() { diagnostic } else { diagnostic.at(&self.task.action.name.span) }
    }

    pub(super) fn failure(&self, diagnostic: Diagnostic) -> ItemEnd {
        let mut result = Fields::new();
        result.insert("changed".into(), json!(false));
        result.insert("failed".into(), json!(true));
        result.insert("msg".into(), json!(diagnostic.message));
        let mut end = ItemEnd::new(Status::Failed, result);
        end.error = Some(self.at_task(diagnostic));
        end
    }

    pub(super) fn template_failure(&self, error: TemplateError, span: Option<&Span>) -> ItemEnd {
        let mut diagnostic = Diagnostic::from(error);
        if let (None, Some(span)) = (&diagnostic.span, span) {
            diagnostic = diagnostic.at(span);
        }
        self.failure(diagnostic)
    }

    fn connect_failure(&self, error: &ConnectError) -> ItemEnd {
        let mut diagnostic = Diagnostic::error(error.to_string());
        if let Some(help) = error.help() {
            diagnostic = diagnostic.help(help);
        }
        let mut end = self.failure(diagnostic);
        if error.is_unreachable() {
            end.status = Status::Unreachable;
            end.result.remove("failed");
            end.result.insert("unreachable".into(), json!(true));
        }
        end
    }
}

/// A result's flag; modules of old return text.
pub fn is_true(value: &Json) -> bool {
    match value {
        Json::Bool(flag) => *flag,
        Json::String(text) => to_flag(&Value::from(text.as_str())),
        _ => false,
    }
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
