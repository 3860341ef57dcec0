//! `include_vars`: variables of the host from files.

use crate::kit::Args;

/// Loads variables of the host from a YAML or JSON file of the controller, or from all of a folder.
///
/// ```yaml
/// - include_vars: "{{ ansible_distribution }}.yml"
/// - include_vars:
///     dir: vars/services
///     extensions: [yml]
///     name: services
/// ```
#[derive(Args)]
#[args(free_form = "_raw_params", open)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct IncludeVars {
    /// The file, as the task's text without a name.
    #[arg(name = "_raw_params")]
    free_form: Option<String>,
    /// The file; looked for in `vars/`, then beside the playbook.
    file: Option<String>,
    /// A folder whose files are loaded in the order of their names.
    dir: Option<String>,
    /// How many levels of folders are read; 0 reads all.
    #[arg(default = 0)]
    depth: i64,
    /// Only files whose names this regular expression matches somewhere.
    files_matching: Option<String>,
    /// Names of files that are left out.
    ignore_files: Option<Vec<String>>,
    /// Endings of the files that are read: `yaml`, `yml` and `json` unless given.
    extensions: Option<Vec<String>>,
    /// Leaves files with other endings out instead of failing.
    #[arg(default = false)]
    ignore_unknown_extensions: bool,
    /// A variable that all of them go into as a mapping.
    name: Option<String>,
    /// `merge` puts mappings over those of the same name instead of replacing them.
    hash_behaviour: Option<String>,
}
