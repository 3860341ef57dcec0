//! Playbooks as they were written: plays, blocks, tasks and handlers, every part with its place.
//!
//! Loading checks what can be known without a host: keywords, modules, shapes, conditions. It opens
//! no connection and evaluates no template.

mod action;
mod block;
mod condition;
mod free_form;
pub mod keywords;
mod lint;
mod load;
mod loops;
mod play;
mod task;

use std::{path::PathBuf, sync::Arc};

pub use action::{Action, Module};
pub use block::{Block, Item};
pub use condition::Condition;
pub use free_form::parse as parse_free_form;
pub use keywords::Keywords;
pub use lint::lint;
pub use load::{load, load_node};
pub use loops::Loop;
pub use play::Play;
pub use task::{Task, TaskId, written};

/// One file's plays.
#[derive(Debug)]
pub struct Playbook {
    /// The file, as it was named.
    pub path: PathBuf,
    /// Its plays, in order.
    pub plays: Vec<Arc<Play>>,
}
