//! `sutler playbook`, which is `ansible-playbook` with the same flags.

use std::{
    collections::BTreeMap,
    io::IsTerminal,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::ArgAction;

use super::{lists, print_errors, prompt};
use crate::{
    executor::{ConnectionDefaults, Control, ExitCode, Options, Run, note_written_secrets},
    inventory::{Inventory, Pattern},
    output::{Event, Output, Secrets},
    plan::TagFilter,
    playbook,
    source::{Diagnostic, Severity},
    template::Environment,
    transport::{self, Connections, Secret},
    value::{Dict, Value},
    vars::{self, GroupNames, Hosts, RunVars},
};

/// What `sutler playbook` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The playbooks, run one after the other.
    #[arg(required = true, value_name = "PLAYBOOK")]
    playbooks: Vec<PathBuf>,

    /// An inventory: a file, a directory, an executable, or hosts with a comma (`web1,`).
    #[arg(short, long, alias = "inventory-file", value_name = "SOURCE")]
    inventory: Vec<String>,
    /// Only these of the playbook's hosts: a pattern, or @FILE.
    #[arg(short, long, value_name = "PATTERN")]
    limit: Vec<String>,

    /// Predict what would change, and change nothing.
    #[arg(short = 'C', long)]
    check: bool,
    /// Show what changes, before and after.
    #[arg(short = 'D', long)]
    diff: bool,
    /// Take what will fail, or is probably not meant, as an error before any host is touched.
    #[arg(long)]
    strict: bool,
    /// Load everything, run nothing.
    #[arg(long)]
    syntax_check: bool,
    /// List the hosts of each play, and run nothing.
    #[arg(long)]
    list_hosts: bool,
    /// List the tasks, and run nothing.
    #[arg(long)]
    list_tasks: bool,
    /// List the tags, and run nothing.
    #[arg(long)]
    list_tags: bool,

    /// Only tasks with one of these tags (comma-separated).
    #[arg(short, long, value_name = "TAGS", value_delimiter = ',')]
    tags: Vec<String>,
    /// No tasks with one of these tags (comma-separated).
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    skip_tags: Vec<String>,
    /// Begin with the task of this name.
    #[arg(long, value_name = "TASK")]
    start_at_task: Option<String>,
    /// Ask before each task.
    #[arg(long)]
    step: bool,
    /// Run notified handlers on failed hosts too.
    #[arg(long)]
    force_handlers: bool,

    /// Set variables: name=value, YAML, JSON or @FILE.
    #[arg(short, long, value_name = "VARS")]
    extra_vars: Vec<String>,
    /// How many hosts work at once.
    #[arg(short, long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    forks: u32,
    /// Say more: values with -v, places of tasks with -vv, everything with -vvv.
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,

    /// How to connect: ssh, openssh or local.
    #[arg(short, long, value_name = "KIND")]
    connection: Option<String>,
    /// Log in as this user.
    #[arg(short, long = "user", alias = "remote-user", value_name = "USER")]
    user: Option<String>,
    /// Ask for the password to log in with.
    #[arg(short = 'k', long)]
    ask_pass: bool,
    /// Log in with this key.
    #[arg(long, alias = "key-file", value_name = "FILE")]
    private_key: Option<PathBuf>,
    /// Give up connecting after this many seconds.
    #[arg(short = 'T', long, value_name = "SECONDS", default_value_t = 10)]
    timeout: u64,
    /// Options for every SSH connection, as `-o ProxyCommand=…`.
    #[arg(long, value_name = "OPTIONS", default_value = "", allow_hyphen_values = true)]
    ssh_common_args: String,
    /// More options for every SSH connection.
    #[arg(long, value_name = "OPTIONS", default_value = "", allow_hyphen_values = true)]
    ssh_extra_args: String,

    /// Become another user, root if none is named.
    #[arg(short = 'b', long = "become")]
    is_become: bool,
    /// How to become another user: sudo, su or doas.
    #[arg(long, value_name = "METHOD")]
    become_method: Option<String>,
    /// The user to become.
    #[arg(long, value_name = "USER")]
    become_user: Option<String>,
    /// Ask for the password to become another user with.
    #[arg(short = 'K', long)]
    ask_become_pass: bool,
}

/// Runs it.
pub fn run(arguments: Arguments) -> ExitCode {
    let colour = colours();
    match start(arguments, colour) {
        Ok(code) => code,
        Err(errors) => {
            print_errors(&errors, colour);
            ExitCode::Unreachable
        }
    }
}

fn colours() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if set("NO_COLOR") || set("ANSIBLE_NOCOLOR") {
        return false;
    }
    set("ANSIBLE_FORCE_COLOR") || std::io::stdout().is_terminal()
}

fn start(arguments: Arguments, colour: bool) -> Result<ExitCode, Vec<Diagnostic>> {
    let one = |error: Diagnostic| vec![error];
    let mut playbooks = Vec::new();
    let mut warnings = Vec::new();
    for path in &arguments.playbooks {
        let loaded = playbook::load(path)?;
        warnings.extend(loaded.warnings);
        playbooks.push(loaded.playbook);
    }
    let folder = folder_of(&arguments.playbooks[0]);
    let sources = inventory_sources(&arguments);
    let inventory = Inventory::load(&sources, Some(&folder)).map_err(one)?;
    let extra = vars::load_extra(&arguments.extra_vars).map_err(one)?;
    if let Some(error) = arguments.limit().and_then(|limit| leaves_nobody(&inventory, &limit).transpose()) {
        print_errors(&[error.map_err(one)?], colour);
        return Ok(ExitCode::Error);
    }
    warnings.extend(playbooks.iter().flat_map(|playbook| playbook::lint(playbook, &inventory, &extra)));
    if arguments.strict && !warnings.is_empty() {
        return Err(warnings.into_iter().map(|warning| Diagnostic { severity: Severity::Error, ..warning }).collect());
    }
    if arguments.syntax_check || arguments.list_hosts || arguments.list_tasks || arguments.list_tags {
        print_errors(&warnings, colour);
        return lists::print(&arguments.lists(), &playbooks, &inventory);
    }
    let secrets = Secrets::default();
    let options = arguments.into_options(&secrets).map_err(one)?;
    let printing = crate::output::Options {
        verbosity: options.verbosity,
        colour,
        is_terminal: std::io::stdout().is_terminal(),
        width: width(),
        shows_diff: options.diff,
    };
    let vars = run_vars(&inventory, &options, extra, &folder, &sources).map_err(one)?;
    note_written_secrets(&vars, &secrets);
    let (events, output) = Output::start(printing, secrets);
    for warning in warnings {
        events.emit(Event::Warning(warning));
    }
    for warning in inventory.warnings() {
        events.emit(Event::Warning(warning.clone()));
    }
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| one(Diagnostic::error(format!("cannot start the runtime: {error}"))))?;
    let code = runtime.block_on(async {
        let control = Control::default();
        control.listen(events.clone());
        let run = Arc::new(Run {
            options,
            inventory,
            vars,
            connections: Connections::new(transport::Options::default()),
            events,
            control,
            report: crate::executor::Report::default(),
        });
        run.playbooks(&playbooks).await
    });
    // Tasks that were stopped by force may still hold the events: they end with the runtime.
    runtime.shutdown_background();
    output.finish();
    Ok(code)
}

/// The error of a `--limit` that excludes every host; Ansible ends with 1 then.
fn leaves_nobody(inventory: &Inventory, limit: &str) -> Result<Option<Diagnostic>, Diagnostic> {
    let selection = inventory.select_within(&Pattern::parse_all(["all"])?, &Pattern::parse_limit(limit)?);
    if inventory.hosts().next().is_none() || !selection.hosts.is_empty() {
        return Ok(None);
    }
    let error = Diagnostic::error(format!("`--limit {limit}` leaves no host to run on"));
    Ok(Some(error.help("`--list-hosts` without `--limit` shows the hosts there are")))
}

fn folder_of(playbook: &Path) -> PathBuf {
    match playbook.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// `-i`, or what `ANSIBLE_INVENTORY` says, or `/etc/ansible/hosts` if it is there.
fn inventory_sources(arguments: &Arguments) -> Vec<String> {
    if !arguments.inventory.is_empty() {
        return arguments.inventory.clone();
    }
    if let Ok(sources) = std::env::var("ANSIBLE_INVENTORY") {
        return vec![sources];
    }
    let default = "/etc/ansible/hosts";
    if Path::new(default).exists() { vec![default.into()] } else { Vec::new() }
}

/// Columns of a banner: those of the terminal but one, or 79.
fn width() -> usize {
    match rustix::termios::tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_col > 1 => usize::from(size.ws_col) - 1,
        _ => 79,
    }
}

impl Arguments {
    fn lists(&self) -> lists::Lists {
        lists::Lists {
            hosts: self.list_hosts,
            tasks: self.list_tasks,
            tags: self.list_tags,
            filter: TagFilter::new(self.tags.clone(), self.skip_tags.clone()),
            limit: self.limit(),
        }
    }

    fn limit(&self) -> Option<String> {
        (!self.limit.is_empty()).then(|| self.limit.join(","))
    }

    /// Asks for the passwords that were announced.
    fn into_options(self, secrets: &Secrets) -> Result<Options, Diagnostic> {
        let ask = |wanted: bool, what: &str, more: &str| -> Result<Option<Secret>, Diagnostic> {
            if !wanted {
                return Ok(None);
            }
            let Some(password) = prompt::password(&format!("{what} password{more}: ")) else {
                let error = Diagnostic::error(format!("there is nobody to ask for the {what} password"));
                return Err(error.help("run it on a terminal, or give the password as a line of standard input"));
            };
            secrets.add(password.expose());
            Ok(Some(password))
        };
        let password = ask(self.ask_pass, "SSH", "")?;
        let default = if self.ask_pass { "[defaults to SSH password]" } else { "" };
        let become_password = ask(self.ask_become_pass, "BECOME", default)?;
        let become_password = match become_password {
            Some(given) if given.expose().is_empty() => password.clone(),
            given => given,
        };
        Ok(Options {
            check: self.check,
            diff: self.diff,
            forks: self.forks as usize,
            limit: self.limit(),
            tags: TagFilter::new(self.tags, self.skip_tags),
            start_at: self.start_at_task,
            step: self.step,
            force_handlers: self.force_handlers,
            verbosity: self.verbose,
            connection: ConnectionDefaults {
                kind: self.connection,
                user: self.user,
                password,
                key_file: self.private_key,
                ssh_args: format!("{} {}", self.ssh_common_args, self.ssh_extra_args),
                timeout: self.timeout,
                is_become: self.is_become,
                become_method: self.become_method,
                become_user: self.become_user,
                become_password,
            },
        })
    }
}

fn run_vars(
    inventory: &Inventory,
    options: &Options,
    extra: Dict,
    folder: &Path,
    sources: &[String],
) -> Result<Arc<RunVars>, Diagnostic> {
    let hosts = Hosts::default();
    for host in inventory.hosts() {
        hosts.insert(vars::host_vars(inventory, host)?);
    }
    for name in ["localhost", "127.0.0.1", "::1"] {
        if hosts.get(name).is_none()
            && let Some(host) = inventory.host(name)
        {
            hosts.insert_implicit(vars::host_vars(inventory, host)?);
        }
    }
    let mut constants: BTreeMap<&'static str, Value> = BTreeMap::new();
    constants.insert("ansible_check_mode", Value::Bool(options.check));
    constants.insert("ansible_diff_mode", Value::Bool(options.diff));
    constants.insert("ansible_forks", Value::Int(options.forks as i64));
    constants.insert("ansible_verbosity", Value::Int(i64::from(options.verbosity)));
    constants.insert("ansible_run_tags", vars::text_list(options.tags.only()));
    constants.insert("ansible_skip_tags", vars::text_list(options.tags.skipped()));
    constants.insert("ansible_version", ansible_version());
    constants.insert("ansible_inventory_sources", vars::text_list(sources));
    if let Some(limit) = &options.limit {
        constants.insert("ansible_limit", Value::from(limit.as_str()));
    }
    if let Some(source) = inventory.sources().first() {
        let path = std::path::absolute(source).unwrap_or_else(|_| source.clone());
        let directory = if path.is_dir() { path.clone() } else { path.parent().unwrap_or(&path).to_owned() };
        constants.insert("inventory_dir", vars::path_value(directory));
        constants.insert("inventory_file", vars::path_value(path));
    }
    let environment = Environment::new(std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()));
    Ok(Arc::new(RunVars {
        extra,
        hosts,
        groups: GroupNames::new(inventory),
        constants,
        environment: Arc::new(environment),
    }))
}

/// The language version that playbooks ask for.
fn ansible_version() -> Value {
    let version = Dict::new();
    version.insert("full", "2.19.14");
    version.insert("string", "2.19.14");
    for (name, number) in [("major", 2), ("minor", 19), ("revision", 14)] {
        version.insert(name, Value::Int(number));
    }
    Value::Dict(version)
}
