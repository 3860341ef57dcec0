//! One task on one host: loop, condition, arguments, the module, and what becomes of the result.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value as Json, json};

use super::{
    Run, action,
    action::{Done, Effect, Job, Layer, Prepared},
    conditions::{all_hold, first_unmet},
    connect,
    settings::{Settings, evaluate, to_flag},
};
use crate::{
    output::{Event, Outcome, Shown, Status},
    playbook::Task,
    source::{Diagnostic, Span, Spanned},
    template::TemplateError,
    transport::ConnectError,
    value::Value,
    vars::{HostVars, PlayVars, Scope},
};

/// A result as modules return it.
pub type Fields = Map<String, Json>;

/// What a task needs to know of the play it runs in.
#[derive(Clone)]
pub struct TaskContext {
    /// The run.
    pub run: Arc<Run>,
    /// What the play says to all hosts.
    pub play: Arc<PlayVars>,
    /// The folder of the playbook.
    pub folder: std::path::PathBuf,
}

/// How a task ended on a host.
pub struct TaskEnd {
    /// How it counts.
    pub status: Status,
    /// Whether a failure does not count.
    pub is_ignored: bool,
    /// The result as it is registered.
    pub result: Fields,
    /// The names of handlers and topics to notify.
    pub notified: Vec<Spanned<String>>,
    /// What it does to the play.
    pub effect: Option<Effect>,
}

/// The end of one item, or of a task without a loop.
struct ItemEnd {
    status: Status,
    result: Fields,
    error: Option<Diagnostic>,
    facts: Vec<(String, Value)>,
    layer: Layer,
    effect: Option<Effect>,
    shown: Shown,
}

/// One item on its way.
struct ItemRun {
    scope: Scope,
    item: Option<(Value, String)>,
}

/// Runs `task` on `host` and emits what happens.
pub async fn run(context: &TaskContext, task: &Arc<Task>, host: &Arc<HostVars>) -> TaskEnd {
    let scope = Scope::of_host(&context.run.vars, host).in_play(&context.play).in_task(&task.keywords.vars);
    let runner = Runner { context, task, host, scope };
    let items = match runner.items() {
        Ok(items) => items,
        Err(end) => return runner.finish(*end),
    };
    if task.repeat.is_none() {
        let [item] =
            <[ItemRun; 1]>::try_from(items).unwrap_or_else(|_| unreachable!("a task without a loop has one item"));
        let end = runner.one(&item).await;
        runner.store(&end);
        return runner.finish(end);
    }
    runner.repeat(items).await
}

struct Runner<'a> {
    context: &'a TaskContext,
    task: &'a Arc<Task>,
    host: &'a Arc<HostVars>,
    scope: Scope,
}

impl Runner<'_> {
    /// The items of the loop, each with its scope; one without an item for a task that has none.
    fn items(&self) -> Result<Vec<ItemRun>, Box<ItemEnd>> {
        let Some(repeat) = &self.task.repeat else {
            return Ok(vec![ItemRun { scope: self.scope.clone(), item: None }]);
        };
        let items = self.evaluate_loop().map_err(|error| {
            // A loop over something undefined is no failure where the condition does not hold anyway.
            match first_unmet(&self.task.keywords.when, &self.scope) {
                Ok(Some(unmet)) => Box::new(skipped(&unmet.text)),
                _ => Box::new(self.template_failure(error, Some(&repeat.over.span))),
            }
        })?;
        let count = items.len();
        let all = Value::from(items.clone());
        items
            .into_iter()
            .enumerate()
            .map(|(index, item)| {
                let mut scope = self.scope.clone();
                scope.bind(&repeat.control.loop_var, item.clone());
                scope.bind("ansible_loop_var", Value::from(repeat.control.loop_var.as_str()));
                if let Some(name) = &repeat.control.index_var {
                    scope.bind(name, Value::Int(index as i64));
                    scope.bind("ansible_index_var", Value::from(name.as_str()));
                }
                if self.is_extended(&scope) {
                    scope.bind("ansible_loop", extended(index, count, &all));
                }
                let label = self.label(&scope, &item).map_err(|error| Box::new(self.template_failure(error, None)))?;
                Ok(ItemRun { scope, item: Some((item, label)) })
            })
            .collect()
    }

    fn is_extended(&self, scope: &Scope) -> bool {
        let extended = self.task.repeat.as_ref().and_then(|repeat| repeat.control.extended.as_ref());
        extended.is_some_and(|extended| evaluate(extended, scope).is_ok_and(|value| to_flag(&value)))
    }

    fn label(&self, scope: &Scope, item: &Value) -> Result<String, TemplateError> {
        match self.task.repeat.as_ref().and_then(|repeat| repeat.control.label.as_ref()) {
            Some(label) => Ok(evaluate(label, scope)?.to_str()),
            None => Ok(item.to_str()),
        }
    }

    fn evaluate_loop(&self) -> Result<Vec<Value>, TemplateError> {
        let Some(repeat) = &self.task.repeat else { return Ok(Vec::new()) };
        let context = self.scope.context();
        let over = context.resolve_deep(&repeat.over.value)?;
        match repeat.lookup.as_deref() {
            Some(lookup) => context.loop_over(lookup, &over),
            None if matches!(over, Value::List(_) | Value::Tuple(_)) => over.iter(),
            None => Err(TemplateError::type_error(format!(
                "Invalid data passed to 'loop', it requires a list, got this instead: {}. Hint: If you passed a list/dict of just one element, try adding wantlist=True to your lookup invocation or use q/query instead of lookup",
                over.to_str()
            ))),
        }
    }

    /// A loop: its items one after the other, or in one request where nothing stands between them.
    async fn repeat(&self, items: Vec<ItemRun>) -> TaskEnd {
        let pause = self.pause();
        let mut ends: Vec<ItemEnd> = Vec::with_capacity(items.len());
        if self.task.until.is_empty() && pause.is_none() {
            let mut prepared: Vec<Option<Result<Prepared, ItemEnd>>> =
                items.iter().map(|item| Some(self.prepare(item))).collect();
            let mut index = 0;
            while index < items.len() {
                let run = batch_length(&prepared[index..]);
                if run > 1 {
                    let jobs: Vec<Job> = prepared[index..index + run].iter_mut().filter_map(take_job).collect();
                    let results = action::run_jobs(self.context, jobs).await;
                    for (item, result) in items[index..index + run].iter().zip(results) {
                        let end = self.judge(item, result);
                        self.show_item(item, &end);
                        ends.push(end);
                    }
                } else if let Some(prepared) = prepared[index].take() {
                    let end = self.go(&items[index], prepared).await;
                    self.show_item(&items[index], &end);
                    ends.push(end);
                }
                index += run;
            }
        } else {
            for (index, item) in items.iter().enumerate() {
                if let Some(pause) = pause.filter(|_| index > 0) {
                    tokio::time::sleep(pause).await;
                }
                let end = self.one(item).await;
                self.show_item(item, &end);
                ends.push(end);
            }
        }
        for end in &ends {
            self.store(end);
        }
        self.finish_loop(&items, ends)
    }

    fn pause(&self) -> Option<Duration> {
        let pause = self.task.repeat.as_ref()?.control.pause.as_ref()?;
        let seconds = evaluate(pause, &self.scope).ok()?.to_str().trim().parse::<f64>().ok()?;
        (seconds > 0.0).then(|| Duration::from_secs_f64(seconds))
    }

    /// One item, with `until`.
    async fn one(&self, item: &ItemRun) -> ItemEnd {
        let prepared = self.prepare(item);
        if self.task.until.is_empty() || prepared.is_err() {
            return self.go(item, prepared).await;
        }
        let retries = self.number(self.task.retries.as_ref(), &item.scope).unwrap_or(3.0).max(0.0) as u64;
        let delay = self.number(self.task.delay.as_ref(), &item.scope).unwrap_or(5.0).max(0.0);
        let mut prepared = Some(prepared);
        for attempt in 1..=retries + 1 {
            let tried = prepared.take().unwrap_or_else(|| self.prepare(item));
            let mut end = self.go(item, tried).await;
            end.result.insert("attempts".into(), json!(attempt));
            if matches!(end.status, Status::Skipped | Status::Unreachable) {
                return end;
            }
            match all_hold(&self.task.until, &self.with_result(item, &end.result)) {
                Ok(true) => return end,
                Ok(false) if attempt <= retries && !self.context.run.control.is_stopping() => {
                    let task = self.task.title();
                    self.context.run.events.emit(Event::Retry {
                        host: self.host.name.clone(),
                        task,
                        left: retries + 1 - attempt,
                        result: end.result.clone(),
                    });
                    tokio::time::sleep(Duration::from_secs_f64(delay)).await;
                }
                Ok(false) => {
                    end.status = Status::Failed;
                    end.result.insert("failed".into(), json!(true));
                    end.error = Some(self.at_task(Diagnostic::error(format!(
                        "the condition of `until` did not hold after {attempt} attempts"
                    ))));
                    return end;
                }
                Err((error, span)) => return self.template_failure(error, span.as_ref()),
            }
        }
        unreachable!("the last attempt returns")
    }

    fn number(&self, value: Option<&Spanned<Value>>, scope: &Scope) -> Option<f64> {
        evaluate(value?, scope).ok()?.to_str().trim().parse().ok()
    }

    /// Condition and arguments of an item.
    fn prepare(&self, item: &ItemRun) -> Result<Prepared, ItemEnd> {
        match first_unmet(&self.task.keywords.when, &item.scope) {
            Ok(None) => {}
            Ok(Some(unmet)) => return Err(skipped(&unmet.text)),
            Err((error, span)) => return Err(self.template_failure(error, span.as_ref())),
        }
        action::prepare(self.context, self.task, &item.scope).map_err(|failure| match failure {
            action::PrepareError::Template(error, span) => self.template_failure(error, span.as_ref()),
            action::PrepareError::Failed(diagnostic) => self.failure(diagnostic),
        })
    }

    /// Runs what is prepared.
    async fn go(&self, item: &ItemRun, prepared: Result<Prepared, ItemEnd>) -> ItemEnd {
        match prepared {
            Err(end) => end,
            Ok(Prepared::Done(done)) => self.done(item, done).await,
            Ok(Prepared::Later(work)) => match work.await {
                Ok(done) => self.done(item, done).await,
                Err(error) => self.judge(item, Err(error)),
            },
            Ok(Prepared::Job(job)) => {
                let limit = Settings::new(self.task, &item.scope).timeout().ok().flatten();
                let running = action::run_jobs(self.context, vec![*job]);
                let result = match limit {
                    Some(limit) => match tokio::time::timeout(limit, running).await {
                        Ok(mut results) => results.pop(),
                        Err(_) => return self.timed_out(limit),
                    },
                    None => running.await.pop(),
                };
                self.judge(item, result.expect("one job has one result"))
            }
        }
    }

    /// The end of what the controller did.
    async fn done(&self, item: &ItemRun, done: Done) -> ItemEnd {
        let mut end = self.judge(item, Ok(done.result));
        end.facts = done.facts;
        end.layer = done.layer;
        if done.effect == Some(Effect::ResetConnection) {
            self.reset_connection(item).await;
        }
        end.effect = done.effect.filter(|_| matches!(end.status, Status::Ok | Status::Changed));
        end.shown = done.shown;
        end
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
        self.failure(Diagnostic::error(message))
    }

    /// The scope in which conditions see the result under the name it is registered as.
    fn with_result(&self, item: &ItemRun, result: &Fields) -> Scope {
        let mut scope = item.scope.clone();
        if let Some(name) = &self.task.register {
            scope.bind(name, Value::from_json(Json::Object(result.clone())));
        }
        scope
    }

    /// How a result counts: the module's word, then `changed_when` and `failed_when`.
    fn judge(&self, item: &ItemRun, result: Result<Fields, ConnectError>) -> ItemEnd {
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
        for (conditions, verdict, name) in
            [(&self.task.changed_when, &mut changed, "changed"), (&self.task.failed_when, &mut failed, "failed")]
        {
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

    fn at_task(&self, diagnostic: Diagnostic) -> Diagnostic {
        if diagnostic.span.is_some() { diagnostic } else { diagnostic.at(&self.task.action.name.span) }
    }

    fn failure(&self, diagnostic: Diagnostic) -> ItemEnd {
        let mut result = Fields::new();
        result.insert("changed".into(), json!(false));
        result.insert("failed".into(), json!(true));
        result.insert("msg".into(), json!(diagnostic.message));
        let mut end = ItemEnd::new(Status::Failed, result);
        end.error = Some(self.at_task(diagnostic));
        end
    }

    fn template_failure(&self, error: TemplateError, span: Option<&Span>) -> ItemEnd {
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

    /// Facts and `set_fact` of an item; of failed ones too, as in Ansible.
    fn store(&self, end: &ItemEnd) {
        for (name, value) in &end.facts {
            match end.layer {
                Layer::Stored => self.host.stored.insert(name.as_str(), value.clone()),
                Layer::Included => self.host.included.insert(name.as_str(), value.clone()),
                Layer::StoredAndFact => {
                    self.host.stored.insert(name.as_str(), value.clone());
                    self.host.facts.insert(name.as_str(), value.clone());
                }
            }
        }
        if !end.facts.is_empty() {
            return;
        }
        if let Some(Json::Object(facts)) = end.result.get("ansible_facts") {
            for (name, value) in facts {
                let name = name.strip_prefix("ansible_").filter(|_| name != "ansible_local").unwrap_or(name);
                self.host.facts.insert(name, Value::from_json(value.clone()));
            }
        }
    }

    fn show_item(&self, item: &ItemRun, end: &ItemEnd) {
        let mut outcome = self.outcome(end, false);
        outcome.item = item.item.as_ref().map(|(_, label)| label.clone());
        if let (Some((value, _)), Some(repeat)) = (&item.item, &self.task.repeat) {
            outcome.result.insert("ansible_loop_var".into(), json!(repeat.control.loop_var));
            if let Ok(value) = value.to_json() {
                outcome.result.insert(repeat.control.loop_var.clone(), value);
            }
        }
        self.context.run.events.emit(Event::Item(outcome));
    }

    fn outcome(&self, end: &ItemEnd, is_loop: bool) -> Outcome {
        let settings = Settings::new(self.task, &self.scope);
        let delegated_to = settings.text("delegate_to").ok().flatten();
        // A `no_log` that cannot be evaluated hides: nothing may leak because of a typing error.
        let is_hidden = settings.flag("no_log").map_or(true, Option::unwrap_or_default);
        let mut outcome = Outcome {
            host: self.host.name.clone(),
            task: self.task.id,
            delegated_to,
            status: end.status,
            result: end.result.clone(),
            item: None,
            is_loop,
            is_ignored: self.is_ignored(end.status),
            is_hidden,
            shown: end.shown,
            error: end.error.clone(),
        };
        if is_loop {
            outcome.error = None;
        }
        outcome
    }

    fn is_ignored(&self, status: Status) -> bool {
        let keyword = match status {
            Status::Failed => "ignore_errors",
            Status::Unreachable => "ignore_unreachable",
            _ => return false,
        };
        Settings::new(self.task, &self.scope).flag(keyword).ok().flatten().unwrap_or(false)
    }

    fn finish_loop(&self, items: &[ItemRun], ends: Vec<ItemEnd>) -> TaskEnd {
        let has = |status: Status| ends.iter().any(|end| end.status == status);
        let all_skipped = ends.iter().all(|end| end.status == Status::Skipped);
        let status = match () {
            () if has(Status::Unreachable) => Status::Unreachable,
            () if has(Status::Failed) => Status::Failed,
            () if all_skipped => Status::Skipped,
            () if has(Status::Changed) => Status::Changed,
            () => Status::Ok,
        };
        let mut result = Fields::new();
        result.insert("changed".into(), json!(has(Status::Changed)));
        let msg = match status {
            Status::Skipped if ends.is_empty() => "No items in the list",
            Status::Skipped => "All items skipped",
            Status::Failed | Status::Unreachable => "One or more items failed",
            _ => "All items completed",
        };
        result.insert("msg".into(), json!(msg));
        match status {
            Status::Failed => drop(result.insert("failed".into(), json!(true))),
            Status::Unreachable => drop(result.insert("unreachable".into(), json!(true))),
            Status::Skipped => drop(result.insert("skipped".into(), json!(true))),
            _ => {}
        }
        let effect = ends.iter().find_map(|end| end.effect);
        let results: Vec<Json> = items.iter().zip(ends).map(|(item, end)| self.loop_result(item, end)).collect();
        result.insert("results".into(), json!(results));
        let mut end = ItemEnd::new(status, result);
        end.effect = effect;
        self.finish_as(end, true)
    }

    /// An item's result as `register` keeps it among the `results`.
    fn loop_result(&self, item: &ItemRun, end: ItemEnd) -> Json {
        let mut result = end.result;
        if let (Some((value, _)), Some(repeat)) = (&item.item, &self.task.repeat) {
            result.insert("ansible_loop_var".into(), json!(repeat.control.loop_var));
            result.insert(repeat.control.loop_var.clone(), value.to_json().unwrap_or(Json::Null));
        }
        Json::Object(result)
    }

    fn finish(&self, end: ItemEnd) -> TaskEnd {
        self.finish_as(end, false)
    }

    /// Registers, notifies and shows the end.
    fn finish_as(&self, mut end: ItemEnd, is_loop: bool) -> TaskEnd {
        end.result.entry("changed").or_insert(json!(false));
        if end.status != Status::Unreachable {
            end.result.entry("failed").or_insert(json!(false));
        }
        if let Some(name) = &self.task.register {
            self.host.stored.insert(name.as_str(), Value::from_json(Json::Object(end.result.clone())));
        }
        let mut notified = Vec::new();
        if end.result.get("changed").is_some_and(is_true) && matches!(end.status, Status::Ok | Status::Changed) {
            match self.notified() {
                Ok(names) => notified = names,
                Err((error, span)) => end = self.template_failure(error, Some(&span)),
            }
        }
        if !self.task.is_meta() || matches!(end.status, Status::Failed | Status::Unreachable) {
            self.context.run.events.emit(Event::Done(self.outcome(&end, is_loop)));
        }
        TaskEnd {
            status: end.status,
            is_ignored: self.is_ignored(end.status),
            result: end.result,
            notified,
            effect: end.effect,
        }
    }

    fn notified(&self) -> Result<Vec<Spanned<String>>, (TemplateError, Span)> {
        let mut names = Vec::new();
        for notify in &self.task.keywords.notify {
            let failed = |error| (error, notify.span.clone());
            let value = evaluate(notify, &self.scope).map_err(failed)?;
            let parts = match &value {
                Value::List(list) => list.to_vec(),
                other => vec![other.clone()],
            };
            for part in parts {
                names.push(Spanned::new(part.to_str(), notify.span.clone()));
            }
        }
        Ok(names)
    }
}

impl ItemEnd {
    fn new(status: Status, result: Fields) -> Self {
        Self {
            status,
            result,
            error: None,
            facts: Vec::new(),
            layer: Layer::default(),
            effect: None,
            shown: Shown::Nothing,
        }
    }
}

fn skipped(condition: &str) -> ItemEnd {
    let mut result = Fields::new();
    result.insert("changed".into(), json!(false));
    result.insert("false_condition".into(), json!(condition));
    result.insert("skip_reason".into(), json!("Conditional result was False"));
    result.insert("skipped".into(), json!(true));
    ItemEnd::new(Status::Skipped, result)
}

/// How many of the next items can travel in one request: jobs for the same session.
fn batch_length(prepared: &[Option<Result<Prepared, ItemEnd>>]) -> usize {
    let Some(Some(Ok(Prepared::Job(first)))) = prepared.first() else { return 1 };
    let rest = prepared[1..].iter().take_while(|next| matches!(next, Some(Ok(Prepared::Job(job))) if job.joins(first)));
    1 + rest.count()
}

fn take_job(prepared: &mut Option<Result<Prepared, ItemEnd>>) -> Option<Job> {
    match prepared.take() {
        Some(Ok(Prepared::Job(job))) => Some(*job),
        _ => None,
    }
}

/// `ansible_loop`.
fn extended(index: usize, count: usize, all: &Value) -> Value {
    let items = all.as_list().map(crate::value::List::to_vec).unwrap_or_default();
    let info = crate::value::Dict::new();
    info.insert("allitems", all.clone());
    for (name, number) in [
        ("index", index + 1),
        ("index0", index),
        ("length", count),
        ("revindex", count - index),
        ("revindex0", count - index - 1),
    ] {
        info.insert(name, Value::Int(number as i64));
    }
    info.insert("first", Value::Bool(index == 0));
    info.insert("last", Value::Bool(index + 1 == count));
    if let Some(next) = items.get(index + 1) {
        info.insert("nextitem", next.clone());
    }
    if let Some(previous) = index.checked_sub(1).and_then(|previous| items.get(previous)) {
        info.insert("previtem", previous.clone());
    }
    Value::Dict(info)
}

/// A result's flag; modules of old return text.
fn is_true(value: &Json) -> bool {
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
