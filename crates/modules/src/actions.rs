//! Tasks that the controller does itself: only their arguments and documentation are here.

mod add_host;
mod assert;
mod debug;
mod fail;
mod gather_facts;
mod include_role;
mod include_tasks;
mod group_by;
mod include_vars;
mod meta;
mod pause;
mod raw;
mod reboot;
mod set_fact;
mod set_stats;
mod validate_argument_spec;
mod wait_for_connection;

pub use add_host::AddHost;
pub use assert::Assert;
pub use debug::Debug;
pub use fail::Fail;
pub use gather_facts::GatherFacts;
pub use group_by::GroupBy;
pub use include_role::{ImportRole, IncludeRole};
pub use include_tasks::{ImportTasks, IncludeTasks};
pub use include_vars::IncludeVars;
pub use meta::Meta;
pub use pause::Pause;
pub use raw::Raw;
pub use reboot::Reboot;
pub use set_fact::SetFact;
pub use set_stats::SetStats;
pub use validate_argument_spec::ValidateArgumentSpec;
pub use wait_for_connection::WaitForConnection;
