//! One item of a task: condition, arguments, the work, and trying again.

use std::time::Duration;

use serde_json::json;

use super::{ItemEnd, ItemRun, Runner};
use crate::{
    config::settings::running,
    executor::{
        action::{self, Done, Effect, Prepared},
        conditions::{all_hold, first_unmet},
        connect,
        settings::{Settings, evaluate},
        times::seconds,
    },
    output::{Event, Status},
    source::{Diagnostic, Spanned},
    value::Value,
    vars::Scope,
};

impl Runner<'_> {
    /// One item, with `until`.
    pub(super) async fn one(&self, item: &ItemRun) -> ItemEnd {
        let prepared = self.prepare(item);
        for setting in [&self.task.retries, &self.task.delay].into_iter().flatten() {
            if prepared.is_ok() && self.number(Some(setting), &item.scope).is_none() {
                let text =
                    evaluate(setting, &item.scope).map_or_else(|error| error.to_string(), |value| value.to_str());
                let message = format!("`retries` and `delay` have to be numbers, not `{text}`");
                return self.failure(Diagnostic::error(message).at(&setting.span));
            }
        }
        // `retries` alone means: until it does not fail.
        let retries = self.number(self.task.retries.as_ref(), &item.scope);
        if (self.task.until.is_empty() && retries.is_none()) || prepared.is_err() {
            return self.go(item, prepared).await;
        }
        let retries = retries.map_or(3, |retries| (retries.max(0.0) as u64).min(u64::from(u32::MAX)));
        let delay = seconds(self.number(self.task.delay.as_ref(), &item.scope).unwrap_or(5.0));
        let mut prepared = Some(prepared);
        for attempt in 1..=retries + 1 {
            let tried = prepared.take().unwrap_or_else(|| self.prepare(item));
            let mut end = self.go(item, tried).await;
            end.result.insert("attempts".into(), json!(attempt));
            if matches!(end.status, Status::Skipped | Status::Unreachable) {
                return end;
            }
            let holds = if self.task.until.is_empty() {
                Ok(end.status != Status::Failed)
            } else {
                all_hold(&self.task.until, &self.with_result(item, &end.result))
            };
            match holds {
                Ok(true) => return end,
                Ok(false) if attempt <= retries && !self.context.run.control.is_stopping() => {
                    self.context.run.events.emit(Event::Retry {
                        host: self.host.name.clone(),
                        task: self.task.title(),
                        left: retries + 1 - attempt,
                        result: end.result.clone(),
                    });
                    tokio::time::sleep(delay).await;
                }
                Ok(false) => {
                    let is_own = end.status == Status::Failed;
                    end.status = Status::Failed;
                    end.result.insert("failed".into(), json!(true));
                    // Ansible counts the tries that were followed by another one.
                    end.result.insert("attempts".into(), json!(retries.max(1)));
                    let message = format!("the condition of `until` did not hold after {attempt} attempts");
                    end.error = Some(self.returned_failure(message, &end.result, is_own));
                    return end;
                }
                Err((error, span)) => return self.condition_failure(error, span.as_ref()),
            }
        }
        unreachable!("the last attempt returns")
    }

    pub(super) fn number(&self, value: Option<&Spanned<Value>>, scope: &Scope) -> Option<f64> {
        evaluate(value?, scope).ok()?.to_str().trim().parse().ok()
    }

    /// Condition and arguments of an item.
    pub(super) fn prepare(&self, item: &ItemRun) -> Result<Prepared, ItemEnd> {
        // Where a task goes counts even where its condition does not hold.
        if let Err(error) = Settings::new(self.task, &item.scope).text("delegate_to") {
            let span = self.task.keywords.setting("delegate_to").map(|setting| &setting.span);
            return Err(self.template_failure(error, span));
        }
        match first_unmet(&self.task.keywords.when, &item.scope) {
            Ok(None) => {}
            Ok(Some(unmet)) => return Err(Self::skipped(unmet)),
            Err((error, span)) => return Err(self.condition_failure(error, span.as_ref())),
        }
        if let Err(error) = Settings::new(self.task, &item.scope).check() {
            return Err(self.failed_to_evaluate(error));
        }
        action::prepare(self.context, self.task, &item.scope).map_err(|failure| match failure {
            action::PrepareError::Include(diagnostic) => ItemEnd { is_hard: true, ..self.failure(diagnostic) },
            action::PrepareError::Template(error, span) => self.argument_failure(error, span.as_ref()),
            action::PrepareError::Condition(error, span) => self.condition_failure(error, Some(&span)),
            action::PrepareError::Failed(diagnostic) => self.failure(diagnostic),
            action::PrepareError::Raised(diagnostic) => self.failed_to_evaluate(diagnostic),
        })
    }

    /// Runs what is prepared.
    pub(super) async fn go(&self, item: &ItemRun, prepared: Result<Prepared, ItemEnd>) -> ItemEnd {
        match prepared {
            Err(end) => end,
            Ok(Prepared::Done(done)) => self.done(item, done).await,
            Ok(Prepared::Later(work)) => match work.await {
                Ok(done) => self.done(item, done).await,
                Err(error) => self.judge(item, Err(error)),
            },
            Ok(Prepared::Job(job)) => {
                let limit = self.timeout(&item.scope);
                let mut result = None;
                let mut keep = |_, found| result = Some(found);
                let running = action::run_jobs(self.context, vec![*job], 1, self.take_sent(), &mut keep);
                let is_late = match limit {
                    Some(limit) => tokio::time::timeout(limit, running).await.is_err(),
                    None => {
                        running.await;
                        false
                    }
                };
                match (limit, result) {
                    (Some(limit), None) if is_late => self.timed_out(limit),
                    (_, Some(result)) => self.judge(item, result),
                    _ => unreachable!("one job has one result"),
                }
            }
        }
    }

    /// The end of what the controller did.
    async fn done(&self, item: &ItemRun, done: Done) -> ItemEnd {
        if let Some(warning) = done.warning {
            self.context.run.events.emit(Event::Warning(warning));
        }
        let known = ["stdout_lines", "stderr_lines"].map(|name| (name, done.result.contains_key(name)));
        let mut end = self.judge(item, Ok(done.result));
        // Only what modules print is split into lines.
        for (name, _) in known.iter().filter(|(_, was_there)| !was_there) {
            end.result.shift_remove(*name);
        }
        end.facts = done.facts;
        end.layer = done.layer;
        if done.effect == Some(Effect::ResetConnection) {
            self.reset_connection(item).await;
        }
        let is_good = matches!(end.status, Status::Ok | Status::Changed);
        end.effect = done.effect.filter(|_| is_good);
        end.include = done.include.filter(|_| is_good);
        end.shown = done.shown;
        end
    }

    pub(super) fn timeout(&self, scope: &Scope) -> Option<Duration> {
        let default = self.context.run.options.config.get(&running::TASK_TIMEOUT);
        Settings::new(self.task, scope).timeout(default).ok().flatten()
    }

    async fn reset_connection(&self, item: &ItemRun) {
        let settings = Settings::new(self.task, &item.scope);
        // Settings that cannot be read have no connection to close.
        if let Ok(target) = connect::target(settings, &item.scope, &self.context.run.options.connection) {
            self.context.run.connections.reset(&target).await;
        }
    }

    fn timed_out(&self, limit: Duration) -> ItemEnd {
        let message = format!("the task did not end within its `timeout` of {} seconds", limit.as_secs());
        let mut end = self.failure(Diagnostic::error(message));
        end.result.insert("timedout".into(), json!({ "period": limit.as_secs() }));
        end
    }
}
