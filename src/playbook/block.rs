//! Blocks: tasks that share keywords, with what happens when one fails.

use std::sync::Arc;

use super::{
    Around, Role, Task, imports,
    keywords::{Place, check_names},
    load::Loading,
};
use crate::source::{Diagnostic, Kind, Node};

/// Tasks that share keywords.
#[derive(Debug)]
pub struct Block {
    /// What is done.
    pub tasks: Vec<Item>,
    /// What is done when that fails.
    pub rescue: Vec<Item>,
    /// What is done in any case.
    pub always: Vec<Item>,
    /// The role whose tasks these are, where the whole of one begins.
    pub role: Option<Arc<Role>>,
}

/// A member of a list of tasks.
#[derive(Clone, Debug)]
pub enum Item {
    /// A task.
    Task(Arc<Task>),
    /// A block.
    Block(Arc<Block>),
}

impl Block {
    /// A list of tasks without keywords of its own.
    pub fn plain(tasks: Vec<Item>) -> Self {
        Self { tasks, rescue: Vec::new(), always: Vec::new(), role: None }
    }

    /// The tasks of a role.
    pub fn of_role(role: Arc<Role>, tasks: Vec<Item>) -> Self {
        Self { role: Some(role), ..Self::plain(tasks) }
    }

    fn read(node: &Node, around: &Around, loading: &mut Loading) -> Self {
        let entries = node.as_map().unwrap_or_default();
        check_names(entries, Place::Block, loading, |_| false);
        if around.is_handler {
            refuse_inner_blocks(node, loading);
        }
        let inside = around.with(around.keywords.within(entries, Place::Block, loading));
        let mut list = |name| node.get(name).map(|n| read_items(n, &inside, loading)).unwrap_or_default();
        Self { rescue: list("rescue"), always: list("always"), ..Self::plain(list("block")) }
    }

    /// Whether a failure in it changes where its hosts go on.
    pub fn catches(&self) -> bool {
        !self.rescue.is_empty() || !self.always.is_empty()
    }

    /// Every task in it, in the order of the file.
    pub fn all_tasks(&self) -> Vec<&Arc<Task>> {
        self.tasks.iter().chain(&self.rescue).chain(&self.always).flat_map(Item::all_tasks).collect()
    }
}

impl Item {
    /// Every task in it, in the order of the file.
    pub fn all_tasks(&self) -> Vec<&Arc<Task>> {
        match self {
            Self::Task(task) => vec![task],
            Self::Block(block) => block.all_tasks(),
        }
    }
}

/// The tasks and blocks of a list; what is imported stands in place of the import.
pub fn read_items(node: &Node, around: &Around, loading: &mut Loading) -> Vec<Item> {
    if node.kind == Kind::Null {
        return Vec::new();
    }
    let Some(items) = node.as_list() else {
        let message = format!("tasks have to be a list, not {}", node.describe());
        loading.error(Diagnostic::error(message).at(&node.span).help("put `- ` before each task"));
        return Vec::new();
    };
    let place = if around.is_handler { Place::Handler } else { Place::Task };
    items
        .iter()
        .filter(|item| item.kind != Kind::Null)
        .filter_map(|item| {
            let Some(entries) = item.as_map() else {
                let message = format!("{} has to be a mapping, not {}", place.describe(), item.describe());
                loading.error(Diagnostic::error(message).at(&item.span));
                return None;
            };
            if ["block", "rescue", "always"].iter().any(|key| item.get(key).is_some()) {
                return Some(Item::Block(Arc::new(read_block(item, around, loading)?)));
            }
            let task = Task::read(item, entries, around, loading)?;
            if task.is_import() {
                return imports::read(&task, around, loading).map(|block| Item::Block(Arc::new(block)));
            }
            Some(Item::Task(Arc::new(task)))
        })
        .collect()
}

/// Handlers may be a block, but not a block in one.
fn refuse_inner_blocks(node: &Node, loading: &mut Loading) {
    let lists = ["block", "rescue", "always"].into_iter().filter_map(|key| node.get(key)?.as_list());
    for inner in lists.flatten().filter(|item| item.get("block").is_some()) {
        loading.error(Diagnostic::error("Using a block as a handler is not supported.").at(&inner.span));
    }
}

fn read_block(node: &Node, around: &Around, loading: &mut Loading) -> Option<Block> {
    if node.get("block").is_none() {
        let error = Diagnostic::error("`rescue` and `always` belong to a `block`, which is missing");
        loading.error(error.at(&node.span));
        return None;
    }
    Some(Block::read(node, around, loading))
}
