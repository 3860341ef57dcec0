//! What a run did, read from what it printed in Ansible's default format: plays and tasks, each
//! host's result, the values that `debug` shows, the recap. Wordings of failures are left out.

use std::{collections::BTreeMap, mem};

use serde_json::{Map, Value};

/// What a failure ends with that the run goes on after.
const IGNORED: &str = ", ignored";
/// How the result of an attempt begins that is not the last one.
const RETRYING: &str = "retrying";

/// The trace of what was printed. With `is_by_host`, as if one host ran after the other.
pub fn trace(stdout: &str, is_by_host: bool) -> String {
    let mut reader = Reader { text: stdout, next: 0, sections: vec![Section::default()] };
    while let Some(line) = reader.line() {
        reader.read(line);
    }
    let sections = reader.sections.into_iter();
    if is_by_host { by_host(sections) } else { sections.map(Section::render).collect() }
}

/// A list of tasks, tags or hosts as it was printed, but sorted where ansible-core's order is random:
/// the tags of a play and the hosts.
pub fn list(stdout: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut hosts_from = None;
    for line in stdout.lines() {
        if !line.starts_with("      ") || line.contains("TAGS: ") {
            hosts_from = None;
        }
        lines.push(if line.starts_with("  play #") { sorted_tags(line) } else { line.to_owned() });
        if line.starts_with("    hosts (") {
            hosts_from = Some(lines.len());
        }
        if let Some(from) = hosts_from {
            lines[from..].sort();
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn sorted_tags(line: &str) -> String {
    let Some((head, tags)) = line.rsplit_once("TAGS: [") else { return line.to_owned() };
    let mut tags: Vec<&str> = tags.trim_end_matches(']').split(',').collect();
    tags.sort_unstable();
    format!("{head}TAGS: [{}]", tags.join(","))
}

/// A banner, and the results below it.
#[derive(Debug, Default)]
struct Section {
    banner: String,
    /// What belongs to no host: included files, hosts that did not match.
    notes: Vec<String>,
    /// Host and result, as they came.
    results: Vec<(String, String)>,
}

impl Section {
    /// Hosts work at the same time: their results are sorted by host, each host's stay in order.
    fn render(mut self) -> String {
        self.results.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut text = if self.banner.is_empty() { String::new() } else { self.banner + "\n" };
        text.extend(self.notes.into_iter().map(|note| format!("  {note}\n")));
        text.extend(self.results.into_iter().map(|(host, result)| format!("  {host}: {result}\n")));
        text
    }
}

/// Each play's results, host by host; everything else stays in order.
fn by_host(sections: impl Iterator<Item = Section>) -> String {
    let mut text = String::new();
    let mut hosts: BTreeMap<String, String> = BTreeMap::new();
    for section in sections {
        let is_task = ["TASK ", "RUNNING HANDLER "].iter().any(|start| section.banner.starts_with(start));
        if !is_task {
            text.extend(mem::take(&mut hosts).into_values());
            text.push_str(&section.render());
            continue;
        }
        // A retry is printed below whatever banner another host's task has just had.
        for (host, result) in section.results.into_iter().filter(|(_, result)| !result.starts_with(RETRYING)) {
            let lines = hosts.entry(host.clone()).or_default();
            lines.push_str(&format!("  {host}: {}: {result}\n", section.banner));
        }
    }
    text.extend(hosts.into_values());
    text
}

struct Reader<'a> {
    text: &'a str,
    /// Where the next line begins.
    next: usize,
    /// What is read so far; never empty.
    sections: Vec<Section>,
}

impl<'a> Reader<'a> {
    fn line(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.next..).filter(|rest| !rest.is_empty())?;
        let line = rest.split('\n').next().unwrap_or(rest);
        self.next += line.len() + 1;
        Some(line)
    }

    fn read(&mut self, line: &'a str) {
        if let Some(banner) = banner(line) {
            self.sections.push(Section { banner: banner.to_owned(), ..Section::default() });
        } else if let Some(rest) = line.strip_prefix("included: ") {
            let (path, rest) = rest.rsplit_once(" for ").unwrap_or((rest, ""));
            let (hosts, item) =
                rest.split_once(" => ").map_or((rest, String::new()), |(hosts, item)| (hosts, format!(" => {item}")));
            let mut hosts: Vec<&str> = hosts.split(", ").collect();
            hosts.sort_unstable();
            self.note(format!("included {path}: {}{item}", hosts.join(", ")));
        } else if line.starts_with("skipping: no hosts matched") || line.starts_with("CUSTOM STATS:") {
            self.note(line.trim_end().to_owned());
        } else if line == "...ignoring" {
            self.ignore();
        } else if let Some((host, counts)) = recap(line) {
            self.result(host, counts);
        } else if let Some(rest) = line.strip_prefix("FAILED - RETRYING: [") {
            let (host, rest) = rest.split_once("]: ").unwrap_or((rest, ""));
            let left = rest.rsplit_once('(').map_or(rest, |(_, left)| left.trim_end_matches(['.', ')']));
            let host = host.split(" -> ").next().unwrap_or(host);
            self.result(host, format!("{RETRYING}, {left}"));
        } else {
            self.outcome(line);
        }
    }

    /// The line is about the host that failed last, but for those that had theirs: items of several hosts come as they
    /// end, and the line when the host is done.
    fn ignore(&mut self) {
        let results = &mut self.section().results;
        let had: Vec<_> =
            results.iter().filter(|(_, result)| result.ends_with(IGNORED)).map(|(host, _)| host.clone()).collect();
        let is_bad = |result: &str| ["failed", "unreachable"].iter().any(|status| result.starts_with(status));
        let failed = results.iter().rev().find(|(host, result)| is_bad(result) && !had.contains(host));
        let Some(host) = failed.map(|(host, _)| host.clone()) else { return };
        if let Some((_, result)) = results.iter_mut().rev().find(|(of, _)| *of == host) {
            result.push_str(IGNORED);
        }
    }

    /// A host's result: `changed: [h1 -> h2(127.0.0.1)] => (item=1) => {"msg": "x"}`.
    fn outcome(&mut self, line: &'a str) {
        let heads = ["ok", "changed", "skipping", "fatal", "failed"];
        let Some((head, rest)) = line.split_once(": [").filter(|(head, _)| heads.contains(head)) else { return };
        let Some((host, rest)) = rest.split_once(']') else { return };
        let (status, rest) = match (head, rest) {
            ("skipping", _) => ("skipped", rest),
            ("fatal", _) if rest.starts_with(": UNREACHABLE!") => ("unreachable", &rest[14..]),
            ("fatal", _) => ("failed", rest.trim_start_matches(": FAILED!")),
            _ => (head, rest),
        };
        let (host, other) = host.split_once(" -> ").map_or((host, None), |(host, other)| (host, Some(other)));
        let mut text = status.to_owned();
        if let Some(other) = other {
            text.push_str(&format!(" on {}", other.split('(').next().unwrap_or(other)));
        }
        let rest = rest.trim_start_matches(" =>").trim_start();
        let body = match rest.strip_prefix("(item=") {
            Some(rest) => {
                let (item, body) = self.item(rest);
                text.push_str(&format!(" ({item})"));
                body
            }
            None => self.body(rest),
        };
        // What a failure says is wording; its status is what counts.
        if let Some(body) = body.filter(|_| !matches!(status, "failed" | "unreachable")) {
            text.push_str(&format!(" {body}"));
        }
        self.result(host, text);
    }

    /// An item's label, which may itself hold what ends it, and the values after it.
    fn item(&mut self, rest: &'a str) -> (&'a str, Option<Value>) {
        for (end, _) in rest.match_indices(") => {") {
            if let Some(body) = self.body(&rest[end + 5..]) {
                return (&rest[..end], Some(body));
            }
        }
        (rest.trim_end().strip_suffix(')').unwrap_or(rest), None)
    }

    /// The values from here to the end of the line, or of a later line.
    fn body(&mut self, start: &'a str) -> Option<Value> {
        if !start.starts_with('{') {
            return None;
        }
        let from = self.next - 1 - start.len();
        let mut values = serde_json::Deserializer::from_str(&self.text[from..]).into_iter::<Value>();
        let value = values.next()?.ok()?;
        self.next = from + values.byte_offset() + 1;
        Some(steady(value))
    }

    fn section(&mut self) -> &mut Section {
        self.sections.last_mut().expect("there is a section from the start")
    }

    fn note(&mut self, text: String) {
        self.section().notes.push(text);
    }

    fn result(&mut self, host: &str, text: String) {
        self.section().results.push((host.to_owned(), text));
    }
}

/// The title of a line like `TASK [name] *****`.
fn banner(line: &str) -> Option<&str> {
    let kinds = ["PLAY ", "TASK ", "RUNNING HANDLER ", "PLAY RECAP", "NO MORE HOSTS LEFT"];
    let title = line.strip_suffix("***")?.trim_end_matches('*').trim_end();
    kinds.iter().any(|kind| line.starts_with(kind)).then_some(title)
}

/// A host and its counts, from a line like `h1   : ok=1    changed=0 …`.
fn recap(line: &str) -> Option<(&str, String)> {
    let (host, counts) = line.split_once(": ok=")?;
    let counts: Vec<&str> = counts.split_whitespace().collect();
    Some((host.trim_end(), format!("ok={}", counts.join(" "))))
}

/// A value whose keys are sorted, without what differs from run to run.
fn steady(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let is_command = ["start", "end", "delta"].iter().all(|name| object.contains_key(*name));
            let changes = |name: &str| {
                matches!(name, "ansible_job_id" | "results_file" | "exception")
                    || is_command && matches!(name, "start" | "end" | "delta")
            };
            let kept = object.into_iter().filter(|(name, _)| !changes(name));
            let sorted: BTreeMap<String, Value> = kept.map(|(name, value)| (name, steady(value))).collect();
            Value::Object(Map::from_iter(sorted))
        }
        Value::Array(array) => Value::Array(array.into_iter().map(steady).collect()),
        other => other,
    }
}
