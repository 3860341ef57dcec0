//! `include_tasks` and `import_tasks`: the tasks of another file.

use crate::kit::Args;

/// Includes a file of tasks while the play runs: its name may use facts and results, and it can have a loop.
///
/// Its keywords are its own: `apply` gives keywords to what it includes.
///
/// ```yaml
/// - include_tasks: "{{ ansible_os_family }}.yml"
/// ```
#[derive(Args)]
#[args(free_form = "_raw_params")]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct IncludeTasks {
    /// The file: beside the one that includes it, in the role's tasks, or beside the playbook.
    #[arg(name = "_raw_params", alias = "file")]
    file: Option<String>,
    /// Keywords for the tasks that are included.
    apply: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Reads a file of tasks in place of this task, before the play runs: its keywords reach all of them.
///
/// ```yaml
/// - import_tasks: install.yml
/// ```
#[derive(Args)]
#[args(free_form = "_raw_params")]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct ImportTasks {
    /// The file: beside the one that imports it, in the role's tasks, or beside the playbook.
    #[arg(name = "_raw_params", alias = "file")]
    file: Option<String>,
}
