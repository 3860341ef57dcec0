//! `--syntax-check`, `--list-hosts`, `--list-tasks`, `--list-tags`: what a run would do, in Ansible's layout.
#![expect(clippy::print_stdout, reason = "this is the command's output")]

use std::collections::BTreeSet;

use super::print_errors;
use crate::{
    executor::{ExitCode, not_yet_known},
    inventory::{Inventory, Limit, Pattern, Selection},
    plan::TagFilter,
    playbook::{Block, Item, Play, Playbook, StaticNames, Task, written},
    source::{Diagnostic, Spanned},
    template::{Context, Names},
    value::{Dict, Value},
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

/// Prints it. Fails for a play that could not begin, before anything is printed.
pub fn print(
    lists: &Lists,
    playbooks: &[Playbook],
    inventory: &Inventory,
    groups: &Dict,
) -> Result<ExitCode, Vec<Diagnostic>> {
    let mut warnings = Vec::new();
    let plays = playbooks.iter().map(|playbook| {
        let headings = playbook.plays.iter().map(|play| Heading::of(play, groups, &mut warnings));
        headings.collect::<Result<Vec<_>, _>>()
    });
    let headings = plays.collect::<Result<Vec<_>, _>>().map_err(|error| vec![error])?;
    print_errors(&warnings, lists.colour);
    let mut told = BTreeSet::new();
    for (playbook, headings) in playbooks.iter().zip(headings) {
        println!("\nplaybook: {}", playbook.path.display());
        for (index, (play, heading)) in playbook.plays.iter().zip(headings).enumerate() {
            let warnings = print_play(lists, index, play, &heading, inventory).map_err(|error| vec![error])?;
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

/// What a play's keywords may use where nothing runs.
struct PlayNames<'a> {
    play: &'a Play,
    statics: StaticNames<'a>,
    groups: &'a Dict,
}

impl PlayNames<'_> {
    /// A keyword, evaluated; as it is written where a run would know more than is known here.
    fn keyword(&self, name: &str, setting: &Spanned<Value>) -> Result<Value, Diagnostic> {
        match self.evaluate(&setting.value) {
            Ok(value) => Ok(value),
            Err(error) if error.is_undefined() && self.is_open(&setting.value) => {
                Ok(Value::from(written(&setting.value)))
            }
            Err(error) => Err(Diagnostic::from(error).in_keyword(name, &setting.span)),
        }
    }

    fn evaluate(&self, value: &Value) -> Result<Value, crate::template::TemplateError> {
        Context::new(self, &self.play.project.environment).resolve_deep(value)
    }

    /// Whether a run would know more of what a template uses: from files, or from its own settings.
    fn is_open(&self, value: &Value) -> bool {
        let is_of_run = |name: &str| name.starts_with("ansible_") || name.starts_with("inventory_");
        !self.play.vars_files.is_empty()
            || matches!(value, Value::Lazy(template) if template.names().any(is_of_run))
            || matches!(value, Value::List(list) if list.to_vec().iter().any(|value| self.is_open(value)))
    }
}

impl Names for PlayNames<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        let asked = || self.play.vars_prompt.iter().find(|prompt| prompt.name == name);
        let default = || asked().map(|prompt| prompt.default.as_ref().map_or(Value::None, |given| given.value.clone()));
        let role = || self.play.roles.iter().find_map(|role| role.variable(name).or_else(|| role.default_value(name)));
        let groups = || (name == "groups").then(|| Value::Dict(self.groups.clone()));
        groups().or_else(|| self.statics.lookup(name)).or_else(default).or_else(role)
    }

    fn names(&self) -> Vec<String> {
        self.statics.names()
    }
}

/// What is known of a play without hosts.
struct Heading {
    name: String,
    hosts: Vec<String>,
}

impl Heading {
    /// Evaluates all keywords: one that cannot be would end the run.
    fn of(play: &Play, groups: &Dict, warnings: &mut Vec<Diagnostic>) -> Result<Self, Diagnostic> {
        let statics = StaticNames::new(&play.project, &play.vars, None, &[]);
        let names = PlayNames { play, statics, groups };
        warnings.extend(play.vars_files.iter().filter_map(|file| {
            let is_undefined = names.evaluate(&file.value).is_err_and(|error| error.is_undefined());
            is_undefined.then(|| not_yet_known(file))
        }));
        let title = play.name.as_ref().unwrap_or(&play.hosts);
        let name = names.keyword("name", title)?;
        let hosts: Vec<String> = match names.keyword("hosts", &play.hosts)? {
            Value::List(hosts) => hosts.to_vec().iter().map(Value::to_str).collect(),
            one => vec![one.to_str()],
        };
        let others = [
            ("force_handlers", &play.force_handlers),
            ("gather_facts", &play.gather_facts),
            ("max_fail_percentage", &play.max_fail_percentage),
            ("order", &play.order),
            ("serial", &play.serial),
            ("strategy", &play.strategy),
        ];
        let given = others.into_iter().filter_map(|(name, setting)| Some((name, setting.as_ref()?)));
        for (name, setting) in given.chain(play.gathering.iter().map(|(name, setting)| (*name, setting))) {
            names.keyword(name, setting)?;
        }
        let name = if matches!(name, Value::List(_)) { hosts.join(",") } else { name.to_str() };
        let name = if name.is_empty() { hosts.join(",") } else { name };
        Ok(Self { name, hosts })
    }
}

fn print_play(
    lists: &Lists,
    index: usize,
    play: &Play,
    heading: &Heading,
    inventory: &Inventory,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let Heading { name, hosts } = heading;
    let selection = select(lists, hosts, inventory)?;
    if !(lists.hosts || lists.tasks || lists.tags) {
        return Ok(selection.warnings);
    }
    println!("\n  play #{} ({}): {name}\tTAGS: [{}]", index + 1, hosts.join(","), play.keywords.tags.join(","));
    if lists.hosts {
        print_hosts(hosts, &selection, inventory);
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
