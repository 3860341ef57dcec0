//! What a task must not look at that is evaluated before the tasks in front of it are done.

use std::collections::HashSet;

use parking_lot::Mutex;

/// Names that other hosts change, or all of whose variables they show.
const OF_OTHERS: [&str; 8] = [
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "group_names",
    "groups",
    "hostvars",
    "play_hosts",
    "vars",
];

/// Watches an evaluation that happens early.
#[derive(Debug, Default)]
pub struct Foresight {
    /// Names that the tasks in front will set.
    open: HashSet<String>,
    hindrance: Mutex<Option<Hindrance>>,
}

/// Why a task cannot be evaluated early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// It reads a name that a task in front of it sets.
    Name(String),
    /// It asks for what is only known when its turn comes.
    Turn,
}

impl Foresight {
    /// Before these names are set.
    pub fn before(open: HashSet<String>) -> Self {
        Self { open, hindrance: Mutex::default() }
    }

    /// What it met, if it met something.
    pub fn hindrance(&self) -> Option<Hindrance> {
        self.hindrance.lock().clone()
    }

    /// A name is read.
    pub(super) fn read(&self, name: &str) {
        if OF_OTHERS.contains(&name) {
            self.wait();
        } else if self.open.contains(name) {
            self.hindrance.lock().get_or_insert_with(|| Hindrance::Name(name.to_owned()));
        }
    }

    /// Something is asked for that is only known in its turn.
    pub(super) fn wait(&self) {
        *self.hindrance.lock() = Some(Hindrance::Turn);
    }
}
