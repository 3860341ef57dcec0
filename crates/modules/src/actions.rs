//! Tasks that the controller does itself: only their arguments and documentation are here.

mod assert;
mod debug;
mod fail;
mod include_role;
mod include_tasks;
mod meta;
mod raw;
mod set_fact;

pub use assert::Assert;
pub use debug::Debug;
pub use fail::Fail;
pub use include_role::{ImportRole, IncludeRole};
pub use include_tasks::{ImportTasks, IncludeTasks};
pub use meta::Meta;
pub use raw::Raw;
pub use set_fact::SetFact;
