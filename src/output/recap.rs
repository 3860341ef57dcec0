//! The last lines: what happened on each host.

use std::fmt::Write;

use super::colour::Ink;

/// How often each thing happened on a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tasks that ended well, changed ones included.
    pub ok: usize,
    /// Tasks that changed something.
    pub changed: usize,
    /// Times the host could not be reached.
    pub unreachable: usize,
    /// Tasks that failed.
    pub failed: usize,
    /// Tasks that were skipped.
    pub skipped: usize,
    /// Failures that a `rescue` took care of.
    pub rescued: usize,
    /// Failures that did not count.
    pub ignored: usize,
}

/// Counts by host, in the order of names.
#[derive(Clone, Debug, Default)]
pub struct Recap {
    /// Each host with its counts.
    pub hosts: Vec<(String, Counts)>,
}

impl Recap {
    /// The lines, one a host.
    pub fn render(&self, colour: bool) -> String {
        let mut text = String::new();
        for (host, counts) in &self.hosts {
            let ink = match counts {
                Counts { failed: 1.., .. } | Counts { unreachable: 1.., .. } => Ink::Failed,
                Counts { changed: 1.., .. } => Ink::Changed,
                _ => Ink::Ok,
            };
            // Ansible pads to 26 columns, and to 37 with the colour codes inside them.
            let _ = write!(
                text,
                "{}{} : ",
                ink.paint(host, colour),
                " ".repeat(26_usize.saturating_sub(host.chars().count()))
            );
            let fields = [
                ("ok", counts.ok, Ink::Ok),
                ("changed", counts.changed, Ink::Changed),
                ("unreachable", counts.unreachable, Ink::Unreachable),
                ("failed", counts.failed, Ink::Failed),
                ("skipped", counts.skipped, Ink::Skipped),
                ("rescued", counts.rescued, Ink::Ok),
                ("ignored", counts.ignored, Ink::Warning),
            ];
            let fields = fields.map(|(name, count, ink)| {
                let field = format!("{name}={count:<4}");
                if count > 0 { ink.paint(&field, colour) } else { field }
            });
            let _ = writeln!(text, "{}", fields.join(" "));
        }
        text
    }
}
