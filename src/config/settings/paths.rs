//! Settings: where files are found.

use crate::config::setting::settings;

settings! {
    /// Folders of collections.
    setting COLLECTIONS_PATHS: pathspec = "$ANSIBLE_HOME/collections:/usr/share/ansible/collections",
        ini ["defaults.collections_path"], env ["ANSIBLE_COLLECTIONS_PATH"];
    /// Collections are looked for among Python's packages on the controller too.
    setting COLLECTIONS_SCAN_SYS_PATH: bool = "True",
        ini ["defaults.collections_scan_sys_path"], env ["ANSIBLE_COLLECTIONS_SCAN_SYS_PATH"];
    /// The folder of Ansible's own files.
    setting ANSIBLE_HOME: path = "~/.ansible", ini ["defaults.home"], env ["ANSIBLE_HOME"];
    /// Folders of roles.
    setting DEFAULT_ROLES_PATH: pathspec = "$ANSIBLE_HOME/roles:/usr/share/ansible/roles:/etc/ansible/roles",
        ini ["defaults.roles_path"], env ["ANSIBLE_ROLES_PATH"];
    /// The controller's folder for temporary files.
    later DEFAULT_LOCAL_TMP: path = "$ANSIBLE_HOME/tmp", ini ["defaults.local_tmp"], env ["ANSIBLE_LOCAL_TEMP"];
    /// Folders of modules.
    setting DEFAULT_MODULE_PATH: pathspec = "$ANSIBLE_HOME/plugins/modules:/usr/share/ansible/plugins/modules",
        ini ["defaults.library"], env ["ANSIBLE_LIBRARY"];
    /// Folders of what modules in Python share.
    setting DEFAULT_MODULE_UTILS_PATH: pathspec = "$ANSIBLE_HOME/plugins/module_utils:/usr/share/ansible/plugins/module_utils",
        ini ["defaults.module_utils"], env ["ANSIBLE_MODULE_UTILS"];
    /// Folders of action plugins in Python, which never run: a module that has one is refused.
    setting DEFAULT_ACTION_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/action:/usr/share/ansible/plugins/action",
        ini ["defaults.action_plugins"], env ["ANSIBLE_ACTION_PLUGINS"];
    /// Folders of become plugins in Python.
    ignored BECOME_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/become:/usr/share/ansible/plugins/become",
        ini ["defaults.become_plugins"], env ["ANSIBLE_BECOME_PLUGINS"];
    /// Folders of cache plugins in Python.
    ignored DEFAULT_CACHE_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/cache:/usr/share/ansible/plugins/cache",
        ini ["defaults.cache_plugins"], env ["ANSIBLE_CACHE_PLUGINS"];
    /// Folders of callback plugins in Python.
    ignored DEFAULT_CALLBACK_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/callback:/usr/share/ansible/plugins/callback",
        ini ["defaults.callback_plugins"], env ["ANSIBLE_CALLBACK_PLUGINS"];
    /// Folders of cliconf plugins in Python.
    ignored DEFAULT_CLICONF_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/cliconf:/usr/share/ansible/plugins/cliconf",
        ini ["defaults.cliconf_plugins"], env ["ANSIBLE_CLICONF_PLUGINS"];
    /// Folders of connection plugins in Python.
    ignored DEFAULT_CONNECTION_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/connection:/usr/share/ansible/plugins/connection",
        ini ["defaults.connection_plugins"], env ["ANSIBLE_CONNECTION_PLUGINS"];
    /// Folders of filters in Python.
    ignored DEFAULT_FILTER_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/filter:/usr/share/ansible/plugins/filter",
        ini ["defaults.filter_plugins"], env ["ANSIBLE_FILTER_PLUGINS"];
    /// Folders of httpapi plugins in Python.
    ignored DEFAULT_HTTPAPI_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/httpapi:/usr/share/ansible/plugins/httpapi",
        ini ["defaults.httpapi_plugins"], env ["ANSIBLE_HTTPAPI_PLUGINS"];
    /// Folders of inventory plugins in Python.
    ignored DEFAULT_INVENTORY_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/inventory:/usr/share/ansible/plugins/inventory",
        ini ["defaults.inventory_plugins"], env ["ANSIBLE_INVENTORY_PLUGINS"];
    /// Folders of lookups in Python.
    ignored DEFAULT_LOOKUP_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/lookup:/usr/share/ansible/plugins/lookup",
        ini ["defaults.lookup_plugins"], env ["ANSIBLE_LOOKUP_PLUGINS"];
    /// Folders of netconf plugins in Python.
    ignored DEFAULT_NETCONF_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/netconf:/usr/share/ansible/plugins/netconf",
        ini ["defaults.netconf_plugins"], env ["ANSIBLE_NETCONF_PLUGINS"];
    /// Folders of strategies in Python.
    ignored DEFAULT_STRATEGY_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/strategy:/usr/share/ansible/plugins/strategy",
        ini ["defaults.strategy_plugins"], env ["ANSIBLE_STRATEGY_PLUGINS"];
    /// Folders of terminal plugins in Python.
    ignored DEFAULT_TERMINAL_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/terminal:/usr/share/ansible/plugins/terminal",
        ini ["defaults.terminal_plugins"], env ["ANSIBLE_TERMINAL_PLUGINS"];
    /// Folders of tests in Python.
    ignored DEFAULT_TEST_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/test:/usr/share/ansible/plugins/test",
        ini ["defaults.test_plugins"], env ["ANSIBLE_TEST_PLUGINS"];
    /// Folders of vars plugins in Python.
    ignored DEFAULT_VARS_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/vars:/usr/share/ansible/plugins/vars",
        ini ["defaults.vars_plugins"], env ["ANSIBLE_VARS_PLUGINS"];
    /// Folders of fragments of documentation.
    ignored DOC_FRAGMENT_PLUGIN_PATH: pathspec = "$ANSIBLE_HOME/plugins/doc_fragments:/usr/share/ansible/plugins/doc_fragments",
        ini ["defaults.doc_fragment_plugins"], env ["ANSIBLE_DOC_FRAGMENT_PLUGINS"];
    /// Endings of files that are no module.
    setting MODULE_IGNORE_EXTS: list = ".pyc,.pyo,.swp,.bak,~,.rpm,.md,.txt,.rst,.yaml,.yml,.ini",
        ini ["defaults.module_ignore_exts"], env ["ANSIBLE_MODULE_IGNORE_EXTS"];
    /// The list of plugins is forgotten at every play.
    ignored OLD_PLUGIN_CACHE_CLEARING: bool = "False",
        ini ["defaults.old_plugin_cache_clear"], env ["ANSIBLE_OLD_PLUGIN_CACHE_CLEAR"];
    /// A file of modules that nobody may use.
    setting PLUGIN_FILTERS_CFG: maybe_path = none, ini ["defaults.plugin_filters_cfg"], env [];
}
