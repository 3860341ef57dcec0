//! `include_role` and `import_role`: a role among tasks.

use crate::kit::Args;

/// Includes a role while the play runs: its name may use facts and results, and it can have a loop.
///
/// ```yaml
/// - include_role:
///     name: "{{ database }}"
/// ```
#[derive(Args)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct IncludeRole {
    /// The role.
    #[arg(required, alias = "role")]
    name: String,
    /// The file among its tasks to begin with.
    #[arg(default = "main")]
    tasks_from: String,
    /// The file among its variables to use.
    #[arg(default = "main")]
    vars_from: String,
    /// The file among its defaults to use.
    #[arg(default = "main")]
    defaults_from: String,
    /// The file among its handlers to use.
    #[arg(default = "main")]
    handlers_from: String,
    /// Keywords for the tasks of the role.
    apply: Option<serde_json::Map<String, serde_json::Value>>,
    /// Whether a host runs the role again if it has run it before.
    #[arg(default = true)]
    allow_duplicates: bool,
    /// Whether all tasks that follow see the role's variables and defaults.
    #[arg(default = false)]
    public: bool,
    /// Whether the role's arguments are checked against its specification.
    #[arg(default = true)]
    rolespec_validate: bool,
}

/// Reads a role in place of this task, before the play runs: its keywords reach all of its tasks.
///
/// ```yaml
/// - import_role:
///     name: common
/// ```
#[derive(Args)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct ImportRole {
    /// The role.
    #[arg(required, alias = "role")]
    name: String,
    /// The file among its tasks to begin with.
    #[arg(default = "main")]
    tasks_from: String,
    /// The file among its variables to use.
    #[arg(default = "main")]
    vars_from: String,
    /// The file among its defaults to use.
    #[arg(default = "main")]
    defaults_from: String,
    /// The file among its handlers to use.
    #[arg(default = "main")]
    handlers_from: String,
    /// Whether a host runs the role again if it has run it before.
    #[arg(default = true)]
    allow_duplicates: bool,
    /// Whether all tasks of the play see the role's variables and defaults.
    #[arg(default = true)]
    public: bool,
    /// Whether the role's arguments are checked against its specification.
    #[arg(default = true)]
    rolespec_validate: bool,
}
