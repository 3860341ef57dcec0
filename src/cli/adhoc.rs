//! `sutler run`, which is `ansible`: one module on hosts, as a playbook of one task that stands in no file.
#![expect(clippy::print_stdout, reason = "`--list-hosts` prints the hosts")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::ArgAction;

use super::{
    Stop,
    arguments::{Escalation, Hosts, Reach, connection_defaults},
    colours, extra_vars, layout,
    playbook::{Launch, form, printing, project},
    print_errors, settings,
    vaults::Vaults,
};
use crate::{
    config::{
        Config,
        settings::{output, running},
    },
    executor::{ExitCode, Options},
    inventory::{Inventory, Pattern, Reading, Selection},
    library::Rejected,
    output::{Form, Layout, Secrets},
    plan::TagFilter,
    playbook::{self, Playbook, Project},
    source::{self, Diagnostic, Entry, Kind, Node, SourceFile, Span},
};

/// The modules that do nothing without arguments.
const NEEDS_ARGUMENTS: &[&str] = &["command", "shell", "raw", "script"];

/// Seconds between two looks at a task in the background, unless `-P` says otherwise.
const POLL: u64 = 15;

/// What `sutler run` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The hosts: names, groups, patterns.
    #[arg(value_name = "PATTERN")]
    pattern: String,
    /// The module; `command`, unless the setting `module_name` says otherwise.
    #[arg(short, long = "module-name", alias = "module", value_name = "MODULE")]
    module: Option<String>,
    /// Its arguments: a command, `name=value …`, or a mapping in YAML or JSON.
    #[arg(short, long = "args", value_name = "ARGUMENTS", allow_hyphen_values = true)]
    arguments: Option<String>,
    #[arg(skip)]
    module_name: String,
    #[arg(skip)]
    args: String,
    #[command(flatten)]
    hosts: Hosts,

    /// Each result in one line.
    #[arg(short, long)]
    one_line: bool,
    /// Write the result of each host to a file in this folder.
    #[arg(short, long, value_name = "FOLDER")]
    tree: Option<PathBuf>,
    /// Run in the background, and fail after this many seconds.
    #[arg(short = 'B', long, value_name = "SECONDS", default_value_t = 0)]
    background: u64,
    /// Seconds between two looks at a task in the background; 0 does not wait for it.
    #[arg(short = 'P', long, value_name = "SECONDS")]
    poll: Option<u64>,
    /// Seconds after which the task fails; 0 waits for ever.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    task_timeout: u64,
    /// The folder that a playbook would stand in: `files`, `templates` and variables are looked for there.
    #[arg(long, value_name = "FOLDER")]
    playbook_dir: Option<PathBuf>,

    /// Predict what would change, and change nothing.
    #[arg(short = 'C', long)]
    check: bool,
    /// Show what changes, before and after.
    #[arg(short = 'D', long)]
    diff: bool,
    /// List the hosts, and run nothing.
    #[arg(long)]
    list_hosts: bool,
    /// How many hosts work at once.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    forks: Option<u32>,
    /// Say more: everything with -vvv.
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
    /// Folders of modules, before all others (colon-separated).
    #[arg(short = 'M', long, value_name = "FOLDERS")]
    module_path: Vec<String>,

    #[command(flatten)]
    vaults: Vaults,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    escalation: Escalation,
}

/// Runs it.
pub fn run(arguments: Arguments) -> ExitCode {
    start(arguments).unwrap_or_else(Stop::print)
}

fn start(mut arguments: Arguments) -> Result<ExitCode, Stop> {
    let config = settings()?;
    arguments.module_name = arguments.module.take().unwrap_or_else(|| config.get(&running::DEFAULT_MODULE_NAME));
    arguments.args =
        arguments.arguments.take().or_else(|| config.get(&running::DEFAULT_MODULE_ARGS)).unwrap_or_default();
    let colour = colours(&config);
    let stop = |code: ExitCode| move |error: Diagnostic| Stop::new(code, [error]).in_colour(colour);
    arguments.check().map_err(stop(ExitCode::Settings))?;
    let sources = arguments.hosts.sources(&config);
    let folder = arguments.playbook_dir.take().or_else(|| config.get(&running::PLAYBOOK_DIR));
    let is_in_project = folder.is_some();
    let folder = folder.unwrap_or_else(|| PathBuf::from("."));
    let secrets = Secrets::default();
    let of_vaults = arguments
        .vaults
        .open(&config, &secrets)
        .map_err(|errors| Stop::new(ExitCode::Error, errors).in_colour(colour))?;
    let extra = extra_vars(&arguments.hosts.extra_vars).map_err(|stop| stop.in_colour(colour))?;
    let reading = Reading {
        playbook_dir: Some(folder.clone()),
        extra: extra.clone(),
        config: Arc::clone(&config),
        is_lenient: layout() == Layout::Ansible,
    };
    let inventory = Inventory::load(&sources, &reading).map_err(stop(ExitCode::Error))?;
    let rejected = Rejected::read(&config).map_err(stop(ExitCode::Error))?;
    let project = project(folder.clone(), &extra, &config, &arguments.module_path);
    let loaded = arguments.playbook(&project, &folder);
    let playbook = loaded.map_err(|errors| Stop::new(ExitCode::Failed, errors).in_colour(colour))?;
    let selection = arguments.select(&inventory).map_err(stop(ExitCode::Error))?;
    let mismatches = selection.mismatches(&config).map_err(stop(ExitCode::Error))?;
    if selection.hosts.is_empty() {
        let nothing = "No hosts matched, nothing to do";
        print_errors(&inventory.warnings().cloned().collect::<Vec<_>>(), colour);
        print_errors(&mismatches, colour);
        print_errors(&[Diagnostic::warning(nothing).worded(nothing)], colour);
    }
    if arguments.list_hosts {
        println!("  hosts ({}):", selection.hosts.len());
        selection.hosts.iter().for_each(|id| println!("    {}", inventory[*id].name));
    }
    if arguments.list_hosts || selection.hosts.is_empty() {
        return Ok(ExitCode::Success);
    }
    let mut warnings = config.warnings().to_vec();
    warnings.extend(of_vaults);
    warnings.extend(rejected.warning);
    warnings.extend(arguments.deprecations());
    if let Some(collection) = project.own_collection().filter(|_| is_in_project) {
        let text = format!("running with default collection {collection}");
        warnings.push(Diagnostic::warning(&text).worded(text));
    }
    if layout() == Layout::Ansible {
        warnings.retain(|warning| warning.ansible.message.is_some());
    }
    // One task is printed on its own, unless callbacks are asked for.
    let asked = form(&config).filter(|_| config.get(&output::DEFAULT_LOAD_CALLBACK_PLUGINS));
    let form = if arguments.one_line { Form::OneLine } else { asked.unwrap_or(Form::Single) };
    let tree = arguments.tree.clone();
    let options = arguments.into_options(&config, &secrets).map_err(stop(ExitCode::Error))?;
    let mut printing = printing(&options, colour);
    (printing.form, printing.tree) = (form, tree);
    let playbooks = vec![playbook];
    Launch { playbooks, inventory, sources, extra, folder, options, warnings }.go(printing, secrets)
}

impl Arguments {
    /// Fails for a module that cannot run without arguments.
    fn check(&self) -> Result<(), Diagnostic> {
        let short = self.module_name.rsplit('.').next().unwrap_or_default();
        if self.list_hosts || !self.args.trim().is_empty() || !NEEDS_ARGUMENTS.contains(&short) {
            return Ok(());
        }
        let error = Diagnostic::error(format!("`{}` needs arguments", self.module_name));
        let wording = format!("No argument passed to {} module", self.module_name);
        Err(error.worded(wording).help("give them with `-a`, as in `-a 'uptime'`"))
    }

    fn select(&self, inventory: &Inventory) -> Result<Selection, Diagnostic> {
        let pattern = Pattern::parse_all([self.pattern.as_str()])?;
        inventory.select_within(&pattern, &self.hosts.limit())
    }

    /// The options that Ansible will not have any more.
    fn deprecations(&self) -> Vec<Diagnostic> {
        let deprecated = |option: &str, listener: &str| {
            let end = "This feature will be removed from ansible-core version 2.23.";
            let of_option = format!(
                "The '{option}' argument is deprecated. {end} Use callback configuration to enable the {listener} callback instead."
            );
            let of_listener = format!("The {listener} callback plugin is deprecated. {end}");
            [of_option, of_listener].map(|text| Diagnostic::deprecation(text.clone()).worded(text))
        };
        let of_line = self.one_line.then(|| deprecated("-o", "oneline"));
        let of_tree = self.tree.is_some().then(|| deprecated("-t", "tree"));
        // They are only told where they are true: our own commands keep the options.
        let is_ansible = layout() == Layout::Ansible;
        of_line.into_iter().chain(of_tree).flatten().filter(|_| is_ansible).collect()
    }

    /// A play of one task, as the loader would read it from a file.
    fn playbook(&self, project: &Arc<Project>, folder: &Path) -> Result<Playbook, Vec<Diagnostic>> {
        let module = option("-m", &self.module_name);
        let poll = self.poll.unwrap_or(POLL);
        let place = Span::outside(
            &format!("adhoc '{}' task", self.module_name),
            &format!(
                "{{'action': '{}', 'args': {}, 'timeout': {}, 'async_val': {}, 'poll': {poll}}}",
                self.module_name,
                self.shown_arguments(),
                self.task_timeout,
                self.background,
            ),
        );
        let mut task = vec![entry(Kind::Str(self.module_name.clone()), &module, self.arguments()?)];
        let mut keyword = |name: &str, value: u64| {
            task.push(entry(Kind::Str(name.into()), &place, Node::new(Kind::Int(value as i64), place.clone())));
        };
        if self.background > 0 {
            keyword("async", self.background);
            keyword("poll", poll);
        }
        if self.task_timeout > 0 {
            keyword("timeout", self.task_timeout);
        }
        let task = Node::new(Kind::Map(task), place.clone());
        let text = |text: &str| Node::new(Kind::Str(text.into()), place.clone());
        let hosts = Node::new(Kind::Str(self.pattern.clone()), option("PATTERN", &self.pattern));
        let play = [
            ("name", text("Ansible Ad-Hoc")),
            ("hosts", hosts),
            ("gather_facts", Node::new(Kind::Bool(false), place.clone())),
            ("tasks", Node::new(Kind::List(vec![task]), place.clone())),
        ];
        let play = play.map(|(name, value)| entry(Kind::Str(name.into()), &place, value));
        let play = Node::new(Kind::Map(play.into()), place.clone());
        let document = Node::new(Kind::List(vec![play]), place.clone());
        let name = folder.join("__adhoc_playbook__");
        let loaded = playbook::load_node(&document, &name, project).map_err(|broken| broken.errors)?;
        if loaded.missing.is_empty() { Ok(loaded.playbook) } else { Err(loaded.missing) }
    }

    /// Text as it is given; what begins as a mapping does is read as one.
    fn arguments(&self) -> Result<Node, Vec<Diagnostic>> {
        let place = option("-a", &self.args);
        if self.args.trim().is_empty() {
            return Ok(Node::new(Kind::Null, place));
        }
        if self.args.trim_start().starts_with('{') && !self.args.trim_start().starts_with("{{") {
            let file = Arc::new(SourceFile::new("<CLI option '-a'>", self.args.clone()));
            return source::load_one(&file).map(|(node, _)| node).map_err(|error| vec![error]);
        }
        let pairs = if self.takes_text() { None } else { playbook::parse_free_form(&self.args, false, |_| true).ok() };
        match pairs.filter(|parsed| parsed.rest.is_empty()) {
            Some(parsed) => {
                let entries = parsed.pairs.into_iter().map(|(name, text)| {
                    let span = option("-a", &text);
                    entry(Kind::Str(name), &span, Node::new(Kind::Str(text), span.clone()))
                });
                Ok(Node::new(Kind::Map(entries.collect()), place))
            }
            None => Ok(Node::new(Kind::Str(self.args.clone()), place)),
        }
    }

    /// Whether the module's arguments are text, as a command is.
    fn takes_text(&self) -> bool {
        sutler_modules::find(&self.module_name).is_none_or(|module| (module.spec)().free_form.is_some())
    }

    fn shown_arguments(&self) -> String {
        let short = self.module_name.rsplit('.').next().unwrap_or_default();
        let shown = |text: &str| crate::value::Value::from(text).repr();
        match self.args.as_str() {
            "" => "{}".into(),
            args if NEEDS_ARGUMENTS.contains(&short) => format!("{{'_raw_params': {}}}", shown(args)),
            args => match playbook::parse_free_form(args, false, |_| true) {
                Ok(parsed) => {
                    let pairs = parsed.pairs.iter().map(|(name, value)| format!("{}: {}", shown(name), shown(value)));
                    format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
                }
                Err(_) => format!("{{'_raw_params': {}}}", shown(args)),
            },
        }
    }

    fn into_options(self, config: &Arc<Config>, secrets: &Secrets) -> Result<Options, Diagnostic> {
        let forks = self.forks.map_or_else(|| config.get(&running::DEFAULT_FORKS), i64::from);
        Ok(Options {
            check: self.check,
            diff: self.diff || config.get(&output::DIFF_ALWAYS),
            forks: forks.max(1) as usize,
            limit: self.hosts.limit(),
            tags: TagFilter::new(Vec::new(), Vec::new()),
            start_at: None,
            step: false,
            flush_cache: self.hosts.flush_cache,
            force_handlers: false,
            verbosity: self.verbose.saturating_add(config.get(&output::DEFAULT_VERBOSITY).clamp(0, 9) as u8),
            connection: connection_defaults(self.reach, self.escalation, config, secrets)?,
            config: Arc::clone(config),
        })
    }
}

/// The place of an option's text.
fn option(name: &str, text: &str) -> Span {
    Span::outside(&format!("CLI option '{name}'"), text)
}

fn entry(key: Kind, place: &Span, value: Node) -> Entry {
    Entry { key: Node::new(key, place.clone()), value }
}
