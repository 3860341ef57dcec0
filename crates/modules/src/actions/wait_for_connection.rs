//! `wait_for_connection`: until the host can be reached.

use crate::kit::Args;

/// Waits until the host can be reached and modules run on it. Skipped in check mode.
///
/// ```yaml
/// - wait_for_connection:
///     delay: 10
///     timeout: 300
/// ```
#[derive(Args)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct WaitForConnection {
    /// Seconds for one attempt.
    #[arg(default = 5)]
    connect_timeout: i64,
    /// Seconds before the first attempt.
    #[arg(default = 0)]
    delay: i64,
    /// Seconds between attempts.
    #[arg(default = 1)]
    sleep: i64,
    /// Seconds after which it fails.
    #[arg(default = 600)]
    timeout: i64,
}
