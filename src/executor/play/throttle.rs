//! `throttle`: how many hosts do a task at once.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::PlayRun;
use crate::{
    executor::{ExitCode, settings::Settings},
    output::Event,
    playbook::Task,
    source::{Diagnostic, Spanned},
    value::Value,
    vars::Scope,
};

impl PlayRun {
    /// How many hosts may do a task at once, 0 for any; the run is given up where that is no number.
    pub fn throttle_limit(&self, task: &Task, scope: &Scope) -> Option<usize> {
        let Some(setting) = task.keywords.setting("throttle") else { return Some(0) };
        let text = match Settings::new(task, scope).text("throttle") {
            Ok(None) => return Some(0),
            Ok(Some(text)) => text,
            Err(error) => return self.refuse_throttle(&error.to_string(), setting),
        };
        let limit = text.trim().parse::<i64>().map(|limit| usize::try_from(limit).unwrap_or(0));
        limit.ok().or_else(|| {
            let why = format!("invalid literal for int() with base 10: {}", Value::from(text.as_str()).repr());
            self.refuse_throttle(&why, setting)
        })
    }

    fn refuse_throttle(&self, why: &str, setting: &Spanned<Value>) -> Option<usize> {
        let message = format!("Failed to convert the throttle value to an integer: {why}");
        self.context.run.events.emit(Event::Error(Diagnostic::error(message).at(&setting.span)));
        self.context.run.report.break_off(ExitCode::Error);
        None
    }

    /// The permits of a task that only so many hosts may do at once.
    pub fn throttle(&self, task: &Task, limit: usize) -> Arc<Semaphore> {
        Arc::clone(
            self.throttles
                .lock()
                .entry(task.id)
                .or_insert_with(|| Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS)))),
        )
    }
}
