//! `group_by`: puts hosts into groups by what is known about them.

use crate::kit::Args;

/// Puts the host into a group for the rest of the run; one that is missing is made. Spaces in names become `-`.
///
/// ```yaml
/// - group_by:
///     key: "{{ ansible_distribution }}_{{ ansible_distribution_major_version }}"
///     parents: "{{ ansible_distribution }}"
/// ```
#[derive(Args)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct GroupBy {
    /// The group's name.
    #[arg(required)]
    key: String,
    /// The groups that the group is below.
    #[arg(default = "all")]
    parents: Vec<String>,
}
