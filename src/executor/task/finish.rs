//! What becomes of results: facts, registers, notifications, and what is shown.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Fields, IncludeRequest, ItemEnd, ItemRun, Runner, TaskEnd, verdict::is_true};
use crate::{
    config::settings::running,
    executor::{
        facts,
        settings::{NoLog, Settings, evaluate},
    },
    output::{CENSORED, Event, Outcome, Status},
    source::{Diagnostic, Span, Spanned},
    template::{Names, TemplateError},
    value::Value,
    vars::{HostVars, Layer, Scope},
};

impl Runner<'_> {
    /// Facts and `set_fact` of an item; of failed ones too, as in Ansible.
    pub(super) fn store(&self, item: &ItemRun, end: &ItemEnd) {
        if end.facts.is_empty() && !end.result.contains_key("ansible_facts") {
            return;
        }
        let host = self.facts_host(&item.scope);
        for (name, value) in &end.facts {
            host.set(end.layer, name, value.clone());
        }
        if let Some(Json::Object(facts)) = end.result.get("ansible_facts").filter(|_| end.facts.is_empty()) {
            let action = &self.task.action;
            let may_be_foreign = action.foreign.is_some() || action.module.0.short_name() == "gather_facts";
            for (name, value) in facts {
                if may_be_foreign && facts::is_restricted(name) {
                    let message = format!("Removed restricted key from module data: {name}");
                    self.context.run.events.emit(Event::Warning(Diagnostic::warning(message)));
                    continue;
                }
                host.add_fact(name, Value::from_json(value.clone()));
            }
            if action.module.0.short_name() == "gather_facts" {
                host.add_fact("_ansible_facts_gathered", Value::Bool(true));
            }
        }
        if end.facts.is_empty() || end.layer == Layer::StoredAndFact {
            self.context.run.keep_facts(&host);
        }
    }

    /// The host that facts belong to: the one that is delegated to, with `delegate_facts`.
    fn facts_host(&self, scope: &Scope) -> Arc<HostVars> {
        let settings = Settings::new(self.task, scope);
        match settings.text("delegate_to").ok().flatten() {
            Some(other) if self.delegates_facts(scope) => self.context.run.vars.delegate(&other),
            _ => Arc::clone(self.host),
        }
    }

    fn delegates_facts(&self, scope: &Scope) -> bool {
        Settings::new(self.task, scope).flag("delegate_facts").ok().flatten().unwrap_or(false)
    }

    /// What an item includes.
    pub(super) fn requests(&self, item: &ItemRun, end: &mut ItemEnd) -> Option<IncludeRequest> {
        let file = end.include.take()?;
        let mut vars = self.task.include.as_ref().map(|include| include.vars.clone()).unwrap_or_default();
        let mut key = String::new();
        if !item.bound.is_empty() {
            for (name, value) in &item.bound {
                key.push_str(&format!(
                    "{name}={};",
                    value.to_json().map_or_else(|_| value.to_str(), |json| json.to_string())
                ));
            }
            // The include's own variables may use the item, but not hide it.
            vars.push(Arc::new(item.bound.iter().cloned().collect()));
        }
        // One that depends on something hides it whatever it says, as in Ansible.
        let is_template =
            self.task.keywords.setting("no_log").is_some_and(|no_log| matches!(no_log.value, Value::Lazy(_)));
        let is_hidden = is_template || self.hides(Settings::new(self.task, &item.scope));
        let label =
            if is_hidden && item.item.is_some() { Some(CENSORED.to_owned()) } else { item.label.get().cloned() };
        Some(IncludeRequest { file, item: label, vars, key })
    }

    pub(super) fn show_item(&self, item: &ItemRun, end: &ItemEnd) {
        if end.include.is_some() || self.task.is_meta() {
            return;
        }
        let mut outcome = self.outcome(end, false, &item.scope);
        outcome.item = item.label.get().cloned();
        self.add_item(item, &mut outcome.result);
        self.context.run.events.emit(Event::Item(outcome));
    }

    /// The item, under its name, among the values of its result.
    fn add_item(&self, item: &ItemRun, result: &mut Fields) {
        let Some(value) = &item.item else { return };
        let Some((name, _)) = item.bound.first() else { return };
        result.insert(name.clone(), value.to_json().unwrap_or(Json::Null));
        result.insert("ansible_loop_var".into(), json!(name));
        for bound in ["ansible_index_var", "ansible_loop"] {
            let found = item.bound.iter().find(|(name, _)| name == bound);
            if let Some(value) = found.and_then(|(_, value)| value.to_json().ok()) {
                if bound == "ansible_index_var"
                    && let Some(index) = value.as_str().and_then(|name| item.bound.iter().find(|(key, _)| key == name))
                {
                    result.insert(index.0.clone(), index.1.to_json().unwrap_or(Json::Null));
                }
                result.insert(bound.into(), value);
            }
        }
    }

    fn outcome(&self, end: &ItemEnd, is_loop: bool, scope: &Scope) -> Outcome {
        let settings = Settings::new(self.task, scope);
        let delegated_to = match settings.text("delegate_to") {
            Ok(None) => None,
            Ok(Some(host)) if !host.is_empty() => Some(host),
            // One that is no name is shown as it is written.
            _ => {
                let setting = self.task.keywords.setting("delegate_to");
                setting.map(|setting| crate::playbook::written(&setting.value)).filter(|name| !name.is_empty())
            }
        };
        let address = delegated_to.as_deref().filter(|_| end.is_returned);
        let delegated_address = address.and_then(|name| address_of(name, scope));
        let default = self.context.run.options.config.get(&running::DEFAULT_NO_LOG);
        let no_log = settings.no_log(default);
        let is_hidden = end.is_hidden || no_log.hides();
        // That of a loop may be about its items, each of which has its say.
        let is_wrong = no_log == NoLog::Wrong && !is_loop;
        if let Some(setting) = self.task.keywords.setting("no_log").filter(|_| is_wrong) {
            let message = "Invalid no_log value for task, output will be masked.";
            let warning = Diagnostic::warning("`no_log` is neither true nor false: the output is hidden");
            self.context.run.events.emit(Event::Warning(warning.worded(message).at(&setting.span)));
        }
        let mut outcome = Outcome {
            host: self.host.name.clone(),
            task: self.task.id,
            delegated_to,
            delegated_address,
            status: end.status,
            result: end.result.clone(),
            item: None,
            is_loop,
            is_ignored: !end.is_hard && self.is_ignored(end.status, scope),
            is_hidden,
            shown: end.shown,
            error: end.error.clone(),
        };
        if is_loop {
            outcome.error = None;
        }
        if let Some(error) = &mut outcome.error {
            error.ansible.is_placeless = self.task.is_implicit;
        }
        // Some modules tell what differs even where nobody wants to see it.
        let shows_diff = || settings.flag("diff").ok().flatten().unwrap_or(self.context.run.options.diff);
        if outcome.result.contains_key("diff") && !shows_diff() {
            outcome.result.shift_remove("diff");
        }
        outcome
    }

    fn is_ignored(&self, status: Status, scope: &Scope) -> bool {
        let keyword = match status {
            Status::Failed => "ignore_errors",
            Status::Unreachable => "ignore_unreachable",
            _ => return false,
        };
        let settings = Settings::new(self.task, scope);
        // What cannot be evaluated is taken as it is written, and what is no boolean as Python takes it.
        let value = settings.value(keyword);
        let flag = value.map(|value| value.map(|value| value.as_flag().unwrap_or_else(|| value.is_truthy())));
        flag.unwrap_or_else(|_| settings.written_flag(keyword)).unwrap_or(false)
    }

    pub(super) fn finish_loop(&self, items: &[ItemRun], mut ends: Vec<ItemEnd>) -> TaskEnd {
        let includes: Vec<IncludeRequest> =
            items.iter().zip(&mut ends).filter_map(|(item, end)| self.requests(item, end)).collect();
        let has = |status: Status| ends.iter().any(|end| end.status == status);
        let all_skipped = ends.iter().all(|end| end.status == Status::Skipped);
        let status = match () {
            () if has(Status::Failed) => Status::Failed,
            () if has(Status::Unreachable) => Status::Unreachable,
            () if all_skipped => Status::Skipped,
            () if has(Status::Changed) => Status::Changed,
            () => Status::Ok,
        };
        // An item that `failed_when` takes for no failure may say so all the same.
        let says_failed = |end: &ItemEnd| end.result.get("failed").is_some_and(is_true);
        let has_failed = has(Status::Failed) || (!all_skipped && ends.iter().any(says_failed));
        let changed = ends.iter().any(|end| end.result.get("changed").is_some_and(is_true));
        let mut result = Fields::new();
        result.insert("changed".into(), json!(changed));
        let msg = match status {
            Status::Skipped if ends.is_empty() => "No items in the list",
            Status::Skipped => "All items skipped",
            _ if has_failed => "One or more items failed",
            _ => "All items completed",
        };
        match status {
            Status::Skipped if ends.is_empty() => drop(result.insert("skipped_reason".into(), json!(msg))),
            _ => drop(result.insert("msg".into(), json!(msg))),
        }
        if has(Status::Unreachable) {
            result.insert("unreachable".into(), json!(true));
        }
        if has_failed {
            result.insert("failed".into(), json!(true));
        }
        result.insert("skipped".into(), json!(status == Status::Skipped));
        let effect = ends.iter().find_map(|end| end.effect);
        let mut notified: Vec<Spanned<String>> = Vec::new();
        let is_hard = ends.iter().any(|end| end.is_hard);
        let is_lost = ends.iter().any(|end| end.is_lost);
        let layer = ends.first().map(|end| end.layer).unwrap_or_default();
        let mut facts = Vec::new();
        let is_hidden = ends.iter().any(|end| end.is_hidden);
        let warned = ends.iter_mut().flat_map(|end| std::mem::take(&mut end.warned)).collect();
        // What items warn of is told of the whole.
        for name in ["warnings", "deprecations"] {
            let told = ends.iter_mut().filter_map(|end| end.result.shift_remove(name));
            let told: Vec<Json> = told.filter_map(|told| told.as_array().cloned()).flatten().collect();
            if !told.is_empty() {
                result.insert(name.into(), json!(told));
            }
        }
        let results: Vec<Json> = items
            .iter()
            .zip(ends)
            .map(|(item, end)| {
                let mut result = end.result;
                facts.extend(end.facts);
                notified.extend(end.notified);
                self.add_item(item, &mut result);
                Json::Object(result)
            })
            .collect();
        result.insert("results".into(), json!(results));
        let mut end = ItemEnd::new(status, result);
        end.effect = effect;
        end.facts = facts;
        end.layer = layer;
        end.notified = notified;
        end.is_hard = is_hard;
        end.is_lost = is_lost;
        end.is_hidden = is_hidden;
        end.warned = warned;
        self.finish_as(end, includes, Some(items))
    }

    pub(super) fn finish(&self, end: ItemEnd) -> TaskEnd {
        self.finish_as(end, Vec::new(), None)
    }

    pub(super) fn finish_including(&self, end: ItemEnd, includes: Vec<IncludeRequest>) -> TaskEnd {
        self.finish_as(end, includes, None)
    }

    /// Registers, notifies and shows the end; of a loop, with its items.
    fn finish_as(&self, mut end: ItemEnd, includes: Vec<IncludeRequest>, items: Option<&[ItemRun]>) -> TaskEnd {
        let is_loop = items.is_some();
        let outcome = self.outcome(&end, is_loop, &self.scope);
        // A failure that says nothing of it never began.
        if end.status != Status::Failed {
            end.result.entry("changed").or_insert(json!(false));
        }
        if !includes.is_empty() && !is_loop {
            end.result.shift_remove("failed");
        } else if !is_loop && !matches!(end.status, Status::Unreachable | Status::Skipped) {
            end.result.entry("failed").or_insert(json!(false));
        }
        if let Some(name) = &self.task.register {
            let mut result = end.result.clone();
            // The arguments that a module was given are told of the items of a loop alone.
            result.shift_remove("invocation");
            if !end.warned.is_empty()
                && let Some(warnings) = result.entry("warnings").or_insert(json!([])).as_array_mut()
            {
                warnings.extend(end.warned.into_iter().map(Json::String));
            }
            let result = Value::from_json(Json::Object(result));
            if let Some(items) = items {
                give_items(&result, items);
            }
            self.host.stored.insert(name.as_str(), result);
        }
        let is_ignored = outcome.is_ignored;
        let is_silent =
            self.task.is_meta() && !matches!(end.status, Status::Failed | Status::Unreachable | Status::Skipped);
        if !is_silent && includes.is_empty() {
            self.context.run.events.emit(Event::Done(outcome));
        }
        TaskEnd {
            host: self.host.name.clone(),
            status: end.status,
            is_ignored,
            result: end.result,
            notified: end.notified,
            effect: end.effect,
            includes,
            is_hard: end.is_hard,
            is_lost: end.is_lost,
            title: self.task.name.as_ref().and_then(|name| Some(evaluate(name, &self.scope).ok()?.to_str())),
            register: self.task.register.clone(),
            facts: if self.delegates_facts(&self.scope) { Vec::new() } else { end.facts },
            layer: end.layer,
        }
    }

    /// What an item that changed something notifies.
    pub(super) fn notify(&self, item: &ItemRun, end: &mut ItemEnd) {
        let is_changed = end.result.get("changed").is_some_and(is_true);
        if !is_changed || !matches!(end.status, Status::Ok | Status::Changed) {
            return;
        }
        match self.notified(&item.scope) {
            Ok(names) => end.notified = names,
            Err((error, span)) => *end = self.template_failure(error, Some(&span)),
        }
    }

    fn notified(&self, scope: &Scope) -> Result<Vec<Spanned<String>>, (TemplateError, Span)> {
        let mut names = Vec::new();
        for notify in &self.task.keywords.notify {
            let failed = |error| (error, notify.span.clone());
            let value = evaluate(notify, scope).map_err(failed)?;
            let parts = match &value {
                Value::List(list) => list.to_vec(),
                other => vec![other.clone()],
            };
            for part in parts.iter().filter(|part| !part.is_omit() && !part.is_none()) {
                names.push(Spanned::new(part.to_str(), notify.span.clone()));
            }
        }
        Ok(names)
    }
}

/// Where a host is that a task is delegated to, as it is written, if that is not its name.
fn address_of(name: &str, scope: &Scope) -> Option<String> {
    let address = crate::playbook::written(&Names::lookup(&scope.delegated_to(name), "ansible_host")?);
    (address != name).then_some(address)
}

/// Puts the items of a loop themselves into its results: what a playbook says stays what it is, expressions among it.
fn give_items(result: &Value, items: &[ItemRun]) {
    let Some(Value::List(results)) = result.as_dict().and_then(|result| result.get("results")) else { return };
    for (result, item) in results.to_vec().iter().zip(items) {
        if let (Value::Dict(result), Some((name, value))) = (result, item.bound.first())
            && item.item.is_some()
        {
            result.insert(name.as_str(), value.deep_copy());
        }
    }
}
