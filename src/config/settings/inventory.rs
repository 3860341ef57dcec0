//! Settings: which hosts there are.

use crate::config::setting::settings;

settings! {
    /// The inventories that are read without `-i`.
    setting DEFAULT_HOST_LIST: pathlist = "/etc/ansible/hosts", ini ["defaults.inventory"], env ["ANSIBLE_INVENTORY"];
    /// What a pattern that matches no host is: an `error`, worth a `warning`, or fine (`ignore`).
    setting HOST_PATTERN_MISMATCH: text of ["error", "ignore", "warning"] = "warning",
        ini ["inventory.host_pattern_mismatch"], env ["ANSIBLE_HOST_PATTERN_MISMATCH"];
    /// An inventory that cannot be read ends the run, whatever the others say.
    setting INVENTORY_ANY_UNPARSED_IS_FAILED: bool = "False",
        ini ["inventory.any_unparsed_is_failed"], env ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"];
    /// The kinds of inventory that are tried, in their order.
    setting INVENTORY_ENABLED: list = "host_list,script,auto,yaml,ini,toml",
        ini ["inventory.enable_plugins"], env ["ANSIBLE_INVENTORY_ENABLED"];
    /// `inventory --list` is written for export, as with `--export`.
    setting INVENTORY_EXPORT: bool = "False", ini ["inventory.export"], env ["ANSIBLE_INVENTORY_EXPORT"];
    /// Endings of files that are no inventory in a folder of inventories.
    setting INVENTORY_IGNORE_EXTS: list = ".pyc,.pyo,.swp,.bak,~,.rpm,.md,.txt,.rst,.orig,.cfg,.retry",
        ini ["defaults.inventory_ignore_extensions", "inventory.ignore_extensions"], env ["ANSIBLE_INVENTORY_IGNORE"];
    /// Regular expressions for names that are no inventory in a folder of inventories.
    setting INVENTORY_IGNORE_PATTERNS: list = empty,
        ini ["defaults.inventory_ignore_patterns", "inventory.ignore_patterns"],
        env ["ANSIBLE_INVENTORY_IGNORE_REGEX"];
    /// The run ends if no inventory can be read.
    setting INVENTORY_UNPARSED_IS_FAILED: bool = "False",
        ini ["inventory.unparsed_is_failed"], env ["ANSIBLE_INVENTORY_UNPARSED_FAILED"];
    /// A run without any host says so.
    setting INVENTORY_UNPARSED_WARNING: bool = "True",
        ini ["inventory.inventory_unparsed_warning"], env ["ANSIBLE_INVENTORY_UNPARSED_WARNING"];
    /// A run on the implicit localhost alone says so.
    later LOCALHOST_WARNING: bool = "True", ini ["defaults.localhost_warning"], env ["ANSIBLE_LOCALHOST_WARNING"];
    /// What happens to names of groups that cannot be variables: kept with a warning (`never`), kept (`ignore`), `_` for each bad character (`always`), or that without a warning (`silently`).
    setting TRANSFORM_INVALID_GROUP_CHARS: text of ["always", "ignore", "never", "silently"] = "never",
        ini ["defaults.force_valid_group_names"], env ["ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS"];
    /// Endings of files of variables.
    setting YAML_FILENAME_EXTENSIONS: list = ".yml,.yaml,.json",
        ini ["defaults.yaml_valid_extensions"], env ["ANSIBLE_YAML_FILENAME_EXT"];
}
