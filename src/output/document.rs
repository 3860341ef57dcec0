//! The whole run as one JSON document at its end, as the callback `ansible.posix.json` prints it.

use std::{collections::HashMap, path::Path};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    CustomStats, Event, Lines, Options, Outcome, Recap, Shown, Status, Stream, TaskStart,
    json::ascii_json,
    messages::{Kind, Messages},
};
use crate::{playbook::TaskId, source::Span};

/// Gathers a run's events.
pub struct Document {
    messages: Messages,
    /// Spaces for each level; none for one line.
    indent: usize,
    shows_stats: bool,
    plays: Vec<Play>,
    stats: Map<String, Value>,
    /// The numbers of the tasks, in the order in which they were met.
    numbers: HashMap<TaskId, usize>,
    /// What was shown of the items of loops that are not done yet, by task and host.
    labels: HashMap<(TaskId, String), Vec<String>>,
}

struct Play {
    name: String,
    path: String,
    times: Times,
    /// Whether its hosts do not wait for each other: each of them has its own entry for a task.
    is_free: bool,
    tasks: Vec<Task>,
    /// How many tasks from the first on have an owner.
    owned: usize,
}

struct Task {
    id: TaskId,
    /// The one host that it is of, where hosts do not wait for each other.
    owner: Option<String>,
    start: TaskStart,
    times: Times,
    hosts: Map<String, Value>,
}

struct Times {
    start: Timestamp,
    end: Option<Timestamp>,
}

impl Document {
    /// Nothing yet.
    pub fn new(options: &Options) -> Self {
        Self {
            messages: Messages::new(options),
            indent: options.settings.json_indent,
            shows_stats: options.settings.show_custom_stats,
            plays: Vec::new(),
            stats: Map::new(),
            numbers: HashMap::new(),
            labels: HashMap::new(),
        }
    }

    /// What is printed for an event: messages, and at the end the document.
    pub fn lines(&mut self, event: &Event) -> Lines {
        let mut lines = Lines::default();
        match event {
            Event::Play { name, span, is_free, .. } => {
                let (name, path, is_free) = (name.clone(), path(span), *is_free);
                self.plays.push(Play { name, path, times: Times::begin(), is_free, tasks: Vec::new(), owned: 0 });
            }
            Event::Task(start) => {
                let number = self.numbers.len();
                self.numbers.entry(start.id).or_insert(number);
                if let Some(play) = self.plays.last_mut() {
                    let (start, times) = (start.clone(), Times::begin());
                    play.tasks.push(Task { id: start.id, owner: None, start, times, hosts: Map::new() });
                }
            }
            Event::Started { host, task } => {
                if let Some(play) = self.plays.last_mut().filter(|play| play.is_free) {
                    play.begin(*task, host);
                }
            }
            Event::Item(outcome) => {
                let labels = self.labels.entry((outcome.task, outcome.host.clone())).or_default();
                labels.push(outcome.item.clone().unwrap_or_default());
            }
            Event::Done(outcome) => {
                self.messages.of_result(outcome, &mut lines);
                let labels = self.labels.remove(&(outcome.task, outcome.host.clone())).unwrap_or_default();
                if let Some(play) = self.plays.last_mut() {
                    play.put(outcome.task, &outcome.host, |start| result(outcome, start, &labels));
                }
            }
            Event::Included { task, file, hosts, .. } => {
                if let Some(play) = self.plays.last_mut() {
                    play.include(*task, file, hosts);
                }
            }
            Event::Recap(recap) => {
                self.stats = stats(recap);
                if !self.shows_stats {
                    lines.out(&self.text(None));
                }
            }
            Event::Stats(stats) if self.shows_stats => lines.out(&self.text(Some(stats))),
            Event::Warning(warning) => self.messages.tell(warning, Kind::of(warning), Stream::Err, &mut lines),
            Event::Error(error) | Event::HandlerNotFound(error) => {
                self.messages.tell(error, Kind::Error, Stream::Err, &mut lines);
            }
            _ => {}
        }
        lines
    }

    fn text(&self, stats: Option<&CustomStats>) -> String {
        let plays = self.plays.iter().enumerate().map(|(number, play)| {
            let tasks = play.tasks.iter().map(|task| {
                let number = self.numbers.get(&task.id).copied().unwrap_or_default();
                let about = about(Part::Task, number, &task.start.name, &task.path(), &task.times);
                json!({ "task": about, "hosts": task.hosts })
            });
            let tasks: Vec<Value> = tasks.collect();
            json!({ "play": about(Part::Play, number, &play.name, &play.path, &play.times), "tasks": tasks })
        });
        let hosts =
            stats.map(|stats| stats.hosts.iter().cloned().map(|(host, values)| (host, values.into())).collect());
        let document = json!({
            "plays": plays.collect::<Vec<_>>(),
            "stats": self.stats,
            "custom_stats": Value::Object(hosts.unwrap_or_default()),
            "global_custom_stats": stats.map(|stats| stats.run.clone()).unwrap_or_default(),
        });
        ascii_json(&document, self.indent) + "\n"
    }
}

impl Play {
    /// An entry that no host has yet becomes that of the host that begins with its task.
    fn begin(&mut self, task: TaskId, host: &str) {
        let owned = self.tasks[self.owned..].iter().take_while(|entry| entry.owner.is_some()).count();
        self.owned += owned;
        let mut open = self.tasks[self.owned..].iter_mut();
        if let Some(entry) = open.find(|entry| entry.id == task && entry.owner.is_none()) {
            entry.owner = Some(host.to_owned());
        }
    }

    fn include(&mut self, task: TaskId, file: &Path, hosts: &[String]) {
        for host in hosts {
            self.put(task, host, |start| {
                let from = start.span.as_ref().and_then(|span| std::path::absolute(span.file.path()).ok());
                let folder = from.as_deref().and_then(Path::parent);
                let name = folder.and_then(|folder| file.strip_prefix(folder).ok()).unwrap_or(file);
                let mut values = Map::new();
                values.insert("action".into(), start.module.as_str().into());
                values.insert("changed".into(), false.into());
                values.insert("include".into(), name.to_string_lossy().into());
                values.insert("include_args".into(), json!({}));
                mark(&mut values, false, false);
                Value::Object(values)
            });
        }
    }

    /// Puts the result of a host where its task is.
    fn put(&mut self, task: TaskId, host: &str, result: impl FnOnce(&TaskStart) -> Value) {
        let is_its_own = |entry: &Task| entry.owner.as_deref().is_none_or(|owner| owner == host);
        let mut tasks = self.tasks.iter_mut().rev();
        let Some(task) = tasks.find(|entry| entry.id == task && is_its_own(entry)) else { return };
        let now = Timestamp::now();
        task.times.end = Some(now);
        self.times.end = Some(now);
        task.hosts.insert(host.to_owned(), result(&task.start));
    }
}

impl Task {
    fn path(&self) -> String {
        self.start.span.as_ref().map(path).unwrap_or_default()
    }
}

impl Times {
    fn begin() -> Self {
        Self { start: Timestamp::now(), end: None }
    }
}

/// What has an id; its number is part of that.
#[derive(Clone, Copy)]
enum Part {
    Play = 0,
    Task = 1,
}

/// What is said about a play or a task. Its id looks like those of Ansible, and is the same in equal runs.
fn about(part: Part, number: usize, name: &str, path: &str, times: &Times) -> Value {
    let text = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
    let mut duration = json!({ "start": text(times.start) });
    if let Some(end) = times.end {
        duration["end"] = text(end).into();
    }
    let id = format!("00000000-0000-0000-{:04x}-{:012x}", part as u8, number + 1);
    json!({ "name": name, "id": id, "path": path, "duration": duration })
}

/// `FILE:LINE`.
fn path(span: &Span) -> String {
    let path = std::path::absolute(span.file.path()).unwrap_or_else(|_| span.file.path().to_owned());
    format!("{}:{}", path.display(), span.line)
}

/// A result with what Ansible's callbacks see beside the return values; the items of a loop have these labels.
fn result(outcome: &Outcome, start: &TaskStart, labels: &[String]) -> Value {
    let mut values = outcome.result.clone();
    values.insert("action".into(), start.module.as_str().into());
    match outcome.status {
        Status::Failed => {
            values.insert("failed".into(), true.into());
        }
        Status::Skipped => {
            values.shift_remove("failed");
            values.insert("skipped".into(), true.into());
        }
        Status::Ok | Status::Changed | Status::Unreachable => {
            values.shift_remove("failed");
        }
    }
    let is_told =
        |is_good: bool| is_good && !outcome.is_hidden && (outcome.shown != Shown::Nothing || start.is_debug());
    if outcome.is_loop {
        if outcome.status != Status::Skipped {
            values.shift_remove("skipped");
        }
        let is_empty = values.get("results").and_then(Value::as_array).is_none_or(Vec::is_empty);
        if outcome.is_hidden && !is_empty {
            values.insert("_ansible_no_log".into(), true.into());
        }
        let items = values.get_mut("results").and_then(Value::as_array_mut).into_iter().flatten();
        for (place, item) in items.filter_map(Value::as_object_mut).enumerate() {
            let is = |name: &str| item.get(name).is_some_and(|flag| flag == true);
            let is_good = !is("failed") && !is("skipped") && !is("unreachable");
            let value = item.get("ansible_loop_var").and_then(Value::as_str).and_then(|name| item.get(name)).cloned();
            mark(item, outcome.is_hidden, is_told(is_good));
            if let Some(value) = value {
                // A label is the item itself where nothing else was said.
                let label = labels.get(place).filter(|label| **label != shown(&value));
                item.insert("_ansible_item_label".into(), label.map_or(value, |label| label.as_str().into()));
            }
        }
    } else {
        let is_good = matches!(outcome.status, Status::Ok | Status::Changed);
        mark(&mut values, outcome.is_hidden, is_told(is_good));
    }
    Value::Object(values)
}

/// A value as an item is shown.
fn shown(value: &Value) -> String {
    crate::value::Value::from_json(value.clone()).to_str()
}

/// Whether a result is hidden, and whether it is shown without `-v`.
fn mark(values: &mut Map<String, Value>, is_hidden: bool, is_told: bool) {
    values.insert("_ansible_no_log".into(), is_hidden.into());
    if is_told {
        values.insert("_ansible_verbose_always".into(), true.into());
    }
}

fn stats(recap: &Recap) -> Map<String, Value> {
    let of_host = |(host, counts): &(String, super::Counts)| {
        let counts = json!({
            "ok": counts.ok,
            "changed": counts.changed,
            "unreachable": counts.unreachable,
            "failures": counts.failed,
            "skipped": counts.skipped,
            "rescued": counts.rescued,
            "ignored": counts.ignored,
        });
        (host.clone(), counts)
    };
    recap.hosts.iter().map(of_host).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::{Play, Task, Times};
    use crate::{output::TaskStart, playbook::TaskId};

    fn entry(id: TaskId) -> Task {
        let start = TaskStart {
            id,
            name: String::new(),
            module: "include_tasks".into(),
            arguments: None,
            is_handler: false,
            is_check: false,
            hosts: 1,
            span: None,
        };
        Task { id, owner: None, start, times: Times::begin(), hosts: Map::new() }
    }

    #[test]
    fn results_of_hosts_that_do_not_wait_stay_in_their_own_entries() {
        let id = TaskId::next();
        let tasks = vec![entry(id), entry(id)];
        let (name, path) = (String::new(), String::new());
        let mut play = Play { name, path, times: Times::begin(), is_free: true, tasks, owned: 0 };
        play.begin(id, "h2");
        play.begin(id, "h1");
        // A loop includes a file for each item.
        for (host, result) in [("h1", 1), ("h1", 2), ("h2", 3)] {
            play.put(id, host, |_| json!(result));
        }
        let hosts: Vec<_> = play.tasks.iter().map(|task| json!(task.hosts)).collect();
        assert_eq!(hosts, [json!({"h2": 3}), json!({"h1": 2})]);
    }
}
