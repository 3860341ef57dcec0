//! `debug`: prints a message or a variable.

use crate::kit::Args;

/// Prints a message or the value of a variable.
///
/// ```yaml
/// - debug:
///     msg: "{{ inventory_hostname }} has {{ ansible_processor_vcpus }} processors"
/// - debug:
///     var: result.stdout_lines
///     verbosity: 1
/// ```
#[derive(Args)]
#[args(exclusive("msg", "var"))]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct Debug {
    /// The message; any value. `Hello world!` when neither this nor `var` is given.
    msg: Option<serde_json::Value>,
    /// An expression whose value is printed: a variable's name, without `{{ }}`.
    var: Option<serde_json::Value>,
    /// Prints only when `-v` was given this often.
    #[arg(default = 0)]
    verbosity: i64,
}
