//! `sutler playbook`, which is `ansible-playbook` with the same flags.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::ArgAction;
use parking_lot::RwLock;

use super::{
    Stop,
    arguments::{Escalation, Hosts, Reach, connection_defaults},
    colours, extra_vars, host_variables, layout, lists, open_files, print_errors,
    run_vars::run_vars,
    settings,
    vaults::Vaults,
};
use crate::{
    config::{
        Config,
        settings::{output, paths, running},
    },
    executor::{Control, ExitCode, Options, Run, check_files, note_written_secrets},
    inventory::{Inventory, Limit, Pattern, Reading},
    library::{Library, Rejected, Search},
    output::{Event, Form, Layout, Options as Printing, Output, Secrets, Settings},
    plan::TagFilter,
    playbook::{self, Broken, Playbook, Project},
    source::{Diagnostic, Severity},
    template::{HostSelector, Installed},
    transport::{self, Connections},
    value::Dict,
    vars::{FactCache, GroupNames},
    vault,
};

/// What `sutler playbook` takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The playbooks, run one after the other.
    #[arg(required = true, value_name = "PLAYBOOK")]
    playbooks: Vec<PathBuf>,

    #[command(flatten)]
    hosts: Hosts,

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

    /// How many hosts work at once.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    forks: Option<u32>,
    /// Say more: values with -v, places of tasks with -vv, everything with -vvv.
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

fn start(arguments: Arguments) -> Result<ExitCode, Stop> {
    let config = settings()?;
    let colour = colours(&config);
    let stop = |code: ExitCode| move |error: Diagnostic| Stop::new(code, [error]).in_colour(colour);
    let wrong = stop(ExitCode::Error);
    let secrets = Secrets::default();
    let of_vaults = arguments
        .vaults
        .open(&config, &secrets)
        .map_err(|errors| Stop::new(ExitCode::Error, errors).in_colour(colour))?;
    let extra = extra_vars(&arguments.hosts.extra_vars).map_err(|stop| stop.in_colour(colour))?;
    arguments.forks(&config).map_err(stop(ExitCode::Failed))?;
    let (mut playbooks, mut missing) = (Vec::new(), Vec::new());
    let mut warnings = config.warnings().to_vec();
    warnings.extend(unknown_callback(&config));
    warnings.extend(of_vaults);
    warnings.extend(Rejected::read(&config).map_err(&wrong)?.warning);
    let project = |folder| project(folder, &extra, &config, &arguments.module_path);
    let files: Vec<PathBuf> = arguments.playbooks.iter().map(|path| of_collection(path, &project)).collect();
    for path in &files {
        is_playbook(path).map_err(&wrong)?;
        let loaded = playbook::load(path, &project(folder_of(path)))
            .map_err(|broken| Stop::new(of_broken(&broken), broken.errors).in_colour(colour))?;
        warnings.extend(loaded.warnings);
        missing.extend(loaded.missing);
        playbooks.push(loaded.playbook);
    }
    let folder = folder_of(&files[0]);
    let sources = arguments.hosts.sources(&config);
    let reading = Reading {
        playbook_dir: Some(folder.clone()),
        extra: extra.clone(),
        config: Arc::clone(&config),
        is_lenient: layout() == Layout::Ansible,
    };
    let inventory = Inventory::load(&sources, &reading).map_err(&wrong)?;
    leaves_somebody(&inventory, &arguments.hosts.limit(), &config, colour).map_err(&wrong)?;
    warnings.extend(playbooks.iter().flat_map(|playbook| playbook::lint(playbook, &inventory, &extra)));
    let is_list = arguments.syntax_check || arguments.list_hosts || arguments.list_tasks || arguments.list_tags;
    if is_list {
        warnings.extend(missing.into_iter().map(|error| Diagnostic { severity: Severity::Warning, ..error }));
    } else if !missing.is_empty() {
        return Err(Stop::new(ExitCode::Unreachable, missing).in_colour(colour));
    }
    if arguments.strict && !warnings.is_empty() {
        let errors = warnings.into_iter().map(|warning| Diagnostic { severity: Severity::Error, ..warning });
        return Err(Stop::new(ExitCode::Unreachable, errors).in_colour(colour));
    }
    if is_list {
        for play in playbooks.iter().flat_map(|playbook| &playbook.plays) {
            check_files(play).map_err(|error| {
                let code = if vault::current().has_refused() { ExitCode::Error } else { ExitCode::Unreachable };
                Stop::new(code, [error]).in_colour(colour)
            })?;
        }
        keep_to_the_letter(&mut warnings);
        print_errors(&warnings, colour);
        let lists = arguments.lists(&config, colour);
        let inventory = Arc::new(RwLock::new(inventory));
        playbooks.iter().for_each(|playbook| select_hosts(playbook, &inventory));
        let groups = GroupNames::new(&inventory).as_dict();
        return lists::print(&lists, &playbooks, &inventory.read(), &groups)
            .map_err(|errors| Stop::new(ExitCode::Unreachable, errors).in_colour(colour));
    }
    keep_to_the_letter(&mut warnings);
    let options = arguments.into_options(&config, &secrets).map_err(&wrong)?;
    let printing = printing(&options, colour);
    Launch { playbooks, inventory, sources, extra, folder, options, warnings }.go(printing, secrets)
}

/// How it ends when a playbook cannot be loaded.
fn of_broken(broken: &Broken) -> ExitCode {
    if broken.is_refused || vault::current().has_refused() { ExitCode::Error } else { ExitCode::Unreachable }
}

/// Where the plays of a folder find roles and collections.
pub(super) fn project(folder: PathBuf, extra: &Dict, config: &Arc<Config>, modules: &[String]) -> Arc<Project> {
    let mut project = Project::new(folder, extra.clone());
    project.roles_path = config.get(&paths::DEFAULT_ROLES_PATH);
    project.collections_path = config.get(&paths::COLLECTIONS_PATHS);
    let given = modules.iter().flat_map(|folders| folders.split(':')).filter(|folder| !folder.is_empty());
    let given = given.map(|folder| playbook::expand_home(Path::new(folder))).collect();
    project.library = Arc::new(Library::of_config(config, given));
    let mut environment = (*project.environment).clone();
    environment.allow_broken_conditionals = config.get(&running::ALLOW_BROKEN_CONDITIONALS);
    environment.settings = Some(Arc::clone(config));
    project.environment = Arc::new(environment);
    let project = Arc::new(project);
    project.environment.find_installed_by(installed(&project));
    project
}

/// What is installed for a project, as its templates ask for it.
fn installed(project: &Arc<Project>) -> Installed {
    let (of_collections, of_modules) = (Arc::downgrade(project), Arc::downgrade(project));
    Installed {
        collection: Box::new(move |namespace, name| of_collections.upgrade()?.collection(namespace, name)),
        has_module: Box::new(move |name| {
            of_modules.upgrade().is_some_and(|project| Search::new(&project, std::iter::empty()).has(name))
        }),
    }
}

/// Everything that a run needs, before anything is printed.
pub(super) struct Launch {
    pub playbooks: Vec<Playbook>,
    pub inventory: Inventory,
    pub sources: Vec<String>,
    pub extra: Dict,
    pub folder: PathBuf,
    pub options: Options,
    pub warnings: Vec<Diagnostic>,
}

impl Launch {
    /// Runs it.
    pub fn go(self, printing: Printing, secrets: Secrets) -> Result<ExitCode, Stop> {
        let Self { playbooks, inventory, sources, extra, folder, options, warnings } = self;
        let colour = printing.colour;
        let stop = |code: ExitCode| move |error: Diagnostic| Stop::new(code, [error]).in_colour(colour);
        let all = Pattern::parse_all(["all"]).and_then(|all| inventory.select_within(&all, &options.limit));
        let crowd = open_files::make_room(all.map_or(0, |all| all.hosts.len()));
        let inventory = Arc::new(RwLock::new(inventory));
        playbooks.iter().for_each(|playbook| select_hosts(playbook, &inventory));
        let read = host_variables::read(&inventory.read(), &playbooks, &options.limit);
        let (hosts, of_hosts) = read.map_err(stop(ExitCode::Unreachable))?;
        let environment = playbooks.iter().flat_map(|playbook| &playbook.plays).next();
        let environment = environment.map(|play| Arc::clone(&play.project.environment));
        let vars = run_vars(&inventory, &options, hosts, extra, &folder, &sources, environment);
        note_written_secrets(&vars, &secrets);
        let (events, output) = Output::start(printing, secrets);
        // Held by this alone: whoever evaluates later than the run's end is not heard.
        let heard = Arc::new(events.clone());
        for play in playbooks.iter().flat_map(|playbook| &playbook.plays) {
            let heard = Arc::downgrade(&heard);
            play.project.environment.warn_by(Box::new(move |warning| {
                if let Some(events) = heard.upgrade() {
                    events.emit(Event::Warning(warning));
                }
            }));
        }
        events.emit(Event::Detail { verbosity: 1, text: file_of(&options.config) });
        let of_inventory = inventory.read().warnings().cloned().collect::<Vec<_>>();
        for warning in warnings.into_iter().chain(of_inventory).chain(of_hosts).chain(crowd) {
            events.emit(Event::Warning(warning));
        }
        let fact_cache = fact_cache(&options.config).unwrap_or_else(|error| {
            events.emit(Event::Warning(Diagnostic { severity: Severity::Warning, ..error }));
            FactCache::default()
        });
        let known = vars.hosts.load_facts(&fact_cache, options.flush_cache);
        known.map_err(stop(ExitCode::Error))?;
        let runtime = tokio::runtime::Runtime::new()
            .map_err(|error| stop(ExitCode::Error)(Diagnostic::error(format!("cannot start the runtime: {error}"))))?;
        let code = runtime.block_on(async {
            let control = Control::default();
            control.listen(events.clone());
            let run = Arc::new(Run {
                options,
                inventory,
                vars,
                fact_cache,
                connections: Connections::new(transport::Options::default()),
                events,
                control,
                debugger: crate::executor::Turn::default(),
                report: crate::executor::Report::default(),
            });
            run.playbooks(&playbooks).await
        });
        // Tasks that were stopped by force may still hold the events: they end with the runtime.
        runtime.shutdown_background();
        drop(heard);
        drop(playbooks);
        vault::forget();
        output.finish();
        Ok(code)
    }
}

/// Lets the templates of a playbook find hosts by patterns.
fn select_hosts(playbook: &Playbook, inventory: &Arc<RwLock<Inventory>>) {
    for play in &playbook.plays {
        play.project.environment.select_hosts_by(selector(inventory));
    }
}

/// Finds the hosts of patterns for templates.
fn selector(inventory: &Arc<RwLock<Inventory>>) -> HostSelector {
    let inventory = Arc::clone(inventory);
    Box::new(move |text| {
        let pattern = Pattern::parse(text).map_err(|error| error.message)?;
        let inventory = inventory.read();
        Ok(inventory.select(&pattern).hosts.iter().map(|id| inventory[*id].name.clone()).collect())
    })
}

/// Where the settings come from, as `-v` says it.
pub(super) fn file_of(config: &Config) -> String {
    match config.file() {
        Some(file) => format!("Using {} as config file", file.display()),
        None => "No config file found; using defaults".into(),
    }
}

/// Called as Ansible, nothing is said that Ansible does not say.
fn keep_to_the_letter(warnings: &mut Vec<Diagnostic>) {
    if layout() == Layout::Ansible {
        warnings.retain(|warning| warning.ansible.message.is_some());
    }
}

/// The file of a playbook, which may be named as one of a collection.
fn of_collection(playbook: &Path, project: &impl Fn(PathBuf) -> Arc<Project>) -> PathBuf {
    let name = playbook.to_str().filter(|name| !name.contains('/') && !playbook.exists());
    let found = name.and_then(|name| project(PathBuf::from(".")).playbook_of_collection(name));
    let found = found.map(|file| std::path::absolute(&file).unwrap_or(file));
    found.unwrap_or_else(|| playbook.to_owned())
}

/// Fails for what is no file; Ansible ends with 1 then.
fn is_playbook(path: &Path) -> Result<(), Diagnostic> {
    let shown = path.display();
    match path.metadata() {
        Err(_) => Err(Diagnostic::error(format!("there is no playbook `{shown}`"))
            .worded(format!("the playbook: {shown} could not be found"))),
        Ok(found) if found.is_dir() => Err(Diagnostic::error(format!("the playbook `{shown}` is a directory"))
            .worded(format!("the playbook: {shown} does not appear to be a file"))),
        Ok(_) => Ok(()),
    }
}

/// Fails when `--limit` excludes every host. A part of few hosts in many may well be empty.
fn leaves_somebody(inventory: &Inventory, limit: &Limit, config: &Config, colour: bool) -> Result<(), Diagnostic> {
    let Some(pattern) = &limit.pattern else { return Ok(()) };
    let limit = Limit { shard: None, ..limit.clone() };
    let selection = inventory.select_within(&Pattern::parse_all(["all"])?, &limit)?;
    let mismatches = selection.mismatches(config)?;
    if inventory.hosts().next().is_none() || !selection.hosts.is_empty() {
        return Ok(());
    }
    print_errors(&mismatches, colour);
    let error = Diagnostic::error(format!("`--limit {pattern}` leaves no host to run on"));
    let error = error.worded("Specified inventory, host pattern and/or --limit leaves us with no hosts to target.");
    Err(error.help("`--list-hosts` without `--limit` shows the hosts there are"))
}

pub(super) fn folder_of(playbook: &Path) -> PathBuf {
    match playbook.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// How a run is printed.
pub(super) fn printing(options: &Options, colour: bool) -> Printing {
    Printing {
        verbosity: options.verbosity,
        colour,
        is_terminal: std::io::stdout().is_terminal() && std::io::stderr().is_terminal(),
        width: width(),
        is_check: options.check,
        layout: layout(),
        form: form(&options.config).unwrap_or_default(),
        tree: None,
        settings: Settings::from_config(&options.config),
    }
}

/// What `stdout_callback` asks for, where it is another form than the usual one.
pub(super) fn form(config: &Config) -> Option<Form> {
    let name = config.get(&output::DEFAULT_STDOUT_CALLBACK);
    match name.strip_prefix("ansible.builtin.").unwrap_or(&name) {
        "minimal" => Some(Form::Single),
        "oneline" => Some(Form::OneLine),
        "json" | "ansible.posix.json" => Some(Form::Document),
        _ => None,
    }
}

/// A warning of a `stdout_callback` that is not there.
fn unknown_callback(config: &Config) -> Option<Diagnostic> {
    let name = config.get(&output::DEFAULT_STDOUT_CALLBACK);
    let short = name.strip_prefix("ansible.builtin.").unwrap_or(&name);
    let is_known = matches!(short, "default" | "yaml" | "community.general.yaml") || form(config).is_some();
    let message = format!("there is no callback `{name}` here: the run is printed as `default` prints it");
    (!is_known).then(|| Diagnostic::warning(message.as_str()).worded(message.as_str()))
}

/// Columns of a banner: those of the terminal but one, or 79 if that is more.
fn width() -> usize {
    let columns = rustix::termios::tcgetwinsize(std::io::stdout()).map_or(0, |size| usize::from(size.ws_col));
    columns.saturating_sub(1).max(79)
}

impl Arguments {
    fn lists(&self, config: &Config, colour: bool) -> lists::Lists {
        lists::Lists {
            hosts: self.list_hosts && !self.syntax_check,
            tasks: self.list_tasks && !self.syntax_check,
            tags: self.list_tags && !self.syntax_check,
            filter: self.tags(config),
            limit: self.hosts.limit(),
            colour,
        }
    }

    /// The tags of the settings and those of the command line together.
    fn tags(&self, config: &Config) -> TagFilter {
        let with = |given: &[String], key| given.iter().cloned().chain(config.get(key)).collect();
        TagFilter::new(with(&self.tags, &running::TAGS_RUN), with(&self.skip_tags, &running::TAGS_SKIP))
    }

    /// How many hosts work at once. Fails when the settings say less than one.
    fn forks(&self, config: &Config) -> Result<i64, Diagnostic> {
        let forks = self.forks.map_or_else(|| config.get(&running::DEFAULT_FORKS), i64::from);
        if forks >= 1 {
            return Ok(forks.min(i64::from(u32::MAX)));
        }
        let error = Diagnostic::error(format!("`forks` has to be 1 or more, and the settings say {forks}"));
        Err(error.help("`sutler config dump --only-changed` shows where"))
    }

    /// Asks for the passwords that were announced.
    fn into_options(self, config: &Arc<Config>, secrets: &Secrets) -> Result<Options, Diagnostic> {
        Ok(Options {
            check: self.check,
            diff: self.diff || config.get(&output::DIFF_ALWAYS),
            forks: self.forks(config)? as usize,
            limit: self.hosts.limit(),
            tags: self.tags(config),
            start_at: self.start_at_task,
            step: self.step,
            flush_cache: self.hosts.flush_cache,
            force_handlers: self.force_handlers || config.get(&running::DEFAULT_FORCE_HANDLERS),
            verbosity: self.verbose.saturating_add(config.get(&output::DEFAULT_VERBOSITY).clamp(0, 9) as u8),
            connection: connection_defaults(self.reach, self.escalation, config, secrets)?,
            config: Arc::clone(config),
        })
    }
}

/// Where facts are kept between runs.
fn fact_cache(config: &Config) -> Result<FactCache, Diagnostic> {
    let timeout = u64::try_from(config.get(&running::CACHE_PLUGIN_TIMEOUT)).unwrap_or(0);
    // The name that Ansible has as the prefix by default is not one of its files' names.
    let prefix = config.given(&running::CACHE_PLUGIN_PREFIX).unwrap_or_default();
    let connection = config.get(&running::CACHE_PLUGIN_CONNECTION);
    FactCache::new(&config.get(&running::CACHE_PLUGIN), connection.as_deref(), &prefix, timeout)
}
