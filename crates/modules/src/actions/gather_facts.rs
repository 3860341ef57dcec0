//! `gather_facts`: the facts of a host, from one module or several.

use crate::kit::Args;

/// Gathers the facts of a host with the modules that `FACTS_MODULES` names (`ANSIBLE_FACTS_MODULES`, the variable
/// `ansible_facts_modules`); `smart` among them is `setup`, or the module for the operating system that
/// `ansible_network_os` names. What several modules return is merged. Arguments are those of `setup`; other modules
/// are given neither `gather_subset` nor `gather_timeout` and `filter`.
///
/// ```yaml
/// - gather_facts:
///     gather_subset: min
/// ```
#[derive(Args)]
#[args(open)]
#[expect(dead_code, reason = "the controller reads the arguments")]
pub struct GatherFacts {
    /// Whether several modules run at the same time; they do unless this says otherwise.
    parallel: Option<bool>,
}
