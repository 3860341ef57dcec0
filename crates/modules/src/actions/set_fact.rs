//! `set_fact`: sets variables of the host.

use crate::kit::Args;

/// Sets variables of the host, for the rest of the run. Every argument is a variable.
///
/// ```yaml
/// - set_fact:
///     release: "{{ version | regex_replace('^v', '') }}"
/// ```
#[derive(Args)]
#[args(open)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct SetFact {
    /// Also keeps the variables as facts of the host.
    #[arg(default = false)]
    cacheable: bool,
}
