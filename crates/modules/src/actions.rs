//! Tasks that the controller does itself: only their arguments and documentation are here.

mod assert;
mod debug;
mod fail;
mod meta;
mod raw;
mod set_fact;

pub use assert::Assert;
pub use debug::Debug;
pub use fail::Fail;
pub use meta::Meta;
pub use raw::Raw;
pub use set_fact::SetFact;
