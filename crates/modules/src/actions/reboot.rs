//! `reboot`: restarts the host and waits until it is back.

use crate::kit::Args;

/// Restarts the host, waits until it was booted anew, and until a command succeeds on it.
///
/// ```yaml
/// - reboot:
///     reboot_timeout: 900
///     msg: New kernel
///   when: kernel is changed
/// ```
#[derive(Args)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct Reboot {
    /// A command whose output is another after each boot.
    #[arg(default = "cat /proc/sys/kernel/random/boot_id")]
    boot_time_command: String,
    /// Seconds for one attempt to connect; 15 unless given.
    #[arg(alias = "connect_timeout_sec")]
    connect_timeout: Option<i64>,
    /// What people on the host are told.
    #[arg(default = "Reboot initiated by Ansible")]
    msg: String,
    /// Seconds to wait before the first attempt to connect.
    #[arg(alias = "post_reboot_delay_sec", default = 0)]
    post_reboot_delay: i64,
    /// Seconds before the restart, rounded down to minutes.
    #[arg(alias = "pre_reboot_delay_sec", default = 0)]
    pre_reboot_delay: i64,
    /// What restarts the host: a path, or a name in `search_paths`, with arguments. `shutdown -r` unless given.
    reboot_command: Option<String>,
    /// Seconds for the restart, and once more for the test command.
    #[arg(alias = "reboot_timeout_sec", default = 600)]
    reboot_timeout: i64,
    /// Where the program is looked for: `/sbin`, `/bin`, `/usr/sbin`, `/usr/bin` and `/usr/local/sbin` unless
    /// given.
    search_paths: Option<Vec<String>>,
    /// A command that succeeds when the host is ready.
    #[arg(default = "whoami")]
    test_command: String,
}
