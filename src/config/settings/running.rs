//! Settings: how plays, tasks and variables work.

use crate::config::setting::settings;

settings! {
    /// A task that fails on one host ends the play on all of them.
    setting ANY_ERRORS_FATAL: bool = "False", ini ["defaults.any_errors_fatal"], env ["ANSIBLE_ANY_ERRORS_FATAL"];
    /// Conditions whose result is no boolean count as Python would count them, with a warning.
    setting ALLOW_BROKEN_CONDITIONALS: bool = "False",
        ini ["defaults.allow_broken_conditionals"], env ["ANSIBLE_ALLOW_BROKEN_CONDITIONALS"];
    /// Conditions and lookups may hold templates inside their texts.
    later ALLOW_EMBEDDED_TEMPLATES: bool = "True",
        ini ["defaults.allow_embedded_templates"], env ["ANSIBLE_ALLOW_EMBEDDED_TEMPLATES"];
    /// Where facts are kept between runs: `memory` keeps none, `jsonfile` keeps files.
    setting CACHE_PLUGIN: text = "memory", ini ["defaults.fact_caching"], env ["ANSIBLE_CACHE_PLUGIN"];
    /// The folder, or other place, in which facts are kept.
    setting CACHE_PLUGIN_CONNECTION: maybe_text = none,
        ini ["defaults.fact_caching_connection"], env ["ANSIBLE_CACHE_PLUGIN_CONNECTION"];
    /// What the names of kept facts begin with.
    setting CACHE_PLUGIN_PREFIX: text = "ansible_facts",
        ini ["defaults.fact_caching_prefix"], env ["ANSIBLE_CACHE_PLUGIN_PREFIX"];
    /// Seconds for which kept facts are good; 0 for ever.
    setting CACHE_PLUGIN_TIMEOUT: int = "86400",
        ini ["defaults.fact_caching_timeout"], env ["ANSIBLE_CACHE_PLUGIN_TIMEOUT"];
    /// Notified handlers run on failed hosts too.
    setting DEFAULT_FORCE_HANDLERS: bool = "False", ini ["defaults.force_handlers"], env ["ANSIBLE_FORCE_HANDLERS"];
    /// How many hosts work at once.
    setting DEFAULT_FORKS: int = "100", ini ["defaults.forks"], env ["ANSIBLE_FORKS"];
    /// When facts are gathered: `implicit` before each play, `explicit` where a play asks, `smart` once per host.
    setting DEFAULT_GATHERING: text of ["explicit", "implicit", "smart"] = "implicit",
        ini ["defaults.gathering"], env ["ANSIBLE_GATHERING"];
    /// Whether a mapping of higher precedence replaces a lower one or is merged into it.
    setting DEFAULT_HASH_BEHAVIOUR: text of ["merge", "replace"] = "replace",
        ini ["defaults.hash_behaviour"], env ["ANSIBLE_HASH_BEHAVIOUR"];
    /// Seconds between two looks at the workers; there are none here.
    later DEFAULT_INTERNAL_POLL_INTERVAL: float = "0.001", ini ["defaults.internal_poll_interval"], env [];
    /// Extensions of Jinja2 that templates may use.
    later DEFAULT_JINJA2_EXTENSIONS: list = empty,
        ini ["defaults.jinja2_extensions"], env ["ANSIBLE_JINJA2_EXTENSIONS"];
    /// Templates keep the types of their values; always so.
    later DEFAULT_JINJA2_NATIVE: bool = "True", ini ["defaults.jinja2_native"], env ["ANSIBLE_JINJA2_NATIVE"];
    /// What the variable `ansible_managed` says.
    setting DEFAULT_MANAGED_STR: text = "Ansible managed", ini ["defaults.ansible_managed"], env [];
    /// Results and arguments of tasks are hidden.
    setting DEFAULT_NO_LOG: bool = "False", ini ["defaults.no_log"], env ["ANSIBLE_NO_LOG"];
    /// What templates make of nothing.
    ignored DEFAULT_NULL_REPRESENTATION: maybe_text = none,
        ini ["defaults.null_representation"], env ["ANSIBLE_NULL_REPRESENTATION"];
    /// Seconds between two looks at an asynchronous task that names no `poll`.
    setting DEFAULT_POLL_INTERVAL: int = "15", ini ["defaults.poll_interval"], env ["ANSIBLE_POLL_INTERVAL"];
    /// Variables of roles are not seen outside of them.
    setting DEFAULT_PRIVATE_ROLE_VARS: bool = "False",
        ini ["defaults.private_role_vars"], env ["ANSIBLE_PRIVATE_ROLE_VARS"];
    /// How hosts go through a play that names no strategy.
    setting DEFAULT_STRATEGY: text = "linear", ini ["defaults.strategy"], env ["ANSIBLE_STRATEGY"];
    /// Variables that are not defined are errors.
    later DEFAULT_UNDEFINED_VAR_BEHAVIOR: bool = "True",
        ini ["defaults.error_on_undefined_vars"], env ["ANSIBLE_ERROR_ON_UNDEFINED_VARS"];
    /// A failing or unreachable task opens the debugger.
    setting ENABLE_TASK_DEBUGGER: bool = "False",
        ini ["defaults.enable_task_debugger"], env ["ANSIBLE_ENABLE_TASK_DEBUGGER"];
    /// The debugger does not open for tasks with `ignore_errors`.
    setting TASK_DEBUGGER_IGNORE_ERRORS: bool = "True",
        ini ["defaults.task_debugger_ignore_errors"], env ["ANSIBLE_TASK_DEBUGGER_IGNORE_ERRORS"];
    /// Whether the items of a loop travel together, up to a thousand of them. Not of Ansible.
    setting SUTLER_JOIN_ITEMS: bool = "True", ini ["sutler.join_items"], env ["SUTLER_JOIN_ITEMS"];
    /// Whether a host is sent tasks before their turn where no other host is waited for (`strategy: free`). Not of
    /// Ansible.
    setting SUTLER_SEND_AHEAD: bool = "True", ini ["sutler.send_ahead"], env ["SUTLER_SEND_AHEAD"];
    /// Notifying a handler that does not exist is an error.
    setting ERROR_ON_MISSING_HANDLER: bool = "True",
        ini ["defaults.error_on_missing_handler"], env ["ANSIBLE_ERROR_ON_MISSING_HANDLER"];
    /// The modules that gather facts; `smart` picks one per host.
    setting FACTS_MODULES: list = "smart",
        ini ["defaults.facts_modules"], env ["ANSIBLE_FACTS_MODULES"], vars ["ansible_facts_modules"];
    /// Facts are variables with the prefix `ansible_` as well.
    setting INJECT_FACTS_AS_VARS: bool = "True",
        ini ["defaults.inject_facts_as_vars"], env ["ANSIBLE_INJECT_FACT_VARS"];
    /// Keywords of tasks that do not exist are errors instead of warnings.
    later INVALID_TASK_ATTRIBUTE_FAILED: bool = "True",
        ini ["defaults.invalid_task_attribute_failed"], env ["ANSIBLE_INVALID_TASK_ATTRIBUTE_FAILED"];
    /// Seconds after which a task fails; 0 for never.
    setting TASK_TIMEOUT: int = "0", ini ["defaults.task_timeout"], env ["ANSIBLE_TASK_TIMEOUT"];
    /// Only tasks with one of these tags are run.
    setting TAGS_RUN: list = empty, ini ["tags.run"], env ["ANSIBLE_RUN_TAGS"];
    /// Tasks with one of these tags are not run.
    setting TAGS_SKIP: list = empty, ini ["tags.skip"], env ["ANSIBLE_SKIP_TAGS"];
    /// What a key that stands twice in a mapping is: an `error`, worth a `warn`ing, or fine (`ignore`).
    setting DUPLICATE_YAML_DICT_KEY: text of ["error", "ignore", "warn"] = "warn",
        ini ["defaults.duplicate_dict_key"], env ["ANSIBLE_DUPLICATE_YAML_DICT_KEY"];
    /// The module of an ad-hoc command that names none.
    setting DEFAULT_MODULE_NAME: text = "command", ini ["defaults.module_name"], env [];
    /// The arguments of an ad-hoc command that names none.
    setting DEFAULT_MODULE_ARGS: maybe_text = none, ini ["defaults.module_args"], env ["ANSIBLE_MODULE_ARGS"];
    /// Results of lookups may be templates.
    later DEFAULT_ALLOW_UNSAFE_LOOKUPS: bool = "False", ini ["defaults.allow_unsafe_lookups"], env [];
    /// Filters whose result stays text.
    ignored STRING_TYPE_FILTERS: list = "string,to_json,to_nice_json,to_yaml,to_nice_yaml,ppretty,json",
        ini ["jinja2.dont_type_filters"], env ["ANSIBLE_STRING_TYPE_FILTERS"];
    /// Action groups of collections are checked.
    later VALIDATE_ACTION_GROUP_METADATA: bool = "True",
        ini ["defaults.validate_action_group_metadata"], env ["ANSIBLE_VALIDATE_ACTION_GROUP_METADATA"];
    /// Does nothing any more.
    ignored DEFAULT_SU: bool = "False", ini ["defaults.su"], env ["ANSIBLE_SU"];
    /// The folder that stands for the playbook's in commands that have no playbook.
    setting PLAYBOOK_DIR: maybe_path = none, ini ["defaults.playbook_dir"], env ["ANSIBLE_PLAYBOOK_DIR"];
    /// Beside which playbooks `group_vars` and `host_vars` are looked for.
    later PLAYBOOK_VARS_ROOT: text of ["all", "bottom", "top"] = "top",
        ini ["defaults.playbook_vars_root"], env ["ANSIBLE_PLAYBOOK_VARS_ROOT"];
    /// Whether variables are read on `demand` or at the `start`.
    later RUN_VARS_PLUGINS: text of ["demand", "start"] = "demand",
        ini ["defaults.run_vars_plugins"], env ["ANSIBLE_RUN_VARS_PLUGINS"];
    /// The plugins that find variables.
    later VARIABLE_PLUGINS_ENABLED: list = "host_group_vars",
        ini ["defaults.vars_plugins_enabled"], env ["ANSIBLE_VARS_ENABLED"];
    /// The order in which variables of groups count.
    later VARIABLE_PRECEDENCE: list = "all_inventory,groups_inventory,all_plugins_inventory,all_plugins_play,groups_plugins_inventory,groups_plugins_play",
        ini ["defaults.precedence"], env ["ANSIBLE_PRECEDENCE"];
}
