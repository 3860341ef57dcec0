//! Loops: their items one after the other, or in one request where nothing stands between them.

use std::sync::OnceLock;

use super::{ItemEnd, ItemRun, Runner, TaskEnd, verdict};
use crate::{
    config::settings::running,
    executor::{
        action::{self, Job, Prepared},
        conditions::{all_hold, first_unmet},
        settings::{check, evaluate},
        times::seconds,
    },
    output::{Event, Status},
    playbook::Loop,
    source::Diagnostic,
    template::{ErrorKind, TemplateError},
    value::{Dict, List, Value},
    vars::Scope,
};

/// How many items travel in one request at the most.
pub(super) const REQUEST: usize = 1000;

impl Runner<'_> {
    /// The items of the loop, each with its scope; one without an item for a task that has none.
    pub(super) fn items(&self) -> Result<Vec<ItemRun>, Box<ItemEnd>> {
        let Some(repeat) = &self.task.repeat else {
            return Ok(vec![ItemRun {
                scope: self.scope.clone().planned(),
                item: None,
                label: OnceLock::new(),
                bound: Vec::new(),
            }]);
        };
        let items = self.evaluate_loop(repeat).map_err(|error| {
            // A loop over something undefined is no failure where the condition does not hold anyway.
            match first_unmet(&self.task.keywords.when, &self.scope.clone().planned()) {
                Ok(Some(unmet)) => Box::new(Self::skipped(unmet)),
                _ if error.is_undefined() => Box::new(self.template_failure(error, Some(&repeat.over.span))),
                _ => Box::new(self.loop_failure(&error, &repeat.over.span)),
            }
        })?;
        let count = items.len();
        if count > 0 {
            self.check_control(repeat).map_err(|error| Box::new(self.loop_broken(error)))?;
        }
        let all = Value::from(items.clone());
        items.into_iter().enumerate().map(|(index, item)| self.item(repeat, &all, index, count, item)).collect()
    }

    /// Warns of a loop whose variable hides one that is there.
    pub(super) fn warn_of_loop_var(&self, repeat: &Loop, items: &[ItemRun]) {
        if items.is_empty() {
            return;
        }
        let (name, span) = match &repeat.control.loop_var {
            Some(name) => match evaluate(name, &self.scope) {
                Ok(value) => (value.to_str(), &name.span),
                // Whoever binds the variable says so.
                Err(_) => return,
            },
            None => ("item".to_owned(), &repeat.over.span),
        };
        if crate::template::Names::lookup(&self.scope, &name).is_some() {
            let help = "set `loop_var` in `loop_control` to another name";
            let mut warning = Diagnostic::warning(format!("the variable `{name}` of the loop is already in use"))
                .worded(format!("The loop variable '{name}' is already in use."))
                .at(span)
                .help(help);
            warning.ansible.help = Some(
                "You should set the `loop_var` value in the `loop_control` option for the task to something else to \
                 avoid variable collisions and unexpected behavior."
                    .to_owned(),
            );
            self.context.run.events.emit(Event::Warning(warning));
        }
    }

    /// Fails for a part of `loop_control` that cannot be evaluated, or is not of its type.
    fn check_control(&self, repeat: &Loop) -> Result<(), Diagnostic> {
        let control = &repeat.control;
        let parts = [
            ("loop_var", "str", &control.loop_var),
            ("index_var", "str", &control.index_var),
            ("pause", "float", &control.pause),
            ("extended", "bool", &control.extended),
            ("extended_allitems", "bool", &control.all_items),
        ];
        parts.into_iter().try_for_each(|(name, kind, part)| match part {
            Some(part) => check(name, kind, part, &self.scope),
            None => Ok(()),
        })
    }

    fn item(
        &self,
        repeat: &Loop,
        all: &Value,
        index: usize,
        count: usize,
        item: Value,
    ) -> Result<ItemRun, Box<ItemEnd>> {
        let control = &repeat.control;
        let name = match &control.loop_var {
            Some(name) => evaluate(name, &self.scope)
                .map_err(|error| Box::new(self.template_failure(error, Some(&name.span))))?
                .to_str(),
            None => "item".to_owned(),
        };
        let mut bound = vec![(name.clone(), item.clone())];
        bound.push(("ansible_loop_var".into(), Value::from(name.as_str())));
        if let Some(name) = &control.index_var {
            let failed = |error| Box::new(self.template_failure(error, Some(&name.span)));
            let name = evaluate(name, &self.scope).map_err(failed)?.to_str();
            bound.push((name.clone(), Value::Int(index as i64)));
            bound.push(("ansible_index_var".into(), Value::from(name)));
        }
        let bind = |bound: &[(String, Value)]| {
            let mut scope = self.scope.clone().planned();
            bound.iter().for_each(|(name, value)| scope.bind(name, value.clone()));
            scope
        };
        let mut scope = bind(&bound);
        let flag = |setting: &Option<crate::source::Spanned<Value>>, default: bool| {
            setting.as_ref().map_or(default, |flag| evaluate(flag, &scope).is_ok_and(|value| value.to_flag()))
        };
        if flag(&control.extended, false) {
            bound.push(("ansible_loop".into(), extended(index, count, all, flag(&control.all_items, true))));
            scope = bind(&bound);
        }
        Ok(ItemRun { scope, item: Some(item), label: OnceLock::new(), bound })
    }

    /// What is shown of an item, which may be a part of its result; what is undefined fails the item, anything else
    /// the task, whose end that is.
    fn label_item(&self, item: &ItemRun, end: &mut ItemEnd) -> Option<ItemEnd> {
        let (Some(repeat), Some(value)) = (&self.task.repeat, &item.item) else { return None };
        if repeat.control.label.is_none() {
            let _ = item.label.set(value.to_str());
            return None;
        }
        let found = self.label(repeat, &self.with_result(item, &end.result), value);
        if let Err(error) = &found
            && !error.is_undefined()
        {
            let diagnostic = Diagnostic::from(error.clone());
            let place = repeat.control.label.as_ref().map(|label| label.span.clone());
            return Some(self.loop_broken(match (&diagnostic.span, place) {
                (None, Some(place)) => diagnostic.at(&place),
                _ => diagnostic,
            }));
        }
        let label = found.unwrap_or_else(|error| {
            let message = format!("Failed to template loop_control.label: {error}");
            end.result.shift_remove("skipped");
            end.result.insert("failed".into(), true.into());
            end.result.insert("msg".into(), message.as_str().into());
            end.status = Status::Failed;
            let mut error = self.at_task(Diagnostic::error(message));
            // The line of the item says it all.
            error.ansible.is_untold = true;
            end.error = Some(error);
            // What `debug` shows is no more than its message.
            if self.task.action.module.0.short_name() == "debug" { "None".to_owned() } else { value.to_str() }
        });
        // An item is labelled once.
        let _ = item.label.set(label);
        None
    }

    fn label(&self, repeat: &Loop, scope: &Scope, item: &Value) -> Result<String, TemplateError> {
        match repeat.control.label.as_ref().filter(|label| label.value.is_truthy()) {
            Some(label) => match evaluate(label, scope)? {
                label if label.is_omit() => Err(TemplateError::new(ErrorKind::Omitted)),
                label => Ok(label.to_str()),
            },
            None => Ok(item.to_str()),
        }
    }

    fn evaluate_loop(&self, repeat: &Loop) -> Result<Vec<Value>, TemplateError> {
        let context = self.scope.context();
        let over = &repeat.over.value;
        // What is undefined is left out where places are searched.
        let searched = repeat.lookup.as_deref() == Some("first_found");
        let places = if searched { context.resolve_defined(over)? } else { None };
        let over = context.resolve_deep(places.as_ref().unwrap_or(over))?;
        if over.is_omit() {
            return Err(TemplateError::new(ErrorKind::Omitted));
        }
        match repeat.lookup.as_deref() {
            Some(lookup) => {
                Ok(context.loop_over(lookup, &over, &self.task.action.name.value)?.into_iter().map(as_list).collect())
            }
            None if matches!(over, Value::List(_) | Value::Tuple(_)) => over.iter(),
            None => Err(TemplateError::type_error(format!(
                "The `loop` value must resolve to a 'list', not '{}'.",
                over.type_name()
            ))),
        }
    }

    /// A loop, from the first item to the last.
    pub(super) async fn repeat(&self, items: Vec<ItemRun>) -> TaskEnd {
        let ends = Vec::with_capacity(items.len());
        let mut done = Repeated { runner: self, items: &items, ends, is_over: false, broken: None };
        let Some(repeat) = &self.task.repeat else { return self.finish_loop(&items, Vec::new()) };
        let parallel = match self.parallel(repeat) {
            Ok(parallel) => parallel,
            Err(end) => return self.finish(*end),
        };
        let pause = self.number(repeat.control.pause.as_ref(), &self.scope).filter(|seconds| *seconds > 0.0);
        let alone = pause.is_some()
            || !self.task.until.is_empty()
            || self.task.retries.is_some()
            || !repeat.control.break_when.is_empty()
            || self.timeout(&self.scope).is_some()
            || !self.context.run.options.config.get(&running::SUTLER_JOIN_ITEMS);
        let mut held: Option<Result<Prepared, ItemEnd>> = None;
        while done.ends.len() < items.len() && !done.is_over && done.broken.is_none() {
            let item = &items[done.ends.len()];
            if alone {
                if let Some(pause) = pause.filter(|_| !done.ends.is_empty()) {
                    tokio::time::sleep(seconds(pause)).await;
                }
                let end = Box::pin(self.one(item)).await;
                done.take(end);
                continue;
            }
            match held.take().unwrap_or_else(|| self.prepare(item)) {
                Ok(Prepared::Job(first)) => {
                    let first_place = done.ends.len();
                    let (jobs, next) = self.joined(*first, &items[first_place + 1..]);
                    held = next;
                    let mut take = |_, result| {
                        let end = self.judge(&items[done.ends.len()], result);
                        done.take(end);
                    };
                    action::run_jobs(self.context, jobs, parallel, self.take_sent(), &mut take).await;
                }
                prepared => {
                    let end = self.go(item, prepared).await;
                    done.take(end);
                }
            }
        }
        match done.broken {
            Some(end) => self.finish(end),
            None => {
                let ends = done.ends;
                self.finish_loop(&items, ends)
            }
        }
    }

    /// How many items the host may work on at once.
    pub(super) fn parallel(&self, repeat: &Loop) -> Result<usize, Box<ItemEnd>> {
        let Some(setting) = &repeat.control.parallel else { return Ok(1) };
        let given = evaluate(setting, &self.scope);
        let given = given.map_err(|error| Box::new(self.template_failure(error, Some(&setting.span))))?;
        given.to_str().trim().parse().ok().filter(|parallel| *parallel > 0).ok_or_else(|| {
            let message = format!("`parallel` has to be a whole number of 1 or more, not `{}`", given.to_str());
            Box::new(self.failure(Diagnostic::error(message).at(&setting.span)))
        })
    }

    /// The jobs that travel with the first one, and what was prepared for the item behind them.
    fn joined(&self, first: Job, rest: &[ItemRun]) -> (Vec<Job>, Option<Result<Prepared, ItemEnd>>) {
        let mut jobs = vec![first];
        for item in rest {
            match self.prepare(item) {
                Ok(Prepared::Job(job)) if job.joins(&jobs[0]) && jobs.len() < REQUEST => jobs.push(*job),
                other => return (jobs, Some(other)),
            }
        }
        (jobs, None)
    }
}

/// A loop on its way.
struct Repeated<'a, 'b> {
    runner: &'a Runner<'b>,
    items: &'a [ItemRun],
    ends: Vec<ItemEnd>,
    is_over: bool,
    /// Why `break_when` cannot be evaluated: that fails the task.
    broken: Option<ItemEnd>,
}

impl Repeated<'_, '_> {
    /// An item is done: it is shown, and what it stored is there for the next one.
    fn take(&mut self, mut end: ItemEnd) {
        let item = &self.items[self.ends.len()];
        if let Some(broken) = self.runner.label_item(item, &mut end) {
            self.broken = Some(broken);
            return;
        }
        self.runner.store(item, &end);
        self.runner.notify(item, &mut end);
        if let Some(name) = &self.runner.task.register {
            // The next item sees this one's result, as long as the loop runs.
            let result = serde_json::Value::Object(end.result.clone());
            self.runner.host.stored.insert(name.as_str(), Value::from_json(result));
        }
        self.runner.show_item(item, &end);
        if let Some(repeat) = self.runner.task.repeat.as_ref().filter(|repeat| !repeat.control.break_when.is_empty()) {
            let scope = self.runner.with_result(item, &end.result);
            match all_hold(&repeat.control.break_when, &scope) {
                Ok(holds) => self.is_over = holds,
                Err((error, span)) => {
                    self.broken = Some(self.runner.loop_broken(verdict::condition(error, span.as_ref())));
                }
            }
        }
        self.ends.push(end);
    }
}

/// A pair of a lookup as tasks see it: a list.
fn as_list(item: Value) -> Value {
    match item {
        Value::Tuple(items) => Value::List(items.iter().cloned().collect()),
        other => other,
    }
}

/// `ansible_loop`.
fn extended(index: usize, count: usize, all: &Value, with_all: bool) -> Value {
    let items = all.as_list().map(List::to_vec).unwrap_or_default();
    let info = Dict::new();
    if with_all {
        info.insert("allitems", all.clone());
    }
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
