//! Playbooks as they were written: plays, roles, blocks, tasks and handlers, every part with its place.
//!
//! Loading checks what can be known without a host: keywords, modules, shapes, conditions. It opens
//! no connection; of templates it evaluates only the names of files that are imported.

mod project;
mod origin;
pub mod keywords;
mod condition;
mod free_form;
mod action;
mod loops;
mod role;
mod role_files;
mod task;
mod block;
pub mod imports;
mod role_use;
mod vars_prompt;
mod play;
mod import_playbook;
mod load;
mod lint;

use std::{path::PathBuf, sync::Arc};

/// The version of the language, of which this is an implementation.
pub const LANGUAGE: &str = "2.19.14";

pub use action::{Action, Module, late_meaning};
pub use block::{Block, Item};
pub use condition::Condition;
pub use free_form::{parse as parse_free_form, unquote};
pub use keywords::Keywords;
pub use lint::lint;
pub use load::{Broken, Loading, load, load_node};
pub use loops::Loop;
pub use origin::{Around, Origin};
pub use play::Play;
pub use project::{Project, StaticNames, expand_home};
pub use role::Role;
pub use role_use::RoleItems;
pub use task::{Task, TaskId, written};
pub use vars_prompt::VarsPrompt;

/// One file's plays.
#[derive(Debug)]
pub struct Playbook {
    /// The file, as it was named.
    pub path: PathBuf,
    /// The collection that it lies in.
    pub collection: Option<String>,
    /// Its plays, in order.
    pub plays: Vec<Arc<Play>>,
}
