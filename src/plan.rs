//! Which hosts run which tasks, in which batches: pure functions over what was loaded.

mod batches;
mod program;
mod tags;

pub use batches::batches;
pub use program::{BlockRange, Program, Step};
pub use tags::TagFilter;
