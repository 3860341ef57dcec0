//! How a run is shown: what the command line, the environment and `ansible.cfg` say about it.

use std::path::PathBuf;

use crate::config::{Config, settings::output};

/// How to print.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often `-v` was given.
    pub verbosity: u8,
    /// Whether to colour.
    pub colour: bool,
    /// Whether there is a terminal for a live line.
    pub is_terminal: bool,
    /// Columns of a banner, the space between title and stars not counted.
    pub width: usize,
    /// Whether the run only predicts.
    pub is_check: bool,
    /// How errors and warnings are laid out.
    pub layout: Layout,
    /// What is printed of a run.
    pub form: Form,
    /// A folder for a file with the last result of each host.
    pub tree: Option<PathBuf>,
    /// What `ansible.cfg` and the environment say.
    pub settings: Settings,
}

/// How errors and warnings are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// With an excerpt and a caret, and what to do.
    #[default]
    Own,
    /// As ansible-core 2.19 does, for those who parse it.
    Ansible,
}

/// What is printed of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Banners, a line for each host, and the recap.
    #[default]
    Playbook,
    /// The result of each host: a single task.
    Single,
    /// The same, each in one line.
    OneLine,
    /// The whole run as JSON, at its end.
    Document,
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResultFormat {
    /// As JSON.
    #[default]
    Json,
    /// As YAML.
    Yaml,
}

/// The settings of Ansible's default callback, under their names there.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether hosts that skip a task are shown.
    pub display_skipped_hosts: bool,
    /// Whether hosts that were as wanted are shown.
    pub display_ok_hosts: bool,
    /// Whether failures go to standard error.
    pub display_failed_stderr: bool,
    /// Whether a task's banner has its arguments.
    pub display_args_to_stdout: bool,
    /// Whether what `set_stats` collected is shown at the end.
    pub show_custom_stats: bool,
    /// Whether the start of a task is shown for each host.
    pub show_per_host_start: bool,
    /// Whether banners say that a run only predicts.
    pub check_mode_markers: bool,
    /// Whether the place of a task is shown when it fails.
    pub show_task_path_on_failure: bool,
    /// How results are written.
    pub result_format: ResultFormat,
    /// Whether results are always indented; `None` for the default of their format.
    pub pretty_results: Option<bool>,
    /// Whether deprecations are shown.
    pub deprecation_warnings: bool,
    /// Lines around each change of a diff.
    pub diff_context: usize,
    /// The file that what is printed is appended to.
    pub log_path: Option<PathBuf>,
    /// Spaces for each level of a run as JSON; 0 for one line.
    pub json_indent: usize,
}

impl Settings {
    /// What `ansible.cfg` and the variables `ANSIBLE_…` say.
    pub fn from_config(config: &Config) -> Self {
        let callback = config.get(&output::DEFAULT_STDOUT_CALLBACK);
        Self {
            display_skipped_hosts: config.get(&output::DISPLAY_SKIPPED_HOSTS),
            display_ok_hosts: config.get(&output::DISPLAY_OK_HOSTS),
            display_failed_stderr: config.get(&output::DISPLAY_FAILED_STDERR),
            display_args_to_stdout: config.get(&output::DISPLAY_ARGS_TO_STDOUT),
            show_custom_stats: config.get(&output::SHOW_CUSTOM_STATS),
            show_per_host_start: config.get(&output::SHOW_PER_HOST_START),
            check_mode_markers: config.get(&output::CHECK_MODE_MARKERS),
            show_task_path_on_failure: config.get(&output::SHOW_TASK_PATH_ON_FAILURE),
            // The callback `yaml` is what people had before there was the setting.
            result_format: match (config.get(&output::RESULT_FORMAT).as_str(), callback.rsplit('.').next()) {
                ("yaml", _) | (_, Some("yaml")) => ResultFormat::Yaml,
                _ => ResultFormat::Json,
            },
            pretty_results: config.get(&output::PRETTY_RESULTS),
            deprecation_warnings: config.get(&output::DEPRECATION_WARNINGS),
            diff_context: usize::try_from(config.get(&output::DIFF_CONTEXT)).unwrap_or_default(),
            log_path: config.get(&output::DEFAULT_LOG_PATH),
            json_indent: usize::try_from(config.get(&output::JSON_INDENT)).unwrap_or_default(),
        }
    }
}
