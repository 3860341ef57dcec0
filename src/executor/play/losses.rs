//! What it says of lost hosts, and how many of them a play bears.

use super::{Batch, PlayRun};
use crate::{executor::Run, output::Event, playbook::Play, source::Diagnostic};

/// A play or a batch begins: says which hosts were stopped in one before it and are lost now.
pub(super) fn lose_dragged(run: &Run, play: &Play) {
    let dragged = run.report.lose_dragged();
    if !dragged.is_empty() {
        let message =
            format!("from here on without {}: `any_errors_fatal` or `run_once` stopped them", dragged.join(", "));
        let help = "a `rescue` does not undo that for later plays, as in Ansible; `meta: clear_host_errors` does";
        run.events.emit(Event::Warning(Diagnostic::warning(message).at(&play.span).help(help)));
    }
}

impl PlayRun {
    /// Nobody of a batch is left, and Ansible begins the next one all the same.
    pub(super) fn tell_of_losses(&self, hosts: &Batch) {
        let hosts: Vec<&str> = hosts.keys().map(String::as_str).collect();
        let message = format!("the next batch begins, though no host of this one is left: {}", hosts.join(", "));
        let help = "as in Ansible, which counts hosts twice that `any_errors_fatal` or `run_once` stops while one cannot be \
                    reached, and none that were lost before; `serial: 1` with `max_fail_percentage: 0` and without \
                    `any_errors_fatal` ends the run there";
        let at = self.play.serial.as_ref().map_or(&self.play.span, |serial| &serial.span);
        self.context.run.events.emit(Event::Warning(Diagnostic::warning(message).at(at).help(help)));
    }

    /// Whether more than `max_fail_percentage` of the batch failed; hosts that were lost before the play are of it, and
    /// count as good.
    pub fn is_beyond_limit(&self, failed: usize) -> bool {
        let all = self.batch.lock().len();
        self.max_fail_percentage.is_some_and(|limit| failed as f64 * 100.0 / all as f64 > limit)
    }

    /// Says it when hosts are lost that the limit does not count, it would be passed if it did, and others go on.
    pub fn tell_of_uncounted(&self, hosts: &Batch) {
        let report = &self.context.run.report;
        let failed = hosts.keys().filter(|name| report.has_failed(name)).count();
        let uncounted = hosts.iter().filter(|(name, host)| host.is_lost() && !report.has_failed(name));
        let uncounted: Vec<&str> = uncounted.map(|(name, _)| name.as_str()).collect();
        let lost = failed + uncounted.len();
        if lost < hosts.len() && self.is_beyond_limit(lost) && !self.is_beyond_limit(failed) {
            let message = format!("`max_fail_percentage` does not count {}: the play goes on", uncounted.join(", "));
            let help = "as in Ansible, which counts no host that cannot be reached, nor one that failed in a block with \
                        `always` or had forced handlers to run";
            let at = self.play.max_fail_percentage.as_ref().map_or(&self.play.span, |limit| &limit.span);
            self.context.run.events.emit(Event::Warning(Diagnostic::warning(message).at(at).help(help)));
        }
    }
}
