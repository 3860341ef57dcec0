//! `meta/runtime.yml` of a collection: which names have moved, and which are gone.

use std::{collections::HashMap, path::Path};

use crate::source::{Node, SourceFile, load_one};

/// Where the plugins of a collection are now.
#[derive(Debug, Default)]
pub struct Routing {
    kinds: HashMap<&'static str, HashMap<String, Route>>,
}

/// What has become of a plugin.
#[derive(Clone, Debug)]
pub enum Route {
    /// It has another full name.
    Moved(String),
    /// It is gone; the text says why.
    Gone(String),
}

impl Routing {
    /// Reads a file; what cannot be read says nothing.
    pub fn read(file: &Path) -> Self {
        let document = SourceFile::read(file).and_then(|file| load_one(&file)).ok();
        let plugins = document.as_ref().and_then(|(document, _)| document.get("plugin_routing"));
        let mut routing = Self::default();
        for kind in ["modules", "action", "module_utils"] {
            let entries = plugins.and_then(|plugins| plugins.get(kind)).and_then(Node::as_map).unwrap_or_default();
            let routes =
                entries.iter().filter_map(|entry| Some((entry.key.as_str()?.to_owned(), route(&entry.value)?)));
            routing.kinds.insert(kind, routes.collect());
        }
        routing
    }

    /// What has become of a plugin of a kind: `modules`, `action` or `module_utils`.
    pub fn route(&self, kind: &str, name: &str) -> Option<&Route> {
        self.kinds.get(kind)?.get(name)
    }
}

fn route(node: &Node) -> Option<Route> {
    if let Some(target) = node.get("redirect").and_then(Node::as_str) {
        return Some(Route::Moved(target.to_owned()));
    }
    let text = node.get("tombstone")?.get("warning_text").and_then(Node::as_str).unwrap_or_default();
    Some(Route::Gone(text.to_owned()))
}
