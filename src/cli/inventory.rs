//! `sutler inventory`, which is `ansible-inventory`: hosts and groups as inventory scripts print them, as files
//! that can be read again, or as a graph.

mod graph;
mod shown;

use std::{path::PathBuf, sync::Arc};

use clap::ArgAction;

use super::{
    Stop, arguments::Hosts, colours, extra_vars, layout, print_errors, print_text, settings, tree::Markers,
    vaults::Vaults,
};
use crate::{
    config::settings::{inventory as inventory_settings, running},
    executor::ExitCode,
    inventory::{Inventory, NOTHING, Pattern, Reading},
    output::{Layout, Secrets},
    source::Diagnostic,
};

use shown::Shown;

/// What `sutler inventory` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The group that a graph begins with.
    #[arg(value_name = "GROUP")]
    group: Option<String>,

    /// Print all hosts and groups.
    #[arg(long)]
    list: bool,
    /// Print the variables of one host.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Draw the groups and their hosts; `--limit` does not count.
    #[arg(long)]
    graph: bool,

    /// Print YAML instead of JSON.
    #[arg(short, long)]
    yaml: bool,
    /// Print TOML instead of JSON.
    #[arg(long)]
    toml: bool,
    /// Show variables in a graph.
    #[arg(long)]
    vars: bool,
    /// Keep variables where they were written, so that the result is an inventory again.
    #[arg(long)]
    export: bool,
    /// Write a list into this file.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The folder that stands for the playbook's, for its `group_vars` and `host_vars`.
    #[arg(long, value_name = "FOLDER")]
    playbook_dir: Option<PathBuf>,

    #[command(flatten)]
    hosts: Hosts,
    #[command(flatten)]
    vaults: Vaults,
    /// Say more.
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
}

/// Runs it.
pub fn run(arguments: Arguments) -> ExitCode {
    start(&arguments).unwrap_or_else(Stop::print)
}

fn start(arguments: &Arguments) -> Result<ExitCode, Stop> {
    let config = settings()?;
    let colour = colours(&config);
    let stop = |code: ExitCode| move |error: Diagnostic| Stop::new(code, [error]).in_colour(colour);
    let wrong = stop(ExitCode::Error);
    // Files of variables are read when they are shown.
    let unreadable = stop(ExitCode::Unreachable);
    let misused = |message: &str, help: &str| stop(ExitCode::Settings)(Diagnostic::error(message).help(help));
    match usize::from(arguments.list) + usize::from(arguments.graph) + usize::from(arguments.host.is_some()) {
        1 => {}
        0 => {
            let message = "No action selected, at least one of --host, --graph or --list needs to be specified.";
            return Err(misused(message, "add `--list`, `--graph` or `--host HOST`"));
        }
        _ => {
            let message =
                "Conflicting options used, only one of --host, --graph or --list can be used at the same time.";
            return Err(misused(message, "use one of them"));
        }
    }
    let of_vaults = arguments
        .vaults
        .open(&config, &Secrets::default())
        .map_err(|errors| Stop::new(ExitCode::Error, errors).in_colour(colour))?;
    let extra = extra_vars(&arguments.hosts.extra_vars).map_err(|stop| stop.in_colour(colour))?;
    let playbook_dir = arguments.playbook_dir.clone().or_else(|| config.get(&running::PLAYBOOK_DIR));
    let reading = Reading {
        playbook_dir,
        extra: extra.clone(),
        config: Arc::clone(&config),
        is_lenient: layout() == Layout::Ansible,
    };
    let sources = arguments.hosts.sources(&config);
    let inventory = Inventory::load(&sources, &reading).map_err(&wrong)?;
    let mut warnings: Vec<Diagnostic> = config.warnings().iter().chain(inventory.warnings()).cloned().collect();
    warnings.extend(of_vaults);
    if sources.is_empty() && config.get(&inventory_settings::INVENTORY_UNPARSED_WARNING) {
        warnings.push(Diagnostic::warning(NOTHING).worded(NOTHING).help("name an inventory with `-i`"));
    }
    let mut shown = Shown::new(&inventory, &extra);
    shown.exports = arguments.export || config.get(&inventory_settings::INVENTORY_EXPORT);
    let limit = arguments.hosts.limit();
    if !limit.is_open() && !arguments.graph {
        let all = Pattern::parse_all(["all"]).map_err(&wrong)?;
        let selection = inventory.select_within(&all, &limit).map_err(&wrong)?;
        shown.limit = Some(selection.hosts.into_iter().collect());
        warnings.extend(selection.warnings);
    }
    let text = if arguments.graph {
        let group = arguments.group.as_deref().unwrap_or("all");
        if inventory.group(group).is_none() {
            print_errors(&warnings, colour);
            let message = "Pattern must be valid group name when using --graph";
            return Err(misused(message, &format!("there is no group `{group}`; `--graph` alone shows all groups")));
        }
        graph::draw(&shown, group, arguments.vars).map_err(&unreadable)?
    } else if let Some(pattern) = &arguments.host {
        let selection = inventory.select(&Pattern::parse(pattern).map_err(&wrong)?);
        warnings.extend(selection.warnings);
        let [id] = selection.hosts[..] else {
            print_errors(&warnings, colour);
            let message = "You must pass a single valid host to --host parameter";
            return Err(misused(message, &format!("`{pattern}` is not one host; `--list` shows the hosts there are")));
        };
        let vars = shown.host(&inventory[id].name).map_err(&unreadable)?;
        if arguments.yaml {
            vars.yaml().map_err(&wrong)?
        } else if arguments.toml {
            vars.toml().map_err(&wrong)?
        } else {
            vars.json(Markers::Vaults)
        }
    } else if arguments.yaml {
        shown.nested().map_err(&unreadable)?.yaml().map_err(&wrong)?
    } else if arguments.toml {
        shown.tables().map_err(&unreadable)?.toml().map_err(&wrong)?
    } else {
        shown.list().map_err(&unreadable)?.json(Markers::Written)
    };
    print_errors(&warnings, colour);
    let text = text.trim_end_matches('\n');
    match arguments.output.as_ref().filter(|_| arguments.list) {
        Some(file) => std::fs::write(file, text)
            .map_err(|cause| wrong(Diagnostic::error(format!("cannot write `{}`: {cause}", file.display()))))?,
        None if text.is_empty() => {}
        None => print_text(&format!("{text}\n")),
    }
    Ok(ExitCode::Success)
}
