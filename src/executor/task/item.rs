//! One item of a task: condition, arguments, the work, and trying again.

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::json;

use super::{ItemEnd, ItemRun, Runner};
use crate::{
    config::settings::running,
    executor::{
        action::{self, Done, Effect, Prepared, meta},
        conditions::{all_hold, first_unmet},
        connect,
        settings::{self, Settings, evaluate},
        times::seconds,
    },
    output::{Event, REASON, Status},
    playbook::Condition,
    source::{Diagnostic, Span, Spanned},
    value::Value,
    vars::Scope,
    vault,
};

/// The longest `timeout`, in seconds.
const LONGEST: i64 = 100_000_000;
/// What Ansible says where it keeps no frame of Python.
const NO_FRAME: &str = "Configure `DISPLAY_TRACEBACK` to see a traceback on timeout errors.";

impl Runner<'_> {
    /// One item, with `until`.
    pub(super) async fn one(&self, item: &ItemRun) -> ItemEnd {
        let prepared = self.prepare(item);
        for (name, kind, setting) in [("retries", "int", &self.task.retries), ("delay", "float", &self.task.delay)] {
            if let (Ok(_), Some(setting)) = (&prepared, setting)
                && let Err(error) = settings::check(name, kind, setting, &item.scope)
            {
                return self.failed_to_evaluate(error);
            }
        }
        // `retries` alone means: until it does not fail; with none, nothing is asked.
        let given = self.number(self.task.retries.as_ref(), &item.scope);
        let default = if self.task.until.is_empty() { 0.0 } else { 3.0 };
        let retries = (given.unwrap_or(default).max(0.0) as u64).min(u64::from(u32::MAX));
        if retries == 0 || prepared.is_err() {
            return self.go(item, prepared).await;
        }
        let delay = seconds(self.number(self.task.delay.as_ref(), &item.scope).unwrap_or(5.0));
        let mut prepared = Some(prepared);
        for attempt in 1..=retries + 1 {
            let tried = prepared.take().unwrap_or_else(|| self.prepare(item));
            self.attempt.store(attempt, Ordering::Relaxed);
            let mut end = self.go(item, tried).await;
            self.attempt.store(0, Ordering::Relaxed);
            if end.status == Status::Unreachable {
                return end;
            }
            end.result.insert("attempts".into(), json!(attempt));
            if end.status == Status::Skipped {
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
                    let settings = Settings::new(self.task, &item.scope);
                    self.context.run.events.emit(Event::Retry {
                        host: self.host.name.clone(),
                        delegated_to: settings.text("delegate_to").ok().flatten(),
                        task: self.task.title(),
                        left: retries + 1 - attempt,
                        is_hidden: end.is_hidden || self.hides(settings),
                        result: end.result.clone(),
                    });
                    tokio::time::sleep(delay).await;
                }
                Ok(false) => {
                    let is_own = end.status == Status::Failed;
                    // What `failed_when` says of the last try counts more.
                    let is_failure = end.result.get("failed_when_result") != Some(&json!(false));
                    if is_failure {
                        end.status = Status::Failed;
                    }
                    end.result.insert("failed".into(), json!(true));
                    // Ansible counts the tries that were followed by another one.
                    end.result.insert("attempts".into(), json!(retries));
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
        settings::number(&evaluate(value?, scope).ok()?)
    }

    /// Condition and arguments of an item.
    pub(super) fn prepare(&self, item: &ItemRun) -> Result<Prepared, ItemEnd> {
        // Where a task goes counts even where its condition does not hold.
        let setting = self.task.keywords.setting("delegate_to");
        match Settings::new(self.task, &item.scope).text("delegate_to") {
            Ok(Some(host)) if host.is_empty() && setting.is_some_and(|name| matches!(name.value, Value::Lazy(_))) => {
                let written = setting.map(|setting| crate::playbook::written(&setting.value)).unwrap_or_default();
                let message = format!("Empty hostname produced from delegate_to: \"{written}\"");
                return Err(self.failed_to_evaluate(Diagnostic::error(message)));
            }
            Ok(_) => {}
            Err(error) => return Err(self.template_failure(error, setting.map(|setting| &setting.span))),
        }
        match first_unmet(self.conditions(), &item.scope) {
            Ok(None) => {}
            Ok(Some(_)) if self.task.is_meta() => return Err(self.meta_skipped()),
            Ok(Some(unmet)) => return Err(Self::skipped(unmet)),
            Err((error, span)) => return Err(self.condition_failure(error, span.as_ref())),
        }
        let settings = Settings::new(self.task, &item.scope);
        settings.check().and_then(|()| settings.check_notify()).map_err(|error| self.failed_to_evaluate(error))?;
        // Where the task goes to a host, its environment is read with it.
        if self.task.action.is_on_controller() {
            let warn = |warning| self.context.run.events.emit(Event::Warning(warning));
            Settings::new(self.task, &item.scope).environment(warn).map_err(|error| self.failed_to_evaluate(error))?;
        }
        if let Some(limit) = self.wrong_timeout(&item.scope) {
            let message = format!("Timeout {limit} is invalid, it must be between 0 and {LONGEST}.");
            return Err(self.failed_to_evaluate(Diagnostic::error(message)));
        }
        action::prepare(self.context, self.task, &item.scope).map_err(|failure| match failure {
            action::PrepareError::Include(diagnostic, file) => self.not_included(diagnostic, file),
            action::PrepareError::Broken(diagnostic) => {
                ItemEnd { is_hard: true, is_lost: true, ..self.failure(diagnostic) }
            }
            action::PrepareError::Template(error, span) => self.argument_failure(error, span.as_ref()),
            action::PrepareError::Given(error, name, span) => self.given_failure(error, name.as_deref(), &span),
            action::PrepareError::Condition(error, span) => self.condition_failure(error, Some(&span)),
            action::PrepareError::Failed(diagnostic) => self.failure(diagnostic),
            action::PrepareError::Raised(diagnostic) => self.failed_to_evaluate(diagnostic),
            action::PrepareError::Returned(why) => {
                let end = self.failure(Diagnostic::error(why));
                ItemEnd { error: Some(self.returned_failure(why.to_owned(), &end.result, false)), ..end }
            }
        })
    }

    /// The conditions that count, with a warning where they do not.
    fn conditions(&self) -> &[Condition] {
        let conditions = &self.task.keywords.when;
        if !self.task.is_meta() || conditions.is_empty() {
            return conditions;
        }
        let effect = meta::effect_of(self.task);
        let Some((name, _)) = effect.filter(|(_, effect)| !effect.is_conditional()) else { return conditions };
        let warning = Diagnostic::warning(format!("{name} task does not support when conditional"));
        self.context.run.events.emit(Event::Warning(warning));
        &[]
    }

    fn meta_skipped(&self) -> ItemEnd {
        let result = meta::skipped(self.task, &self.host.name);
        if let Some(reason) = result.get("skip_reason").and_then(serde_json::Value::as_str) {
            let text = format!("META: {reason}");
            self.context.run.events.emit(Event::Detail { verbosity: 2, text });
        }
        ItemEnd::new(Status::Skipped, result)
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
        let warned = done.warnings.iter().map(Diagnostic::full_message).collect();
        // They may name what is not to be seen.
        let is_hidden = self.hides(Settings::new(self.task, &item.scope));
        for warning in done.warnings.into_iter().filter(|_| !is_hidden) {
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
        end.warned = warned;
        end
    }

    /// Whether what comes of the task is hidden.
    pub(super) fn hides(&self, settings: Settings) -> bool {
        settings.no_log(self.context.run.options.config.get(&running::DEFAULT_NO_LOG)).hides()
    }

    pub(super) fn timeout(&self, scope: &Scope) -> Option<Duration> {
        let default = self.context.run.options.config.get(&running::TASK_TIMEOUT);
        Settings::new(self.task, scope).timeout(default).ok().flatten()
    }

    /// A `timeout` that is none.
    fn wrong_timeout(&self, scope: &Scope) -> Option<i64> {
        let given = Settings::new(self.task, scope).text("timeout").ok().flatten()?;
        given.trim().parse().ok().filter(|limit| !(0..=LONGEST).contains(limit))
    }

    async fn reset_connection(&self, item: &ItemRun) {
        let settings = Settings::new(self.task, &item.scope);
        // Settings that cannot be read have no connection to close.
        if let Ok(target) = connect::target(settings, &item.scope, &self.context.run.options.connection) {
            self.context.run.connections.reset(&target).await;
        }
    }

    /// What cannot be included has its own key in the result, and in Ansible's words no task that failed.
    fn not_included(&self, diagnostic: Diagnostic, file: Option<String>) -> ItemEnd {
        let is_refused = file.is_some() && vault::is_refusal(&diagnostic);
        let is_missing = file.is_some() && !is_refused;
        let mut end = self.failure(diagnostic);
        if let Some(file) = file {
            end.result.insert("include".into(), json!(file));
        }
        if let Some(reason) = end.result.shift_remove("msg") {
            end.result.insert(REASON.into(), reason);
        }
        if let Some(error) = &mut end.error {
            error.ansible.contexts.clear();
            // Ansible says it of the file, and of what is in it.
            if is_missing {
                error.ansible.origin = Some(Span::nowhere());
            }
            if is_refused {
                let wording = error.ansible_message().to_owned();
                error.ansible.contexts.push(Spanned::new(wording, Span::nowhere()));
            }
        }
        ItemEnd { is_hard: true, ..end }
    }

    fn timed_out(&self, limit: Duration) -> ItemEnd {
        let message = format!("Timed out after {} second(s).", limit.as_secs());
        let mut end = self.failed_to_evaluate(Diagnostic::error(message));
        end.result.insert("timedout".into(), json!({ "frame": NO_FRAME, "period": limit.as_secs() }));
        end
    }
}
