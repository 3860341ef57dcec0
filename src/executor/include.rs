//! `include_tasks` and `include_role`: files that are read while a play runs, each once.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use super::action::{Evaluated, PrepareError};
use crate::{
    output::{Emitter, Event},
    plan::{Program, TagFilter},
    playbook::{Around, Item, Loading, Project, Role, RoleItems, Task, TaskId, imports},
    source::{Diagnostic, Spanned},
    value::Value,
    vault,
};

/// What a play includes while it runs.
pub struct Includes {
    project: Arc<Project>,
    tags: TagFilter,
    events: Emitter,
    files: Mutex<HashMap<(TaskId, String), Result<Arc<IncludedFile>, NotIncluded>>>,
    order: AtomicU64,
}

/// Why nothing can be included.
#[derive(Clone)]
struct NotIncluded {
    error: Diagnostic,
    /// Whether it is there, and does not parse.
    is_broken: bool,
}

impl NotIncluded {
    /// The error of a task that includes the file `name`, or a role.
    fn error(self, name: Option<String>) -> PrepareError {
        let Self { error, is_broken } = self;
        if is_broken { PrepareError::Broken(error) } else { PrepareError::Include(error, name) }
    }
}

/// A file or role that was included.
pub struct IncludedFile {
    /// What is shown of it.
    pub label: PathBuf,
    /// Its tasks.
    pub program: Arc<Program>,
    /// Its handlers.
    pub handlers: Vec<Arc<Task>>,
    /// The role whose variables all later tasks see.
    pub public: Option<Arc<Role>>,
}

impl Includes {
    /// Nothing yet.
    pub fn new(project: &Arc<Project>, tags: &TagFilter, events: &Emitter) -> Self {
        Self {
            project: Arc::clone(project),
            tags: tags.clone(),
            events: events.clone(),
            files: Mutex::default(),
            order: AtomicU64::new(0),
        }
    }

    /// Where roles, collections and modules are found.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// A number higher than all before.
    pub fn next_order(&self) -> u64 {
        self.order.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What a task includes with these arguments.
    pub fn find(&self, task: &Task, arguments: &Evaluated) -> Result<Arc<IncludedFile>, PrepareError> {
        let key = (task.id, arguments.written());
        let is_role = task.action.module.0.short_name() == "include_role";
        let file = || file_name(arguments).filter(|_| !is_role);
        // Hosts that come at the same time wait for the first one: all of them get the same program.
        let mut files = self.files.lock();
        if let Some(known) = files.get(&key) {
            return known.clone().map_err(|why| why.error(file()));
        }
        let mut loading = Loading::new(&self.project);
        let read =
            if is_role { self.role(task, arguments, &mut loading) } else { self.tasks(task, arguments, &mut loading) };
        let found = match loading.finish(read) {
            Ok((read, warnings, missing)) => {
                for warning in warnings {
                    self.events.emit(Event::Warning(warning));
                }
                match (read, missing.into_iter().next()) {
                    (_, Some(error)) => Err(NotIncluded { error, is_broken: true }),
                    (Some(read), None) => Ok(Arc::new(read)),
                    (None, None) => {
                        let error = Diagnostic::error("No include file was specified to the include").at(&task.span);
                        Err(NotIncluded { error, is_broken: true })
                    }
                }
            }
            Err(broken) => {
                let is_missing = broken.is_refused || broken.errors.iter().any(vault::is_refusal);
                Err(NotIncluded { is_broken: !is_missing, error: merged(broken.errors) })
            }
        };
        files.insert(key, found.clone());
        found.map_err(|why| why.error(file()))
    }

    fn tasks(&self, task: &Task, arguments: &Evaluated, loading: &mut Loading) -> Option<IncludedFile> {
        let include = task.include.as_ref()?;
        let file = imports::file_of(&task.action)?;
        let name = file_name(arguments)?;
        let path = imports::find(&name, &include.around.origin, &file.span, loading)?;
        let items = imports::tasks(&path, &file.span, &include.around, loading)?;
        let label = std::path::absolute(&path).unwrap_or(path);
        Some(IncludedFile {
            label,
            program: self.program(&items),
            handlers: handlers(Vec::new(), loading),
            public: None,
        })
    }

    fn role(&self, task: &Task, arguments: &Evaluated, loading: &mut Loading) -> Option<IncludedFile> {
        let include = task.include.as_ref()?;
        let evaluate = |name: &str, _: &Spanned<Value>, _: &mut Loading| arguments.value(name).cloned();
        let role_use = imports::role_of(&task.action, &include.vars, evaluate, loading)?;
        let label = PathBuf::from(&role_use.name.value);
        let around = Around { is_handler: false, ..include.around.clone() };
        let RoleItems { role, block, handlers } = role_use.load(&around, loading)?;
        let items = [Item::Block(Arc::new(block))];
        let handlers = self::handlers(handlers, loading);
        let is_public = arguments.flag("public").or(loading.role_vars_are_public()).unwrap_or(false);
        Some(IncludedFile { label, program: self.program(&items), handlers, public: is_public.then_some(role) })
    }

    fn program(&self, items: &[Item]) -> Arc<Program> {
        Arc::new(Program::of_items(items, &self.tags))
    }
}

/// The file that is named.
fn file_name(arguments: &Evaluated) -> Option<String> {
    ["file", "_raw_params", "free_form"].into_iter().find_map(|name| arguments.value(name)).map(Value::to_str)
}

/// The handlers of an included role, and after them those of the roles that its tasks import.
fn handlers(mut own: Vec<Item>, loading: &mut Loading) -> Vec<Arc<Task>> {
    own.append(&mut loading.handlers);
    own.iter().flat_map(Item::all_tasks).cloned().collect()
}

/// Several errors as the first one, the others in its notes.
fn merged(errors: Vec<Diagnostic>) -> Diagnostic {
    let mut errors = errors.into_iter();
    let mut first = errors.next().unwrap_or_else(|| Diagnostic::error("the included file cannot be read"));
    for other in errors {
        let place = other.span.as_ref().map(|span| format!(" ({span})")).unwrap_or_default();
        first.notes.push(format!("also: {}{place}", other.message));
    }
    first
}
