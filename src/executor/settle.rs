//! What the end of a task means for its host: where it goes on, what it is counted as, whom it notifies.

use std::{collections::VecDeque, sync::Arc};

use super::{
    action::Effect,
    host::{Ended, HostState, Included},
    include::IncludedFile,
    play::PlayRun,
    settings::evaluate,
    task::TaskEnd,
};
use crate::{
    config::settings::{output, running},
    output::{Event, Status},
    playbook::{Task, TaskId, written},
    source::Diagnostic,
    template::TemplateError,
    value::Value,
};

/// Includes may be nested no deeper than this.
const DEPTH: usize = 200;

impl PlayRun {
    /// The next task of a host.
    pub fn next_task(&self, host: &mut HostState) -> Option<Arc<Task>> {
        let was_in_handlers = host.is_in_handlers();
        let next = host.next_task(|| self.handlers());
        if host.is_in_handlers() && !was_in_handlers {
            self.tell_notified(host);
            if self.context.run.options.config.get(&output::DEFAULT_DEBUG) {
                let text = format!("META: triggered running handlers for {}", host.vars.name);
                self.context.run.events.emit(Event::Detail { verbosity: 0, text });
            }
        }
        next
    }

    /// Says which handlers a host is going to run.
    fn tell_notified(&self, host: &HostState) {
        for handler in self.handlers.read().titles(&host.notified) {
            self.context.run.events.emit(Event::Notified { host: host.vars.name.clone(), handler });
        }
    }

    /// Moves a host on, and counts.
    pub fn settle(&self, host: &mut HostState, task: &Arc<Task>, end: &TaskEnd, counts: bool) {
        let report = &self.context.run.report;
        let name = host.vars.name.clone();
        if counts && end.includes.is_empty() {
            report.count_end(&name, end.status, end.is_ignored, end.is_changed());
        }
        match end.status {
            Status::Failed if !end.is_ignored => {
                host.has_run(task);
                self.fail(host, task, end, true);
                return;
            }
            Status::Unreachable if !end.is_ignored => {
                host.ended = Some(Ended::Unreachable);
                report.lose(&name, true);
                self.remove(&name);
                return;
            }
            _ => {}
        }
        let has_run = !matches!(end.status, Status::Skipped | Status::Unreachable);
        if has_run && end.effect.is_none() && end.host == name {
            host.has_run(task);
        }
        self.notify(host, end);
        match end.effect {
            Some(effect) if host.is_active() => {
                if effect == Effect::FlushHandlers {
                    self.tell_notified(host);
                }
                let text = effect.describe(&name, task);
                self.context.run.events.emit(Event::Detail { verbosity: 2, text });
                self.carry_out(host, effect);
            }
            // The programs come with `include`, which moves the host on when they are done.
            _ if !end.includes.is_empty() => {}
            _ => host.advance(),
        }
    }

    /// A host goes on where the blocks around its task say, or not at all. `is_own` says that the failure is its
    /// own or that of a task which ran once for all: only then does a `rescue` hear of it.
    pub fn fail(&self, host: &mut HostState, task: &Arc<Task>, end: &TaskEnd, is_own: bool) {
        let report = &self.context.run.report;
        let name = host.vars.name.clone();
        if end.is_lost {
            self.lose(host);
            return;
        }
        // What cannot be included fails its host without a word to `rescue`, as in Ansible.
        let is_rescued = host.is_rescuable() && !end.is_hard;
        let scope = (is_rescued && is_own).then(|| self.scope(task, &host.vars, host.parameters().into()));
        self.go_where_blocks_say(host);
        // Whoever fails for another host is none of the play any more, though a `rescue` takes it.
        let is_dragged = end.host != name || end.status != Status::Failed;
        if !is_rescued || is_dragged {
            self.remove(&name);
        }
        if is_rescued {
            if !is_dragged {
                report.count(&name, |counts| {
                    counts.failed = counts.failed.saturating_sub(1);
                    counts.rescued += 1;
                });
            }
            if let Some(scope) = scope {
                let failed = super::task::failed_task(task, end.title.as_deref(), &scope);
                host.vars.stored.insert("ansible_failed_task", failed);
                let result = serde_json::Value::Object(end.result.clone());
                host.vars.stored.insert("ansible_failed_result", Value::from_json(result));
            }
        }
    }

    /// A host's task failed: it goes on in the blocks around it; where these have no task for it, it is lost.
    fn go_where_blocks_say(&self, host: &mut HostState) {
        host.fail();
        let mut ahead = host.clone();
        ahead.next_task(|| self.handlers());
        if ahead.ended == Some(Ended::Failed) {
            host.ended = ahead.ended;
            self.context.run.report.lose(&host.vars.name, false);
        }
    }

    /// A host does no more, whatever the blocks around its task say.
    pub fn lose(&self, host: &mut HostState) {
        host.ended = Some(Ended::Failed);
        self.remove(&host.vars.name);
        self.context.run.report.lose(&host.vars.name, false);
    }

    /// A host is stopped because too many others failed: it goes on where the blocks around its task say, or not at
    /// all, and nobody counts that.
    pub fn stop(&self, host: &mut HostState) {
        self.go_where_blocks_say(host);
        self.remove(&host.vars.name);
    }

    /// What `meta` does to one host.
    pub fn carry_out(&self, host: &mut HostState, effect: Effect) {
        match effect {
            Effect::FlushHandlers => host.flush(&self.handlers()),
            Effect::EndHost | Effect::EndBatch | Effect::EndPlay => {
                host.end();
                if host.ended == Some(Ended::Failed) {
                    self.context.run.report.lose(&host.vars.name, false);
                }
                self.remove(&host.vars.name);
            }
            Effect::EndRole => {
                if !host.end_role() {
                    host.advance();
                }
            }
            Effect::ClearFacts => {
                self.context.run.clear_facts(&host.vars);
                host.advance();
            }
            Effect::ClearHostErrors | Effect::RefreshInventory | Effect::ResetConnection | Effect::Noop => {
                host.advance();
            }
        }
    }

    /// Hosts of the batch that were lost take part in later plays again; those that could not be reached go on at once,
    /// behind the task that did not reach them, and those that are in an `always` forget the failure that led to it.
    pub fn clear_host_errors<'a>(&self, hosts: impl Iterator<Item = &'a mut HostState>) {
        self.batch.lock().iter().for_each(|host| self.context.run.report.find(host));
        for host in hosts {
            host.forget_failures();
            match host.ended {
                Some(Ended::Unreachable) => {
                    host.ended = None;
                    host.advance();
                }
                Some(Ended::Failed) => host.ended = Some(Ended::Done),
                None | Some(Ended::Done) => {}
            }
            if host.is_active() {
                self.restore(&host.vars.name);
            }
        }
    }

    /// A host does these programs at the step before it.
    pub fn include(&self, host: &mut HostState, task: &Task, includes: VecDeque<Included>) {
        let report = &self.context.run.report;
        let name = host.vars.name.clone();
        for _ in &includes {
            report.count_end(&name, Status::Ok, false, false);
        }
        if host.depth() >= DEPTH {
            let message = format!("includes are nested more than {DEPTH} deep");
            let error = Diagnostic::error(message).at(&task.span).help("a file probably includes itself without end");
            self.context.run.events.emit(Event::Error(error));
            report.count(&name, |counts| counts.failed += 1);
            host.fail();
            report.lose(&name, false);
            return;
        }
        host.include(includes);
    }

    /// What an included role brings to the play: handlers, and variables if they are public. Says which handlers
    /// those are.
    pub fn adopt(&self, file: &IncludedFile) -> Vec<TaskId> {
        if let Some(role) = &file.public {
            self.context.play.exports.write().add(role);
        }
        if file.handlers.is_empty() { Vec::new() } else { self.handlers.write().add(&file.handlers) }
    }

    /// Warns of a handler that nobody can name.
    fn tell_unusable(&self, name: &str, error: &TemplateError) {
        let message = format!(
            "Handler '{name}' is unusable because it has no listen topics and the name could not be templated \
             (host-specific variables are not supported in handler names). The error: {error}"
        );
        self.context.run.events.emit(Event::Warning(Diagnostic::warning(message)));
    }

    fn notify(&self, host: &mut HostState, end: &TaskEnd) {
        if end.notified.is_empty() {
            return;
        }
        let vars = Arc::clone(&host.vars);
        let evaluate_name = |handler: &Task| {
            let name = handler.name.as_ref()?;
            if !matches!(name.value, Value::Lazy(_)) {
                return Some(name.value.to_str());
            }
            let scope = crate::vars::Scope::of_host(&self.context.run.vars, &vars).in_play(&self.context.play);
            match evaluate(name, &scope) {
                Ok(name) => Some(name.to_str()),
                Err(error) => {
                    if handler.listen.is_empty() {
                        self.tell_unusable(&written(&name.value), &error);
                    }
                    None
                }
            }
        };
        let unknown = self.handlers.read().notify(&end.notified, &mut host.notified, evaluate_name);
        let fails = self.context.run.options.config.get(&running::ERROR_ON_MISSING_HANDLER);
        for unknown in &unknown {
            let message = format!(
                "The requested handler '{}' was not found in either the main handlers list nor in the listening handlers list",
                unknown.value
            );
            let error = Diagnostic::error(message).at(&unknown.span);
            self.context.run.events.emit(Event::HandlerNotFound(error));
        }
        if fails && !unknown.is_empty() {
            self.context.run.report.count(&vars.name, |counts| counts.failed += 1);
            self.lose(host);
        }
    }
}
