//! An error of a template as people read it: the place, and how evaluation got there.

use super::TemplateError;
use crate::source::Diagnostic;

impl From<TemplateError> for Diagnostic {
    fn from(error: TemplateError) -> Self {
        let mut diagnostic = Self::error(error.to_string());
        if let Some(span) = error.span() {
            diagnostic = diagnostic.at(span);
        }
        for via in error.chain() {
            diagnostic = diagnostic.note(format!("while evaluating `{}` at {}", via.source.trim(), via.span));
        }
        if let Some(help) = error.help() {
            diagnostic = diagnostic.help(help);
        }
        diagnostic
    }
}
