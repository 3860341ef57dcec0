//! `fail`: fails with a message.

use crate::kit::Args;

/// Fails, mostly under a condition.
///
/// ```yaml
/// - fail:
///     msg: this role needs Debian 11 or later
///   when: ansible_distribution_major_version is version('11', '<')
/// ```
#[derive(Args)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct Fail {
    /// What the failure says.
    #[arg(default = "Failed as requested from task")]
    msg: String,
}
