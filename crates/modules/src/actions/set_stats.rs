//! `set_stats`: figures of the run, for its end.

use crate::kit::Args;

/// Collects figures of the run, or of its hosts. They are shown at the end when `show_custom_stats` is set
/// (`ANSIBLE_SHOW_CUSTOM_STATS`).
///
/// ```yaml
/// - set_stats:
///     data:
///       packages_installed: "{{ result.results | length }}"
///     per_host: true
/// ```
#[derive(Args)]
#[args(open)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct SetStats {
    /// The figures by name.
    data: Option<serde_json::Value>,
    /// Whether they belong to the host instead of the run.
    #[arg(default = false)]
    per_host: bool,
    /// Adds to figures of before, where both are numbers, texts, lists or mappings; else replaces them.
    #[arg(default = true)]
    aggregate: bool,
}
