//! Blocks: tasks that share keywords, with what happens when one fails.

use std::sync::Arc;

use super::{
    Keywords, Task,
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
        Self { tasks, rescue: Vec::new(), always: Vec::new() }
    }

    fn read(node: &Node, around: &Keywords, handlers: bool, loading: &mut Loading) -> Self {
        let entries = node.as_map().unwrap_or_default();
        check_names(entries, Place::Block, loading, |_| false);
        let keywords = around.within(entries, Place::Block, loading);
        let mut list = |name| node.get(name).map(|n| read_items(n, &keywords, handlers, loading)).unwrap_or_default();
        Self { tasks: list("block"), rescue: list("rescue"), always: list("always") }
    }

    /// Every task in it, in the order of the file.
    pub fn all_tasks(&self) -> Vec<&Arc<Task>> {
        self.tasks
            .iter()
            .chain(&self.rescue)
            .chain(&self.always)
            .flat_map(|item| match item {
                Item::Task(task) => vec![task],
                Item::Block(block) => block.all_tasks(),
            })
            .collect()
    }
}

/// The tasks and blocks of a list.
pub fn read_items(node: &Node, around: &Keywords, handlers: bool, loading: &mut Loading) -> Vec<Item> {
    if node.kind == Kind::Null {
        return Vec::new();
    }
    let Some(items) = node.as_list() else {
        let message = format!("tasks have to be a list, not {}", node.describe());
        loading.error(Diagnostic::error(message).at(&node.span).help("put `- ` before each task"));
        return Vec::new();
    };
    let place = if handlers { Place::Handler } else { Place::Task };
    items
        .iter()
        .filter(|item| item.kind != Kind::Null)
        .filter_map(|item| {
            let Some(entries) = item.as_map() else {
                let message = format!("{} has to be a mapping, not {}", place.describe(), item.describe());
                loading.error(Diagnostic::error(message).at(&item.span));
                return None;
            };
            if item.get("block").is_some() {
                return Some(Item::Block(Arc::new(Block::read(item, around, handlers, loading))));
            }
            Task::read(item, entries, around, place, loading).map(|task| Item::Task(Arc::new(task)))
        })
        .collect()
}
