//! How a run is shown: what the command line, the environment and `ansible.cfg` say about it.

use std::path::PathBuf;

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
    /// Whether differences are shown.
    pub shows_diff: bool,
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
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            display_skipped_hosts: true,
            display_ok_hosts: true,
            display_failed_stderr: false,
            display_args_to_stdout: false,
            show_custom_stats: false,
            show_per_host_start: false,
            check_mode_markers: false,
            show_task_path_on_failure: false,
            result_format: ResultFormat::Json,
            pretty_results: None,
            deprecation_warnings: true,
        }
    }
}

impl Settings {
    /// What the variables `ANSIBLE_…` say; `variable` reads one. Values that mean nothing are ignored.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let flag = |name: &str| match variable(name)?.trim().to_lowercase().as_str() {
            "1" | "1.0" | "on" | "t" | "true" | "y" | "yes" => Some(true),
            "0" | "0.0" | "off" | "f" | "false" | "n" | "no" => Some(false),
            _ => None,
        };
        let default = Self::default();
        let format = variable("ANSIBLE_CALLBACK_RESULT_FORMAT");
        Self {
            display_skipped_hosts: flag("ANSIBLE_DISPLAY_SKIPPED_HOSTS").unwrap_or(default.display_skipped_hosts),
            display_ok_hosts: flag("ANSIBLE_DISPLAY_OK_HOSTS").unwrap_or(default.display_ok_hosts),
            display_failed_stderr: flag("ANSIBLE_DISPLAY_FAILED_STDERR").unwrap_or_default(),
            display_args_to_stdout: flag("ANSIBLE_DISPLAY_ARGS_TO_STDOUT").unwrap_or_default(),
            show_custom_stats: flag("ANSIBLE_SHOW_CUSTOM_STATS").unwrap_or_default(),
            show_per_host_start: flag("ANSIBLE_SHOW_PER_HOST_START").unwrap_or_default(),
            check_mode_markers: flag("ANSIBLE_CHECK_MODE_MARKERS").unwrap_or_default(),
            show_task_path_on_failure: flag("ANSIBLE_SHOW_TASK_PATH_ON_FAILURE").unwrap_or_default(),
            result_format: if format.as_deref() == Some("yaml") { ResultFormat::Yaml } else { ResultFormat::Json },
            pretty_results: flag("ANSIBLE_CALLBACK_FORMAT_PRETTY"),
            deprecation_warnings: flag("ANSIBLE_DEPRECATION_WARNINGS").unwrap_or(default.deprecation_warnings),
        }
    }
}
