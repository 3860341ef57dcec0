//! Settings: options of single plugins.

use crate::config::setting::settings;

settings! {
    /// Extra variables are seen when groups are constructed.
    setting CONSTRUCTED_USE_EXTRA_VARS as "inventory.constructed.use_extra_vars": bool = "False",
        ini ["inventory_plugins.use_extra_vars"], env ["ANSIBLE_INVENTORY_USE_EXTRA_VARS"];
    /// What an inventory script says on its standard error is shown.
    setting SCRIPT_ALWAYS_SHOW_STDERR as "inventory.script.always_show_stderr": bool = "True",
        ini ["inventory_plugin_script.always_show_stderr"], env ["ANSIBLE_INVENTORY_PLUGIN_SCRIPT_STDERR"];
    /// Endings of YAML inventories.
    setting YAML_EXTENSIONS as "inventory.yaml.yaml_extensions": list = ".yaml,.yml,.json",
        ini ["defaults.yaml_valid_extensions", "inventory_plugin_yaml.yaml_valid_extensions"],
        env ["ANSIBLE_YAML_FILENAME_EXT", "ANSIBLE_INVENTORY_PLUGIN_EXTS"];
    /// Where Python's modules are put on hosts.
    ignored SHELL_REMOTE_TMP as "shell.sh.remote_tmp": text = "~/.ansible/tmp",
        ini ["defaults.remote_tmp"],
        env ["ANSIBLE_REMOTE_TEMP", "ANSIBLE_REMOTE_TMP"],
        vars ["ansible_remote_tmp"];
    /// When `group_vars` and `host_vars` are read.
    later HOST_GROUP_VARS_STAGE as "vars.host_group_vars.stage": maybe_text of ["all", "task", "inventory"] = none,
        ini ["vars_host_group_vars.stage"], env ["ANSIBLE_VARS_PLUGIN_STAGE"];
}
