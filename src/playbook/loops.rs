//! `loop`, `with_…` and `loop_control`.

use super::{Condition, load::Loading};
use crate::{
    source::{Diagnostic, Kind, Node, Spanned, nearest},
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
#[derive(Clone, Debug, Default)]
pub struct LoopControl {
    /// The name of the item's variable, `item` if it is missing.
    pub loop_var: Option<Spanned<Value>>,
    /// The name of a variable that counts from 0.
    pub index_var: Option<Spanned<Value>>,
    /// What is shown of an item instead of all of it.
    pub label: Option<Spanned<Value>>,
    /// Seconds between two items.
    pub pause: Option<Spanned<Value>>,
    /// How many items a host may work on at once. Not of Ansible.
    pub parallel: Option<Spanned<Value>>,
    /// Whether `ansible_loop` is there.
    pub extended: Option<Spanned<Value>>,
    /// Whether `ansible_loop.allitems` is there; it is unless this is false.
    pub all_items: Option<Spanned<Value>>,
    /// The loop ends after the item for which all of these hold.
    pub break_when: Vec<Condition>,
}

const CONTROLS: &[&str] =
    &["break_when", "extended", "extended_allitems", "index_var", "label", "loop_var", "parallel", "pause"];

impl Loop {
    /// The loop of a task, if it has one.
    pub fn read(task: &Node, loading: &mut Loading) -> Option<Self> {
        let control = task.get("loop_control").map(|node| LoopControl::read(node, loading));
        let mut found: Vec<(&Node, &Node, Option<String>)> = Vec::new();
        for entry in task.as_map().unwrap_or_default() {
            let name = entry.key.as_str().unwrap_or_default();
            if name == "loop" {
                // Nothing is no loop.
                if entry.value.kind != Kind::Null {
                    found.push((&entry.key, &entry.value, None));
                }
            } else if let Some(lookup) = name.strip_prefix("with_") {
                if !loading.project.environment.has_lookup(lookup) {
                    let error =
                        Diagnostic::error(format!("there is no lookup `{lookup}` to loop with")).at(&entry.key.span);
                    let names = loading.project.environment.lookup_names();
                    loading.error(match nearest(lookup, names) {
                        Some(meant) => error.help(format!("did you mean `with_{meant}`?")),
                        None => error,
                    });
                }
                if entry.value.kind == Kind::Null {
                    let message = format!("`{name}` has nothing to loop over");
                    let error = Diagnostic::error(message).at(&entry.key.span).origin(&task.span);
                    loading.refuse(error.worded(format!("you must specify a value when using {name}")));
                }
                found.push((&entry.key, &entry.value, Some(lookup.to_owned())));
            }
        }
        if let [_, (second, _, _), ..] = found.as_slice() {
            loading.refuse(Diagnostic::error("a task can have only one loop").at(&second.span));
        }
        let (_, over, lookup) = found.into_iter().next()?;
        Some(Self { over: loading.value(over)?, lookup, control: control.unwrap_or_default() })
    }
}

impl LoopControl {
    fn read(node: &Node, loading: &mut Loading) -> Self {
        let mut control = Self::default();
        for entry in node.as_map().unwrap_or_default() {
            match entry.key.as_str().unwrap_or_default() {
                "loop_var" => control.loop_var = loading.value(&entry.value),
                "index_var" => control.index_var = loading.value(&entry.value),
                "label" => control.label = loading.value(&entry.value),
                "parallel" => control.parallel = loading.value(&entry.value),
                "pause" => control.pause = loading.value(&entry.value),
                "extended" => control.extended = loading.value(&entry.value),
                "extended_allitems" => control.all_items = loading.value(&entry.value),
                "break_when" => control.break_when = Condition::read(&entry.value, loading),
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
