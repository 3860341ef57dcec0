//! From a file to a [`Playbook`], with everything that is wrong in it at once.

use std::{path::Path, sync::Arc};

use super::{Play, Playbook};
use crate::{
    source::{Diagnostic, Kind, Node, SourceFile, Spanned, load_one},
    template::value_from_node,
    value::Value,
};

/// A playbook, and what its author should know.
#[derive(Debug)]
pub struct Loaded {
    /// The playbook.
    pub playbook: Playbook,
    /// What will fail when it runs, or is probably not meant.
    pub warnings: Vec<Diagnostic>,
}

/// Collects what is wrong while a file is read.
#[derive(Debug, Default)]
pub struct Loading {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl Loading {
    /// Reports an error; reading goes on, to find the others.
    pub fn error(&mut self, error: Diagnostic) {
        self.errors.push(error);
    }

    /// Reports something that will fail later, or is probably not meant.
    pub fn warning(&mut self, warning: Diagnostic) {
        self.warnings.push(warning);
    }

    /// How many errors there are so far.
    pub fn errors(&self) -> usize {
        self.errors.len()
    }

    /// A node as a value, its templates compiled; an error is reported.
    pub fn value(&mut self, node: &Node) -> Option<Spanned<Value>> {
        match value_from_node(node) {
            Ok(value) => Some(Spanned::new(value, node.span.clone())),
            Err(error) => {
                self.error(error.into());
                None
            }
        }
    }
}

/// Loads a playbook. The errors are all that were found.
pub fn load(path: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let file = SourceFile::read(path).map_err(|e| vec![e])?;
    load_text(&file)
}

fn load_text(file: &Arc<SourceFile>) -> Result<Loaded, Vec<Diagnostic>> {
    let (document, warnings) = load_one(file).map_err(|e| vec![e])?;
    load_node(&document, file.path(), warnings)
}

/// The plays of a document; `path` is what it is called.
pub fn load_node(document: &Node, path: &Path, warnings: Vec<Diagnostic>) -> Result<Loaded, Vec<Diagnostic>> {
    let mut loading = Loading { errors: Vec::new(), warnings };
    let plays = match &document.kind {
        Kind::List(plays) => plays.iter().filter_map(|play| Play::read(play, &mut loading)).map(Arc::new).collect(),
        Kind::Null => Vec::new(),
        _ => {
            let message = format!("a playbook has to be a list of plays, not {}", document.describe());
            loading.error(Diagnostic::error(message).at(&document.span).help("begin each play with `- `"));
            Vec::new()
        }
    };
    if loading.errors.is_empty() {
        let playbook = Playbook { path: path.to_owned(), plays };
        return Ok(Loaded { playbook, warnings: loading.warnings });
    }
    loading.errors.extend(loading.warnings);
    Err(loading.errors)
}
