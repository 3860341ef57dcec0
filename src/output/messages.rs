//! Errors and warnings as they are told: each once in a run.

use std::collections::HashSet;

use serde_json::Value;

use super::{Layout, Lines, Options, Outcome, Stream, message};
use crate::source::Diagnostic;

pub use message::Kind;

/// What was told.
pub struct Messages {
    layout: Layout,
    colour: bool,
    tells_deprecations: bool,
    told: HashSet<String>,
}

impl Messages {
    /// Nothing yet.
    pub fn new(options: &Options) -> Self {
        let tells_deprecations = options.settings.deprecation_warnings;
        Self { layout: options.layout, colour: options.colour, tells_deprecations, told: HashSet::new() }
    }

    /// Tells it, unless it was told.
    pub fn tell(&mut self, diagnostic: &Diagnostic, kind: Kind, stream: Stream, lines: &mut Lines) {
        let is_deprecation = kind == Kind::Deprecation;
        let is_known = match self.layout {
            Layout::Own => diagnostic.ansible.is_no_surprise,
            Layout::Ansible => diagnostic.ansible.is_untold,
        };
        if is_known || is_deprecation && !self.tells_deprecations {
            return;
        }
        let text = message::render(diagnostic, kind, self.layout, self.colour);
        if !self.told.insert(text.clone()) {
            return;
        }
        if is_deprecation && self.layout == Layout::Ansible {
            let hint = "Deprecation warnings can be disabled by setting `deprecation_warnings=False` in ansible.cfg.";
            self.tell(&Diagnostic::warning(hint), Kind::Warning, stream, lines);
        }
        lines.push(stream, &text);
    }

    /// Tells the `warnings` and `deprecations` that a module returned.
    pub fn of_result(&mut self, outcome: &Outcome, lines: &mut Lines) {
        if outcome.is_loop {
            return;
        }
        let list = |name: &str| outcome.result.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        for warning in list("warnings") {
            let text = warning.as_str().map_or_else(|| warning.to_string(), str::to_owned);
            self.tell(&Diagnostic::warning(text), Kind::Warning, Stream::Err, lines);
        }
        for deprecation in list("deprecations") {
            let text = deprecation_text(&deprecation);
            self.tell(&Diagnostic::warning(text), Kind::Deprecation, Stream::Err, lines);
        }
    }
}

/// What will be removed, and when: `msg`, `version` or `date`, and `collection_name` of a module's deprecation.
fn deprecation_text(deprecation: &Value) -> String {
    let text = |name: &str| deprecation.get(name).and_then(Value::as_str);
    let what = text("msg").unwrap_or_default().trim_end_matches('.');
    let from = match text("collection_name") {
        Some("ansible.builtin") => "ansible-core".to_owned(),
        Some(collection) => format!("collection '{collection}'"),
        None => String::new(),
    };
    let from = if from.is_empty() { from } else { format!(" from {from}") };
    match (text("date"), text("version")) {
        (Some(date), _) => format!("{what}. This feature will be removed{from} in a release after {date}."),
        (None, Some(version)) => format!("{what}. This feature will be removed{from} version {version}."),
        (None, None) => format!("{what}. This feature will be removed{from} in a future release."),
    }
}
