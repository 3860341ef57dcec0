//! Variables: which value a name has for a task on a host.
//!
//! Nothing is copied per task: a [`Scope`] is a list of shared layers, asked from the strongest to
//! the weakest ("Understanding variable precedence" in the Ansible manual). The one table of that
//! order is [`Scope::lookup`].

mod connected;
mod fact_cache;
mod files;
mod foresight;
mod groups;
mod host;
mod hostvars;
mod membership;
mod scope;

pub use connected::ConnectionValues;
pub use fact_cache::FactCache;
pub use files::{host_vars, load_extra, load_file, load_vars_file};
pub use foresight::{Foresight, Hindrance};
pub use groups::GroupNames;
pub use host::{HostVars, Hosts, Layer};
pub use membership::GroupByError;
pub use scope::{PlayVars, RunVars, Scope, merged, path_value, text_list};
