//! `pause`: waits for some time, or for a person.

use crate::kit::Args;

/// Waits before the play goes on: for some time, or until a person at the terminal presses enter. It
/// runs once for all hosts.
///
/// Ctrl-C and then `c` ends the wait early, `a` aborts. Where nobody sits at a terminal, a pause without a
/// time does not wait.
///
/// ```yaml
/// - pause:
///     minutes: 5
/// - pause:
///     prompt: Enter the code from your phone
///     echo: false
///   register: code
/// ```
#[derive(Args)]
#[args(exclusive("minutes", "seconds"))]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct Pause {
    /// Minutes to wait; 0 and less is a second.
    minutes: Option<i64>,
    /// Seconds to wait; 0 and less is one.
    seconds: Option<i64>,
    /// What is asked. What is typed is returned as `user_input` where there is no time to wait.
    prompt: Option<String>,
    /// Shows what is typed.
    #[arg(default = true)]
    echo: bool,
}
