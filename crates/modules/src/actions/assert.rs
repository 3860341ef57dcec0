//! `assert`: fails when a condition does not hold.

use crate::kit::Args;

/// Fails unless all conditions hold.
///
/// ```yaml
/// - assert:
///     that:
///       - es_version is version('7.0', '>=')
///       - groups['es_masters'] | length is odd
///     fail_msg: the cluster needs an odd number of masters
/// ```
#[derive(Args)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct Assert {
    /// The conditions, as in `when`.
    #[arg(required)]
    that: Vec<serde_json::Value>,
    /// What a failure says.
    #[arg(alias = "msg")]
    fail_msg: Option<serde_json::Value>,
    /// What a success says.
    success_msg: Option<serde_json::Value>,
    /// Says only the failure.
    #[arg(default = false)]
    quiet: bool,
}
