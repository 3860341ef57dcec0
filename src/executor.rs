//! Runs plays: hosts in parallel, a task at a time.
//!
//! A host's task is a future of its own; a slow or dead host holds nothing that another one needs.

mod action;
mod argument_spec;
mod conditions;
mod connect;
mod control;
mod debugger;
mod facts;
mod handlers;
mod host;
mod include;
mod play;
mod play_vars;
mod prompts;
mod report;
mod settings;
mod settle;
mod stats;
mod strategy;
mod task;
mod times;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::RwLock;

pub use connect::note_written_secrets;
pub use control::Control;
pub use debugger::Turn;
pub use play_vars::{check_files, not_yet_known};
pub use report::{ExitCode, Report};

use crate::{
    config::{Config, settings::output},
    inventory::{Inventory, Limit},
    output::{Emitter, Event},
    plan::TagFilter,
    playbook::Playbook,
    source::{Diagnostic, Severity},
    transport::{Connections, Secret},
    vars::{FactCache, HostVars, RunVars},
};

/// What the command line says about a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Predict, change nothing.
    pub check: bool,
    /// Show before and after.
    pub diff: bool,
    /// How many hosts work at once.
    pub forks: usize,
    /// `--limit` and `--shard`.
    pub limit: Limit,
    /// `--tags` and `--skip-tags`.
    pub tags: TagFilter,
    /// The task to begin with.
    pub start_at: Option<String>,
    /// Whether to ask before each task.
    pub step: bool,
    /// Whether handlers run on failed hosts.
    pub force_handlers: bool,
    /// Whether the facts of former runs are forgotten first.
    pub flush_cache: bool,
    /// `-v`.
    pub verbosity: u8,
    /// What counts where neither keyword nor variable says otherwise.
    pub connection: ConnectionDefaults,
    /// What `ansible.cfg` and the environment say.
    pub config: Arc<Config>,
}

/// The connection options of the command line.
#[derive(Clone, Debug)]
pub struct ConnectionDefaults {
    /// `-c`.
    pub kind: Option<String>,
    /// `-u`.
    pub user: Option<String>,
    /// `-k`.
    pub password: Option<Secret>,
    /// `--private-key`.
    pub key_file: Option<PathBuf>,
    /// `--ssh-common-args`.
    pub ssh_common_args: Option<String>,
    /// `--ssh-extra-args`.
    pub ssh_extra_args: Option<String>,
    /// `-T`, seconds.
    pub timeout: Option<u64>,
    /// `-b`, or the setting.
    pub is_become: bool,
    /// `--become-method`.
    pub become_method: Option<String>,
    /// `--become-user`.
    pub become_user: Option<String>,
    /// `-K`.
    pub become_password: Option<Secret>,
    /// What counts where the command line says nothing.
    pub config: Arc<Config>,
}

/// Everything a run needs.
pub struct Run {
    /// What the command line says.
    pub options: Options,
    /// The hosts; `add_host` and its kin change them while the run goes on.
    pub inventory: Arc<RwLock<Inventory>>,
    /// Their variables.
    pub vars: Arc<RunVars>,
    /// Where facts are kept.
    pub fact_cache: FactCache,
    /// The sessions.
    pub connections: Connections,
    /// Where events go.
    pub events: Emitter,
    /// Ctrl-C.
    pub control: Control,
    /// Who looks at a task.
    pub debugger: Turn,
    /// What happened on each host.
    pub report: Report,
}

impl Run {
    /// What happened so far; said after each playbook.
    fn recap(&self) {
        self.events.emit(Event::Recap(self.report.recap()));
        self.events.emit(Event::Stats(self.report.stats.all()));
    }

    /// Runs playbooks one after the other and says how it ended.
    pub async fn playbooks(self: &Arc<Self>, playbooks: &[Playbook]) -> ExitCode {
        for playbook in playbooks {
            if let Some(collection) = &playbook.collection {
                let text = format!("running playbook inside collection {collection}");
                self.events.emit(Event::Detail { verbosity: 1, text });
            }
            self.events.emit(Event::Playbook { path: playbook.path.clone(), plays: playbook.plays.len() });
            for play in &playbook.plays {
                let goes_on = play::run(self, play).await;
                if !goes_on || self.control.is_stopping() {
                    break;
                }
            }
            if self.report.is_broken() {
                break;
            }
            self.keep_failed(&playbook.path);
            self.recap();
            if self.control.is_stopping() || self.report.has_lost() {
                break;
            }
        }
        if let Some(start) = self.options.start_at.as_ref().filter(|_| !self.control.has_begun()) {
            let message = format!("no task is called `{start}`, as far as tasks are known before plays run");
            let note = "Note: --start-at-task can only follow static includes.";
            let error = Diagnostic::error(message).worded(format!("No matching task \"{start}\" found. {note}"));
            self.events.emit(Event::Error(error));
        }
        self.connections.close().await;
        if self.control.is_stopping() { ExitCode::Interrupted } else { self.report.exit_code() }
    }

    /// Writes the names of failed hosts to a file for `--limit @FILE`, if the settings ask for that.
    fn keep_failed(&self, playbook: &Path) {
        let config = &self.options.config;
        let failed = self.report.lost();
        if failed.is_empty() || !config.get(&output::RETRY_FILES_ENABLED) {
            return;
        }
        let folder = config.get(&output::RETRY_FILES_SAVE_PATH);
        let folder = folder.as_deref().or_else(|| playbook.parent()).unwrap_or_else(|| Path::new(""));
        let name = Path::new(playbook.file_name().unwrap_or_default()).with_extension("retry");
        let path = std::path::absolute(folder.join(&name)).unwrap_or(name);
        let text: String = failed.iter().map(|host| format!("{host}\n")).collect();
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
        self.events.emit(match written {
            Ok(()) => Event::Note(format!("\tto retry, use: --limit @{}", path.display())),
            Err(error) => {
                let message = format!("cannot write the retry file {}: {error}", path.display());
                Event::Warning(Diagnostic::warning(message))
            }
        });
    }

    /// Keeps the facts of a host for other runs.
    fn keep_facts(&self, host: &HostVars) {
        if self.fact_cache.is_kept()
            && let Err(error) = self.fact_cache.store(&host.name, &host.all_facts())
        {
            self.events.emit(Event::Warning(Diagnostic { severity: Severity::Warning, ..error }));
        }
    }

    /// Forgets the facts of a host, those of other runs too.
    fn clear_facts(&self, host: &HostVars) {
        host.clear_facts();
        self.fact_cache.forget(&host.name);
    }
}
