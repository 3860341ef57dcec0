//! `--syntax-check`, `--list-hosts`, `--list-tasks`, `--list-tags`: what a run would do, in Ansible's layout.
#![expect(clippy::print_stdout, reason = "this is the command's output")]

use std::collections::BTreeSet;

use crate::{
    executor::ExitCode,
    inventory::{Inventory, Pattern},
    plan::TagFilter,
    playbook::{Block, Item, Play, Playbook, Task, written},
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
    /// `--limit`.
    pub limit: Option<String>,
}

/// Prints it.
pub fn print(lists: &Lists, playbooks: &[Playbook], inventory: &Inventory) -> Result<ExitCode, Vec<Diagnostic>> {
    for playbook in playbooks {
        println!("\nplaybook: {}", playbook.path.display());
        if !(lists.hosts || lists.tasks || lists.tags) {
            continue;
        }
        for (index, play) in playbook.plays.iter().enumerate() {
            print_play(lists, index, play, inventory).map_err(|error| vec![error])?;
        }
    }
    Ok(ExitCode::Success)
}

fn print_play(lists: &Lists, index: usize, play: &Play, inventory: &Inventory) -> Result<(), Diagnostic> {
    let hosts: Vec<String> = match &play.hosts.value {
        Value::List(hosts) => hosts.to_vec().iter().map(written).collect(),
        other => vec![written(other)],
    };
    let name = play.name.as_ref().map(|name| written(&name.value)).unwrap_or_default();
    println!("\n  play #{} ({}): {name}\tTAGS: [{}]", index + 1, hosts.join(","), play.keywords.tags.join(","));
    if lists.hosts {
        print_hosts(lists, &hosts, inventory)?;
    }
    if lists.tasks {
        println!("    tasks:");
    }
    let mut tags = BTreeSet::new();
    for task in play.sections.iter().flat_map(|section| tasks(section)) {
        if !lists.filter.selects(&task.keywords.tags) {
            continue;
        }
        tags.extend(task.keywords.tags.clone());
        if lists.tasks && !task.is_meta() {
            let sorted: BTreeSet<&String> = task.keywords.tags.iter().collect();
            let sorted: Vec<&str> = sorted.into_iter().map(String::as_str).collect();
            println!("      {}\tTAGS: [{}]", task.title(), sorted.join(", "));
        }
    }
    if lists.tags {
        let tags: Vec<String> = tags.into_iter().collect();
        println!("      TASK TAGS: [{}]", tags.join(", "));
    }
    Ok(())
}

fn tasks(block: &Block) -> Vec<&Task> {
    block
        .tasks
        .iter()
        .chain(&block.rescue)
        .chain(&block.always)
        .flat_map(|item| match item {
            Item::Task(task) => vec![&**task],
            Item::Block(block) => tasks(block),
        })
        .collect()
}

fn print_hosts(lists: &Lists, texts: &[String], inventory: &Inventory) -> Result<(), Diagnostic> {
    let pattern = Pattern::parse_all(texts.iter().map(String::as_str))?;
    let selection = match &lists.limit {
        Some(limit) => inventory.select_within(&pattern, &Pattern::parse_limit(limit)?),
        None => inventory.select(&pattern),
    };
    let quoted: Vec<String> = texts.iter().map(|text| format!("'{text}'")).collect();
    println!("    pattern: [{}]", quoted.join(", "));
    println!("    hosts ({}):", selection.hosts.len());
    for id in selection.hosts {
        println!("      {}", inventory[id].name);
    }
    Ok(())
}
