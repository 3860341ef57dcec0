//! `loop`, `with_…` and `loop_control`.

use super::load::Loading;
use crate::{
    source::{Diagnostic, Node, Spanned, nearest},
    value::Value,
};

/// What a task is repeated over.
#[derive(Clone, Debug)]
pub struct Loop {
    /// The list, mostly a template.
    pub over: Spanned<Value>,
    /// The lookup that makes a list of it (`with_dict` → `dict`); `None` for `loop`.
    pub lookup: Option<String>,
    /// How.
    pub control: LoopControl,
}

/// How a loop runs.
#[derive(Clone, Debug)]
pub struct LoopControl {
    /// The name of the item's variable.
    pub loop_var: String,
    /// The name of a variable that counts from 0.
    pub index_var: Option<String>,
    /// What is shown of an item instead of all of it.
    pub label: Option<Spanned<Value>>,
    /// Seconds between two items.
    pub pause: Option<Spanned<Value>>,
    /// Whether `ansible_loop` is there.
    pub extended: Option<Spanned<Value>>,
}

impl Default for LoopControl {
    fn default() -> Self {
        Self { loop_var: "item".into(), index_var: None, label: None, pause: None, extended: None }
    }
}

const CONTROLS: &[&str] = &["extended", "index_var", "label", "loop_var", "pause"];

/// The lookups that `with_…` may name.
const LOOKUPS: &[&str] = &[
    "items",
    "list",
    "dict",
    "fileglob",
    "first_found",
    "sequence",
    "nested",
    "together",
    "subelements",
    "indexed_items",
    "flattened",
    "lines",
    "random_choice",
    "env",
    "file",
    "pipe",
    "template",
    "vars",
];

impl Loop {
    /// The loop of a task, if it has one.
    pub fn read(task: &Node, loading: &mut Loading) -> Option<Self> {
        let control = task.get("loop_control").map(|node| LoopControl::read(node, loading));
        let mut found: Vec<(&Node, &Node, Option<String>)> = Vec::new();
        for entry in task.as_map().unwrap_or_default() {
            let name = entry.key.as_str().unwrap_or_default();
            if name == "loop" {
                found.push((&entry.key, &entry.value, None));
            } else if let Some(lookup) = name.strip_prefix("with_") {
                if !LOOKUPS.contains(&lookup) {
                    let error =
                        Diagnostic::error(format!("there is no lookup `{lookup}` to loop with")).at(&entry.key.span);
                    loading.error(match nearest(lookup, LOOKUPS.iter().copied()) {
                        Some(meant) => error.help(format!("did you mean `with_{meant}`?")),
                        None => error,
                    });
                }
                found.push((&entry.key, &entry.value, Some(lookup.to_owned())));
            }
        }
        if let [_, (second, _, _), ..] = found.as_slice() {
            loading.error(Diagnostic::error("a task can have only one loop").at(&second.span));
        }
        let (_, over, lookup) = found.into_iter().next()?;
        Some(Self { over: loading.value(over)?, lookup, control: control.unwrap_or_default() })
    }
}

impl LoopControl {
    fn read(node: &Node, loading: &mut Loading) -> Self {
        let mut control = Self::default();
        for entry in node.as_map().unwrap_or_default() {
            let text = || entry.value.as_str().map(str::to_owned);
            match entry.key.as_str().unwrap_or_default() {
                "loop_var" => control.loop_var = text().unwrap_or(control.loop_var),
                "index_var" => control.index_var = text(),
                "label" => control.label = loading.value(&entry.value),
                "pause" => control.pause = loading.value(&entry.value),
                "extended" => control.extended = loading.value(&entry.value),
                other => {
                    let error = Diagnostic::error(format!("`loop_control` has no `{other}`")).at(&entry.key.span);
                    loading.error(match nearest(other, CONTROLS.iter().copied()) {
                        Some(meant) => error.help(format!("did you mean `{meant}`?")),
                        None => error,
                    });
                }
            }
        }
        control
    }
}
