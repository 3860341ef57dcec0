//! Settings: what is printed.

use crate::config::setting::settings;

settings! {
    /// Colours even without a terminal.
    setting ANSIBLE_FORCE_COLOR: bool = "False", ini ["defaults.force_color"], env ["ANSIBLE_FORCE_COLOR"];
    /// No colours.
    setting ANSIBLE_NOCOLOR: bool = "False", ini ["defaults.nocolor"], env ["ANSIBLE_NOCOLOR", "NO_COLOR"];
    /// No cows; there are none.
    ignored ANSIBLE_NOCOWS: bool = "False", ini ["defaults.nocows"], env ["ANSIBLE_NOCOWS"];
    /// Which cows may speak.
    ignored ANSIBLE_COW_ACCEPTLIST: list = "bud-frogs,bunny,cheese,daemon,default,dragon,elephant-in-snake,elephant,eyes,hellokitty,kitty,luke-koala,meow,milk,moofasa,moose,ren,sheep,small,stegosaurus,stimpy,supermilker,three-eyes,turkey,turtle,tux,udder,vader-koala,vader,www",
        ini ["defaults.cowsay_enabled_stencils"], env ["ANSIBLE_COW_ACCEPTLIST"];
    /// The program cowsay.
    ignored ANSIBLE_COW_PATH: maybe_text = none, ini ["defaults.cowpath"], env ["ANSIBLE_COW_PATH"];
    /// Which cow speaks.
    ignored ANSIBLE_COW_SELECTION: text = "default", ini ["defaults.cow_selection"], env ["ANSIBLE_COW_SELECTION"];
    /// Warnings of tasks are shown.
    later ACTION_WARNINGS: bool = "True", ini ["defaults.action_warnings"], env ["ANSIBLE_ACTION_WARNINGS"];
    /// Further listeners to a run's events.
    later CALLBACKS_ENABLED: list = empty, ini ["defaults.callbacks_enabled"], env ["ANSIBLE_CALLBACKS_ENABLED"];
    /// Which listener prints the run: `default`, `yaml` for results as YAML, `minimal` and `oneline` for results
    /// alone, or `ansible.posix.json` for the whole run as JSON at its end.
    setting DEFAULT_STDOUT_CALLBACK: text = "default",
        ini ["defaults.stdout_callback"], env ["ANSIBLE_STDOUT_CALLBACK"];
    /// `stdout_callback` counts for ad-hoc commands too.
    setting DEFAULT_LOAD_CALLBACK_PLUGINS: bool = "False",
        ini ["defaults.bin_ansible_callbacks"], env ["ANSIBLE_LOAD_CALLBACK_PLUGINS"];
    /// Says what the program itself does.
    setting DEFAULT_DEBUG: bool = "False", ini ["defaults.debug"], env ["ANSIBLE_DEBUG"];
    /// Names of parts of the program that do not log.
    ignored DEFAULT_LOG_FILTER: list = empty, ini ["defaults.log_filter"], env ["ANSIBLE_LOG_FILTER"];
    /// The file that what is printed is appended to.
    setting DEFAULT_LOG_PATH: maybe_path = none, ini ["defaults.log_path"], env ["ANSIBLE_LOG_PATH"];
    /// How much of it, as `-v` counts.
    later LOG_VERBOSITY: maybe_int = none, ini ["defaults.log_verbosity"], env ["ANSIBLE_LOG_VERBOSITY"];
    /// Modules in Python do not write to the hosts' syslog; no others do.
    setting DEFAULT_NO_TARGET_SYSLOG: bool = "False",
        ini ["defaults.no_target_syslog"], env ["ANSIBLE_NO_TARGET_SYSLOG"], vars ["ansible_no_target_syslog"];
    /// The facility of that syslog, for modules in Python.
    setting DEFAULT_SYSLOG_FACILITY: text = "LOG_USER",
        ini ["defaults.syslog_facility"], env ["ANSIBLE_SYSLOG_FACILITY"];
    /// A text for that syslog, for modules in Python.
    setting TARGET_LOG_INFO: maybe_text = none,
        ini ["defaults.target_log_info"], env ["ANSIBLE_TARGET_LOG_INFO"], vars ["ansible_target_log_info"];
    /// How much is said, as `-v` counts.
    setting DEFAULT_VERBOSITY: int = "0", ini ["defaults.verbosity"], env ["ANSIBLE_VERBOSITY"];
    /// What will go away one day is said.
    setting DEPRECATION_WARNINGS: bool = "True",
        ini ["defaults.deprecation_warnings"],
        env ["ANSIBLE_DEPRECATION_WARNINGS"],
        vars ["ansible_deprecation_warnings"];
    /// Development versions of Ansible say that they are one.
    ignored DEVEL_WARNING: bool = "True", ini ["defaults.devel_warning"], env ["ANSIBLE_DEVEL_WARNING"];
    /// Shows what changes, before and after, as with `--diff`.
    setting DIFF_ALWAYS: bool = "False", ini ["diff.always"], env ["ANSIBLE_DIFF_ALWAYS"];
    /// Lines around each change that a diff shows.
    setting DIFF_CONTEXT: int = "3", ini ["diff.context"], env ["ANSIBLE_DIFF_CONTEXT"];
    /// Bytes of the largest file whose changes are shown.
    later MAX_FILE_SIZE_FOR_DIFF: int = "104448", ini ["defaults.max_diff_size"], env ["ANSIBLE_MAX_DIFF_SIZE"];
    /// Banners of tasks show the arguments.
    setting DISPLAY_ARGS_TO_STDOUT: bool = "False",
        ini ["defaults.display_args_to_stdout"], env ["ANSIBLE_DISPLAY_ARGS_TO_STDOUT"];
    /// Skipped tasks are shown.
    setting DISPLAY_SKIPPED_HOSTS: bool = "True",
        ini ["defaults.display_skipped_hosts"], env ["ANSIBLE_DISPLAY_SKIPPED_HOSTS"];
    /// What modules in Python give tracebacks for; nothing else has any.
    setting DISPLAY_TRACEBACK: list of ["error", "warning", "deprecated", "deprecated_value", "always", "never"] = "never",
        ini ["defaults.display_traceback"], env ["ANSIBLE_DISPLAY_TRACEBACK"];
    /// A file names the failed hosts after a run.
    setting RETRY_FILES_ENABLED: bool = "False",
        ini ["defaults.retry_files_enabled"], env ["ANSIBLE_RETRY_FILES_ENABLED"];
    /// The folder of these files.
    setting RETRY_FILES_SAVE_PATH: maybe_path = none,
        ini ["defaults.retry_files_save_path"], env ["ANSIBLE_RETRY_FILES_SAVE_PATH"];
    /// What `set_stats` collected is shown at the end.
    setting SHOW_CUSTOM_STATS: bool = "False", ini ["defaults.show_custom_stats"], env ["ANSIBLE_SHOW_CUSTOM_STATS"];
    /// Warnings about the machine are shown.
    later SYSTEM_WARNINGS: bool = "True", ini ["defaults.system_warnings"], env ["ANSIBLE_SYSTEM_WARNINGS"];
    /// What a collection for another version is.
    ignored COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH: text of ["error", "ignore", "warning"] = "warning",
        ini ["defaults.collections_on_ansible_version_mismatch"],
        env ["ANSIBLE_COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH"];
    /// What `-v` adds goes to the standard error.
    later VERBOSE_TO_STDERR: bool = "False", ini ["defaults.verbose_to_stderr"], env ["ANSIBLE_VERBOSE_TO_STDERR"];
    /// Where the manual is.
    ignored DOCSITE_ROOT_URL: text = "https://docs.ansible.com/ansible-core/",
        ini ["defaults.docsite_root_url"], env [];
    /// The editor for vaults.
    setting EDITOR: text = "vi", ini ["defaults.editor"], env ["ANSIBLE_EDITOR", "EDITOR"];
    /// The program that shows long texts.
    setting PAGER: text = "less", ini ["defaults.pager"], env ["ANSIBLE_PAGER", "PAGER"];
    /// Banners say that nothing is changed.
    setting CHECK_MODE_MARKERS as "callback.default.check_mode_markers": bool = "False",
        ini ["defaults.check_mode_markers"], env ["ANSIBLE_CHECK_MODE_MARKERS"];
    /// Failures go to the standard error.
    setting DISPLAY_FAILED_STDERR as "callback.default.display_failed_stderr": bool = "False",
        ini ["defaults.display_failed_stderr"], env ["ANSIBLE_DISPLAY_FAILED_STDERR"];
    /// Results without a change are shown.
    setting DISPLAY_OK_HOSTS as "callback.default.display_ok_hosts": bool = "True",
        ini ["defaults.display_ok_hosts"], env ["ANSIBLE_DISPLAY_OK_HOSTS"];
    /// Results are shown on several lines.
    setting PRETTY_RESULTS as "callback.default.pretty_results": maybe_bool = none,
        ini ["defaults.callback_format_pretty"], env ["ANSIBLE_CALLBACK_FORMAT_PRETTY"];
    /// How results are written: `json` or `yaml`.
    setting RESULT_FORMAT as "callback.default.result_format": text of ["json", "yaml"] = "json",
        ini ["defaults.callback_result_format"], env ["ANSIBLE_CALLBACK_RESULT_FORMAT"];
    /// Each host says when it begins a task.
    setting SHOW_PER_HOST_START as "callback.default.show_per_host_start": bool = "False",
        ini ["defaults.show_per_host_start"], env ["ANSIBLE_SHOW_PER_HOST_START"];
    /// A failing task says where it stands.
    setting SHOW_TASK_PATH_ON_FAILURE as "callback.default.show_task_path_on_failure": bool = "False",
        ini ["defaults.show_task_path_on_failure"], env ["ANSIBLE_SHOW_TASK_PATH_ON_FAILURE"];
    /// Spaces for each level of what the listener `ansible.posix.json` prints; one line for 0.
    setting JSON_INDENT as "callback.json.json_indent": int = "4",
        ini ["defaults.json_indent"], env ["ANSIBLE_JSON_INDENT"];
    /// The folder of the listener `tree`.
    ignored CALLBACK_TREE_DIR as "callback.tree.directory": path = "~/.ansible/tree",
        ini ["callback_tree.directory"], env ["ANSIBLE_CALLBACK_TREE_DIR"];
}
