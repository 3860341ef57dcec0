//! `raw`: a command without a helper on the host.

use crate::kit::Args;

/// Runs a command over the plain connection: for hosts where nothing else runs, as routers.
///
/// Nothing is uploaded. The task is always `changed`, and skipped in check mode.
///
/// ```yaml
/// - raw: show version
/// ```
#[derive(Args)]
#[args(free_form = "_raw_params")]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct Raw {
    /// The command, for the login shell of the host.
    #[arg(name = "_raw_params", alias = "free_form")]
    free_form: Option<String>,
    /// The shell that runs it instead: an absolute path.
    executable: Option<String>,
}
