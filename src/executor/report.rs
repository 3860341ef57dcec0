//! What happened on each host, counted as Ansible counts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
};

use parking_lot::Mutex;

use super::stats::Stats;
use crate::output::{Counts, Recap, Status};

/// How a run ends, as the process's exit code says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// Every host ended well.
    Success,
    /// It could not start.
    Error,
    /// A task failed on some host.
    Failed,
    /// Some host could not be reached, or a playbook is wrong.
    Unreachable,
    /// A setting or an option is wrong.
    Settings,
    /// Ctrl-C.
    Interrupted,
    /// Something that must not happen did.
    Unexpected,
}

impl ExitCode {
    /// The number, which is Ansible's.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Error => 1,
            Self::Failed => 2,
            Self::Unreachable => 4,
            Self::Settings => 5,
            Self::Interrupted => 99,
            Self::Unexpected => 250,
        }
    }
}

/// The counts of a run.
#[derive(Debug, Default)]
pub struct Report {
    counts: Mutex<BTreeMap<String, Counts>>,
    /// Hosts that take no part in later plays, and whether that is because they cannot be reached.
    lost: Mutex<BTreeMap<String, bool>>,
    /// Hosts that were stopped for others and are not lost by that.
    dragged: Mutex<BTreeSet<String>>,
    /// Hosts that check mode predicted a change of.
    predicted: Mutex<BTreeSet<String>>,
    /// What `set_stats` collected.
    pub stats: Stats,
    broken: Mutex<Option<ExitCode>>,
    is_beyond_limit: AtomicBool,
    is_unexpected: AtomicBool,
}

impl Report {
    /// Counts something on a host.
    pub fn count(&self, host: &str, count: impl FnOnce(&mut Counts)) {
        count(self.counts.lock().entry(host.to_owned()).or_default());
    }

    /// Counts the end of a task on a host.
    pub fn count_end(&self, host: &str, status: Status, is_ignored: bool, is_changed: bool) {
        self.count(host, |counts| match status {
            Status::Ok => counts.ok += 1,
            Status::Changed => {
                counts.ok += 1;
                counts.changed += 1;
            }
            Status::Skipped => counts.skipped += 1,
            Status::Failed | Status::Unreachable if is_ignored => {
                counts.ok += 1;
                counts.ignored += 1;
                counts.changed += usize::from(is_changed && status == Status::Failed);
            }
            Status::Failed => counts.failed += 1,
            Status::Unreachable => counts.unreachable += 1,
        });
    }

    /// A host takes no part in later plays: it failed, or cannot be reached.
    pub fn lose(&self, host: &str, is_unreachable: bool) {
        self.lost.lock().insert(host.to_owned(), is_unreachable);
    }

    /// A host was stopped because another one failed, whatever it does now: it goes on in a `rescue`, had nothing more
    /// to do, or cannot be reached.
    pub fn drag(&self, host: &str) {
        self.dragged.lock().insert(host.to_owned());
    }

    /// Check mode predicted a change of a host, which nobody made: later tasks may miss what comes with it.
    pub fn predict(&self, host: &str) {
        self.predicted.lock().insert(host.to_owned());
    }

    /// Whether check mode predicted a change of a host.
    pub fn has_predicted(&self, host: &str) -> bool {
        self.predicted.lock().contains(host)
    }

    /// Whether a host counts as failed: it did, or was stopped because another one failed.
    pub fn has_failed(&self, host: &str) -> bool {
        self.lost.lock().get(host) == Some(&false) || self.dragged.lock().contains(host)
    }

    /// How many hosts failed, and how many cannot be reached: one that was stopped for others and cannot be reached
    /// counts twice, as in Ansible.
    pub fn losses(&self) -> usize {
        let lost = self.lost.lock();
        lost.len() + self.dragged.lock().iter().filter(|host| lost.get(*host) != Some(&false)).count()
    }

    /// A play begins: hosts that were stopped in one before it are lost now. Returns them.
    pub fn lose_dragged(&self) -> Vec<String> {
        let mut dragged: Vec<String> = std::mem::take(&mut *self.dragged.lock()).into_iter().collect();
        dragged.retain(|host| !self.is_out(host));
        dragged.iter().for_each(|host| self.lose(host, false));
        dragged
    }

    /// A lost host takes part in later plays again (`meta: clear_host_errors`).
    pub fn find(&self, host: &str) {
        self.lost.lock().remove(host);
        self.dragged.lock().remove(host);
    }

    /// Whether any host takes no part any more: no further playbook is begun then.
    pub fn has_lost(&self) -> bool {
        !self.lost.lock().is_empty()
    }

    /// The hosts that failed or could not be reached, by name.
    pub fn lost(&self) -> Vec<String> {
        let mut lost: Vec<String> = self.lost.lock().keys().cloned().collect();
        lost.sort_unstable();
        lost
    }

    /// Whether a host takes no part any more.
    pub fn is_out(&self, host: &str) -> bool {
        self.lost.lock().contains_key(host)
    }

    /// A play could not be run at all: the run ends with this.
    pub fn break_off(&self, code: ExitCode) {
        *self.broken.lock() = Some(code);
    }

    /// Whether a play could not be run at all.
    pub fn is_broken(&self) -> bool {
        self.broken.lock().is_some()
    }

    /// Whether too many hosts of the batch that ran last failed: the run ends as failed then, whoever cannot be reached.
    pub fn set_beyond_limit(&self, is_beyond: bool) {
        self.is_beyond_limit.store(is_beyond, Ordering::Relaxed);
    }

    /// Something happened that must not.
    pub fn unexpected(&self) {
        self.is_unexpected.store(true, Ordering::Relaxed);
    }

    /// The counts of every host that did anything.
    pub fn recap(&self) -> Recap {
        Recap { hosts: self.counts.lock().iter().map(|(host, counts)| (host.clone(), *counts)).collect() }
    }

    /// How the run ended: an unreachable host counts before a failed one, as in Ansible.
    pub fn exit_code(&self) -> ExitCode {
        let lost = self.lost.lock();
        if self.is_unexpected.load(Ordering::Relaxed) {
            ExitCode::Unexpected
        } else if let Some(code) = *self.broken.lock() {
            code
        } else if self.is_beyond_limit.load(Ordering::Relaxed) {
            ExitCode::Failed
        } else if lost.values().any(|is_unreachable| *is_unreachable) {
            ExitCode::Unreachable
        } else if !lost.is_empty() {
            ExitCode::Failed
        } else {
            ExitCode::Success
        }
    }
}
