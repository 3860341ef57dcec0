//! `meta`: acts on the play instead of the host.

use crate::kit::Args;

/// Acts on the play: `flush_handlers`, `refresh_inventory`, `end_play`, `end_batch`, `end_host`,
/// `end_role`, `clear_facts`, `clear_host_errors`, `reset_connection` or `noop`.
///
/// ```yaml
/// - meta: flush_handlers
/// ```
#[derive(Args)]
#[args(free_form = "_raw_params")]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct Meta {
    /// What to do.
    #[arg(name = "_raw_params", alias = "free_form")]
    free_form: Option<String>,
}
