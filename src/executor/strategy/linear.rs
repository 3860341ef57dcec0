//! `linear`: all hosts do a task before any does the next one.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use crate::{
    config::settings::running,
    executor::{
        action::Effect,
        host::{Ended, HostState, Included, Place},
        play::{Batch, Flow, PlayRun},
        settings::Settings,
        task::{IncludeRequest, TaskEnd},
    },
    output::{Event, Status},
    playbook::Task,
    source::Diagnostic,
    vars::Scope,
};

/// Runs a batch.
pub async fn run(play: &PlayRun, hosts: &mut Batch) -> Flow {
    let mut known = 0;
    let mut done = None;
    let mut is_beyond = false;
    while !play.context.run.control.is_stopping() {
        let upcoming = next(play, hosts, &mut done);
        let lost = hosts.values().filter(|host| host.is_lost()).count();
        if lost > std::mem::replace(&mut known, lost) {
            play.tell_of_uncounted(hosts);
        }
        let Some((task, here)) = upcoming else { break };
        let flow = step(play, &task, &here, hosts, &mut done).await;
        if play.context.run.report.is_broken() {
            return Flow::EndRun;
        }
        match flow {
            Flow::Next => {}
            // Those whose failure a block took go on in it.
            Flow::Beyond if hosts.values().any(HostState::is_active) => is_beyond = true,
            Flow::EndBatch if is_beyond => return Flow::Beyond,
            flow => return flow,
        }
    }
    if is_beyond { Flow::Beyond } else { Flow::Next }
}

/// The lowest task behind the one that was `done` that any host has before it, and the hosts that are at it. Those that
/// were sent back wait until the others have come to the end.
fn next(play: &PlayRun, hosts: &mut Batch, done: &mut Option<Place>) -> Option<(Arc<Task>, Vec<String>)> {
    let mut lowest: Option<((bool, Place), Arc<Task>, Vec<String>)> = None;
    for (name, host) in hosts.iter_mut() {
        let Some(task) = play.next_task(host) else { continue };
        let place = host.place();
        let is_behind = !host.is_in_handlers() && done.as_ref().is_some_and(|done| place <= *done);
        let place = (is_behind, place);
        match &mut lowest {
            Some((low, first, here)) if *low == place && first.id == task.id => here.push(name.clone()),
            Some((low, ..)) if *low <= place => {}
            _ => lowest = Some((place, task, vec![name.clone()])),
        }
    }
    lowest.map(|((_, place), task, here)| {
        *done = Some(place);
        (task, here)
    })
}

/// What holds for a task on all hosts, read on the first one.
struct Together {
    once: bool,
    /// Whether other hosts get what the one that does it stores: not where only the action is for all.
    is_shared: bool,
    is_fatal: bool,
    /// Whether it is fatal only because a template counts as true.
    is_misread: bool,
}

impl Together {
    fn read(play: &PlayRun, task: &Task, scope: &Scope) -> Self {
        let settings = Settings::new(task, scope);
        // Each host does those that are for itself, whatever they say.
        let is_shared = !task.is_meta() && settings.flag("run_once").ok().flatten().unwrap_or(false);
        let once = is_shared || task.is_for_all();
        let default = play.context.run.options.config.get(&running::ANY_ERRORS_FATAL);
        let is_fatal = settings.written_flag("any_errors_fatal").unwrap_or(default);
        let ignores = settings.written_flag("ignore_errors").unwrap_or(false);
        let is_misread = is_fatal && !once && settings.flag("any_errors_fatal").is_ok_and(|fatal| fatal == Some(false));
        Self { once, is_shared, is_fatal: (is_fatal || once) && !ignores, is_misread }
    }

    /// Whether this stops all other hosts. Nothing but `ignore_errors` keeps a fatal task from that, and what a task that
    /// runs once fails on is all of them, whatever its keywords say.
    fn stops(&self, end: &TaskEnd) -> bool {
        match end.status {
            Status::Failed => self.is_fatal || self.once && !end.is_ignored,
            Status::Unreachable => self.is_fatal,
            _ => false,
        }
    }
}

async fn step(play: &PlayRun, task: &Arc<Task>, here: &[String], hosts: &mut Batch, done: &mut Option<Place>) -> Flow {
    let is_handler = hosts[&here[0]].is_in_handlers();
    let scope = play.scope(task, &hosts[&here[0]].vars, hosts[&here[0]].parameters().into());
    let together = Together::read(play, task, &scope);
    let mut runs = Vec::new();
    for name in here {
        let Some(host) = hosts.get_mut(name) else { continue };
        host.take_turn();
        host.notified.remove(&task.id);
        if runs.is_empty() || !together.once {
            runs.push((Arc::clone(&host.vars), host.parameters().into()));
        }
    }
    let mut ends = Vec::new();
    // A task that acts on the play is shown once for each host that does it.
    let parts = if task.is_meta() { runs.into_iter().map(|run| vec![run]).collect() } else { vec![runs] };
    for part in parts {
        if !play.announce(task, is_handler, part.len(), &scope) {
            for name in here {
                hosts.get_mut(name).into_iter().for_each(HostState::advance);
            }
            return Flow::Next;
        }
        let Some(throttle) = play.throttle_limit(task, &scope) else { return Flow::EndRun };
        ends.extend(play.on_hosts(task, part, throttle).await);
    }
    let mut flow = Flow::Next;
    for (name, end) in &ends {
        match end.effect {
            Some(Effect::EndPlay) => flow = Flow::EndPlay,
            Some(Effect::EndBatch) if flow == Flow::Next => flow = Flow::EndBatch,
            Some(Effect::RefreshInventory) => {
                play.refresh_inventory();
                play.end_gone(hosts.values_mut());
            }
            Some(Effect::ClearHostErrors) => {
                play.clear_host_errors(hosts.values_mut());
                // Who is back catches up.
                *done = None;
            }
            _ => {}
        }
        let is_bad = matches!(end.status, Status::Failed | Status::Unreachable);
        if together.once {
            share(play, &together, task, (name, end), here, hosts);
        } else if let Some(host) = hosts.get_mut(name) {
            play.settle(host, task, end, !task.is_meta() || is_bad);
        }
    }
    include(play, task, &ends, hosts);
    // A limit is looked at after every task: who was stopped for others counts as well.
    let stops = play.max_fail_percentage.is_some() || ends.iter().any(|(_, end)| together.stops(end));
    if stops && stop_others(play, &together, task, &ends, hosts) && flow != Flow::EndPlay {
        flow = Flow::Beyond;
    }
    flow
}

/// A task that runs once counts for every host; only the one it ran on counts it.
fn share(
    play: &PlayRun,
    together: &Together,
    task: &Arc<Task>,
    (from, end): (&str, &TaskEnd),
    here: &[String],
    hosts: &mut Batch,
) {
    let counts = !task.is_meta() || end.status == Status::Failed;
    if together.is_shared {
        // Hosts that are elsewhere get it too.
        let is_there = |host: &&HostState| host.ended != Some(Ended::Unreachable);
        let others = hosts.iter().filter(|(name, _)| *name != from).map(|(_, host)| host);
        others.filter(is_there).for_each(|host| end.store_on(&host.vars));
    }
    for name in here {
        let Some(host) = hosts.get_mut(name) else { continue };
        if name == from {
            play.settle(host, task, end, counts);
            continue;
        }
        match end.effect {
            // All of them are stopped together, below.
            _ if together.stops(end) => {}
            Some(effect) => play.carry_out(host, effect),
            None => host.advance(),
        }
    }
}

/// Hosts that include the same things do them together; different ones come one after the other.
fn include(play: &PlayRun, task: &Task, ends: &[(String, TaskEnd)], hosts: &mut Batch) {
    let mut groups: Vec<(&IncludeRequest, u64, Vec<String>)> = Vec::new();
    let mut of_host: HashMap<&str, VecDeque<Included>> = HashMap::new();
    for (name, end) in ends {
        for request in &end.includes {
            let same = |(other, _, names): &(&IncludeRequest, u64, Vec<String>)| {
                // An item that comes twice is included twice.
                other.is_same(request) && !names.contains(name)
            };
            let found = groups.iter().position(same);
            let group = found.unwrap_or_else(|| {
                groups.push((request, play.context.includes.next_order(), Vec::new()));
                groups.len() - 1
            });
            groups[group].2.push(name.clone());
            of_host.entry(name).or_default().push_back(request.included(groups[group].1));
        }
    }
    for (request, _, names) in groups {
        let handlers = play.adopt(&request.file);
        for name in &names {
            if let Some(host) = hosts.get_mut(name) {
                host.keep_parameters(&handlers, &request.vars);
            }
        }
        let (file, item) = (request.file.label.clone(), request.item.clone());
        play.context.run.events.emit(Event::Included { task: task.id, file, hosts: names, item });
    }
    for (name, mut includes) in of_host {
        // Each host does its programs in the order of all.
        includes.make_contiguous().sort_by_key(|included| included.order);
        if let Some(host) = hosts.get_mut(name) {
            play.include(host, task, includes);
        }
    }
}

/// What the loss of hosts means for the others. Whether it passes the limit of the play.
fn stop_others(
    play: &PlayRun,
    together: &Together,
    task: &Arc<Task>,
    ends: &[(String, TaskEnd)],
    hosts: &mut Batch,
) -> bool {
    let of_status = |status: Status| ends.iter().filter(move |(_, end)| end.status == status).map(|(name, _)| name);
    let (failed, gone): (Vec<&String>, Vec<&String>) =
        (of_status(Status::Failed).collect(), of_status(Status::Unreachable).collect());
    // Those that have nothing more to do are failed as well, and so is who could not be reached now.
    let is_other =
        |(name, host): &(&String, &HostState)| !failed.contains(name) && (!host.is_lost() || gone.contains(name));
    let others: Vec<String> = hosts.iter().filter(is_other).map(|(name, _)| name.clone()).collect();
    if let Some((_, end)) = ends.iter().find(|(_, end)| together.stops(end)) {
        drag_along(play, together, task, end, &others, hosts);
    }
    let failed = hosts.keys().filter(|name| play.context.run.report.has_failed(name)).count();
    if !play.is_beyond_limit(failed) {
        return false;
    }
    play.context.run.events.emit(Event::NoHostsLeft);
    // Who was stopped already is stopped where it went then.
    for name in &others {
        let Some(host) = hosts.get_mut(name) else { continue };
        host.go_back();
        if host.is_active() {
            play.stop(host);
        } else {
            play.context.run.report.drag(name);
        }
    }
    // Ansible ends where all that were left are failed, and asks no `rescue` or `always` of theirs.
    if hosts.iter().all(|(name, host)| !host.is_active() || others.contains(name)) {
        play.context.run.events.emit(Event::NoHostsLeft);
        hosts.values_mut().filter(|host| host.is_active()).for_each(|host| play.lose(host));
    }
    true
}

/// All others fail with the host that failed.
fn drag_along(
    play: &PlayRun,
    together: &Together,
    task: &Arc<Task>,
    end: &TaskEnd,
    others: &[String],
    hosts: &mut Batch,
) {
    if together.is_fatal && together.is_misread {
        let message = "`any_errors_fatal` counts here, though its template is false: a template is always true in it";
        let help = "write it without a template, as in Ansible; `max_fail_percentage` may be one";
        play.context.run.events.emit(Event::Warning(Diagnostic::warning(message).at(&task.span).help(help)));
    }
    let mut passed_over = Vec::new();
    for name in others {
        let Some(host) = hosts.get_mut(name) else { continue };
        host.go_back();
        if !host.is_active() {
            if together.is_fatal {
                play.context.run.report.drag(name);
            }
            continue;
        }
        let (was_rescuable, is_caught) = (host.is_rescuable(), host.is_caught_at_once());
        play.fail(host, task, end, together.once);
        let fails_twice = together.is_shared && end.status == Status::Failed;
        if fails_twice && host.is_active() && is_caught {
            // The task failed on all of them, and that ends all: the block that took the first takes no second. A block
            // that catches nothing ends with the first, and the second is lost in it.
            play.fail(host, task, end, together.once);
            if was_rescuable && !host.is_rescued() && !host.is_rescuable() {
                passed_over.push(name.clone());
            }
        }
        if together.is_fatal && host.is_active() {
            play.context.run.report.drag(name);
        }
    }
    if !passed_over.is_empty() {
        let message = format!("lost without a `rescue`: {}", passed_over.join(", "));
        let help = "a task with `run_once` that fails is rescued on the host that ran it alone, as in Ansible";
        play.context.run.events.emit(Event::Warning(Diagnostic::warning(message).at(&task.span).help(help)));
    }
}
