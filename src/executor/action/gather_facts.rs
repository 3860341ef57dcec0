//! `gather_facts`: which modules it is on a host, and what they return as one result.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{
    Contents, Done, Evaluated, Fields, Job, PrepareError, Prepared, TaskContext, boolean, defaults, foreign,
    invocation, run_jobs,
};
use crate::{
    config::settings::running,
    executor::{
        settings::Settings,
        task::{CAUSE, is_true},
    },
    library::{Meaning, Refusal},
    output::{Event, NO_TRACEBACK},
    playbook::{self, Module, Task},
    source::{Diagnostic, Spanned},
    transport::ConnectError,
    value::Value,
    vars::Scope,
};

/// What `smart` is for hosts with no network operating system.
const SMART: &str = "ansible.legacy.setup";
/// The names of `setup`.
const SETUP: [&str; 3] = ["setup", "ansible.builtin.setup", SMART];
/// The arguments of `setup` that other modules are not given, as warnings call them.
const OF_SETUP: [(&str, &str); 3] = [("gather_subset", "subset"), ("gather_timeout", "timeout"), ("filter", "filter")];
/// The connections whose modules know `gather_subset`.
const NETWORK: [&str; 3] = ["network_cli", "httpapi", "netconf"];
/// The network operating systems that have a module for their facts (`CONNECTION_FACTS_MODULES`).
const NETWORK_OS: [&str; 24] = [
    "asa",
    "cisco.asa.asa",
    "eos",
    "arista.eos.eos",
    "frr",
    "frr.frr.frr",
    "ios",
    "cisco.ios.ios",
    "iosxr",
    "cisco.iosxr.iosxr",
    "junos",
    "junipernetworks.junos.junos",
    "nxos",
    "cisco.nxos.nxos",
    "vyos",
    "vyos.vyos.vyos",
    "exos",
    "extreme.exos.exos",
    "slxos",
    "extreme.slxos.slxos",
    "voss",
    "extreme.voss.voss",
    "ironware",
    "community.network.ironware",
];

/// A module that gathers, ready.
struct Part {
    name: String,
    job: Job,
    /// How long it may take beside others.
    limit: Option<Duration>,
}

/// Prepares it: as one job, where it is `setup` alone.
pub fn prepare(
    context: &TaskContext,
    task: &Task,
    scope: &Scope,
    mut arguments: Evaluated,
) -> Result<Prepared, PrepareError> {
    let modules = modules(context, scope, &arguments)?;
    if modules == [SMART] && is_plain(context, task) {
        return plain(context, task, scope, arguments);
    }
    let parallel = arguments.take("parallel");
    let parallel = scope.resolve("ansible_facts_parallel")?.or(parallel).filter(|parallel| !parallel.is_none());
    let parallel = parallel.map_or(Ok(modules.len() > 1), |parallel| boolean(&parallel))?;
    let limit = arguments.value("gather_timeout").and_then(|limit| limit.to_str().trim().parse().ok());
    let limit = limit.filter(|_| parallel).map(Duration::from_secs);
    let mut parts = Vec::new();
    for name in modules {
        let job = part(context, task, scope, &arguments, &name)?;
        parts.push(Part { limit: limit.filter(|_| !SETUP.contains(&name.as_str())), name, job });
    }
    if let [Part { name, .. }] = parts.as_slice()
        && name == SMART
    {
        return Ok(Prepared::Job(Box::new(parts.remove(0).job)));
    }
    let context = context.clone();
    Ok(Prepared::Later(Box::pin(async move {
        let results = if parallel { together(&context, parts).await? } else { in_turn(&context, parts).await? };
        Ok(Done { result: combined(results), ..Done::default() })
    })))
}

/// Whether `setup` alone is meant, this program's own, and nothing else has to be known of it.
fn is_plain(context: &TaskContext, task: &Task) -> bool {
    let project = context.includes.project();
    let meaning = || playbook::late_meaning(SMART, &task.keywords.collections, &task.origin, project);
    task.keywords.module_defaults.is_empty()
        && context.run.options.verbosity < 3
        && matches!(meaning(), Meaning::Native(_))
}

/// `setup` with the arguments of the task.
fn plain(
    context: &TaskContext,
    task: &Task,
    scope: &Scope,
    mut arguments: Evaluated,
) -> Result<Prepared, PrepareError> {
    arguments.take("parallel");
    arguments.arguments.retain(|_, argument| !argument.value.is_none());
    let mut fields = arguments.into_fields()?;
    let settings = Settings::new(task, scope);
    foreign::add_python(context, settings, scope, &mut fields)?;
    let job = Job::new(context, settings, scope, "setup", fields, Contents::default())?;
    Ok(Prepared::Job(Box::new(job)))
}

/// What `setup` alone returned, as the result of the task.
pub fn told(result: Fields) -> Fields {
    if result.get("failed").is_some_and(|failed| *failed == json!(true)) && !result.contains_key("failed_modules") {
        return combined(vec![(SMART.to_owned(), result)]);
    }
    result
}

/// The modules, with what `smart` means on this host.
fn modules(context: &TaskContext, scope: &Scope, arguments: &Evaluated) -> Result<Vec<String>, PrepareError> {
    let mut modules = match scope.resolve("ansible_facts_modules")?.as_ref().and_then(super::words) {
        Some(named) => named,
        None => context.run.options.config.get(&running::FACTS_MODULES),
    };
    let Some(place) = modules.iter().position(|name| name == "smart") else { return Ok(modules) };
    modules.remove(place);
    let has_setup = |modules: &[String]| modules.iter().any(|name| SETUP.contains(&name.as_str()));
    let of_facts = || match scope.resolve("ansible_facts") {
        Ok(Some(Value::Dict(facts))) => facts.get("network_os"),
        _ => None,
    };
    let os = arguments.value("network_os").cloned().or(scope.resolve("ansible_network_os")?).or_else(of_facts);
    let Some(os) = os.filter(Value::is_truthy).map(|os| os.to_str()) else {
        if !has_setup(&modules) {
            modules.push(SMART.to_owned());
        }
        return Ok(modules);
    };
    if NETWORK_OS.contains(&os.as_str()) {
        modules.push(if os.contains('.') { format!("{os}_facts") } else { format!("ansible.legacy.{os}_facts") });
    } else if modules.is_empty() {
        let message = format!(
            "No fact modules available and we could not find a fact module for your network OS ({os}), try setting one \
             via the `FACTS_MODULES` configuration."
        );
        return Err(PrepareError::Failed(Diagnostic::error(message)));
    }
    if has_setup(&modules) {
        let message = "Detected 'setup' module and a network OS is set, the output when running it will reflect \
                       'localhost' and not the target when a networking connection plugin is used.";
        context.run.events.emit(Event::Warning(Diagnostic::warning(message)));
    }
    Ok(modules)
}

/// One of the modules with its share of the arguments, and what `module_defaults` has for it.
fn part(
    context: &TaskContext,
    task: &Task,
    scope: &Scope,
    arguments: &Evaluated,
    name: &str,
) -> Result<Job, PrepareError> {
    let mut task = Task::clone(task);
    let place = task.action.name.span.clone();
    task.action.name = Spanned::new(name.to_owned(), place.clone());
    task.action.arguments.clear();
    let project = context.includes.project();
    match playbook::late_meaning(name, &task.keywords.collections, &task.origin, project) {
        Meaning::Native(module) | Meaning::Kept(module, _) => task.action.module = Module(module),
        Meaning::Foreign(module) => {
            task.action.module = Module(&sutler_modules::FOREIGN);
            task.action.foreign = Some(module);
        }
        Meaning::Refused(Refusal { message, help }) => {
            return Err(PrepareError::Failed(Diagnostic::error(message).help(help).at(&place)));
        }
        Meaning::Unknown => {
            let message = format!("The module {name} was not found in configured module paths.");
            return Err(PrepareError::Raised(Diagnostic::error(message).at(&place)));
        }
    }
    let settings = Settings::new(&task, scope);
    let mut given = defaults::of_task(&task, scope)?;
    for (argument, value) in arguments.arguments.iter().filter(|(_, value)| !value.value.is_none()) {
        let of_setup = OF_SETUP.iter().find(|(of_setup, _)| of_setup == argument && !SETUP.contains(&name));
        let Some((_, called)) = of_setup else {
            given.insert(argument.clone(), value.clone());
            continue;
        };
        if *called == "subset" && settings.text("connection")?.is_some_and(|by| NETWORK.contains(&short(&by))) {
            given.insert(argument.clone(), value.clone());
        } else if *called != "subset" || !is_all(&value.value) {
            let message = format!("Not passing {called}({}) to {name}", value.value.to_str());
            context.run.events.emit(Event::Warning(Diagnostic::warning(message)));
        }
    }
    let arguments = Evaluated { arguments: given, origin: std::sync::Arc::clone(&task.origin) };
    if let Some(module) = &task.action.foreign {
        return foreign::job(context, &task, scope, module, arguments);
    }
    let mut fields = arguments.into_fields()?;
    if SETUP.contains(&name) {
        foreign::add_python(context, settings, scope, &mut fields)?;
    }
    let told = invocation::of(context, &task, &fields);
    let module = task.action.module.0.short_name();
    Ok(Job::new(context, settings, scope, module, fields, Contents::default())?.telling(told))
}

fn short(connection: &str) -> &str {
    connection.strip_prefix("ansible.netcommon.").unwrap_or(connection)
}

fn is_all(subset: &Value) -> bool {
    super::words(subset).is_some_and(|names| names == ["all"])
}

type Results = Vec<(String, Fields)>;

/// One module after the other.
async fn in_turn(context: &TaskContext, parts: Vec<Part>) -> Result<Results, ConnectError> {
    let mut results = Vec::new();
    for Part { name, job, .. } in parts {
        results.push((name, one(context, job).await?));
    }
    Ok(results)
}

/// All of them at the same time; the results have their order.
async fn together(context: &TaskContext, parts: Vec<Part>) -> Result<Results, ConnectError> {
    let running = parts.into_iter().map(|Part { name, job, limit }| async move {
        let running = one(context, job);
        let result = match limit {
            Some(limit) => match tokio::time::timeout(limit, running).await {
                Ok(result) => result?,
                Err(_) => super::failed("Timeout exceeded").result,
            },
            None => running.await?,
        };
        Ok((name, result))
    });
    futures::future::join_all(running).await.into_iter().collect()
}

async fn one(context: &TaskContext, job: Job) -> Result<Fields, ConnectError> {
    let mut result = Ok(Fields::new());
    let mut keep = |_, found| result = found;
    run_jobs(context, vec![job], 1, None, &mut keep).await;
    result
}

/// The results as one: facts are merged, of several values for the same the later one counts.
fn combined(results: Results) -> Fields {
    let mut combined = Fields::new();
    combined.insert("ansible_facts".into(), json!({}));
    combined.insert("changed".into(), json!(false));
    let (mut failed, mut skipped) = (Fields::new(), Fields::new());
    let count = results.len();
    for (name, mut result) in results {
        let is = |flag: &str| result.get(flag).is_some_and(is_true);
        let is_failure =
            is("failed") || (!result.contains_key("failed") && result.get("rc").is_some_and(|rc| *rc != 0));
        if is_failure {
            result.insert("failed".into(), json!(true));
            result.entry("exception").or_insert(json!(NO_TRACEBACK));
            failed.insert(name, Json::Object(result));
        } else if is("skipped") {
            skipped.insert(name, Json::Object(result));
        } else {
            for kept in ["ansible_facts", "warnings", "deprecations"] {
                if let Some(value) = result.shift_remove(kept) {
                    merge(combined.entry(kept).or_insert(Json::Null), value);
                }
            }
        }
    }
    let names = |modules: &Fields| modules.keys().cloned().collect::<Vec<_>>().join(", ");
    if !skipped.is_empty() {
        let msg = format!("The following modules were skipped: {}.", names(&skipped));
        combined.insert("msg".into(), json!(msg));
        if skipped.len() == count {
            combined.insert("skipped".into(), json!(true));
        }
        combined.insert("skipped_modules".into(), Json::Object(skipped));
    }
    if !failed.is_empty() {
        let msg = format!("The following modules failed to execute: {}.", names(&failed));
        combined.insert("msg".into(), json!(msg));
        combined.insert("failed".into(), json!(true));
        let why = |result: &Json| result.get("msg").map(|msg| Value::from_json(msg.clone()).to_str());
        let why: Vec<String> = failed.values().filter_map(why).collect();
        combined.insert(CAUSE.into(), json!(why.join("\n")));
        combined.insert("failed_modules".into(), Json::Object(failed));
    }
    combined
}

/// Merges mappings at every level; a list gets what another one has behind its own items.
fn merge(into: &mut Json, from: Json) {
    match (into, from) {
        (Json::Object(old), Json::Object(new)) => {
            for (name, value) in new {
                match old.get_mut(&name) {
                    Some(known) => merge(known, value),
                    None => drop(old.insert(name, value)),
                }
            }
        }
        (Json::Array(old), Json::Array(new)) => {
            old.retain(|item| !new.contains(item));
            old.extend(new);
        }
        (old, new) => *old = new,
    }
}
