//! `--syntax-check`, `--list-hosts`, `--list-tasks`, `--list-tags`: what a run would do, in Ansible's layout.
#![expect(clippy::print_stdout, reason = "this is the command's output")]

use std::collections::BTreeSet;

use super::print_errors;
use crate::{
    executor::ExitCode,
    inventory::{Inventory, Limit, Pattern, Selection},
    plan::TagFilter,
    playbook::{Block, Item, Play, Playbook, StaticNames, Task, written},
    source::Diagnostic,
    value::Value,
};

/// What to print.
pub struct Lists {
    /// The hosts of each play.
    pub hosts: bool,
    /// The tasks of each play.
    pub tasks: bool,
    /// The tags of each play.
    pub tags: bool,
    /// Which tasks would run.
    pub filter: TagFilter,
    /// `--limit` and `--shard`.
    pub limit: Limit,
    /// Whether to colour warnings.
    pub colour: bool,
}

impl Lists {
    /// Whether only what would run is listed: a list of all tags has `never` and its kin too.
    fn is_filtered(&self) -> bool {
        let chosen = self.filter.only();
        !self.tags || !self.filter.skipped().is_empty() || !(chosen.is_empty() || chosen == ["all"])
    }
}

/// Prints it.
pub fn print(lists: &Lists, playbooks: &[Playbook], inventory: &Inventory) -> Result<ExitCode, Vec<Diagnostic>> {
    let mut told = BTreeSet::new();
    for playbook in playbooks {
        println!("\nplaybook: {}", playbook.path.display());
        for (index, play) in playbook.plays.iter().enumerate() {
            let warnings = print_play(lists, index, play, inventory).map_err(|error| vec![error])?;
            for warning in warnings {
                if !told.contains(&warning.message) {
                    print_errors(std::slice::from_ref(&warning), lists.colour);
                    told.insert(warning.message);
                }
            }
        }
    }
    Ok(ExitCode::Success)
}

fn print_play(lists: &Lists, index: usize, play: &Play, inventory: &Inventory) -> Result<Vec<Diagnostic>, Diagnostic> {
    // What depends on more than is known without hosts is shown as it is written.
    let names = StaticNames::new(&play.project, &play.vars, None, &[]);
    let shown = |value: &Value| names.evaluate(value).map_or_else(|_| written(value), |value| value.to_str());
    let hosts: Vec<String> = match &play.hosts.value {
        Value::List(hosts) => hosts.to_vec().iter().map(shown).collect(),
        other => match names.evaluate(other) {
            Ok(Value::List(hosts)) => hosts.to_vec().iter().map(Value::to_str).collect(),
            _ => vec![shown(other)],
        },
    };
    let selection = select(lists, &hosts, inventory)?;
    if !(lists.hosts || lists.tasks || lists.tags) {
        return Ok(selection.warnings);
    }
    let name = play.name.as_ref().map(|name| shown(&name.value)).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| hosts.join(","));
    println!("\n  play #{} ({}): {name}\tTAGS: [{}]", index + 1, hosts.join(","), play.keywords.tags.join(","));
    if lists.hosts {
        print_hosts(&hosts, &selection, inventory);
    }
    if lists.tasks {
        println!("    tasks:");
    }
    let mut tags: BTreeSet<String> = play.keywords.tags.iter().cloned().collect();
    let filters = lists.is_filtered() || lists.tasks && !lists.tags && !lists.hosts;
    for task in play.sections.iter().flat_map(|section| tasks(section)) {
        if filters && !lists.filter.selects(&task.keywords.tags) {
            continue;
        }
        tags.extend(task.keywords.tags.clone());
        if lists.tasks {
            let sorted: BTreeSet<&String> = task.keywords.tags.iter().collect();
            let sorted: Vec<&str> = sorted.into_iter().map(String::as_str).collect();
            println!("      {}\tTAGS: [{}]", title(task), sorted.join(", "));
        }
    }
    if lists.tags {
        let tags: Vec<String> = tags.into_iter().collect();
        println!("      TASK TAGS: [{}]", tags.join(", "));
    }
    Ok(selection.warnings)
}

/// The name with its role, or only the module.
fn title(task: &Task) -> String {
    let is_named = task.name.as_ref().is_some_and(|name| !written(&name.value).is_empty());
    if is_named { task.title() } else { task.action.name.value.clone() }
}

/// The tasks of a block; those of `rescue` and `always` are not listed.
fn tasks(block: &Block) -> Vec<&Task> {
    block
        .tasks
        .iter()
        .flat_map(|item| match item {
            Item::Task(task) => vec![&**task],
            Item::Block(block) => tasks(block),
        })
        .collect()
}

fn select(lists: &Lists, texts: &[String], inventory: &Inventory) -> Result<Selection, Diagnostic> {
    let pattern = Pattern::parse_all(texts.iter().map(String::as_str))?;
    inventory.select_within(&pattern, &lists.limit)
}

fn print_hosts(texts: &[String], selection: &Selection, inventory: &Inventory) {
    let quoted: Vec<String> = texts.iter().map(|text| format!("'{text}'")).collect();
    println!("    pattern: [{}]", quoted.join(", "));
    println!("    hosts ({}):", selection.hosts.len());
    for id in &selection.hosts {
        println!("      {}", inventory[*id].name);
    }
}
